"""How well a hole was filled, measured against the true background, one frame at a time.

The meters count inside the hole only and hold one frame; ``frame_psnr`` and ``frame_ssim`` are of whole frames, as the
papers on video completion report them. Knows nothing of methods and of files.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.types import FloatMap, Mask, Pixels

Shot = tuple[Pixels, Pixels, Mask]
"""One frame: result (H, W, 3), truth (H, W, 3), hole (H, W) bool."""

Values: TypeAlias = npt.NDArray[np.floating[Any]]

NO_HOLE = "no hole pixel to measure on"


@dataclass
class Mean:
    """A mean of ``total`` over ``count`` of something; what there must be some of, is said by ``empty``."""

    empty: str = NO_HOLE
    total: float = 0.0
    count: int = 0

    @property
    def value(self) -> float:
        """Raises ValueError where nothing was counted."""
        if not self.count:
            raise ValueError(self.empty)
        return self.total / self.count


class Psnr(Mean):
    """Peak signal-to-noise ratio in dB over all hole pixels of all frames; inf if they are equal."""

    def add(self, shot: Shot) -> None:
        result, truth, hole = shot
        self.total += float(np.square(result[hole].astype(np.float64) - truth[hole]).sum())
        self.count += 3 * int(hole.sum())

    @property
    def value(self) -> float:
        return decibel(super().value)


class Ssim(Mean):
    """Structural similarity (Wang 2004, Gaussian window of 1.5 px, on luma), mean over the hole pixels, -1..1."""

    def add(self, shot: Shot) -> None:
        result, truth, hole = shot
        self.total += float(_ssim_map(_luma(result), _luma(truth), _gaussian, 1.0)[hole].sum())
        self.count += int(hole.sum())


@dataclass
class Flicker(Mean):
    """Mean absolute change of the error from frame to frame, in levels, on pixels that are in the hole on both."""

    empty: str = "no pixel is in the hole on two frames in a row"
    before: tuple[FloatMap, Mask] | None = field(default=None, repr=False)

    def add(self, shot: Shot) -> None:
        result, truth, hole = shot
        error = result.astype(np.float32) - truth
        if self.before is not None:
            both = hole & self.before[1]
            self.total += float(np.abs(error[both] - self.before[0][both]).sum())
            self.count += 3 * int(both.sum())
        self.before = error, hole


@dataclass(frozen=True)
class Way:
    """Where the true background of a frame goes in the next one: ``flow`` (h, w, 2) float, in pixels, of the part of
    the picture whose upper left corner is ``corner`` (x, y); ``sure`` (h, w) bool: seen on both frames."""

    corner: tuple[int, int]
    flow: Values
    sure: Mask


@dataclass
class WarpError(Mean):
    """How much the fill changes along the motion of the true background (Lai et al. 2018, section 4.2).

    The mean of the squared difference between a frame and the next one warped back to it, colours 0..1, over the hole
    pixels whose background is seen on both; in units of 0.001.
    """

    empty: str = "no hole pixel is seen on two frames in a row"
    before: tuple[Pixels, Mask] | None = field(default=None, repr=False)

    def add(self, shot: Shot, way: Way | None) -> None:
        """``way``: from the frame before to this one; None if they do not belong together, or this is the first."""
        result, _, hole = shot
        if self.before is not None and way is not None:
            earlier, earlier_hole = self.before
            (height, width), (x0, y0) = way.sure.shape, way.corner
            here = np.s_[y0 : y0 + height, x0 : x0 + width]
            x, y = np.meshgrid(np.arange(x0, x0 + width), np.arange(y0, y0 + height))
            there = np.dstack([x, y]).astype(np.float32) + way.flow.astype(np.float32)
            later = cv2.remap(result, there, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            counted = way.sure & earlier_hole[here]
            change = (later[counted].astype(np.float64) - earlier[here][counted]) / 255
            self.total += 1000 * float(np.square(change).mean(1).sum()) if counted.any() else 0.0
            self.count += int(counted.sum())
        self.before = result, hole


def psnr(shots: Iterable[Shot]) -> float:
    """See ``Psnr``."""
    meter = Psnr()
    for shot in shots:
        meter.add(shot)
    return meter.value


def ssim(shots: Iterable[Shot]) -> float:
    """See ``Ssim``."""
    meter = Ssim()
    for shot in shots:
        meter.add(shot)
    return meter.value


def flicker(shots: Iterable[Shot]) -> float:
    """See ``Flicker``."""
    meter = Flicker()
    for shot in shots:
        meter.add(shot)
    return meter.value


def decibel(squared: float) -> float:
    """PSNR of a mean squared error in levels; inf for 0."""
    return float("inf") if squared == 0 else float(10 * np.log10(255**2 / squared))


def frame_psnr(result: Pixels, truth: Pixels) -> float:
    """PSNR of a whole frame (H, W, 3), in dB."""
    return decibel(float(np.square(result.astype(np.float64) - truth).mean()))


FIELD_WINDOW = 65
"""Side of the window that E2FGVI's and ProPainter's evaluation computes SSIM in, in pixels (their core/metrics.py)."""


def frame_ssim(result: Pixels, truth: Pixels) -> float:
    """SSIM of a whole frame (H, W, 3), as the papers on video completion have it.

    Even windows of 65 pixels, sample covariance, the mean over the three colours and all whole windows: what
    scikit-image computes for ``win_size=65``.
    """
    share = FIELD_WINDOW**2 / (FIELD_WINDOW**2 - 1)
    rim = FIELD_WINDOW // 2
    maps = [
        _ssim_map(a.astype(np.float64), b.astype(np.float64), _even, share)
        for a, b in zip(cv2.split(result), cv2.split(truth), strict=True)
    ]
    return float(np.mean([one[rim:-rim, rim:-rim].mean() for one in maps]))


def way(truth: Pixels, following: Pixels, hole: Mask, margin: int = 48) -> Way | None:
    """The way of the true background from a frame (H, W, 3) to the ``following`` one, in and around the ``hole``.

    Dense inverse search (Kroeger 2016), forwards and backwards; where the two disagree by more than a pixel, or the
    colours do by more than 40 levels, something is covered. None without a hole.
    """
    if not hole.any():
        return None
    y, x = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    y0, x0 = max(int(y[0]) - margin, 0), max(int(x[0]) - margin, 0)
    here = np.s_[y0 : y[-1] + 1 + margin, x0 : x[-1] + 1 + margin]
    now, then = (np.ascontiguousarray(one[here]) for one in (truth, following))
    forth, back = _dense(now, then), _dense(then, now)
    rows, columns = np.mgrid[: now.shape[0], : now.shape[1]].astype(np.float32)
    there = np.dstack([columns, rows]) + forth
    returned = cv2.remap(back, there, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(99, 99, 0))
    moved = cv2.remap(then, there, None, cv2.INTER_LINEAR)
    alike = np.abs(moved.astype(np.int16) - now).max(2) < 40
    sure = (np.linalg.norm(forth + returned, axis=2) < 1) & alike
    return Way((x0, y0), forth.astype(np.float16), sure)


def _dense(start: Pixels, end: Pixels) -> FloatMap:
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grey = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (start, end)]
    return np.asarray(search.calc(grey[0], grey[1], None), np.float32)


def _luma(pixels: Pixels) -> FloatMap:
    return np.asarray(pixels @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)


def _gaussian(values: Values) -> Values:
    return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5))


def _even(values: Values) -> Values:
    return np.asarray(cv2.blur(values, (FIELD_WINDOW, FIELD_WINDOW)))


def _ssim_map(a: Values, b: Values, mean: Callable[[Values], Values], share: float) -> Values:
    """SSIM at every pixel of two pictures (H, W), 0..255; ``share`` turns the window's variance into the sample's."""
    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = share * (mean(a * a) - mean_a**2), share * (mean(b * b) - mean_b**2)
    covariance = share * (mean(a * b) - mean_a * mean_b)
    small, smaller = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    above = (2 * mean_a * mean_b + small) * (2 * covariance + smaller)
    return np.asarray(above / ((mean_a**2 + mean_b**2 + small) * (var_a + var_b + smaller)), a.dtype)
