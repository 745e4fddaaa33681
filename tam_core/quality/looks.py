"""A picture small enough to measure on every frame, and the colours of an object in it. Knows no time."""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.types import FloatMap, Mask, Pixels, Size

_LONG_SIDE = 160
_LIGHTS, _CHROMAS = 8, 12
"""Levels of Lab lightness, and of a and b: light changes more easily than colour."""
_CHROMA_SPAN = 48
"""a and b beyond +-48 share the outermost bin: few natural colours lie there."""


@dataclass(frozen=True)
class Sketch:
    """A picture of ``size`` (H, W), kept small: ``bins`` (h, w) int32, each pixel's place in a Lab histogram."""

    size: Size
    bins: npt.NDArray[np.int32] = field(repr=False)


@dataclass(frozen=True)
class Measure:
    """A mask on a picture: its ``area`` and ``centre`` (x, y) in source pixels, and its colours.

    ``colours`` (8, 12, 12) float32 sum to about 1; ``at_border`` says that the mask touches the picture's edge.
    """

    area: float
    centre: npt.NDArray[np.float64]
    colours: FloatMap = field(repr=False)
    at_border: bool


def sketch(pixels: Pixels) -> Sketch:
    """The sketch of a picture (H, W, 3) RGB."""
    height, width = pixels.shape[:2]
    ratio = min(1.0, _LONG_SIDE / max(height, width))
    small = cv2.resize(
        pixels, (max(1, round(width * ratio)), max(1, round(height * ratio))), interpolation=cv2.INTER_AREA
    )
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.int32)
    lightness = lab[..., 0] * _LIGHTS // 256
    chroma = np.clip((lab[..., 1:] - 128 + _CHROMA_SPAN) * _CHROMAS // (2 * _CHROMA_SPAN), 0, _CHROMAS - 1)
    return Sketch((height, width), (lightness * _CHROMAS + chroma[..., 0]) * _CHROMAS + chroma[..., 1])


def measure(picture: Sketch, mask: Mask) -> Measure | None:
    """A mask (H, W) bool measured; None where it is empty."""
    area = np.count_nonzero(mask)
    if not area:
        return None
    drawn = np.ascontiguousarray(mask, dtype=np.uint8)
    columns, rows = (cv2.reduce(drawn, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() for axis in (0, 1))
    centre = np.array([columns @ np.arange(len(columns)), rows @ np.arange(len(rows))]) / area
    at_border = bool(columns[0] or columns[-1] or rows[0] or rows[-1])
    bins = picture.bins
    cover = cv2.resize(drawn * np.uint8(255), bins.shape[::-1], interpolation=cv2.INTER_AREA)
    counts = np.bincount(bins.ravel(), cover.ravel(), _LIGHTS * _CHROMAS**2).reshape(_LIGHTS, _CHROMAS, _CHROMAS)
    return Measure(float(area), centre, blurred(counts / max(1.0, counts.sum())), at_border)


def blurred(histogram: npt.NDArray[np.float64]) -> FloatMap:
    """A histogram (8, 12, 12) blurred by (1, 2, 1) / 4 each way: a little more light is not another colour."""
    for axis in range(3):
        padded = np.pad(histogram, [(1, 1) if other == axis else (0, 0) for other in range(3)], mode="edge")
        low, mid, high = (np.take(padded, range(i, i + histogram.shape[axis]), axis) for i in range(3))
        histogram = (low + 2 * mid + high) / 4
    return histogram.astype(np.float32)


def likeness(one: FloatMap, other: FloatMap) -> float:
    """How much of two histograms is the same, 0..1 (Bhattacharyya)."""
    return float(np.sqrt(one * other).sum())
