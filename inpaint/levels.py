"""Colours to calculate with: levels of 8 bits as fractions, whatever the depth of the pictures they are from."""

import numpy as np
import numpy.typing as npt

from tam_core.types import FloatMap, Pixels

WIDE = 257
"""A level of 8 bits in 16: 255 becomes 65535."""


def unit(kind: npt.DTypeLike) -> int:
    """How much of a pixel's number, of type ``kind`` (uint8 or uint16), is one level of 8 bits."""
    return WIDE if np.dtype(kind) == np.uint16 else 1


def levels(pixels: Pixels) -> FloatMap:
    """Pixels (..., 3) uint8 or uint16 as float32, 0..255."""
    values = pixels.astype(np.float32)
    if unit(pixels.dtype) != 1:
        values /= unit(pixels.dtype)
    return values


def stored(values: FloatMap, kind: npt.DTypeLike) -> Pixels:
    """Levels as pixels of type ``kind``, rounded; what is out of range is clipped."""
    scale = unit(kind)
    return np.asarray(np.rint(values * np.float32(scale)).clip(0, 255 * scale), kind)
