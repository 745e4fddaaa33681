"""What every tracker must do: all of them with any weights, those of the engine table that are ready with theirs.

Registering an engine, or a small network in ``tests/networks.py``, is what tests it.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tam_core.engines import ENGINES
from tam_core.engines.base import FrameMasks, Tracker
from tam_core.prompts import MaskPrompt
from tam_core.video import ArraySource, Frame
from tests.networks import TRACKERS, load_tracker
from tests.scenes import Scene, crossing, disc, disc_scene, iou, texture


@pytest.fixture(params=[*ENGINES.names("tracker"), *TRACKERS])
def tracker(request: pytest.FixtureRequest) -> Tracker:
    """Any tracker, also with random weights."""
    return load_tracker(request.param)


@pytest.fixture(params=ENGINES.names("tracker"))
def trained(request: pytest.FixtureRequest) -> Tracker:
    """A tracker that can follow objects."""
    return load_tracker(request.param)


def started(tracker: Tracker, scene: Scene, *prompts: MaskPrompt) -> Any:
    """A state that knows the prompts."""
    state = tracker.start(ArraySource(scene.frames).info)
    for prompt in prompts:
        tracker.condition(state, scene.frame(prompt.frame), [prompt])
    return state


def carry(tracker: Tracker, scene: Scene, prompts: list[MaskPrompt], order: range) -> Iterator[tuple[FrameMasks, Any]]:
    state = started(tracker, scene, *prompts)
    for index in order:
        yield tracker.step(state, scene.frame(index)), state


def on(scene: Scene, frame: int, object_id: int = 1) -> MaskPrompt:
    """The true mask of the disc as a prompt."""
    return MaskPrompt(frame, object_id, scene.masks[frame])


def same(one: FrameMasks, other: FrameMasks) -> bool:
    return (one.frame, one.scores) == (other.frame, other.scores) and all(
        np.array_equal(one.masks[key], other.masks[key]) for key in {**one.masks, **other.masks}
    )


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


# With any weights.


@pytest.mark.parametrize("order", [range(8), range(7, -1, -1)], ids=["forwards", "backwards"])
def test_masks_at_source_size_and_scores_in_both_directions(tracker: Tracker, order: range) -> None:
    scene = crossing(8)
    walked = [found for found, _ in carry(tracker, scene, [on(scene, order[0])], order)]
    assert [found.frame for found in walked] == list(order)
    assert all(found.masks[1].shape == scene.masks[0].shape and found.masks[1].dtype == bool for found in walked)
    assert all(0 <= found.scores[1] <= 1 for found in walked)


def test_state_is_as_large_after_400_frames_as_after_40(tracker: Tracker, request: pytest.FixtureRequest) -> None:
    if request.node.callspec.params["tracker"] == "pocket" and "slow" not in request.config.option.markexpr:
        pytest.skip("takes a minute, and random-pocket is the same code: run with -m slow")
    scene = disc_scene(lambda i: (80 + 40 * np.sin(i / 15), 60), 401)
    sizes = {found.frame: size_of(state) for found, state in carry(tracker, scene, [on(scene, 0)], range(401))}
    assert sizes[40] == sizes[400]
    assert sizes[40] > 0


def test_conditioning_answers_with_the_mask_that_was_given(tracker: Tracker) -> None:
    scene = crossing(3)
    state = tracker.start(ArraySource(scene.frames).info)
    found = tracker.condition(state, scene.frame(1), [on(scene, 1, object_id=4)])
    assert found.frame == 1
    assert np.array_equal(found.masks[4], scene.masks[1])


def test_corrected_frame_is_honoured_exactly(tracker: Tracker) -> None:
    scene = crossing(12)
    odd = scene.masks[6].copy()
    odd[:, :85] = False
    prompts = [on(scene, 0), MaskPrompt(6, 1, odd)]
    found = {masks.frame: masks.masks[1] for masks, _ in carry(tracker, scene, prompts, range(12))}
    assert np.array_equal(found[0], scene.masks[0])
    assert np.array_equal(found[6], odd)


def test_object_appears_from_its_first_prompted_frame_on(tracker: Tracker) -> None:
    scene = crossing(10)
    prompts = [on(scene, 0), MaskPrompt(5, 2, disc(20, 100, 10))]
    present = {found.frame: set(found.masks) for found, _ in carry(tracker, scene, prompts, range(10))}
    assert present[4] == {1}
    assert present[5] == present[9] == {1, 2}


def test_objects_never_overlap(tracker: Tracker) -> None:
    scene = crossing(8)
    prompts = [on(scene, 0), MaskPrompt(0, 2, disc(70, 60, 10))]
    for found, _ in carry(tracker, scene, prompts, range(8)):
        assert not (found.masks[1] & found.masks[2]).any()


def test_a_step_is_a_prediction_remembered(tracker: Tracker) -> None:
    scene = crossing(10)
    stepped, halved = started(tracker, scene, on(scene, 0)), started(tracker, scene, on(scene, 0))
    for index in range(10):
        predicted = tracker.predict(halved, scene.frame(index))
        tracker.remember(halved, predicted)
        assert same(tracker.step(stepped, scene.frame(index)), predicted)


def test_predicting_again_gives_the_same_and_leaves_no_trace(tracker: Tracker) -> None:
    scene = crossing(10)
    once, often = started(tracker, scene, on(scene, 0)), started(tracker, scene, on(scene, 0))
    for index in range(5):
        tracker.step(once, scene.frame(index))
        tracker.step(often, scene.frame(index))
    first = tracker.predict(often, scene.frame(5))
    held = size_of(often)
    elsewhere = tracker.predict(often, scene.frame(7))
    again = tracker.predict(often, scene.frame(5))
    assert elsewhere.frame == 7
    assert same(first, again)
    assert size_of(often) == held
    tracker.remember(often, again)
    assert same(tracker.step(once, scene.frame(5)), again)
    assert same(tracker.step(once, scene.frame(6)), tracker.step(often, scene.frame(6)))
    assert size_of(often) == size_of(once)


def test_an_object_left_out_is_looked_for_again(tracker: Tracker) -> None:
    scene = crossing(10)
    state = started(tracker, scene, on(scene, 0), MaskPrompt(0, 2, disc(70, 100, 10)))
    for index in range(4):
        tracker.step(state, scene.frame(index))
    found = tracker.predict(state, scene.frame(4))
    tracker.remember(state, replace(found, masks={2: found.masks[2]}, scores={2: found.scores[2]}))
    assert set(tracker.step(state, scene.frame(5)).masks) == {1, 2}


def test_a_search_answers_for_every_object_and_changes_nothing(tracker: Tracker) -> None:
    scene = crossing(10)
    asked, left = started(tracker, scene, on(scene, 0)), started(tracker, scene, on(scene, 0))
    for index in range(4):
        tracker.step(asked, scene.frame(index))
        tracker.step(left, scene.frame(index))
    held = size_of(asked)
    found = tracker.search(asked, scene.frame(9))
    assert found.frame == 9
    assert found.masks[1].shape == scene.masks[0].shape and found.masks[1].dtype == bool
    assert 0 <= found.scores[1] <= 1
    assert size_of(asked) == held
    assert all(same(tracker.step(asked, scene.frame(i)), tracker.step(left, scene.frame(i))) for i in range(4, 8))


# With weights that know objects.


@pytest.mark.parametrize("order", [range(40), range(39, -1, -1)], ids=["forwards", "backwards"])
def test_follows_the_object(trained: Tracker, order: range) -> None:
    scene = crossing()
    walked = carry(trained, scene, [on(scene, order[0])], order)
    assert np.mean([iou(found.masks[1], scene.masks[found.frame]) for found, _ in walked]) > 0.85


def test_empty_mask_when_the_object_is_gone(trained: Tracker) -> None:
    scene = disc_scene(lambda i: (60 + 6 * i, 60), 40)
    late = [found for found, _ in carry(trained, scene, [on(scene, 0)], range(40)) if found.frame >= 30]
    assert not any(found.masks[1].any() for found in late)
    assert max(found.scores[1] for found in late) < 0.5


def test_two_objects_do_not_disturb_each_other(trained: Tracker) -> None:
    scene = crossing(20)
    frames = scene.frames.copy()
    other = disc(120, 20, 12)
    frames[:, other] = texture(5, (40, 60, 220))[other]
    both = Scene(frames, scene.masks, scene.background)
    alone = [found.masks[1] for found, _ in carry(trained, both, [on(scene, 0)], range(20))]
    for found, _ in carry(trained, both, [on(scene, 0), MaskPrompt(0, 2, other)], range(20)):
        assert iou(found.masks[1], alone[found.frame]) > 0.95
        assert iou(found.masks[2], other) > 0.8


def test_a_frozen_object_outlives_a_distraction(trained: Tracker) -> None:
    """While something passes in front, the object is left out of what is remembered."""
    scene = crossing(20)
    frames = scene.frames.copy()
    frames[8:11, :, 20:110] = texture(7, (60, 60, 200))[:, 20:110]
    distracting = Scene(frames, scene.masks, scene.background)
    state = started(trained, distracting, on(scene, 0))
    found = {}
    for index in range(20):
        found[index] = trained.predict(state, distracting.frame(index))
        learnt = replace(found[index], masks={}, scores={}) if 8 <= index < 11 else found[index]
        trained.remember(state, learnt)
    assert all(iou(found[index].masks[1], scene.masks[index]) > 0.8 for index in range(13, 20))


def test_an_improved_mask_is_honoured_on_the_next_frame(trained: Tracker) -> None:
    """The prompt is one half of a pair of discs; a person, or another engine, then says that it is both."""
    scene = crossing(12)
    frames, whole = scene.frames.copy(), scene.masks.copy()
    for index in range(12):
        x = round(30 + 100 * index / 11)
        second = disc(x, 92, 14)
        frames[index][second] = np.roll(texture(5, (40, 60, 220)), x, axis=1)[second]
        whole[index] |= second
    pair = Scene(frames, whole, scene.background)
    overlaps = []
    for improved in (False, True):
        state = started(trained, pair, on(scene, 0))
        for index in range(6):
            found = trained.predict(state, pair.frame(index))
            said = {1: whole[5]} if improved and index == 5 else found.masks
            trained.remember(state, replace(found, masks=said))
        overlaps.append(iou(trained.predict(state, pair.frame(6)).masks[1], whole[6]))
    assert overlaps[1] > overlaps[0] + 0.05


def test_a_search_finds_the_object_elsewhere_in_another_picture(trained: Tracker) -> None:
    scene = crossing(10)
    state = list(carry(trained, scene, [on(scene, 0)], range(10)))[-1][1]
    other = disc_scene(lambda i: (60, 80), 1)
    plate = texture(9, (80, 95, 130))
    pixels = np.where(other.masks[0][..., None], other.frames[0], plate)
    found = trained.search(state, Frame(50, Fraction(50, 24), pixels))
    assert iou(found.masks[1], other.masks[0]) > 0.7
    assert found.scores[1] >= 0.5
    nothing = trained.search(state, Frame(50, Fraction(50, 24), plate))
    assert nothing.scores[1] < 0.5
