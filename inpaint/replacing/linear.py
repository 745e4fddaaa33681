"""Light instead of display values: halves of two colours mix in light as lenses mix them, in display values too dark.

A pure power of 2.2 stands for the transfer curves of sRGB and BT.709 displays; it undoes itself exactly, which is what
counts here: nobody sees the curve, only mixtures.
"""

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.types import FloatMap

AnyPixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

EXPONENT = 2.2


def peak_of(pixels: AnyPixels) -> float:
    """The largest value that the pixels' type has: 255 or 65535."""
    return float(np.iinfo(pixels.dtype).max)


def units(pixels: AnyPixels) -> FloatMap:
    """Display values 0..1 of pixels with 8 or 16 bits."""
    return np.asarray(pixels, np.float32) / np.float32(peak_of(pixels))


def to_light(display: FloatMap) -> FloatMap:
    """Display values 0..1 as amounts of light 0..1; float32, any shape."""
    return _power(display, EXPONENT)


def to_display(light: FloatMap) -> FloatMap:
    """The way back of ``to_light``."""
    return _power(light, 1 / EXPONENT)


def _power(values: FloatMap, exponent: float) -> FloatMap:
    if not values.size:
        return values
    positive = np.maximum(values, 0, dtype=np.float32)
    return np.asarray(cv2.pow(positive.reshape(1, -1), exponent).reshape(values.shape), np.float32)
