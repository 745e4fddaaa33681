"""Light: how the same background differs in brightness and colour between two frames, and how to take that away."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tam_core.types import FloatMap, Mask, Pixels

Channels = npt.NDArray[np.float32]
"""(3,) float32, one value for each of R, G, B."""


@dataclass(frozen=True)
class Light:
    """Colour becomes ``gain * colour + offset``, channel by channel."""

    gain: Channels
    offset: Channels

    def apply(self, colours: FloatMap | Pixels) -> FloatMap:
        """Colours (..., 3), 0..255, in the other light; float32 and not clipped."""
        return np.asarray(colours * self.gain + self.offset, np.float32)

    def then(self, after: "Light") -> "Light":
        """This change of light followed by another."""
        return Light(self.gain * after.gain, self.offset * after.gain + after.offset)

    def inverse(self) -> "Light":
        """The change back."""
        return Light(np.asarray(1 / self.gain, np.float32), np.asarray(-self.offset / self.gain, np.float32))


Matching = Literal["none", "linear", "local"]
"""How copies are matched to the light of the frame they go to: not at all; by a gain and an offset for the whole
picture; by these and by what the rim of the hole asks for at each place (a vignette, a shadow's edge)."""

SAME = Light(np.ones(3, np.float32), np.zeros(3, np.float32))

FEWEST = 64
"""With fewer background pixels than this, the light is taken to be the same."""

CLIPPED = 250
"""Colours from here on may have been cut off by the camera and tell nothing of a gain."""

FLAT = 4.0
"""A background whose colours spread by less than this many levels tells an offset but no gain."""


def measure_light(source: Pixels, target: Pixels, valid: Mask) -> Light:
    """The change that turns ``source`` (H, W, 3) into ``target``, on the ``valid`` (H, W) pixels.

    Ratio of spreads, not a regression: a regression's gain is biased towards 0 by noise, and the bias would add up
    along a chain of frames. The half of the pixels that agrees worst (moving things) is left out.
    """
    valid = valid & (target.max(2) < CLIPPED) & (source.max(2) < CLIPPED)
    a, b = source[valid].astype(np.float32), target[valid].astype(np.float32)
    if len(a) < FEWEST:
        return SAME
    misfit = np.abs(_fit(a, b).apply(a) - b).mean(1)
    keep = misfit <= np.median(misfit)
    return _fit(a[keep], b[keep])


def _fit(a: FloatMap, b: FloatMap) -> Light:
    """The change of light that gives colours ``a`` (N, 3) the mean and the spread of ``b``."""
    spread_a, spread_b = a.std(0), b.std(0)
    gain = np.where(spread_a > FLAT, spread_b / np.maximum(spread_a, FLAT), 1).clip(0.5, 2).astype(np.float32)
    return Light(gain, np.asarray(b.mean(0) - gain * a.mean(0), np.float32))
