"""Pictures laid over pictures, at 8 or 16 bits; where nothing is laid, pixels stay bit for bit."""

from collections.abc import Callable

import cv2
import numpy as np
from PIL import ImageColor

from inpaint.effects.base import Coverage, box_of, coverage
from tam_core.errors import RequestError
from tam_core.types import FloatMap, Pixels


def white(frame: Pixels) -> int:
    """The brightest value a channel of the frame can have: 255 or 65535."""
    return int(np.iinfo(frame.dtype).max)


def colour_of(text: str) -> tuple[int, int, int]:
    """``#rrggbb``, ``#rgb`` or a name of CSS, such as ``orange``, as 8 bit RGB. Raises RequestError."""
    try:
        return ImageColor.getrgb(text)[:3]
    except ValueError:
        raise RequestError(f"{text!r} is no colour: give one like #ff8800, or a name such as orange") from None


def paint(colour: str, frame: Pixels) -> FloatMap:
    """(3,) float32: the colour in the frame's range."""
    return np.array(colour_of(colour), np.float32) * (white(frame) / 255)


def sheet(colour: str, frame: Pixels) -> Pixels:
    """A frame of one colour, like ``frame``."""
    return np.full_like(frame, np.rint(paint(colour, frame)).astype(frame.dtype))


def blend(under: Pixels, over: Pixels, share: FloatMap) -> Pixels:
    """``over`` (H, W, 3) laid over ``under``, as much as ``share`` (H, W) 0..1 says."""
    share = np.ascontiguousarray(share, np.float32)
    if under.dtype == np.uint8:
        return np.asarray(cv2.blendLinear(np.ascontiguousarray(over), np.ascontiguousarray(under), share, 1 - share))
    mixed = under + (over.astype(np.float32) - under) * share[..., None]
    return np.rint(mixed, out=mixed).astype(under.dtype)


def changed(frame: Pixels, mask: Coverage, change: Callable[[Pixels], Pixels], amount: float = 1.0) -> Pixels:
    """The frame with ``change`` done to the layer of ``mask``; only the mask's box is worked on."""
    result = frame.copy()
    box = box_of(mask)
    if box is not None:
        result[box] = blend(frame[box], change(frame[box]), coverage(mask[box]) * np.float32(amount))
    return result


def tinted(frame: Pixels, colour: str, share: FloatMap) -> Pixels:
    """A colour laid over the frame, as much as ``share`` (H, W) 0..1 says; only where there is any is worked on."""
    result = frame.copy()
    box = box_of(share)
    if box is not None:
        result[box] = blend(frame[box], sheet(colour, frame[box]), share[box])
    return result


def as_unit(pixels: Pixels) -> FloatMap:
    """Pixels as float32, 0..1."""
    return np.asarray(pixels * np.float32(1 / white(pixels)), np.float32)


def as_pixels(unit: FloatMap, like: Pixels) -> Pixels:
    """Float32 0..1 as pixels of the type of ``like``."""
    top = white(like)
    if like.dtype == np.uint8:
        return np.asarray(cv2.convertScaleAbs(np.maximum(unit, 0), alpha=top))
    return np.rint(unit * top).clip(0, top).astype(like.dtype)


def curved(pixels: Pixels, curve: Callable[[FloatMap], FloatMap]) -> Pixels:
    """Every channel through the same ``curve`` of 0..1, by a table."""
    steps = white(pixels)
    table = curve(np.linspace(0, 1, steps + 1, dtype=np.float32))
    values = np.rint(np.clip(table, 0, 1) * steps).astype(pixels.dtype)
    return np.asarray(cv2.LUT(pixels, values)) if pixels.dtype == np.uint8 else values[pixels]


def grey(pixels: Pixels) -> Pixels:
    """The brightness of pixels (H, W, 3), as (H, W)."""
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY))
