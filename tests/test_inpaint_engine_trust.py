"""Which estimate is believed, on scenes whose answer is known."""

import numpy as np
import pytest

from inpaint.levels import levels, stored
from inpaint.trust import Candidate, Hole, TrustSettings, mixed
from tam_core.types import FloatMap, Pixels
from tests.scenes import texture

SHAPE = (60, 80)


@pytest.fixture
def truth() -> FloatMap:
    return texture(1, (*SHAPE, 100))[..., :3].astype(np.float32)[: SHAPE[0], : SHAPE[1]]


def hole_in(picture: FloatMap) -> Hole:
    unknown, rim = np.zeros(picture.shape[:2], bool), np.zeros(picture.shape[:2], bool)
    rim[16:44, 26:54], unknown[20:40, 30:50] = True, True
    rim &= ~unknown
    depth = np.where(unknown, 5, 0).astype(np.float32)
    return Hole(np.where(unknown[..., None], 0, picture).astype(np.float32), unknown, rim, depth)


def copied(colours: FloatMap) -> Candidate:
    return Candidate(colours, np.ones(colours.shape[:2], np.float32), np.ones(colours.shape[:2], bool))


def error(picture: FloatMap, truth: FloatMap) -> float:
    return float(np.abs(picture - truth)[20:40, 30:50].mean())


def test_a_copy_that_fits_the_rim_is_believed(truth: FloatMap) -> None:
    result = mixed(hole_in(truth), [copied(truth)], TrustSettings())
    assert error(result.colours, truth) < 0.5
    assert (result.main[20:40, 30:50] == 0).all()


def test_a_copy_that_contradicts_the_rim_is_not(truth: FloatMap) -> None:
    wrong = np.asarray(255 - truth, np.float32)
    result = mixed(hole_in(truth), [copied(wrong)], TrustSettings())
    assert error(result.colours, truth) < 0.6 * error(wrong, truth)
    assert (result.main[20:40, 30:50] == 1).mean() > 0.5


def test_of_two_copies_the_one_that_fits_the_rim_wins(truth: FloatMap) -> None:
    wrong = np.roll(truth, 9, 1)
    result = mixed(hole_in(truth), [copied(wrong), copied(truth)], TrustSettings())
    assert error(result.colours, truth) < 0.2 * error(wrong, truth)
    assert (result.main[20:40, 30:50] == 1).all()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_levels_and_back_is_nothing_lost(kind: type) -> None:
    every: Pixels = np.arange(np.iinfo(kind).max + 1).astype(kind)
    assert np.array_equal(stored(levels(every), kind), every)
