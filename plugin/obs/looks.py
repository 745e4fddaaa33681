"""What a live mask does to the picture: each look is a setting of OBS's own Image Mask/Blend filter, and two greys.

The filter multiplies; so a look is told by the grey of the object in the mask's picture and the grey of the rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ..link import raster, wire
from . import pictures

ALPHA, MULTIPLY = "mask_color_filter.effect", "blend_mul_filter.effect"


@dataclass(frozen=True)
class Look:
    """``kind``: the filter's own, whether the grey makes transparent or dark."""

    name: str
    title: str
    kind: str
    inside: int
    outside: int


LOOKS = (
    Look("black", "the object black", MULTIPLY, 0, 255),
    Look("without", "the object transparent: what lies below is seen", ALPHA, 0, 255),
    Look("only", "only the object, the rest transparent", ALPHA, 255, 0),
    Look("spot", "the rest dark", MULTIPLY, 255, 70),
)


def look(name: str) -> Look:
    """The one of that name, the first if there is none."""
    return next((one for one in LOOKS if one.name == name), LOOKS[0])


def following(name: str) -> Look:
    """The next one, after the last the first."""
    return LOOKS[(LOOKS.index(look(name)) + 1) % len(LOOKS)]


def drawn(masks: Iterable[wire.ObjectMask], size: tuple[int, int], chosen: Look) -> bytes:
    """The mask's picture as a grey PNG of ``size`` (width, height), all objects together."""
    width, height = size
    pixels = bytearray([chosen.outside]) * (width * height)
    for mask in masks:
        if mask.rle.size != (height, width):
            continue
        for row, spans in enumerate(raster.rows(mask.rle)):
            for start, stop in spans:
                pixels[row * width + start : row * width + stop] = bytes([chosen.inside]) * (stop - start)
    return pictures.grey_png(pixels, size)
