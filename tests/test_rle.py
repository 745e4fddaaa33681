"""Run-length codes: exact, and answered without decoding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tam_core import rle
from tam_core.errors import MaskletError
from tam_core.types import Mask


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    height, width = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    bits = draw(st.binary(min_size=height * width, max_size=height * width))
    return (np.frombuffer(bits, np.uint8) > draw(st.integers(0, 255))).reshape(height, width)


@given(masks())
def test_decode_gives_the_mask_back(mask: Mask) -> None:
    decoded = rle.encode(mask).decode()
    assert np.array_equal(decoded, mask)
    assert decoded.flags.c_contiguous, "OpenCV draws into C order only"


@given(masks())
def test_area_and_box_agree_with_the_pixels(mask: Mask) -> None:
    code = rle.encode(mask)
    assert code.area == mask.sum()
    if mask.any():
        rows, columns = np.nonzero(mask)
        assert code.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    else:
        assert code.box is None


@given(masks(), st.randoms())
def test_iou_and_merge_agree_with_the_pixels(mask: Mask, random: object) -> None:
    other = np.roll(mask, 1, 1)
    union = (mask | other).sum()
    expected = (mask & other).sum() / union if union else 1.0
    assert rle.encode(mask).iou(rle.encode(other)) == pytest.approx(expected)
    assert np.array_equal(rle.merge([rle.encode(mask), rle.encode(other)]).decode(), mask | other)


def test_iou_of_different_sizes_is_refused() -> None:
    with pytest.raises(MaskletError, match="different sizes"):
        rle.encode(np.ones((2, 3), dtype=bool)).iou(rle.encode(np.ones((3, 2), dtype=bool)))


@given(masks())
def test_parse_takes_every_code_that_encode_makes(mask: Mask) -> None:
    code = rle.encode(mask)
    assert rle.parse(code.size, code.counts.decode("ascii")) == code


@given(st.text(max_size=30))
def test_parse_never_lets_a_wrong_code_through(text: str) -> None:
    try:
        code = rle.parse((9, 7), text)
    except MaskletError:
        return
    assert code.decode().shape == (9, 7)
    assert code.area <= 63
