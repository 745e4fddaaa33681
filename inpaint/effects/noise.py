"""Effects that disturb the picture, drawn anew with time: film grain, television static, a hologram, a glitch."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from inpaint.effects.base import STILL, Coverage, Moment, scaled
from inpaint.effects.blend import as_pixels, as_unit, blend, changed, grey, sheet
from tam_core.types import Pixels

_A_SECOND = 24
"""So often the noise is drawn anew, whatever the video's rate."""


@dataclass(frozen=True)
class Noise:
    """``kind``: grain, static, hologram or glitch; ``amount`` 0..1. The same time gives the same noise."""

    kind: Literal["grain", "static", "hologram", "glitch"] = "grain"
    amount: float = 0.3

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        random = np.random.default_rng(int(moment.time * _A_SECOND + 1e-6))
        way = {"grain": _grain, "static": _static, "hologram": _hologram, "glitch": _glitch}[self.kind]
        lines = max(1.0, scaled(3, frame))
        return changed(frame, mask, lambda pixels: way(pixels, self.amount, random, lines))


def _grain(pixels: Pixels, amount: float, random: np.random.Generator, lines: float) -> Pixels:
    """Strongest in the middle tones, as on film."""
    grain = cv2.GaussianBlur(random.standard_normal(pixels.shape[:2], np.float32), (0, 0), max(lines / 4, 0.5))
    level = as_unit(grey(pixels))
    strength = np.float32(0.5 * amount) * np.sqrt(np.maximum(level * (1 - level), 0)) * grain
    return as_pixels(as_unit(pixels) + strength[..., None], pixels)


def _static(pixels: Pixels, amount: float, random: np.random.Generator, lines: float) -> Pixels:
    """Grey dots of a station that is not there."""
    height, width = pixels.shape[:2]
    size = (max(1, round(width / lines)), max(1, round(height / lines)))
    dots = cv2.resize(random.random(size[::-1], np.float32) ** 1.5, (width, height), interpolation=cv2.INTER_NEAREST)
    snow = as_pixels(np.repeat(dots[..., None], 3, axis=2), pixels)
    return blend(pixels, snow, np.full((height, width), amount, np.float32))


def _hologram(pixels: Pixels, amount: float, random: np.random.Generator, lines: float) -> Pixels:
    """Blue light in lines, with a flicker."""
    height, width = pixels.shape[:2]
    level = as_unit(grey(pixels)) * np.float32(1.1 + 0.15 * random.random())
    rows = 0.72 + 0.28 * np.sin(np.arange(height, dtype=np.float32) * np.float32(2 * np.pi / (2 * lines)))
    colour = np.array([0.35, 0.85, 1.0], np.float32) * (level * rows[:, None])[..., None] + np.float32(0.04)
    return blend(pixels, as_pixels(colour, pixels), np.full((height, width), amount, np.float32))


def _glitch(pixels: Pixels, amount: float, random: np.random.Generator, lines: float) -> Pixels:
    """Bands that slip sideways, with red and blue apart."""
    result, height = pixels.copy(), len(pixels)
    reach = amount * lines * 14
    apart = round(reach * 0.3)
    if apart:
        result[..., 0], result[..., 2] = np.roll(pixels[..., 0], apart, 1), np.roll(pixels[..., 2], -apart, 1)
    for _ in range(8):
        top = int(random.integers(height))
        band = slice(top, top + max(1, int(random.integers(1, 9) * lines * 1.5)))
        result[band] = np.roll(result[band], int(random.normal() * reach), axis=1)
    scan = np.zeros(pixels.shape[:2], np.float32)
    scan[:: max(2, round(lines))] = 0.25 * amount
    return blend(result, sheet("#000000", result), scan)
