"""What every tracker of the engine table must do. Registering an engine is what tests it."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tam_core.engines import ENGINES
from tam_core.engines.base import Tracker
from tam_core.prompts import MaskPrompt
from tam_core.video import ArraySource
from tests.scenes import Scene, crossing, disc, disc_scene, iou, texture

TRACKERS = [row.name for row in ENGINES if row.role == "tracker"]


@pytest.fixture(params=TRACKERS)
def tracker(request: pytest.FixtureRequest) -> Tracker:
    row = ENGINES.get(request.param, "tracker")
    if not row.ready:
        pytest.skip(f"{row.name} is not ready on this machine")
    return row.load("cpu")


def carry(tracker: Tracker, scene: Scene, prompts: dict[int, list[MaskPrompt]], order: range) -> Iterator[Any]:
    state = tracker.start(ArraySource(scene.frames).info)
    for index, found in prompts.items():
        tracker.condition(state, scene.frame(index), found)
    for index in order:
        yield tracker.step(state, scene.frame(index)), state


def size_of(value: Any) -> int:
    """Bytes of all arrays and codes that a state holds."""
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, dict):
        return sum(size_of(item) for item in value.values())
    if isinstance(value, list | tuple | set | frozenset) or type(value).__name__ == "deque":
        return sum(size_of(item) for item in value)
    if dataclasses.is_dataclass(value):
        return sum(size_of(getattr(value, field.name)) for field in dataclasses.fields(value))
    return sum(size_of(item) for item in vars(value).values()) if hasattr(value, "__dict__") else 0


def test_follows_the_object(tracker: Tracker) -> None:
    scene = crossing()
    prompts = {0: [MaskPrompt(0, 1, scene.masks[0])]}
    overlaps = [iou(found.masks[1], scene.masks[found.frame]) for found, _ in carry(tracker, scene, prompts, range(40))]
    assert np.mean(overlaps) > 0.85


def test_walks_backwards(tracker: Tracker) -> None:
    scene = crossing()
    prompts = {39: [MaskPrompt(39, 1, scene.masks[39])]}
    overlaps = [
        iou(found.masks[1], scene.masks[found.frame]) for found, _ in carry(tracker, scene, prompts, range(39, -1, -1))
    ]
    assert np.mean(overlaps) > 0.85


def test_state_is_as_large_after_500_frames_as_after_50(tracker: Tracker) -> None:
    scene = disc_scene(lambda i: (80 + 40 * np.sin(i / 15), 60), 500)
    prompts = {0: [MaskPrompt(0, 1, scene.masks[0])]}
    sizes = {found.frame: size_of(state) for found, state in carry(tracker, scene, prompts, range(500))}
    assert sizes[50] == sizes[499]
    assert sizes[50] > 0


def test_empty_mask_when_the_object_is_gone(tracker: Tracker) -> None:
    scene = disc_scene(lambda i: (60 + 6 * i, 60), 40)
    prompts = {0: [MaskPrompt(0, 1, scene.masks[0])]}
    late = [found for found, _ in carry(tracker, scene, prompts, range(40)) if found.frame >= 30]
    assert not any(found.masks[1].any() for found in late)
    assert max(found.scores[1] for found in late) < 0.5


def test_two_objects_do_not_disturb_each_other(tracker: Tracker) -> None:
    scene = crossing(20)
    frames = scene.frames.copy()
    other = disc(120, 20, 12)
    frames[:, other] = texture(5, (40, 60, 220))[other]
    both = Scene(frames, scene.masks, scene.background)
    alone = [found.masks[1] for found, _ in carry(tracker, both, {0: [MaskPrompt(0, 1, scene.masks[0])]}, range(20))]
    pair = {0: [MaskPrompt(0, 1, scene.masks[0]), MaskPrompt(0, 2, other)]}
    for found, _ in carry(tracker, both, pair, range(20)):
        assert iou(found.masks[1], alone[found.frame]) > 0.95
        assert iou(found.masks[2], other) > 0.8
        assert not (found.masks[1] & found.masks[2]).any()


def test_corrected_frame_is_honoured_exactly(tracker: Tracker) -> None:
    scene = crossing(20)
    odd = scene.masks[10].copy()
    odd[:, :85] = False
    prompts = {0: [MaskPrompt(0, 1, scene.masks[0])], 10: [MaskPrompt(10, 1, odd)]}
    found = {masks.frame: masks.masks[1] for masks, _ in carry(tracker, scene, prompts, range(20))}
    assert np.array_equal(found[0], scene.masks[0])
    assert np.array_equal(found[10], odd)


def test_conditioning_answers_with_the_mask_that_was_given(tracker: Tracker) -> None:
    scene = crossing(3)
    state = tracker.start(ArraySource(scene.frames).info)
    found = tracker.condition(state, scene.frame(1), [MaskPrompt(1, 4, scene.masks[1])])
    assert found.frame == 1
    assert np.array_equal(found.masks[4], scene.masks[1])


def test_object_appears_from_its_first_prompted_frame_on(tracker: Tracker) -> None:
    scene = crossing(10)
    prompts = {0: [MaskPrompt(0, 1, scene.masks[0])], 5: [MaskPrompt(5, 2, disc(20, 100, 10))]}
    present = {found.frame: set(found.masks) for found, _ in carry(tracker, scene, prompts, range(10))}
    assert present[4] == {1}
    assert present[5] == {1, 2}
