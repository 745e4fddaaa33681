"""Masks without numpy, held against pycocotools and numpy."""

import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as coco

from plugin.link import raster
from plugin.link.wire import Rle, WireError
from tam_core.types import Mask


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    """(H, W) bool: from empty over blocks and noise to full."""
    height, width, block = draw(st.integers(1, 20)), draw(st.integers(1, 20)), draw(st.integers(1, 4))
    bits = draw(st.binary(min_size=height * width, max_size=height * width))
    noise = (np.frombuffer(bits, np.uint8) > draw(st.integers(0, 255))).reshape(height, width)
    return np.ascontiguousarray(np.kron(noise, np.ones((block, block), bool))[:height, :width])


def code(mask: Mask) -> Rle:
    """As pycocotools writes it."""
    found = coco.encode(np.asfortranarray(mask, np.uint8))
    return Rle((mask.shape[0], mask.shape[1]), found["counts"].decode())


@settings(deadline=None)
@given(masks())
def test_a_code_becomes_a_bitmap_and_the_same_code_again(mask: Mask) -> None:
    bitmap = raster.bitmap(code(mask))
    assert np.array_equal(np.frombuffer(bitmap, np.uint8).reshape(mask.shape), mask)
    assert raster.from_bitmap(bitmap, mask.shape) == code(mask)


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**20), min_size=1, max_size=8))
def test_runs_of_any_length_come_back(lengths: list[int]) -> None:
    assert raster.runs(raster.from_runs(lengths, (1, sum(lengths)))) == lengths


@settings(deadline=None)
@given(masks())
def test_rows_are_the_spans_of_the_picture_from_top_left(mask: Mask) -> None:
    rows = raster.rows(code(mask))
    for line, spans in zip(mask, rows, strict=True):
        steps = np.flatnonzero(np.diff(line.astype(int), prepend=0, append=0))
        assert [edge for span in spans for edge in span] == steps.tolist()
    assert raster.from_rows(rows, mask.shape[1]) == code(mask)


def test_rows_from_a_host_may_overlap_and_lie_outside() -> None:
    mask = raster.from_rows([[(-3, 2), (1, 3)], [(4, 99), (7, 9)]], width=6)
    assert raster.rows(mask) == [[(0, 3)], [(4, 6)]]


@settings(deadline=None)
@given(masks(), st.integers(1, 30), st.integers(1, 30))
def test_scaled_takes_the_pixel_in_the_middle(mask: Mask, height: int, width: int) -> None:
    rows = ((np.arange(height) + 0.5) * mask.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * mask.shape[1] / width).astype(int)
    scaled = np.frombuffer(raster.scaled(code(mask), (height, width)), np.uint8)
    assert np.array_equal(scaled.reshape(height, width), mask[np.ix_(rows, columns)])


@settings(deadline=None)
@given(masks())
def test_the_pictures_open_elsewhere(mask: Mask) -> None:
    grey = Image.open(io.BytesIO(raster.grey_png(code(mask))))
    assert grey.mode == "L" and np.array_equal(np.asarray(grey), np.where(mask, 255, 0))
    colour = Image.open(io.BytesIO(raster.colour_png(code(mask), (10, 20, 30, 128))))
    assert colour.mode == "RGBA"
    assert np.array_equal(np.asarray(colour), np.where(mask[..., None], (10, 20, 30, 128), (10, 20, 30, 0)))


@settings(deadline=None)
@given(st.text(max_size=30))
@example("\xe9`1")  # with a question mark in its place it would fill the mask
def test_what_is_no_code_of_that_size_is_refused(text: str) -> None:
    try:
        assert len(raster.bitmap(Rle((9, 7), text))) == 63
    except WireError:
        return
    assert coco.decode({"size": [9, 7], "counts": text.encode()}).shape == (9, 7)


def test_a_cut_off_code_is_refused() -> None:
    whole = code(np.ones((100, 100), bool))
    with pytest.raises(WireError):
        raster.runs(Rle(whole.size, whole.counts[:-1]))
