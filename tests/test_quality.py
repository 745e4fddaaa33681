"""The quality lane: what it says about masks that are right, drift or jump, and of two passes that differ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tam_core import rle
from tam_core.engines.base import FrameMasks
from tam_core.masklet import Masklet
from tam_core.prompts import MaskPrompt, Prompt
from tam_core.quality import Judge, Watched, agreed, next_frame_to_fix
from tam_core.quality.looks import likeness, measure, sketch
from tam_core.session import Session
from tam_core.types import Mask, ObjectId
from tam_core.video import ArraySource, Frame, VideoInfo
from tests.contracts.test_trackers import size_of
from tests.scenes import Scene, crossing, disc, disc_scene, texture


@dataclass
class Script:
    given: dict[int, dict[ObjectId, Mask]] = field(default_factory=dict)


class Scripted:
    """A tracker that answers as it was told: (frame, pass number) -> mask, with one score for all."""

    def __init__(self, answer: Callable[[int, int], Mask], score: float = 0.9) -> None:
        self._answer, self._score, self._passes = answer, score, 0

    def start(self, info: VideoInfo) -> Script:
        self._passes += 1
        return Script()

    def condition(self, state: Script, frame: Frame, prompts: Sequence[Prompt]) -> FrameMasks:
        given = {prompt.object_id: prompt.mask for prompt in prompts if isinstance(prompt, MaskPrompt)}
        state.given[frame.index] = given
        return FrameMasks(frame.index, given, dict.fromkeys(given, 1.0))

    def predict(self, state: Script, frame: Frame) -> FrameMasks:
        if frame.index in state.given:
            return FrameMasks(frame.index, state.given[frame.index], {1: 1.0})
        return FrameMasks(frame.index, {1: self._answer(frame.index, self._passes)}, {1: self._score})

    def remember(self, state: Script, found: FrameMasks) -> None:
        pass

    def step(self, state: Script, frame: Frame) -> FrameMasks:
        return self.predict(state, frame)

    def search(self, state: Script, frame: Frame) -> FrameMasks:
        return FrameMasks(frame.index, {}, {})


def watch(scene: Scene, answer: Callable[[int], Mask], score: float = 0.9) -> dict[int, FrameMasks]:
    """Every frame of a scene as the lane sees it, the first mask given."""
    watched = Watched(Scripted(lambda index, _: answer(index), score))
    state = watched.start(ArraySource(scene.frames).info)
    watched.condition(state, scene.frame(0), [MaskPrompt(0, 1, scene.masks[0])])
    return {index: watched.step(state, scene.frame(index)) for index in range(len(scene.frames))}


def flags(found: dict[int, FrameMasks]) -> dict[int, str]:
    return {index: masks.flags[1] for index, masks in found.items() if 1 in masks.flags}


def test_right_masks_are_trusted_and_not_flagged() -> None:
    scene = crossing(30)
    found = watch(scene, lambda index: scene.masks[index])
    assert flags(found) == {}
    assert found[0].scores[1] == 1
    assert all(0.8 < found[index].scores[1] < 1 for index in range(1, 30))


def test_masks_are_left_as_they_are() -> None:
    scene = crossing(5)
    masks = {index: disc(20 * index, 30, 9) for index in range(1, 5)}
    found = watch(scene, lambda index: masks[index])
    assert all(found[index].masks[1] is masks[index] for index in masks)


def test_a_mask_that_drifts_off_its_object_is_trusted_less_and_less() -> None:
    scene = crossing(12)
    found = watch(scene, lambda index: np.roll(scene.masks[index], 2 * index, axis=0))
    scores = [found[index].scores[1] for index in (1, 5, 8, 11)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.8 and scores[-1] < 0.4


def test_the_trackers_score_counts() -> None:
    scene = crossing(30)
    sure, unsure = (watch(scene, lambda index: scene.masks[index], score) for score in (0.9, 0.2))
    assert unsure[2].scores[1] < sure[2].scores[1] - 0.2


def test_a_flood_is_flagged_where_it_happens() -> None:
    scene = crossing(12)
    found = watch(scene, lambda index: disc(30 + 100 * index / 11, 60, 30) if index == 6 else scene.masks[index])
    assert list(flags(found)) == [6]
    assert flags(found)[6].startswith("area jumped x3.5")
    assert found[6].scores[1] < 0.4 < 0.8 < found[7].scores[1]


def test_a_jump_to_a_look_alike_is_flagged_in_pixels() -> None:
    scene = crossing(12)
    frames = scene.frames.copy()
    twin = disc(130, 20, 16)
    frames[:, twin] = texture(2, (210, 60, 40))[twin]
    found = watch(Scene(frames, scene.masks, scene.background), lambda i: twin if 4 <= i < 6 else scene.masks[i])
    assert flags(found)[4].startswith("jumped 7") and flags(found)[4].endswith("px")
    assert sorted(flags(found)) == [4, 5]


def test_another_colour_is_flagged() -> None:
    scene = crossing(10)
    frames = scene.frames.copy()
    frames[5:][scene.masks[5:]] = frames[5:][scene.masks[5:]][:, ::-1]
    found = watch(Scene(frames, scene.masks, scene.background), lambda index: scene.masks[index])
    assert "looks changed" in flags(found)[5]


def test_zoom_and_steady_speed_are_no_jumps() -> None:
    count = 20
    masks = np.stack([disc(12 + 7 * i, 60, 6 * 1.07**i) for i in range(count)])
    pixels = np.where(masks[..., None], texture(2, (210, 60, 40)), texture(1, (70, 110, 90)))
    scene = Scene(pixels, masks, pixels)
    assert flags(watch(scene, lambda index: scene.masks[index])) == {}


def test_what_jumped_is_believed_after_a_while() -> None:
    scene = crossing(40)
    other = disc(130, 100, 14)
    found = watch(scene, lambda index: other if index >= 5 else scene.masks[index])
    assert "px" in flags(found)[5]
    assert 5 < max(index for index, flag in flags(found).items() if "px" in flag) < 30


def test_an_object_that_vanishes_is_flagged_and_one_that_leaves_is_not() -> None:
    nothing = np.zeros((120, 160), bool)
    scene = crossing(10)
    lost = watch(scene, lambda index: scene.masks[index] if index < 5 else nothing, score=0.1)
    assert flags(lost) == {5: "vanished"}
    leaving = disc_scene(lambda i: (120 + 8 * i, 60), 14)
    left = watch(leaving, lambda index: leaving.masks[index], score=0.1)
    assert not leaving.masks[13].any()
    assert "vanished" not in flags(left).values()
    assert left[12].scores[1] > lost[7].scores[1] + 0.2


def test_what_the_judge_keeps_does_not_grow() -> None:
    scene = disc_scene(lambda i: (80 + 40 * np.sin(i / 15), 60), 120)
    judge, sizes = Judge(), []
    judge.teach(1, 0, sketch(scene.frames[0]), scene.masks[0])
    for index, (pixels, mask) in enumerate(zip(scene.frames, scene.masks, strict=True)):
        judge.learn(1, index, judge.verdict(1, index, sketch(pixels), mask, 0.9))
        sizes.append(size_of(judge))
    assert sizes[20] == sizes[119] > 0


def test_colours_of_a_flat_object_are_compared_whole() -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[10:20, 10:30] = (255, 0, 0)
    mask = pixels[..., 0] > 0
    red = measure(sketch(pixels), mask)
    black = measure(sketch(pixels), ~mask)
    assert red is not None and black is not None
    assert red.colours.sum() == pytest.approx(1, abs=1e-3)
    assert likeness(red.colours, red.colours) == pytest.approx(1, abs=1e-3)
    assert likeness(red.colours, black.colours) < 0.05
    assert red.area == 200
    assert red.centre.tolist() == [19.5, 14.5]


def test_passes_that_agree_confirm_each_other() -> None:
    assert agreed(0.6, "", 0.95)[0] > 0.6
    assert agreed(0.6, "", 0.2) == (pytest.approx(0.12**0.5), "the two passes disagree (IoU 0.20)")
    assert agreed(0.6, "looks changed", 0.2)[1] == "looks changed"
    assert agreed(1.0, "", 0.5) == (1.0, "")


def test_a_session_keeps_confidences_and_flags() -> None:
    scene = crossing(12)
    flood = disc(30 + 100 * 6 / 11, 60, 30)
    session = Session(
        ArraySource(scene.frames),
        tracker=Scripted(lambda i, _: flood if i == 6 else scene.masks[i]),
        segmenter="grabcut",
    )
    session.prompt(MaskPrompt(0, 1, scene.masks[0]))
    for _ in session.propagate():
        pass
    masklet = session.masklets[1]
    assert list(masklet.flags) == [6]
    assert masklet.scores[0] == 1 > masklet.scores[5] > 0.8 > masklet.scores[6]
    assert next_frame_to_fix(masklet) == 6
    session.prompt(MaskPrompt(6, 1, scene.masks[6]))
    assert session.masklets[1].flags == {}, "the user's own mask has no flag"
    for _ in session.propagate():
        pass
    assert session.masklets[1].scores[6] == 1
    assert next_frame_to_fix(session.masklets[1]) is None


def test_between_two_anchors_disagreement_is_doubt() -> None:
    scene = crossing(11)
    lower = [np.roll(mask, 20, axis=0) for mask in scene.masks]
    session = Session(
        ArraySource(scene.frames),
        tracker=Scripted(lambda i, number: lower[i] if number == 2 and i == 5 else scene.masks[i]),
        segmenter="grabcut",
    )
    for index in (0, 10):
        session.prompt(MaskPrompt(index, 1, scene.masks[index]))
    for _ in session.propagate():
        pass
    masklet = session.masklets[1]
    assert "disagree" in masklet.flags[5]
    assert masklet.scores[5] < 0.5 < 0.9 < masklet.scores[3]
    assert np.array_equal(masklet.mask(5), scene.masks[5])


def masklet_of(scores: dict[int, float], flagged: dict[int, str] | None = None) -> Masklet:
    code = rle.encode(disc(50, 50, 5))
    return Masklet(1, code.size, dict.fromkeys(scores, code), scores, flagged or {})


GOOD: dict[int, float] = {0: 1.0, **dict.fromkeys(range(1, 30), 0.9)}


@pytest.mark.parametrize(
    ("scores", "flagged", "frame"),
    [
        ({}, {}, None),
        ({1: 0.1}, {}, None),
        (dict.fromkeys(range(10, 20), 0.3), {}, 10),
        ({5: 0.05, **dict.fromkeys(range(10, 20), 0.3)}, {}, 10),
        (dict.fromkeys(range(10, 20), 0.3), {13: "looks changed"}, 13),
        ({}, {20: "area jumped x3.1"}, 20),
        ({10: 0.45, 11: 0.4, 12: 0.2, 13: 0.2, 14: 0.2}, {}, 12),
    ],
    ids=["all good", "beside a prompt", "first of a drop", "longest doubt", "flagged", "only a flag", "foot of a drop"],
)
def test_the_next_frame_to_fix(scores: dict[int, float], flagged: dict[int, str], frame: int | None) -> None:
    assert next_frame_to_fix(masklet_of({**GOOD, **scores}, flagged)) == frame


def test_before_its_prompt_trouble_begins_at_the_far_end() -> None:
    scores: dict[int, Any] = {
        20: 1.0,
        **dict.fromkeys([*range(5), *range(10, 20)], 0.9),
        **dict.fromkeys(range(5, 10), 0.2),
    }
    assert next_frame_to_fix(masklet_of(scores)) == 9


def test_a_frame_between_is_watched_whatever_the_time_stamp() -> None:
    watched = Watched(Scripted(lambda index, _: disc(50, 50, 5)))
    scene = crossing(3)
    state = watched.start(ArraySource(scene.frames).info)
    found = watched.step(state, Frame(2, Fraction(0), scene.frames[2]))
    assert 0 < found.scores[1] < 1
