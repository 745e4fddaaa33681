"""Effects on colour: desaturate, grade, gradient and overlay. A pixel's new value depends on it and its place."""

from dataclasses import dataclass

import cv2
import numpy as np

from inpaint.effects.base import STILL, Coverage, Moment, box_of, coverage, scaled
from inpaint.effects.blend import as_pixels, as_unit, blend, changed, colour_of, curved, grey, sheet, white
from tam_core.types import FloatMap, Pixels


@dataclass(frozen=True)
class Desaturate:
    """Colour taken out, by ``amount`` 0..1; what is left is toned between two colours, ``dark`` and ``light``."""

    amount: float = 1.0
    dark: str = "#000000"
    light: str = "#ffffff"
    contrast: float = 1.0

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        return changed(frame, mask, self._toned, self.amount)

    def _toned(self, pixels: Pixels) -> Pixels:
        tones = curved(grey(pixels), lambda level: contrasted(level, self.contrast))
        if (self.dark, self.light) == ("#000000", "#ffffff"):
            return np.asarray(cv2.cvtColor(tones, cv2.COLOR_GRAY2RGB))
        return ramped(tones, self.dark, self.light)


@dataclass(frozen=True)
class Grade:
    """A colour grade. ``exposure`` in stops; ``warmth`` and ``tint`` -1..1 (to orange, to magenta); 1 is neutral else.

    ``shadows`` and ``lights`` are colours that the dark and the bright parts are drawn to, by ``split`` 0..1.
    """

    exposure: float = 0.0
    contrast: float = 1.0
    saturation: float = 1.0
    warmth: float = 0.0
    tint: float = 0.0
    shadows: str = "#808080"
    lights: str = "#808080"
    split: float = 0.0

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        return changed(frame, mask, self._graded)

    def _graded(self, pixels: Pixels) -> Pixels:
        channels = [self._channel(pixels[..., index], index) for index in range(3)]
        graded = np.dstack(channels)
        if self.saturation == 1:
            return graded
        level = cv2.cvtColor(grey(graded), cv2.COLOR_GRAY2RGB)
        return np.asarray(cv2.addWeighted(graded, self.saturation, level, 1 - self.saturation, 0))

    def _channel(self, pixels: Pixels, index: int) -> Pixels:
        """Exposure and white balance on light, contrast and split toning on what is seen of it."""
        balance = (0.25 * self.warmth + 0.1 * self.tint, -0.15 * self.tint, -0.3 * self.warmth + 0.1 * self.tint)[index]
        gain = 2 ** (self.exposure + balance)
        tones = [(colour_of(colour)[index] - 128) / 255 for colour in (self.shadows, self.lights)]

        def curve(level: FloatMap) -> FloatMap:
            seen = contrasted(np.asarray((level**2.2 * gain).clip(0, 1) ** (1 / 2.2), np.float32), self.contrast)
            pull = tones[0] * (1 - seen) ** 2 * np.sqrt(seen) + tones[1] * seen**2 * (1 - seen) * 2
            return np.asarray(seen + self.split * 2 * pull, np.float32)

        return curved(np.ascontiguousarray(pixels), curve)


@dataclass(frozen=True)
class Gradient:
    """A run of colours from ``top`` to ``bottom`` over the layer; ``keep`` 0..1 of the picture's light and shade."""

    top: str = "#ff5f6d"
    bottom: str = "#ffc371"
    keep: float = 0.7
    sideways: bool = False

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        return changed(frame, mask, self._coloured)

    def _coloured(self, pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        way = np.linspace(0, 1, width if self.sideways else height, dtype=np.float32)
        ends = np.array([colour_of(self.top), colour_of(self.bottom)], np.float32) / 255
        run = ends[0] + (ends[1] - ends[0]) * way[:, None]
        run = run[None] if self.sideways else run[:, None]
        light = as_unit(grey(pixels))[..., None]
        shaded = np.where(light < 0.5, run * light * 2, 1 - (1 - run) * (1 - light) * 2)  # the overlay mode of editors
        return as_pixels(np.asarray(run + (shaded - run) * np.float32(self.keep)), pixels)


@dataclass(frozen=True)
class Overlay:
    """A sheet of ``colour`` over the layer, as opaque as ``amount`` 0..1, with a solid rim of ``rim`` px inside it.

    ``stripes`` px wide let half of the sheet out.
    """

    colour: str = "#2e7cff"
    amount: float = 0.5
    rim: float = 3.0
    stripes: float = 0.0

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        result = frame.copy()
        box = box_of(mask, 2)
        if box is None:
            return result
        share = coverage(mask[box])
        sheet_share = share * np.float32(self.amount)
        if self.stripes:
            sheet_share *= _stripes(box, scaled(self.stripes, frame), moment.time)
        if self.rim:
            depth = cv2.distanceTransform((share > 0.5).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
            rim = np.clip(scaled(self.rim, frame) + 0.5 - depth, 0, 1) * share
            sheet_share = np.maximum(sheet_share, rim)
        result[box] = blend(frame[box], sheet(self.colour, frame[box]), sheet_share)
        return result


def _stripes(box: tuple[slice, slice], width: float, time: float) -> FloatMap:
    """Slanted stripes that wander slowly, 0..1 with soft edges."""
    rows, columns = np.ogrid[box]
    phase = (rows + columns) / (2 * width) - time * 0.5
    return np.asarray(np.clip((np.abs(phase % 1 - 0.5) - 0.25) * 2 * width + 0.5, 0, 1), np.float32)


def contrasted(level: FloatMap, contrast: float) -> FloatMap:
    """A curve of 0..1: flatter about the middle for a ``contrast`` below 1, an S with fixed ends above it."""
    if contrast <= 1:
        return np.asarray(0.5 + (level - 0.5) * contrast, np.float32)
    bent = level * level * (3 - 2 * level)
    return np.asarray(level + (bent - level) * min((contrast - 1) * 2, 2), np.float32).clip(0, 1)


def ramped(tones: Pixels, dark: str, light: str) -> Pixels:
    """Tones (H, W) as a mixture of two colours, (H, W, 3)."""
    low, high = (np.array(colour_of(colour), np.float32) / 255 for colour in (dark, light))
    levels = np.linspace(0, 1, white(tones) + 1, dtype=np.float32)[:, None]
    table = np.rint((low + (high - low) * levels) * white(tones)).astype(tones.dtype)
    return np.asarray(table[tones])
