"""J and F against values worked out by hand and against each other's limits."""

import numpy as np
import pytest

from tam_core.metrics import boundary_f, jaccard, mean_jaccard


def square(left: int, side: int = 20) -> np.ndarray:
    mask = np.zeros((60, 100), dtype=bool)
    mask[20 : 20 + side, left : left + side] = True
    return mask


def test_jaccard_of_half_shifted_squares() -> None:
    assert jaccard(square(10), square(20)) == pytest.approx(200 / 600)
    assert mean_jaccard([square(10), square(10)], [square(10), square(20)]) == pytest.approx((1 + 1 / 3) / 2)


def test_empty_masks_agree_and_one_empty_mask_does_not() -> None:
    empty = square(10, 0)
    assert (jaccard(empty, empty), boundary_f(empty, empty)) == (1, 1)
    assert (jaccard(empty, square(10)), boundary_f(empty, square(10))) == (0, 0)


def test_boundary_forgives_one_pixel_and_not_ten() -> None:
    assert boundary_f(square(10), square(11)) == 1, "0.8 % of the diagonal is one pixel here"
    assert boundary_f(square(10), square(20)) < 0.6
