"""Windows, references and holes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpaint.holes import crop_box, grown, holes_of
from inpaint.metrics import flicker, psnr, ssim
from inpaint.windows import Span, next_span, references
from tam_core import rle
from tam_core.masklet import Masklet


@given(st.integers(0, 300), st.integers(1, 300), st.integers(2, 40), st.data())
def test_weights_sum_to_one_for_any_length(start: int, count: int, length: int, data: st.DataObject) -> None:
    total = np.zeros(count)
    span: Span | None = None
    while span is None or span.stop < start + count:
        shorter = data.draw(st.integers(1, length))
        begin = start if span is None else span.stop
        span = next_span(span, begin, start + count, shorter, data.draw(st.integers(0, shorter // 2)))
        total[span.start - start : span.stop - start] += span.shares
    assert np.allclose(total, 1)


def test_overlap_longer_than_half_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match="10 frames cannot overlap by 6"):
        next_span(None, 0, 30, 10, 6)


def test_references_come_from_both_sides_near_and_far() -> None:
    chosen = references(range(400, 440), range(1000).__contains__, 8, lambda frame: (0, 0, 10, 10))
    assert len(chosen) == 8
    assert sum(frame < 400 for frame in chosen) == 4
    assert max(chosen) - 440 > 100
    assert not set(chosen) & set(range(400, 440))


def test_references_prefer_frames_whose_hole_is_elsewhere() -> None:
    def box(frame: int) -> tuple[int, int, int, int]:
        return (0, 0, 10, 10) if frame % 2 else (50, 50, 60, 60)

    chosen = references(range(101, 102), range(1000).__contains__, 2, box)
    assert all(frame % 2 == 0 for frame in chosen)


def test_the_last_frames_of_a_shot_that_ends_soon_after_a_window_are_references() -> None:
    assert references(range(40), range(45).__contains__, 4, lambda frame: None) == [44]
    assert references(range(5, 40), range(41).__contains__, 4, lambda frame: None) == [0, 40]


def test_alpha_is_one_on_the_object_and_zero_outside_the_hole() -> None:
    mask = np.zeros((40, 50), bool)
    mask[10:20, 0:15] = True
    holes = holes_of([Masklet(1, (40, 50), {0: rle.encode(mask)})], (40, 50), grow=5, feather=3)
    alpha = holes.alpha(0)
    assert (alpha[mask] == 1).all()
    assert (alpha[~holes.hole(0)] == 0).all()
    rim = holes.hole(0) & ~grown(mask, 2)
    assert ((alpha[rim] > 0) & (alpha[rim] <= 1)).all()
    assert alpha[15, 19] < alpha[15, 18] < alpha[15, 17] <= 1


@pytest.mark.parametrize(
    ("size", "pixels"), [((120, 160), 4), ((480, 854), 4), ((1080, 1920), 9), ((1920, 1080), 9), ((2160, 3840), 18)]
)
def test_masks_are_widened_as_suits_the_picture_unless_it_is_said(size: tuple[int, int], pixels: int) -> None:
    assert holes_of([], size).grow == pixels
    assert holes_of([], size, grow=0).grow == 0


def test_crop_stays_inside_the_picture() -> None:
    assert crop_box([(5, 5, 10, 10), (30, 8, 44, 20)], (50, 60), 10) == (0, 0, 54, 30)


def test_metrics_know_a_known_answer() -> None:
    truth = np.full((3, 20, 20, 3), 100, np.uint8)
    result = truth + np.array([0, 5, 0], np.uint8)[:, None, None, None]
    hole = np.ones((3, 20, 20), bool)
    shots = list(zip(result, truth, hole, strict=True))
    assert psnr(shots) == pytest.approx(10 * np.log10(255**2 / (25 / 3)))
    assert flicker(shots) == pytest.approx(5)
    assert ssim([(truth[0], truth[0], hole[0])]) == pytest.approx(1)
