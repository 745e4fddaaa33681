"""Sessions, with a tracker that sees colour: what it answers can be worked out by hand."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tam_core.engines.base import FrameMasks, Segmenter, Tracker
from tam_core.engines.sam2 import Sam2Tracker
from tam_core.errors import EngineNotReadyError, FrameRangeError, PromptError, RequestError, UnknownEngineError
from tam_core.history import Engines, Removed
from tam_core.labels import Label, default_label
from tam_core.prompts import Box, Click, MaskPrompt, Prompt
from tam_core.registry import EngineSpec, Registry
from tam_core.session import Session
from tam_core.video import ArraySource, Frame, VideoInfo
from tam_core.video.deep import deepened_pixels
from tests.colour_engines import (
    COUNT,
    SIDE,
    ColourSegmenter,
    ColourState,
    ColourTracker,
    colour_session,
    finish,
    red_and_blue,
    square,
)
from tests.networks_sam2 import small_sam2
from tests.scenes import crossing


@pytest.fixture
def video() -> ArraySource:
    return ArraySource(red_and_blue())


@pytest.fixture
def session() -> Session:
    return colour_session()


def test_prompt_answers_at_once_and_shows_in_the_masklet(session: Session) -> None:
    found = session.prompt(Click(3, 1, 5, 6))
    assert np.array_equal(found.masks[1], square(3))
    assert session.masklets[1].frames == [3]
    assert session.stale == {1}


def test_both_directions_reach_every_frame(session: Session) -> None:
    session.prompt(Click(5, 1, 7, 6))
    finish(session)
    assert session.masklets[1].frames == list(range(COUNT))
    assert all(np.array_equal(session.masklets[1].mask(i), square(i)) for i in range(COUNT))
    assert session.stale == set()


@pytest.mark.parametrize(("direction", "frames"), [("forward", range(5, COUNT)), ("backward", range(6))])
def test_one_direction_stops_at_the_prompt(session: Session, direction: str, frames: range) -> None:
    session.prompt(Click(5, 1, 7, 6))
    finish(session, direction=direction)
    assert session.masklets[1].frames == list(frames)


@pytest.mark.parametrize(("tracker", "segmenter"), [(ColourTracker(), ColourSegmenter()), ("flow", "grabcut")])
def test_a_deep_source_is_tracked_as_the_plain_one(tracker: Tracker | str, segmenter: Segmenter | str) -> None:
    scene = crossing(6)
    plain, deep = ArraySource(scene.frames), ArraySource(deepened_pixels(scene.frames))
    ys, xs = np.nonzero(scene.masks[0])
    found = []
    for source in (plain, deep):
        session = Session(source, tracker=tracker, segmenter=segmenter)
        session.prompt(Click(0, 1, int(xs.mean()), int(ys.mean())))
        finish(session)
        assert session.source is source
        found.append(session.masklets[1])
    assert found[0].frames == list(range(6)) and found[0] == found[1]


def test_range_bounds_the_walk(session: Session) -> None:
    session.prompt(Click(5, 1, 7, 6))
    assert session.steps(start=3, stop=8) == 3 + 3
    finish(session, start=3, stop=8)
    assert session.masklets[1].frames == [3, 4, 5, 6, 7]


def test_prompt_outside_the_range_is_no_prompt(session: Session) -> None:
    session.prompt(Click(2, 1, 4, 6))
    with pytest.raises(PromptError, match="nothing to track"):
        finish(session, start=5)


def test_correction_starts_from_the_tracked_mask_and_is_kept_exactly(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6))
    finish(session)
    corrected = session.prompt(Click(6, 1, 7, 5, positive=False)).masks[1]
    assert corrected.sum() == square(6).sum() - 1
    finish(session)
    assert np.array_equal(session.masklets[1].mask(6), corrected)
    assert np.array_equal(session.masklets[1].mask(7), square(7))


def test_between_two_anchors_the_nearer_one_is_believed(video: ArraySource) -> None:
    class Signing(ColourTracker):
        """Signs the masks it tracks with a pixel in the top row: its column is the number of the pass."""

        passes = 0

        def start(self, info: VideoInfo) -> ColourState:
            self.passes += 1
            return super().start(info)

        def step(self, state: ColourState, frame: Frame) -> FrameMasks:
            found = super().step(state, frame)
            if (frame.index, 1) not in state.masks:
                found.masks[1][0, self.passes] = True
            return found

    session = Session(video, tracker=Signing(), segmenter=ColourSegmenter())
    session.prompt(Click(0, 1, 2, 6))
    session.prompt(Click(10, 1, 12, 6))
    visited = [found.frame for found in session.propagate() if found.masks]
    assert visited == [*range(COUNT), *range(9, 0, -1)], "frames between the anchors are weighed again"
    signed = {frame: np.flatnonzero(session.masklets[1].mask(frame)[0]).tolist() for frame in range(COUNT)}
    by_pass = {0: [], 10: [], 11: [1], **{i: [1] for i in range(1, 6)}, **{i: [2] for i in range(6, 10)}}
    assert signed == by_pass


def test_a_pass_that_lost_the_object_is_not_believed_against_the_other(video: ArraySource) -> None:
    class Losing(ColourTracker):
        """Walking forwards, it sees nothing after frame 4."""

        def step(self, state: ColourState, frame: Frame) -> FrameMasks:
            found = super().step(state, frame)
            forwards = self.steps == sorted(self.steps)
            if forwards and 4 < frame.index < 11:
                found = replace(found, masks={1: np.zeros((SIDE, SIDE), dtype=bool)}, scores={1: 0.0})
            return found

    session = Session(video, tracker=Losing(score=0.001), segmenter=ColourSegmenter())
    session.prompt(MaskPrompt(0, 1, square(0)))
    session.prompt(MaskPrompt(11, 1, square(11)))
    finish(session)
    assert session.masklets[1].visible_frames == list(range(COUNT))


def test_only_prompted_objects_are_tracked_again(video: ArraySource) -> None:
    tracker = ColourTracker()
    session = Session(video, tracker=tracker, segmenter=ColourSegmenter())
    session.prompt(Click(0, 1, 2, 6), Click(0, 2, 5, 16))
    finish(session)
    before = session.masklets[2]
    session.prompt(Click(6, 1, 8, 6))
    frames = {object_id for found in session.propagate() for object_id in found.masks}
    assert frames == {1}
    assert session.masklets[2] is before


def test_object_added_in_the_middle_leaves_the_first_alone(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6))
    finish(session)
    first = session.masklets[1]
    session.prompt(Click(4, 2, 5, 16))
    finish(session)
    assert session.masklets[1] is first
    assert session.masklets[2].frames == list(range(COUNT))


def test_dropped_object_is_gone_and_can_come_back(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6), Click(0, 2, 5, 16))
    finish(session)
    session.drop(2)
    assert set(session.masklets) == {1}
    assert session.undo()
    assert set(session.masklets) == {1, 2}


def test_object_dropped_from_a_frame_ends_there(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6))
    finish(session)
    session.drop(1, from_frame=7)
    assert session.masklets[1].frames == list(range(7))
    session.prompt(Click(3, 1, 5, 6))
    finish(session)
    assert session.masklets[1].frames == list(range(7))
    session.prompt(Click(9, 1, 11, 6))
    finish(session)
    assert session.masklets[1].frames == list(range(COUNT)), "a prompt after the end takes the object up again"


def test_undo_and_redo_step_through_everything(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6))
    finish(session)
    session.prompt(Click(6, 1, 7, 5, positive=False))
    corrected = session.masklets[1]
    assert session.undo()
    assert np.array_equal(session.masklets[1].mask(6), square(6))
    assert session.undo()
    assert session.masklets[1].frames == [0]
    assert session.undo()
    assert session.masklets == {}
    assert not session.undo()
    assert [session.redo() for _ in range(4)] == [True, True, True, False]
    assert session.masklets[1] == corrected


def test_new_word_after_undo_ends_redo(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6))
    session.undo()
    session.prompt(Click(0, 2, 5, 16))
    assert not session.redo()


def test_closing_the_generator_keeps_what_was_found(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6))
    masks = session.propagate()
    for _ in range(4):
        next(masks)
    masks.close()
    assert session.masklets[1].frames == [0, 1, 2, 3]
    assert session.stale == {1}, "unfinished objects are still to be tracked"


def test_candidate_is_what_the_user_chose(session: Session) -> None:
    found = session.prompt(Click(0, 1, 2, 6), candidate=1)
    assert found.masks[1].all()
    with pytest.raises(PromptError, match="candidate 2"):
        session.prompt(Click(0, 1, 2, 6), candidate=2)


def test_preview_changes_nothing(session: Session) -> None:
    assert np.array_equal(session.preview(Click(0, 1, 2, 6)).best, square(0))
    assert session.masklets == {}
    assert session.prompts == ()


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        (Click(0, 1, SIDE, 3), "outside the frame of 20x20"),
        (Click(COUNT, 1, 3, 3), "frame 12 of a video of 12 frames"),
        (Click(-1, 1, 3, 3), "counted from 0"),
        (Click(0, 0, 3, 3), "start at 1"),
        (Box(0, 1, (8, 8, 4, 4)), "is empty"),
        (Box(0, 1, (40, 40, 50, 50)), "outside the frame"),
        (MaskPrompt(0, 1, np.ones((5, 6), dtype=bool)), "mask of 6x5 pixels for a video of 20x20"),
        (MaskPrompt(0, 1, np.zeros((SIDE, SIDE), dtype=bool)), "is empty"),
    ],
)
def test_prompts_that_do_not_fit_are_refused(session: Session, prompt: Prompt, says: str) -> None:
    with pytest.raises(PromptError, match=says):
        session.prompt(prompt)
    assert session.prompts == ()


def test_frames_beyond_the_end_are_refused(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6))
    with pytest.raises(FrameRangeError, match="frames 0 to 99 of a video of 12"):
        finish(session, stop=99)


def test_unknown_object_is_refused(session: Session) -> None:
    with pytest.raises(PromptError, match="no object 7"):
        session.drop(7)


def test_one_engine_for_both_roles_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """SAM 2 tracks and segments with the same weights."""
    loaded: list[Sam2Tracker] = []

    def load(device: str) -> Sam2Tracker:
        loaded.append(small_sam2())
        return loaded[-1]

    monkeypatch.setattr(sys.modules[__name__], "load_both", load, raising=False)
    row = EngineSpec("both", "tracker", f"{__name__}:load_both", "", "MIT")
    monkeypatch.setattr("tam_core.chosen.ENGINES", Registry(row, replace(row, role="segmenter")))
    scene = crossing(3)
    session = Session(ArraySource(scene.frames), tracker="both", segmenter="both", device="cpu")
    session.prompt(MaskPrompt(0, 1, scene.masks[0]), Click(0, 2, 120, 20))
    assert [found.frame for found in session.propagate()] == [0, 1, 2]
    assert set(session.masklets) == {1, 2}
    assert len(loaded) == 1


# --- names, engines, removals


def test_objects_have_names_and_colours_of_their_own(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6), Click(0, 2, 5, 16))
    assert [label.name for label in session.labels.values()] == ["Object 1", "Object 2"]
    session.label(2, name="Bar")
    session.label(2, colour="#0000ff")
    assert session.labels[2] == Label("Bar", "#0000ff")
    assert session.undo_title == "colour of object 2"
    assert session.undo() and session.labels[2] == Label("Bar", default_label(2).colour)
    session.drop(2)
    session.prompt(Click(0, 2, 5, 16))
    assert session.labels[2] == default_label(2), "a new object is not called by the name of the one before"


def test_default_colours_are_apart() -> None:
    colours = [np.array([int(default_label(i).colour[j : j + 2], 16) for j in (1, 3, 5)]) for i in range(1, 25)]
    assert min(np.abs(a - b).max() for i, a in enumerate(colours) for b in colours[:i]) >= 20


@pytest.mark.parametrize(
    ("arguments", "says"), [({}, "a name, a colour"), ({"name": " "}, "letter"), ({"colour": "red"}, "#rrggbb")]
)
def test_labels_that_say_nothing_are_refused(session: Session, arguments: dict[str, str], says: str) -> None:
    session.prompt(Click(0, 1, 2, 6))
    with pytest.raises(RequestError, match=says):
        session.label(1, **arguments)


def test_titles_say_what_undo_and_redo_would_do(session: Session) -> None:
    assert (session.undo_title, session.redo_title) == ("", "")
    session.prompt(Click(0, 1, 2, 6), Click(0, 2, 5, 16))
    finish(session)
    session.drop(2, from_frame=5)
    titles = []
    while session.undo_title:
        titles.append(session.undo_title)
        session.undo()
        assert session.redo_title == titles[-1]
    assert titles == ["deletion of object 2 from frame 5", "tracking of objects 1, 2", "click on objects 1, 2"]


def test_engines_are_loaded_when_they_are_first_used(video: ArraySource) -> None:
    loaded: list[tuple[str, str, str]] = []

    def load(name: str, role: str, device: str) -> object:
        loaded.append((name, role, device))
        return ColourTracker() if role == "tracker" else ColourSegmenter()

    session = Session(video, tracker="flow", segmenter="grabcut", device="cpu", loader=load)
    session.prompt(MaskPrompt(0, 1, square(0)))
    assert loaded == []
    session.prompt(Click(0, 1, 2, 6))
    assert loaded == [("grabcut", "segmenter", "cpu")]
    finish(session)
    finish(session)
    assert loaded[1:] == [("flow", "tracker", "cpu")]
    session.use(tracker="grabcut+flow")
    assert session.engines == Engines("grabcut+flow", "grabcut")
    finish(session)
    assert loaded[2:] == [("grabcut+flow", "tracker", "cpu")]
    assert session.undo() and session.undo()
    assert session.engines == Engines("flow", "grabcut")


def test_engines_that_cannot_be_used_are_refused_at_once(
    video: ArraySource, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TAM_MODELS", str(tmp_path))
    with pytest.raises(UnknownEngineError, match="did you mean 'flow'"):
        Session(video, tracker="flaw")
    session = Session(video)
    with pytest.raises(EngineNotReadyError, match="tam engines fetch xmem"):
        session.use(tracker="xmem")
    assert session.engines == Engines()
    assert session.undo_title == ""


def test_removal_is_outdated_when_masks_of_its_objects_change(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6), Click(0, 2, 5, 16))
    finish(session)
    assert session.removal is None and not session.removal_outdated
    session.removed("plate", [1], 0, COUNT, {"grow": 4}, session.masklets)
    assert session.removal == Removed("plate", (1,), 0, COUNT, {"grow": 4})
    session.prompt(Click(3, 2, 5, 16))
    assert not session.removal_outdated, "another object"
    session.prompt(Click(3, 1, 4, 5, positive=False))
    assert session.removal_outdated
    session.undo()
    assert not session.removal_outdated


def test_removal_of_masks_that_changed_meanwhile_is_outdated(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6))
    finish(session)
    before = session.masklets
    session.prompt(Click(3, 1, 4, 5, positive=False))
    session.removed("plate", [1], 0, COUNT, {}, before)
    assert session.removal_outdated
    masks = session.propagate()
    next(masks)
    session.removed("plate", [1], 0, COUNT, {}, session.masklets)
    list(masks)
    assert session.removal_outdated, "the object was being tracked"
