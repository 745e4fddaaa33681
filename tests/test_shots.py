"""What happens to objects at cuts."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
import pytest

from tam_core.engines.base import FrameMasks
from tam_core.errors import PromptError, RequestError
from tam_core.prompts import MaskPrompt, Prompt
from tam_core.reacquire import Proposal
from tam_core.session import Session
from tam_core.shots import Shot
from tam_core.types import Mask, ObjectId, Pixels
from tam_core.video import ArraySource, Frame, LiveSource, VideoInfo
from tests.colour_engines import finish
from tests.shots import BEACH, BLUE, FOREST, LOST, STREET, red, shot


@dataclass
class Memory:
    colours: dict[ObjectId, Pixels] = field(default_factory=dict)
    given: dict[tuple[int, ObjectId], Mask] = field(default_factory=dict)
    seen: set[ObjectId] = field(default_factory=set)


@dataclass
class ColourTracker:
    """An object is what has the colour of its first prompted pixel. ``sure`` is what a search scores."""

    sure: float = 0.9
    learnt: list[tuple[int, tuple[ObjectId, ...]]] = field(default_factory=list)
    searched: list[int] = field(default_factory=list)
    conditioned: list[int] = field(default_factory=list)

    def start(self, info: VideoInfo) -> Memory:
        return Memory()

    def condition(self, state: Memory, frame: Frame, prompts: Sequence[Prompt]) -> FrameMasks:
        self.conditioned.append(frame.index)
        masks = {prompt.object_id: prompt.mask for prompt in prompts if isinstance(prompt, MaskPrompt)}
        for object_id, mask in masks.items():
            state.given[frame.index, object_id] = mask
            state.colours[object_id] = frame.pixels[mask][0]
        return FrameMasks(frame.index, masks, dict.fromkeys(masks, 1.0))

    def predict(self, state: Memory, frame: Frame) -> FrameMasks:
        state.seen |= {object_id for index, object_id in state.given if index == frame.index}
        found = self._visible(state, frame, 0.9)
        masks = {o: state.given.get((frame.index, o), found.masks[o]) for o in state.seen}
        return FrameMasks(frame.index, masks, {o: found.scores[o] for o in masks})

    def remember(self, state: Memory, found: FrameMasks) -> None:
        self.learnt.append((found.frame, tuple(found.masks)))

    def step(self, state: Memory, frame: Frame) -> FrameMasks:
        found = self.predict(state, frame)
        self.remember(state, found)
        return found

    def search(self, state: Memory, frame: Frame) -> FrameMasks:
        self.searched.append(frame.index)
        return self._visible(state, frame, self.sure)

    def _visible(self, state: Memory, frame: Frame, score: float) -> FrameMasks:
        masks = {o: (frame.pixels == colour).all(-1) for o, colour in state.colours.items()}
        return FrameMasks(frame.index, masks, {o: score * bool(mask.any()) for o, mask in masks.items()})


def begin(video: Pixels, tracker: ColourTracker | None = None, frame: int = 0) -> Session:
    """A session in which the red disc is pointed out on a frame."""
    session = Session(ArraySource(video), tracker=tracker or ColourTracker(), segmenter="grabcut")
    session.prompt(MaskPrompt(frame, 1, red(video, frame)))
    return session


@pytest.mark.parametrize("across_cuts", ["stop", "ask"])
def test_tracking_ends_at_the_cut(across_cuts: str) -> None:
    tracker = ColourTracker()
    session = begin(LOST, tracker)
    found = finish(session, across_cuts=across_cuts)
    assert session.masklets[1].frames == list(range(10))
    assert [masks.frame for masks in found] == list(range(30)), "progress goes on to the end"
    assert [frame for frame, _ in tracker.learnt] == list(range(10)), "the tracker learns nothing from other shots"
    assert session.stale == set()


def test_lost_object_is_proposed_where_it_is_seen() -> None:
    session = begin(LOST)
    finish(session)
    (proposal,) = session.proposals
    assert (proposal.object_id, proposal.frame, proposal.score) == (1, 20, 0.9)
    assert proposal.shot == Shot(20, 30)
    assert np.array_equal(proposal.mask, red(LOST, 20))


def test_a_shot_is_looked_at_a_few_times() -> None:
    tracker = ColourTracker()
    finish(begin(np.concatenate([shot(STREET, (30, 30)), *[shot(BEACH)] * 9]), tracker))
    assert tracker.searched == [10, 15, 20, 30, 50, 90]


def test_stop_neither_looks_nor_decodes_further() -> None:
    tracker, source = ColourTracker(), ArraySource(LOST)
    asked: list[int] = []

    class Counting(ArraySource):
        def read(self, index: int) -> Frame:
            asked.append(index)
            return source.read(index)

    session = Session(Counting(LOST), tracker=tracker, segmenter="grabcut")
    session.prompt(MaskPrompt(0, 1, red(LOST, 0)))
    finish(session, across_cuts="stop")
    assert tracker.searched == []
    assert session.proposals == ()
    assert max(asked) <= 11  # one is read ahead


def test_accepted_proposal_tracks_its_shot_and_can_be_undone() -> None:
    video = np.concatenate([shot(STREET, (30, 30)), shot(BEACH), shot(FOREST, (-20, 80)), shot(STREET)])
    session = begin(video)
    finish(session)
    (proposal,) = session.proposals
    assert proposal.frame == 25, "the disc comes in late"
    session.accept(proposal)
    assert session.proposals == ()
    assert session.stale == {1}
    finish(session, start=proposal.shot.start, stop=proposal.shot.stop)
    assert session.masklets[1].frames == [*range(10), *range(20, 30)]
    assert np.array_equal(session.masklets[1].mask(29), red(video, 29))
    assert session.undo() and session.undo()
    assert session.proposals == (proposal,)
    assert session.masklets[1].frames == list(range(10))
    assert session.redo() and session.proposals == ()


def test_the_next_propagation_tracks_all_accepted_shots() -> None:
    session = begin(LOST)
    finish(session)
    session.accept(session.proposals[0])
    finish(session)
    assert session.masklets[1].frames == [*range(10), *range(20, 30)]
    assert session.proposals == ()


def test_rejected_proposal_is_gone_until_undo() -> None:
    session = begin(LOST)
    finish(session)
    (proposal,) = session.proposals
    session.reject(proposal)
    assert session.proposals == ()
    for act in (session.accept, session.reject):
        with pytest.raises(PromptError, match="no longer"):
            act(proposal)
    assert session.undo()
    assert session.proposals == (proposal,)


def test_auto_follows_what_is_surely_found() -> None:
    session = begin(LOST)
    finish(session, across_cuts="auto")
    masklet = session.masklets[1]
    assert masklet.frames == [*range(10), *range(20, 30)]
    assert all(np.array_equal(masklet.mask(i), red(LOST, i)) for i in masklet.frames)
    assert masklet.scores[20] == 0.9, "found, not given"
    assert session.proposals == ()
    assert len(session.prompts) == 1, "the user has not said it"


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_auto_goes_back_to_the_cut_from_where_it_found_the_object(direction: str) -> None:
    video = np.concatenate([shot(STREET, (30, 30)), shot(BEACH), shot(FOREST, (-20, 80))])
    if direction == "backward":
        video = video[::-1]
    session = begin(video, frame=0 if direction == "forward" else 29)
    finish(session, direction=direction, across_cuts="auto")
    masklet = session.masklets[1]
    assert masklet.frames == [*range(10), *range(20, 30)]
    assert all(np.array_equal(masklet.mask(i), red(video, i)) for i in masklet.frames)


def test_auto_proposes_what_it_is_not_sure_of() -> None:
    session = begin(LOST, ColourTracker(sure=0.6))
    finish(session, across_cuts="auto")
    assert session.masklets[1].frames == list(range(10))
    assert [proposal.frame for proposal in session.proposals] == [20]


def test_weak_find_is_not_proposed() -> None:
    session = begin(LOST, ColourTracker(sure=0.3))
    finish(session)
    assert session.proposals == ()


def test_shots_before_the_prompt_are_searched_backwards() -> None:
    session = begin(LOST, frame=25)
    finish(session)
    assert session.masklets[1].frames == list(range(20, 30))
    (proposal,) = session.proposals
    assert proposal.frame == 9
    assert proposal.shot == Shot(0, 10)


def test_proposals_come_in_the_order_of_the_video() -> None:
    video = np.concatenate([shot(FOREST, (90, 80)), shot(STREET, (30, 30)), shot(FOREST, (60, 40))])
    session = begin(video, frame=15)
    finish(session)
    assert [proposal.frame for proposal in session.proposals] == [9, 20]


def test_each_shot_is_tracked_from_its_own_prompts() -> None:
    tracker = ColourTracker()
    session = begin(LOST, tracker)
    odd = red(LOST, 25)
    odd[:80] = False
    session.prompt(MaskPrompt(25, 1, odd))
    finish(session)
    assert session.masklets[1].frames == [*range(10), *range(20, 30)]
    assert np.array_equal(session.masklets[1].mask(25), odd)
    assert set(tracker.conditioned) == {0, 25}, "all that the user said is remembered everywhere"
    assert session.proposals == (), "the third shot has a prompt, the second shows nothing"


def test_object_that_is_away_learns_nothing_while_another_is_followed() -> None:
    video = np.concatenate([shot(STREET, (30, 30), (40, 90)), shot(BEACH, blue=(60, 60)), shot(FOREST, (90, 80))])
    tracker = ColourTracker()
    session = begin(video, tracker)
    for frame in (0, 12):
        session.prompt(MaskPrompt(frame, 2, (video[frame] == BLUE).all(-1)))
    finish(session)
    assert session.masklets[1].frames == list(range(10))
    assert session.masklets[2].frames == list(range(20))
    assert {learnt for frame, learnt in tracker.learnt if 10 <= frame < 20} == {(2,)}
    assert [(proposal.object_id, proposal.frame) for proposal in session.proposals] == [(1, 20)]


def test_dropped_object_is_not_looked_for() -> None:
    session = begin(LOST)
    session.drop(1, from_frame=15)
    finish(session)
    assert session.proposals == ()


def test_tracking_again_forgets_what_was_followed_by_itself() -> None:
    session = begin(LOST)
    finish(session, across_cuts="auto")
    finish(session, across_cuts="stop")
    assert session.masklets[1].frames == list(range(10))


def test_proposals_of_other_objects_and_shots_stay() -> None:
    video = np.concatenate([LOST, shot(STREET, (50, 50))])
    session = begin(video)
    finish(session)
    third, fourth = session.proposals
    session.accept(third)
    finish(session, start=20, stop=30)
    assert session.proposals == (fourth,)
    session.drop(1)
    assert session.proposals == ()


def test_closing_the_generator_keeps_the_proposals_of_finished_shots() -> None:
    session = begin(np.concatenate([LOST, shot(STREET, (50, 50))]))
    masks = session.propagate()
    for found in masks:
        if found.frame == 33:
            break
    masks.close()
    assert [proposal.frame for proposal in session.proposals] == [20]


@pytest.mark.parametrize("across_cuts", ["ask", "auto", "stop"])
@pytest.mark.parametrize("frame", [0, 24], ids=["forwards", "backwards"])
def test_stopped_anywhere_it_ends_the_same(across_cuts: str, frame: int) -> None:
    video = np.concatenate([LOST, shot(STREET), shot(FOREST, (60, 80))])
    whole = begin(video, frame=frame)
    steps = len(finish(whole, across_cuts=across_cuts))
    for stopped in range(2, steps, 7):
        halted = begin(video, frame=frame)
        with closing(halted.propagate(across_cuts=across_cuts)) as passing:  # type: ignore[arg-type]
            assert len(list(islice(passing, stopped))) == stopped
        finish(halted, across_cuts=across_cuts)
        assert (halted.masklets, halted.proposals, halted.stale) == (whole.masklets, whole.proposals, whole.stale)
        assert len(halted.commands) == 2


def test_live_source_is_followed_over_cuts() -> None:
    video = np.concatenate([shot(STREET, (30, 30)), shot(BEACH), shot(FOREST, (-20, 80))])
    session = Session(LiveSource(iter(video)), tracker=ColourTracker(), segmenter="grabcut")
    session.prompt(MaskPrompt(0, 1, red(video, 0)))
    finish(session, direction="forward", across_cuts="auto")
    assert session.masklets[1].frames == [*range(10), *range(25, 30)], "what has gone by is not to be had again"


def test_video_without_cuts_is_tracked_in_plain_steps() -> None:
    video, tracker = shot(STREET, (30, 30)), ColourTracker()
    session = begin(video, tracker, frame=4)
    found = finish(session)
    assert [masks.frame for masks in found] == [*range(4, 10), *range(4, -1, -1)]
    assert tracker.searched == []
    assert all(np.array_equal(masks.masks[1], red(video, masks.frame)) for masks in found if masks.masks)
    assert session.proposals == ()


def test_unknown_way_over_cuts_is_refused() -> None:
    with pytest.raises(RequestError, match=r"'always'.*ask, auto, stop"):
        finish(begin(LOST), across_cuts="always")


def test_proposal_of_another_session_is_refused() -> None:
    session = begin(LOST)
    finish(session)
    other = replace(session.proposals[0], frame=21)
    assert isinstance(other, Proposal)
    with pytest.raises(PromptError, match="1 proposals"):
        session.accept(other)
