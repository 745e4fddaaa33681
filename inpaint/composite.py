"""Pictures laid over pictures: generators of frames."""

from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np

from inpaint.holes import holes_of
from inpaint.replacing.linear import peak_of, to_display, to_light, units
from inpaint.replacing.render import Layer
from tam_core.formats.davis import object_colour
from tam_core.masklet import Masklet
from tam_core.types import FloatMap, Pixels
from tam_core.video.source import Frame, FrameSource

_TINT = 0.5

_UNSEEN = 1 / 1024
"""A layer that covers less than this share of a pixel leaves it alone."""


def overlay(
    source: FrameSource, masklets: Iterable[Masklet], start: int = 0, stop: int | None = None
) -> Iterator[Frame]:
    """The video with every object tinted and outlined in its own colour: to look at what was tracked."""
    objects = sorted(masklets, key=lambda masklet: masklet.object_id)
    for frame in source.frames(start, stop):
        yield Frame(frame.index, frame.time, _tinted(frame, objects))


def cut_out(
    source: FrameSource, masklets: Iterable[Masklet], grow: int = 0, start: int = 0, stop: int | None = None
) -> Iterator[Frame]:
    """The objects alone: (H, W, 4) RGBA with straight alpha, the source's colours everywhere.

    Objects are widened by ``grow`` pixels, of which the outermost fade.
    """
    holes = holes_of(masklets, source.info.size, grow)
    for frame in source.frames(start, stop):
        alpha = np.rint(holes.alpha(frame.index) * 255).astype(np.uint8)
        yield Frame(frame.index, frame.time, np.dstack([frame.pixels, alpha]))


def lay(pixels: Pixels, layer: Layer, grain: FloatMap | None = None) -> None:
    """Lay a layer over a frame (H, W, 3) of 8 or 16 bits, in place, mixing amounts of light.

    ``grain`` (h, w, 3) in levels of 255 is added as far as the layer covers. Where it does not, no bit changes.
    """
    x0, y0, x1, y1 = layer.box
    part = pixels[y0:y1, x0:x1]
    covered = layer.alpha > _UNSEEN
    if not covered.any():
        return
    peak = peak_of(pixels)
    alpha = layer.alpha[covered][:, None]
    under = to_light(units(part[covered]))
    values = to_display(layer.light[covered] + under * (1 - alpha)) * np.float32(peak)
    if grain is not None:
        values += grain[covered] * alpha * np.float32(peak / 255)
    part[covered] = np.rint(values).clip(0, peak)


def _tinted(frame: Frame, masklets: Sequence[Masklet]) -> Pixels:
    pixels = frame.pixels.copy()
    for masklet in masklets:
        mask = masklet.mask(frame.index)
        if mask is None or not mask.any():
            continue
        colour = object_colour(masklet.object_id)
        pixels[mask] = pixels[mask] * (1 - _TINT) + np.multiply(colour, _TINT)
        edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(pixels, edges, -1, colour, 1, cv2.LINE_AA)
    return pixels
