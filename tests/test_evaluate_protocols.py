"""A perfect engine has 1.0 in every protocol, an empty one 0; and the simulated person does as the papers say."""

from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from tam_core.evaluate.clicks import STARTS, farthest_inside, next_click, tight_box
from tam_core.evaluate.interactive import FRAMES, Curve, offline, online, read_curve
from tam_core.evaluate.layouts import find_data_set
from tam_core.evaluate.scores import decay, found_masks
from tam_core.evaluate.sequences import Sequence
from tam_core.evaluate.stills import Still, click_on, find_stills
from tam_core.evaluate.vos import read_sequence, scored, track
from tam_core.masklet import Masklet
from tam_core.prompts import Click, MaskPrompt
from tam_core.rle import encode
from tests.evaluating import Oracle, davis, empty, oracle, put_labels, put_pictures
from tests.networks import load_tracker
from tests.scenes import Scene, crossing, disc

SCENE = crossing(8)
R = TypeVar("R")


@pytest.fixture
def sequence(tmp_path: Path) -> Sequence:
    return find_data_set(davis(tmp_path / "data", SCENE)).load("ball")


def ended(steps: Generator[None, None, R]) -> tuple[R, int]:
    """What it returns, and how often it yielded."""
    count = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, count
        count += 1


@pytest.mark.parametrize("start", STARTS)
def test_a_perfect_engine_and_an_empty_one_from_every_start(sequence: Sequence, start: str) -> None:
    perfect, nothing = oracle(SCENE), empty(SCENE)
    (one,) = scored(sequence, ended(track(sequence, perfect, perfect, start))[0]).objects
    assert (one.j, one.f, one.jf, one.recall, one.decay) == (1, 1, 1, 1, 0)
    assert one.frames == (1, 2, 3, 4, 5, 6)
    (other,) = scored(sequence, ended(track(sequence, nothing, nothing, start))[0]).objects
    assert (other.j, other.f, other.recall) == (0, 0, 0)


@pytest.mark.parametrize("way", [offline, online])
def test_a_perfect_engine_has_all_with_one_frame_and_an_empty_one_gains_nothing(sequence: Sequence, way: Any) -> None:
    perfect, count = ended(way(sequence, 1, oracle(SCENE), oracle(SCENE)))
    assert perfect.both == (1,) * FRAMES
    assert perfect.last.frames == tuple(range(8))
    nothing, other = ended(way(sequence, 1, empty(SCENE), empty(SCENE)))
    assert nothing.both == (0,) * FRAMES
    assert (count, other) == (FRAMES, FRAMES)
    assert read_curve(perfect.document()) == perfect


def test_online_a_perfect_engine_is_never_interrupted(sequence: Sequence) -> None:
    perfect: Curve = ended(online(sequence, 1, oracle(SCENE), oracle(SCENE)))[0]
    assert perfect.interacted == (0,)


def still_here(scene: Scene) -> Any:
    """A tracker that never moves a mask, with a segmenter that is always right."""

    class Still(Oracle):
        def start(self, info: Any) -> Any:
            return {}

        def condition(self, state: Any, frame: Any, prompts: Any) -> Any:
            state[frame.index] = prompts[0].mask
            return self.predict(state, frame)

        def predict(self, state: Any, frame: Any) -> Any:
            before = [index for index in sorted(state) if index <= frame.index] or sorted(state)
            self._masks[frame.index] = state[before[-1]]
            return super().predict({1}, frame)

    truth = Oracle(scene.masks, scene.frames)
    return Still(scene.masks.copy(), scene.frames), truth


def test_online_the_person_pauses_where_the_mask_is_poor_and_looks_only_ahead(sequence: Sequence) -> None:
    tracker, person = still_here(SCENE)
    found: Curve = ended(online(sequence, 1, tracker, person))[0]
    assert found.interacted == tuple(range(8))  # the disc goes 14 pixels a frame
    assert list(found.both) == sorted(found.both)
    assert found.both[-1] == 1
    one = found.regions[0] * 8
    assert found.regions[1] * 8 > one + 0.5
    corrections = [said for said in person.asked if isinstance(said[0], MaskPrompt)]
    assert len(corrections) == 7
    assert all(isinstance(word, Click) for said in corrections for word in said[1:])


def test_offline_the_worst_frame_comes_next_and_none_twice(sequence: Sequence) -> None:
    tracker, person = still_here(SCENE)
    found: Curve = ended(offline(sequence, 1, tracker, person))[0]
    assert found.interacted[0] == 0
    assert len(set(found.interacted)) == len(found.interacted) == 8
    assert found.both[-1] == 1
    assert list(found.both) == sorted(found.both)


@pytest.mark.parametrize("name", ["flow", "pocket"])
def test_online_with_a_real_engine(sequence: Sequence, name: str) -> None:
    found: Curve = ended(online(sequence, 1, load_tracker(name), oracle(SCENE)))[0]
    assert found.both[0] > 0.8
    assert found.both[-1] >= found.both[0] - 0.01


def test_the_empty_truth_is_corrected_to_nothing(tmp_path: Path) -> None:
    """The object is gone on the last frames; a tracker that holds on to it is told so."""
    masks = SCENE.masks.copy()
    masks[4:] = False
    gone = find_data_set(davis(tmp_path, Scene(SCENE.frames, masks, SCENE.background))).load("ball")
    found: Curve = ended(online(gone, 1, oracle(SCENE), Oracle(masks, SCENE.frames)))[0]
    assert found.interacted == (0, 4, 5, 6, 7)
    assert found.regions[0] == 0.5
    assert found.regions[-1] == 1


def test_online_clicks_of_which_nothing_comes_leave_the_mask(sequence: Sequence) -> None:
    class Forgetful(Oracle):
        """Finds the object only at first."""

        def segment(self, embedding: int, prompts: Any, prior: Any = None) -> Any:
            self._masks[1:] = False
            return super().segment(embedding, prompts)

    tracker, _ = still_here(SCENE)
    found: Curve = ended(online(sequence, 1, tracker, Forgetful(SCENE.masks.copy(), SCENE.frames)))[0]
    assert len(found.interacted) == 8
    assert found.both[0] == found.both[-1] > 0


def test_objects_of_labels_never_share_a_pixel_and_those_of_sav_may(sequence: Sequence) -> None:
    masks = {1: disc(60, 60, 20), 2: disc(70, 60, 20)}
    truth = {key: Masklet(key, (120, 160), {0: encode(mask)}) for key, mask in masks.items()}
    flat, stacked = (Sequence("two", sequence.pictures, truth, overlapping=each) for each in (False, True))
    found = found_masks(flat, truth, 0)
    assert not (found[1] & found[2]).any()
    assert np.array_equal(found[2], masks[2])
    assert np.array_equal(found_masks(stacked, truth, 0)[1], masks[1])


def test_void_is_not_scored(sequence: Sequence) -> None:
    wrong = disc(20, 20, 9)
    void = Sequence("ball", sequence.pictures, sequence.truth, {frame: encode(wrong) for frame in range(8)})
    noisy = Oracle(SCENE.masks | wrong, SCENE.frames)
    assert scored(void, ended(track(void, noisy, noisy))[0]).objects[0].jf == 1
    assert scored(sequence, ended(track(sequence, noisy, noisy))[0]).objects[0].j < 0.9


def test_scores_can_be_kept(sequence: Sequence) -> None:
    nothing = empty(SCENE)
    found = scored(sequence, ended(track(sequence, nothing, nothing))[0])
    assert read_sequence(found.document()) == found


def test_decay_is_the_first_quarter_less_the_last() -> None:
    assert decay([1, 1, 1, 1, 0, 0, 0, 0]) == pytest.approx(1)
    assert decay([0.5] * 9) == 0
    assert decay(list(np.linspace(1, 0, 1001))) == pytest.approx(0.75, abs=0.01)
    assert decay([0.7]) == 0
    assert np.isnan(decay([]))


def test_the_first_click_is_in_the_middle_and_the_next_on_the_largest_error() -> None:
    truth = disc(80, 60, 20)
    first = next_click(truth, np.zeros_like(truth), 3, 2)
    assert first is not None
    assert (first.frame, first.object_id, first.positive) == (3, 2, True)
    assert np.hypot(first.x - 80, first.y - 60) < 2
    wrong = truth | disc(130, 30, 12)
    wrong[40:44, 78:82] = False
    second = next_click(truth, wrong, 3, 2)
    assert second is not None
    assert not second.positive
    assert np.hypot(second.x - 130, second.y - 30) < 2
    assert next_click(truth, truth, 0, 1) is None
    assert next_click(truth, wrong, 0, 1, void=truth ^ wrong) is None


def test_the_border_of_the_picture_is_an_edge() -> None:
    region = np.zeros((20, 40), bool)
    region[:, :10] = True
    x, y = farthest_inside(region)
    assert 4 <= x <= 5
    assert 4 <= y <= 15
    box = tight_box(region, 0, 1)
    assert box.xyxy == (0, 0, 10, 20)


@pytest.fixture
def still(tmp_path: Path) -> Still:
    labels = np.zeros((1, 120, 160), np.uint8)
    labels[0][disc(60, 60, 22)] = 255
    labels[0][disc(60, 60, 20)] = 1
    put_pictures(tmp_path / "images", SCENE.frames[:1])
    put_labels(tmp_path / "masks", labels)
    (found,) = find_stills(tmp_path)
    return found


def test_clicks_on_a_picture_leave_the_uncertain_border_out(still: Still) -> None:
    (perfect,) = click_on(still, Oracle(disc(60, 60, 22)[None], SCENE.frames[:1]))
    assert perfect.ious == (1,)
    assert (perfect.after(1), perfect.after(5), perfect.best, perfect.box) == (1, 1, 1, 1)
    assert perfect.clicks_to(0.9) == 1
    (nothing,) = click_on(still, Oracle(np.zeros((1, 120, 160), bool), SCENE.frames[:1]))
    assert (nothing.after(5), nothing.clicks_to(0.85), len(nothing.ious)) == (0, 20, 20)
    small = disc(60, 60, 15)
    (part,) = click_on(still, Oracle(small[None], SCENE.frames[:1]))
    assert part.after(1) == pytest.approx(small.sum() / disc(60, 60, 20).sum())
