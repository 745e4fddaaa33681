"""How well a hole was filled, measured against the true background. Everything counts inside the hole only."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import cv2
import numpy as np

from tam_core.types import FloatMap, Mask, Pixels

Shot = tuple[Pixels, Pixels, Mask]
"""One frame: result (H, W, 3), truth (H, W, 3), hole (H, W) bool."""


def psnr(shots: Iterable[Shot]) -> float:
    """Peak signal-to-noise ratio in dB over all hole pixels of all frames; inf if they are equal."""
    total, count = 0.0, 0
    for result, truth, hole in shots:
        total += float(np.square(result[hole].astype(np.float64) - truth[hole]).sum())
        count += 3 * int(hole.sum())
    if not count:
        raise ValueError("no hole pixel to measure on")
    return float("inf") if total == 0 else float(10 * np.log10(255**2 * count / total))


def ssim(shots: Iterable[Shot]) -> float:
    """Structural similarity (Wang 2004, Gaussian window of 1.5 px, on luma), mean over the hole pixels, -1..1."""
    total, count = 0.0, 0
    for result, truth, hole in shots:
        total += float(_ssim_map(_luma(result), _luma(truth))[hole].sum())
        count += int(hole.sum())
    if not count:
        raise ValueError("no hole pixel to measure on")
    return total / count


def flicker(shots: Iterable[Shot]) -> float:
    """Mean absolute change of the error from frame to frame, in levels, on pixels that are in the hole on both."""
    total, count = 0.0, 0
    for (error, hole), (next_error, next_hole) in pairwise(_errors(shots)):
        both = hole & next_hole
        total += float(np.abs(next_error[both] - error[both]).sum())
        count += 3 * int(both.sum())
    if not count:
        raise ValueError("no pixel is in the hole on two frames in a row")
    return total / count


def _errors(shots: Iterable[Shot]) -> Iterator[tuple[FloatMap, Mask]]:
    for result, truth, hole in shots:
        yield result.astype(np.float32) - truth, hole


def _luma(pixels: Pixels) -> FloatMap:
    return np.asarray(pixels @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)


def _ssim_map(a: FloatMap, b: FloatMap) -> FloatMap:
    """SSIM at every pixel of two luma pictures (H, W), 0..255."""

    def mean(values: FloatMap) -> FloatMap:
        return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5), np.float32)

    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    covariance = mean(a * b) - mean_a * mean_b
    small, smaller = np.float32((0.01 * 255) ** 2), np.float32((0.03 * 255) ** 2)
    above = (2 * mean_a * mean_b + small) * (2 * covariance + smaller)
    return np.asarray(above / ((mean_a**2 + mean_b**2 + small) * (var_a + var_b + smaller)), np.float32)
