"""Effects that take detail away: blur and pixelate. The other layer's colours never bleed in."""

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from inpaint.effects.base import STILL, Coverage, Moment, box_of, coverage, scaled
from inpaint.effects.blend import as_pixels, as_unit, blend
from tam_core.types import FloatMap, Pixels

_KERNEL = 6
"""Pixels that a blur reaches once the picture is made small enough for it: as smooth as at full size, far cheaper."""


@dataclass(frozen=True)
class Blur:
    """Out of focus by ``radius`` px. ``kind``: soft as a gaussian, round as a lens, or smeared sideways by motion."""

    radius: float = 14
    kind: Literal["soft", "lens", "motion"] = "soft"

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        radius = scaled(self.radius, frame)
        box = box_of(mask)
        result = frame.copy()
        if box is None or radius < 0.3:
            return result
        share = coverage(mask[box])
        result[box] = blend(frame[box], _blurred(frame[box], share, radius, self.kind), share)
        return result


def _blurred(pixels: Pixels, share: FloatMap, radius: float, kind: str) -> Pixels:
    """The mean of what belongs to the layer around each pixel, worked out on a smaller picture."""
    height, width = share.shape
    shrink = max(1.0, radius / _KERNEL)
    small = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    weights = cv2.resize(share, small, interpolation=cv2.INTER_AREA)
    colours = cv2.resize(as_unit(pixels) * share[..., None], small, interpolation=cv2.INTER_AREA)
    colours /= weights[..., None] + np.float32(1e-6)
    if kind == "lens":
        colours = colours**2.2  # bright points grow to discs only where light is added up as light
    total = _spread(colours * weights[..., None], radius / shrink, kind)
    mean = total / (_spread(weights, radius / shrink, kind)[..., None] + np.float32(1e-6))
    if kind == "lens":
        mean = np.maximum(mean, 0) ** (1 / 2.2)
    return as_pixels(cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR), pixels)


def _spread(picture: FloatMap, radius: float, kind: str) -> FloatMap:
    if kind == "soft":
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), max(radius / 2, 0.3), borderType=cv2.BORDER_REPLICATE))
    side = 2 * round(radius) + 1
    if kind == "motion":
        return np.asarray(cv2.blur(picture, (2 * side - 1, 1), borderType=cv2.BORDER_REPLICATE))
    y, x = np.mgrid[-(side // 2) : side // 2 + 1, -(side // 2) : side // 2 + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return np.asarray(cv2.filter2D(picture, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE))


@dataclass(frozen=True)
class Pixelate:
    """Blocks of ``size`` px, each in its mean colour. ``whole`` blocks hide the outline too, ``dots`` are round."""

    size: float = 18
    whole: bool = False
    dots: bool = False

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        height, width = mask.shape
        side = max(2, round(scaled(self.size, frame)))
        rows, columns = -(-height // side), -(-width // side)
        room = (0, rows * side - height, 0, columns * side - width)
        share = cv2.copyMakeBorder(coverage(mask), *room, cv2.BORDER_CONSTANT)
        weights = cv2.resize(share, (columns, rows), interpolation=cv2.INTER_AREA)
        if not weights.any():
            return frame.copy()
        colours = as_unit(cv2.copyMakeBorder(frame, *room, cv2.BORDER_REPLICATE)) * share[..., None]
        means = cv2.resize(colours, (columns, rows), interpolation=cv2.INTER_AREA) / (weights[..., None] + 1e-6)
        blocks = _enlarged(as_pixels(means, frame), side, mask.shape)
        whole = _enlarged((weights > 0).astype(np.float32), side, mask.shape) if self.whole else None
        share = share[:height, :width] if whole is None else whole
        return blend(frame, _dotted(blocks, side) if self.dots else blocks, share)


def _enlarged(picture: npt.NDArray[Any], side: int, size: tuple[int, ...]) -> npt.NDArray[Any]:
    big = cv2.resize(picture, None, fx=side, fy=side, interpolation=cv2.INTER_NEAREST)
    return np.asarray(big[: size[0], : size[1]])


def _dotted(blocks: Pixels, side: int) -> Pixels:
    """A round dot in each block, on a darker ground: a wall of lamps."""
    y, x = (np.arange(length) % side - (side - 1) / 2 for length in blocks.shape[:2])
    dots = np.clip(side * 0.46 + 0.5 - np.hypot(x, y[:, None]), 0, 1).astype(np.float32)
    return blend(blocks // 6, blocks, dots)
