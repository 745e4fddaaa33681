"""The meters of a fill, on pictures whose figures can be said beforehand."""

import cv2
import numpy as np
import pytest

from inpaint.metrics import WarpError, flicker, frame_psnr, frame_ssim, psnr, ssim, way
from tests.scenes import texture

HEIGHT, WIDTH = 120, 160


def hole() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[40:80, 50:100] = True
    return mask


def test_psnr_counts_the_hole_only() -> None:
    truth = texture(1, (120, 120, 120))
    result = truth.astype(int)
    result[hole()] += np.where(truth[hole()] < 128, 5, -5)
    result[~hole()] = 0
    assert psnr([(result.astype(np.uint8), truth, hole())]) == pytest.approx(20 * np.log10(255 / 5))
    assert psnr([(truth, truth, hole())]) == float("inf")
    assert ssim([(truth, truth, hole())]) == pytest.approx(1, abs=1e-5)


def test_without_a_hole_there_is_nothing_to_measure() -> None:
    truth = texture(1, (120, 120, 120))
    for measure in (psnr, ssim, flicker):
        with pytest.raises(ValueError, match="hole"):
            measure([(truth, truth, np.zeros_like(hole()))])


def test_flicker_is_the_change_of_the_error_and_not_the_error() -> None:
    truth = np.full((4, HEIGHT, WIDTH, 3), 100, np.uint8)
    steady = [(frame + 9, frame, hole()) for frame in truth]
    restless = [(frame + 9 * (index % 2), frame, hole()) for index, frame in enumerate(truth)]
    assert flicker(steady) == 0
    assert flicker(restless) == 9


def moving(count: int = 3, step: int = 3) -> np.ndarray:
    """A world that moves to the left by ``step`` pixels a frame."""
    world = texture(3, (110, 120, 130), HEIGHT, WIDTH + step * count)
    return np.stack([world[:, step * index : step * index + WIDTH] for index in range(count)])


def warped(results: np.ndarray, truth: np.ndarray) -> float:
    meter = WarpError()
    for index, result in enumerate(results):
        there = way(truth[index - 1], truth[index], hole()) if index else None
        meter.add((result, truth[index], hole()), there)
    return meter.value


def test_the_way_is_the_motion_of_the_background() -> None:
    truth = moving()
    found = way(truth[0], truth[1], hole())
    assert found is not None
    x, y = found.corner
    inside = hole()[y : y + found.sure.shape[0], x : x + found.sure.shape[1]]
    assert found.sure[inside].mean() > 0.95
    assert np.abs(found.flow[inside & found.sure] - (-3, 0)).mean() < 0.1
    assert way(truth[0], truth[1], np.zeros_like(hole())) is None


def test_a_fill_that_moves_with_the_background_has_no_warp_error() -> None:
    truth = moving()
    stuck = truth.copy()
    stuck[:, hole()] = truth[0][hole()]
    assert warped(truth, truth) < 0.05
    assert warped(stuck, truth) > 20 * warped(truth, truth)


def test_the_warp_error_of_a_grey_step_is_its_square() -> None:
    truth = moving(2)
    grey = np.zeros_like(truth)
    grey[1] = 51
    assert warped(grey, truth) == pytest.approx(1000 * 0.2**2, rel=1e-3)


def test_where_the_background_is_covered_nothing_is_sure() -> None:
    before = moving(1)[0]
    after = before.copy()
    cv2.rectangle(after, (60, 50), (89, 69), (255, 0, 0), -1)
    found = way(before, after, hole())
    assert found is not None
    x, y = found.corner
    assert found.sure[52 - y : 68 - y, 62 - x : 88 - x].mean() < 0.1
    assert found.sure[80 - y :].mean() > 0.95


def test_frame_psnr_is_of_all_pixels() -> None:
    truth = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    result = truth.copy()
    result[:60] += 10
    assert frame_psnr(result, truth) == pytest.approx(10 * np.log10(255**2 / 50))


def test_frame_ssim_is_what_even_windows_of_65_pixels_give() -> None:
    """By its definition (Wang 2004, equation 13), window by window, with the sample's variances."""
    truth, result = texture(1, (90, 120, 150)), texture(2, (100, 120, 140))
    mixed = cv2.addWeighted(truth, 0.7, result, 0.3, 0)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for channel in range(3):
        a, b = (np.lib.stride_tricks.sliding_window_view(one[..., channel].astype(float), (65, 65))[::11, ::13]
                for one in (truth, mixed))  # fmt: skip
        for x, y in zip(a.reshape(-1, 65 * 65), b.reshape(-1, 65 * 65), strict=True):
            (vx, c), (_, vy) = np.cov(x, y)
            above = (2 * x.mean() * y.mean() + c1) * (2 * c + c2)
            values.append(above / ((x.mean() ** 2 + y.mean() ** 2 + c1) * (vx + vy + c2)))
    assert frame_ssim(truth, truth) == pytest.approx(1)
    assert frame_ssim(mixed, truth) == pytest.approx(np.mean(values), abs=0.003)


def test_windows_that_are_all_alike_give_one_value() -> None:
    """Constant pictures: the contrast term is 1, and what is left is the luminance term."""
    a, b = np.full((80, 90, 3), 100, np.uint8), np.full((80, 90, 3), 150, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert frame_ssim(a, b) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1), rel=1e-6)
