"""The Track Anything loop: a scripted tracker that floods, drifts and jumps, and a segmenter that knows the truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import pytest

from tam_core.engines.base import Candidates, FrameMasks
from tam_core.engines.flow import load as load_flow
from tam_core.engines.flow.tracker import FlowState, FlowTracker
from tam_core.engines.grabcut import load as load_grabcut
from tam_core.engines.tam import TrackAnything, load
from tam_core.engines.tam.ask import logits_of, peaks, question
from tam_core.errors import RequestError
from tam_core.prompts import Box, Click, MaskPrompt, Prompt
from tam_core.types import FloatMap, Mask, ObjectId, Pixels
from tam_core.video import ArraySource, Frame, VideoInfo
from tests.contracts.test_trackers import size_of
from tests.scenes import Scene, crossing, disc, disc_scene, iou, texture

Answer = Callable[[int], Mask]


@dataclass
class Memory:
    given: dict[ObjectId, Mask] = field(default_factory=dict)
    learnt: dict[int, dict[ObjectId, Mask]] = field(default_factory=dict)


@dataclass
class Scripted:
    """A tracker that answers as it was told, and writes down what it is taught."""

    answers: dict[ObjectId, Answer]
    score: float = 0.9
    logits: FloatMap | None = None

    def start(self, info: VideoInfo) -> Memory:
        return Memory()

    def condition(self, state: Memory, frame: Frame, prompts: Sequence[Prompt]) -> FrameMasks:
        state.given |= {prompt.object_id: prompt.mask for prompt in prompts if isinstance(prompt, MaskPrompt)}
        return FrameMasks(frame.index, state.given, dict.fromkeys(state.given, 1.0))

    def predict(self, state: Memory, frame: Frame) -> FrameMasks:
        masks = {o: answer(frame.index) if frame.index else state.given[o] for o, answer in self.answers.items()}
        logits = {} if self.logits is None else dict.fromkeys(masks, self.logits)
        return FrameMasks(frame.index, masks, dict.fromkeys(masks, self.score if frame.index else 1.0), logits)

    def remember(self, state: Memory, found: FrameMasks) -> None:
        state.learnt[found.frame] = dict(found.masks)

    def step(self, state: Memory, frame: Frame) -> FrameMasks:
        raise AssertionError("the loop goes by predict and remember")

    def search(self, state: Memory, frame: Frame) -> FrameMasks:
        return FrameMasks(frame.index, {1: state.given[1]}, {1: 0.7})


@dataclass
class Oracle:
    """A segmenter that answers with one mask, and writes down what it is asked."""

    mask: Mask
    score: float = 0.95
    embedded: int = 0
    asked: list[tuple[Sequence[Prompt], FloatMap | None]] = field(default_factory=list)

    def embed(self, pixels: Pixels) -> int:
        self.embedded += 1
        return self.embedded

    def segment(self, embedding: int, prompts: Sequence[Prompt], prior: FloatMap | None = None) -> Candidates:
        self.asked.append((prompts, prior))
        return Candidates(self.mask[None], np.array([self.score], np.float32))


def run(
    scene: Scene, tracker: Scripted, segmenter: Oracle, prompts: dict[ObjectId, Mask] | None = None
) -> tuple[dict[int, FrameMasks], Memory]:
    """Every frame of the loop, the first masks given, and what the tracker was taught."""
    loop = TrackAnything(segmenter, tracker)
    state = loop.start(ArraySource(scene.frames).info)
    given = prompts or {1: scene.masks[0]}
    loop.condition(state, scene.frame(0), [MaskPrompt(0, object_id, mask) for object_id, mask in given.items()])
    return {index: loop.step(state, scene.frame(index)) for index in range(len(scene.frames))}, state.inner


def still(count: int) -> Scene:
    return disc_scene(lambda _: (80, 60), count)


def flooding(scene: Scene, *frames: int) -> Scripted:
    """The mask is twice too large on these frames."""
    return Scripted({1: lambda index: disc(80, 60, 22.4) if index in frames else scene.masks[index]})


def test_a_flooded_mask_is_repaired_and_the_repair_is_remembered() -> None:
    scene = still(12)
    segmenter = Oracle(scene.masks[0])
    found, memory = run(scene, flooding(scene, 6), segmenter)
    assert np.array_equal(found[6].masks[1], scene.masks[6])
    assert memory.learnt[6][1] is found[6].masks[1]
    assert found[6].scores[1] == pytest.approx(0.95)
    assert all(not masks.flags for masks in found.values())


def test_the_segmenter_is_asked_only_where_it_is_needed() -> None:
    scene = still(12)
    segmenter = Oracle(scene.masks[0])
    run(scene, flooding(scene, 6, 9), segmenter)
    assert segmenter.embedded == len(segmenter.asked) == 2


def test_two_doubtful_objects_share_one_embedding_and_no_pixel() -> None:
    scene = still(8)
    other = disc(104, 60, 8)
    frames = scene.frames.copy()
    frames[:, other & ~scene.masks[0]] = texture(5, (40, 60, 220))[other & ~scene.masks[0]]
    first, second = scene.masks[0], other & ~scene.masks[0]
    tracker = Scripted(
        {1: lambda i: disc(74, 60, 22) if i == 5 else first, 2: lambda i: disc(108, 60, 13) if i == 5 else second}
    )
    segmenter = Oracle(disc(80, 60, 17) | other)
    found, _ = run(Scene(frames, scene.masks, scene.background), tracker, segmenter, {1: first, 2: second})
    assert segmenter.embedded == 1
    assert len(segmenter.asked) == 2
    assert not (found[5].masks[1] & found[5].masks[2]).any()


def test_the_question_is_points_box_and_logits_of_the_trackers_own_output() -> None:
    scene = still(8)
    logits = np.where(disc(80, 60, 20)[::4, ::4], 3, -3).astype(np.float32)
    tracker = replace(flooding(scene, 5), logits=logits)
    segmenter = Oracle(scene.masks[0])
    found, _ = run(scene, tracker, segmenter)
    prompts, prior = segmenter.asked[0]
    assert prior is logits
    assert [prompt.xyxy for prompt in prompts if isinstance(prompt, Box)] == [(58, 38, 103, 83)]
    clicks = [prompt for prompt in prompts if isinstance(prompt, Click)]
    assert clicks and all(click.positive and scene.masks[0][int(click.y), int(click.x)] for click in clicks)
    assert 1 not in found[5].logits, "the tracker's logits are not the repaired mask's"
    assert found[4].logits[1] is logits


def test_a_segmenter_that_disagrees_is_refused_and_the_frame_flagged() -> None:
    scene = still(12)
    flood = flooding(scene, 6)
    found, memory = run(scene, flood, Oracle(disc(20, 20, 10)))
    assert np.array_equal(found[6].masks[1], disc(80, 60, 22.4))
    assert found[6].flags[1].startswith("area jumped")
    assert 1 not in memory.learnt[6]


def test_a_repair_must_score_higher() -> None:
    scene = still(6)
    truth = scene.masks[0]
    unsure = Scripted({1: lambda _: truth}, score=0.02)
    worse, _ = run(scene, unsure, Oracle(disc(80, 60, 18), score=0.01))
    assert worse[3].masks[1] is truth, "the tracker gets its own mask back, untouched"
    assert worse[3].flags[1].startswith("unsure")
    better, _ = run(scene, unsure, Oracle(disc(80, 60, 16)))
    assert better[3].scores[1] == pytest.approx(0.95)
    assert not better[3].flags


def test_an_unsure_mask_without_a_jump_is_still_learnt() -> None:
    scene = still(6)
    truth = scene.masks[0]
    unsure = Scripted({1: lambda _: truth}, score=0.02)
    _, memory = run(scene, unsure, Oracle(disc(20, 20, 10)))
    assert all(1 in memory.learnt[index] for index in range(6))


def test_a_jump_to_a_look_alike_freezes_the_memory_even_if_the_segmenter_likes_it() -> None:
    scene = still(12)
    twin = disc(20, 20, 16)
    frames = scene.frames.copy()
    frames[:, twin] = texture(2, (210, 60, 40))[twin]
    tracker = Scripted({1: lambda index: twin if 6 <= index < 8 else scene.masks[index]})
    found, memory = run(Scene(frames, scene.masks, scene.background), tracker, Oracle(twin))
    assert all(found[index].flags[1] == "jumped 72 px" for index in (6, 7))
    assert [index for index in range(12) if 1 not in memory.learnt[index]] == [6, 7]


def test_what_the_caller_improves_is_learnt_whatever_the_gates_say() -> None:
    scene = still(8)
    loop = TrackAnything(Oracle(disc(20, 20, 10)), flooding(scene, 5))
    state = loop.start(ArraySource(scene.frames).info)
    loop.condition(state, scene.frame(0), [MaskPrompt(0, 1, scene.masks[0])])
    for index in range(5):
        loop.step(state, scene.frame(index))
    improved = scene.masks[5].copy()
    loop.remember(state, replace(loop.predict(state, scene.frame(5)), masks={1: improved}))
    assert state.inner.learnt[5][1] is improved
    loop.predict(state, scene.frame(6))
    loop.remember(state, FrameMasks(6, {}, {}))
    assert state.inner.learnt[6] == {}, "what the caller leaves out is left out"
    with pytest.raises(RequestError, match="predict"):
        loop.remember(state, FrameMasks(6, {}, {}))


def test_an_empty_mask_asks_nobody() -> None:
    scene = still(6)
    segmenter = Oracle(scene.masks[0])
    found, _ = run(scene, Scripted({1: lambda _: np.zeros((120, 160), bool)}, score=0.0), segmenter)
    assert segmenter.embedded == 0
    assert not found[3].masks[1].any()


def test_clicks_lie_deep_inside_and_negatives_on_other_objects() -> None:
    bar = np.zeros((120, 160), bool)
    bar[50:70, 20:140] = True
    other = np.zeros((120, 160), bool)
    other[80:101, 70:91] = True
    prompts = question(3, 7, bar, other, None)
    clicks = [prompt for prompt in prompts if isinstance(prompt, Click)]
    inside = [click for click in clicks if click.positive]
    assert len(inside) == 3
    assert all(52 <= click.y <= 67 and 22 <= click.x <= 137 for click in inside)
    assert min(abs(a.x - b.x) for a in inside for b in inside if a is not b) > 10
    outside = [click for click in clicks if not click.positive]
    assert (outside[0].x, outside[0].y) == (80, 90)
    assert all(other[int(click.y), int(click.x)] for click in outside)
    assert {(prompt.frame, prompt.object_id) for prompt in prompts} == {(3, 7)}
    assert list(peaks(np.zeros((4, 4), np.float32), 3)) == []


def test_clicks_prefer_what_the_logits_are_sure_of() -> None:
    bar = np.zeros((120, 160), bool)
    bar[50:70, 20:140] = True
    logits = np.full((30, 40), -4, np.float32)
    logits[12:18, 24:35] = 4
    inside = [prompt for prompt in question(0, 1, bar, ~bar & False, logits) if isinstance(prompt, Click)]
    assert inside and all(96 <= click.x <= 140 for click in inside)


def test_derived_logits_are_the_mask_with_a_doubtful_border() -> None:
    mask = disc(80, 60, 30)
    logits = logits_of(mask)
    assert logits.shape == mask.shape
    assert iou(logits > 0, mask) > 0.95
    assert logits[60, 80] > 6 and logits[0, 0] < -6
    assert abs(logits[60, 110]) < 2


def test_the_pair_without_a_download_follows_and_its_state_does_not_grow() -> None:
    scene = disc_scene(lambda i: (80 + 40 * np.sin(i / 15), 60), 60)
    loop = load("cpu", [load_grabcut(), load_flow()])
    state = loop.start(ArraySource(scene.frames).info)
    loop.condition(state, scene.frame(0), [MaskPrompt(0, 1, scene.masks[0])])
    sizes = []
    for index in range(60):
        found = loop.step(state, scene.frame(index))
        assert iou(found.masks[1], scene.masks[index]) > 0.85
        sizes.append(size_of(state))
    assert sizes[20] == sizes[59]


class FloodingFlow(FlowTracker):
    """The flow tracker, but on frame 12 it floods."""

    def predict(self, state: FlowState, frame: Frame) -> FrameMasks:
        found = super().predict(state, frame)
        if frame.index == 12:
            mask = cv2.dilate(found.masks[1].astype(np.uint8), np.ones((17, 17), np.uint8)) > 0
            return replace(found, masks={1: mask})
        return found


def test_the_pair_without_a_download_repairs_a_flood() -> None:
    scene = crossing(30)
    loop = TrackAnything(load_grabcut(), FloodingFlow())
    state = loop.start(ArraySource(scene.frames).info)
    loop.condition(state, scene.frame(0), [MaskPrompt(0, 1, scene.masks[0])])
    found = {index: loop.step(state, scene.frame(index)) for index in range(16)}
    assert all(iou(found[index].masks[1], scene.masks[index]) > 0.9 for index in range(16))
    assert not found[12].flags
