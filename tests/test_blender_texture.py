"""Masks as one texture of numbers, made without numpy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from plugin.blender.pick.texture import Texels, column_spans, texels
from plugin.link import raster, wire
from tam_core.types import Mask

MASKS = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def coded(mask: Mask) -> wire.Rle:
    return raster.from_bitmap(mask.astype(np.uint8).tobytes(), (mask.shape[0], mask.shape[1]))


def numbers(made: Texels) -> np.ndarray:
    """(height, width) of the box: which mask each texel belongs to."""
    height, width = made.size
    values = np.frombuffer(bytes(made.data), np.float32).reshape(width, height).T
    return np.round(values * 255).astype(int)


@given(MASKS)
def test_the_spans_of_the_columns_are_the_mask(mask: Mask) -> None:
    drawn = np.zeros_like(mask)
    for column, top, bottom in column_spans(coded(mask)):
        drawn[top:bottom, column] = True
    assert np.array_equal(drawn, mask)


@given(MASKS)
def test_a_texture_covers_its_mask_and_no_more(mask: Mask) -> None:
    made = texels([coded(mask)])
    if made is None:
        assert not mask.any()
        return
    x0, y0, x1, y1 = made.box
    assert np.array_equal(numbers(made) == 1, mask[y0:y1, x0:x1])
    assert mask[y0:y1, x0:x1].sum() == mask.sum()
    assert all(side.any() for side in (mask[y0], mask[y1 - 1], mask[:, x0], mask[:, x1 - 1]))


def test_of_two_masks_the_last_lies_above() -> None:
    below, above = np.zeros((10, 12), bool), np.zeros((10, 12), bool)
    below[2:8, 1:7], above[5:9, 4:11] = True, True
    made = texels([coded(below), coded(above)])
    assert made is not None
    assert made.box == (1, 2, 11, 9)
    expected = np.where(above, 2, below.astype(int))[2:9, 1:11]
    assert np.array_equal(numbers(made), expected)


def test_nothing_to_see_is_no_texture() -> None:
    assert texels([]) is None
    assert texels([coded(np.zeros((5, 5), bool))]) is None


def test_a_large_mask_is_thinned_and_stays_in_its_place() -> None:
    mask = np.zeros((90, 120), bool)
    mask[10:70, 20:110] = True
    made = texels([coded(mask)], most=2000)
    assert made is not None
    assert made.step == 2
    assert made.box == (20, 10, 110, 70)
    assert (numbers(made) == 1).all()
    assert made.size[0] * made.size[1] <= 2000
