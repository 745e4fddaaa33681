"""Effects drawn along the object's outline, and the picture redrawn in lines: outline, glow, sticker, lines."""

from dataclasses import dataclass

import cv2
import numpy as np

from inpaint.effects.base import STILL, Coverage, Moment, box_of, coverage, scaled
from inpaint.effects.blend import as_pixels, as_unit, blend, changed, colour_of, grey, sheet
from tam_core.types import FloatMap, Pixels


@dataclass(frozen=True)
class Outline:
    """A line of ``width`` px around the object, ``gap`` px away from it. ``dash`` px long pieces wander along it.

    ``second``: a second line outside the first, in this colour; none if it is empty.
    """

    colour: str = "#ffffff"
    width: float = 4
    gap: float = 0
    dash: float = 0
    second: str = ""

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        width, gap = scaled(self.width, frame), scaled(self.gap, frame)
        box = box_of(mask, round(gap + 2 * width + 3))
        result = frame.copy()
        if box is None:
            return result
        share = coverage(mask[box])
        far = distance_from(share)
        if self.second:
            line = _band(far, gap + width, gap + 2 * width)
            result[box] = blend(result[box], sheet(self.second, frame[box]), line)
        line = _band(far, gap, gap + width) * (1 - share)
        if self.dash:
            line = line * _dashes(box, scaled(self.dash, frame), moment.time)
        result[box] = blend(result[box], sheet(self.colour, frame[box]), line)
        return result


@dataclass(frozen=True)
class Glow:
    """Light of ``colour`` around the object, ``radius`` px wide; ``pulse`` times a second it breathes."""

    colour: str = "#ffe9a8"
    radius: float = 28
    strength: float = 1.6
    pulse: float = 0.0

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        radius = scaled(self.radius, frame)
        box = box_of(mask, round(2.5 * radius))
        result = frame.copy()
        if box is None:
            return result
        share = coverage(mask[box])
        light = (softened(share, radius / 2) + softened(share, radius / 6)) * (1 - share)
        strength = self.strength * (1 + 0.4 * np.sin(2 * np.pi * self.pulse * moment.time))
        lamp = (np.array(colour_of(self.colour), np.float32) / 255) * np.float32(strength)
        lit = 1 - (1 - as_unit(frame[box])) * (1 - np.minimum(light[..., None] * lamp, 1))  # the screen mode of editors
        near = (light > 1e-3).astype(np.float32)
        result[box] = blend(frame[box], as_pixels(lit, frame), near)
        return result


@dataclass(frozen=True)
class Sticker:
    """The object as if cut out of paper: a rim of ``width`` px, and a shadow that falls ``drop`` px."""

    colour: str = "#ffffff"
    width: float = 8
    drop: float = 8

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        width, drop = scaled(self.width, frame), scaled(self.drop, frame)
        box = box_of(mask, round(width + 3 * drop + 3))
        result = frame.copy()
        if box is None:
            return result
        share = coverage(mask[box])
        paper = np.maximum(_band(distance_from(share), -1, width), share)
        shadow = softened(_moved(paper, drop * 0.6, drop), drop * 0.7)
        shaded = blend(frame[box], np.zeros_like(frame[box]), shadow * np.float32(0.55))
        rimmed = blend(shaded, sheet(self.colour, frame[box]), paper)
        result[box] = blend(rimmed, frame[box], share)
        return result


@dataclass(frozen=True)
class Lines:
    """The picture redrawn in lines of about ``width`` px on ``paper``; ``ink`` empty: in the colours that are there."""

    ink: str = "#20242c"
    paper: str = "#fbf8f1"
    strength: float = 22.0
    width: float = 2.2

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        sigma = max(scaled(self.width, frame), 0.6)
        return changed(frame, mask, lambda pixels: self._drawn(pixels, sigma))

    def _drawn(self, pixels: Pixels, sigma: float) -> Pixels:
        """What is darker than its surroundings: a difference of gaussians (Winnemoeller et al. 2012)."""
        level = as_unit(grey(pixels))
        fine, wide = (softened(level, width * sigma) for width in (1, 1.8))
        line = np.clip((wide - fine - 0.012) * np.float32(self.strength), 0, 1)
        if self.ink:
            return blend(sheet(self.paper, pixels), sheet(self.ink, pixels), line)
        bright = as_unit(pixels)
        bright = bright / (bright.max(2, keepdims=True) + np.float32(0.05))
        return blend(sheet(self.paper, pixels), as_pixels(bright, pixels), line)


def distance_from(share: FloatMap) -> FloatMap:
    """How many pixels each pixel is away from the object; 0 and less inside."""
    outside = (share < 0.5).astype(np.uint8)
    if outside.all():
        return np.full(share.shape, np.inf, np.float32)
    far = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(cv2.GaussianBlur(far, (0, 0), 0.8) - 0.5)  # the stairs of a mask are not drawn


def softened(share: FloatMap, sigma: float) -> FloatMap:
    """A gaussian of ``sigma`` px, on a smaller picture where that is as smooth."""
    shrink = max(1, int(sigma / 3))
    if shrink == 1:
        return np.asarray(cv2.GaussianBlur(share, (0, 0), max(sigma, 0.3), borderType=cv2.BORDER_CONSTANT))
    height, width = share.shape
    small = cv2.resize(share, (max(1, width // shrink), max(1, height // shrink)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def _band(far: FloatMap, near_end: float, far_end: float) -> FloatMap:
    """1 where a pixel is between the two distances, with soft edges of a pixel."""
    return np.asarray(np.clip(far - near_end + 0.5, 0, 1) * np.clip(far_end - far + 0.5, 0, 1), np.float32)


def _dashes(box: tuple[slice, slice], length: float, time: float) -> FloatMap:
    rows, columns = np.ogrid[box]
    phase = (rows + columns) / (2 * length) - time
    return np.asarray(np.clip((np.abs(phase % 1 - 0.5) - 0.25) * 2 * length + 0.5, 0, 1), np.float32)


def _moved(share: FloatMap, right: float, down: float) -> FloatMap:
    way = np.array([[1, 0, right], [0, 1, down]], np.float32)
    return np.asarray(cv2.warpAffine(share, way, share.shape[::-1]))
