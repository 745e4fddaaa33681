"""Which part of a picture a network is shown to fill a hole, at what size, and how its answer gets back.

The picture itself is never resized: what a network makes of a crop is resized and laid into the hole only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from inpaint.membrane import extend
from tam_core.types import FloatMap, Mask, Pixels

Value = TypeVar("Value", bound=np.generic)

RIM = 3
"""So many pixels around a hole are compared with what a network made of them, to take a shift of colour away."""


@dataclass(frozen=True)
class CropRule:
    """``context``: what is shown around a hole on each side, as a share of the hole's longer side, and at least
    ``margin`` pixels. ``side``: the longer side of what a network sees, in pixels; crops that are longer are shown
    smaller, and shorter ones larger if ``enlarge``. ``multiple``: both sides are rounded to multiples of it."""

    side: int
    context: float = 0.5
    margin: int = 64
    enlarge: bool = False
    multiple: int = 1


@dataclass(frozen=True)
class Crop:
    """A part of a picture, ``y`` and ``x``, with its ``hole`` (h, w) bool, shown at ``height`` and ``width`` pixels."""

    y: slice
    x: slice
    hole: Mask
    height: int
    width: int

    def shown(self, picture: Pixels) -> Pixels:
        """The part of ``picture`` (H, W, 3) at the network's size."""
        return _resized(np.ascontiguousarray(picture[self.y, self.x]), self.height, self.width)

    def shown_hole(self) -> Mask:
        """The hole at the network's size; no pixel of it is lost."""
        return np.asarray(_resized(self.hole.astype(np.uint8) * 255, self.height, self.width) > 0)

    def _rim(self) -> Mask:
        """Pixels (h, w) next to the hole that have nothing of what was made in it, also after resizing."""
        made = _resized(self.shown_hole().astype(np.uint8) * 255, *self.hole.shape) > 0
        near, far = (cv2.dilate(made.astype(np.uint8), np.ones((n, n), np.uint8)) > 0 for n in (3, 3 + 2 * RIM))
        return np.asarray(far & ~near)

    def lay_in(self, picture: Pixels, made: FloatMap, even: bool) -> None:
        """Put what a network ``made`` (height, width, 3), 0..1, into the hole of ``picture``, which is changed.

        ``even``: the network also changed what it was shown; the difference at the rim is continued into the hole
        and taken away, so that there is no step (Perez et al. 2003, "Poisson Image Editing", by a membrane).
        """
        target = picture[self.y, self.x]
        peak = np.iinfo(picture.dtype).max
        values = _resized(made.astype(np.float32) * np.float32(peak), *self.hole.shape)
        if even:
            values += extend(target.astype(np.float32) - values, self._rim())
        target[self.hole] = np.rint(values[self.hole]).clip(0, peak).astype(picture.dtype)


def crops(hole: Mask, rule: CropRule) -> Iterator[Crop]:
    """The crops that cover a hole (H, W), one for each of its parts that are far enough apart to be filled alone."""
    for y, x in _boxes(hole, rule):
        inside = hole[y, x]
        height, width = _network_size(inside.shape[0], inside.shape[1], rule)
        yield Crop(y, x, inside, height, width)


def _boxes(hole: Mask, rule: CropRule) -> list[tuple[slice, slice]]:
    """Boxes around the parts of a hole with their context; those that touch are one."""
    _, _, parts, _ = cv2.connectedComponentsWithStats(hole.astype(np.uint8), connectivity=8)
    boxes = [_with_context(part, hole.shape, rule) for part in parts[1:]]
    joined: list[tuple[int, int, int, int]] = []
    for box in boxes:
        while touching := next((other for other in joined if _touch(box, other)), None):
            joined.remove(touching)
            low, high = np.minimum(box, touching), np.maximum(box, touching)
            box = (int(low[0]), int(low[1]), int(high[2]), int(high[3]))
        joined.append(box)
    return [(slice(y0, y1), slice(x0, x1)) for y0, x0, y1, x1 in joined]


def _with_context(part: FloatMap, size: tuple[int, ...], rule: CropRule) -> tuple[int, int, int, int]:
    """(y0, x0, y1, x1) of a square around a part of a hole, pushed into the picture, as far as it fits."""
    x, y, width, height = (int(value) for value in part[:4])
    side = max(width, height) + 2 * max(rule.margin, round(rule.context * max(width, height)))
    y0 = min(max(y + height // 2 - side // 2, 0), max(size[0] - side, 0))
    x0 = min(max(x + width // 2 - side // 2, 0), max(size[1] - side, 0))
    return y0, x0, min(y0 + side, size[0]), min(x0 + side, size[1])


def _touch(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _network_size(height: int, width: int, rule: CropRule) -> tuple[int, int]:
    """(height, width) that a network sees of a crop: about its shape, never below one multiple."""
    scale = rule.side / max(height, width)
    if not rule.enlarge:
        scale = min(scale, 1.0)
    sides = (max(round(side * scale / rule.multiple), 1) * rule.multiple for side in (height, width))
    return next(sides), next(sides)


def _resized(values: npt.NDArray[Value], height: int, width: int) -> npt.NDArray[Value]:
    """A picture (h, w, ...) at another size; means where it gets smaller."""
    smaller = height * width < values.shape[0] * values.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(values, (width, height), interpolation=way), values.dtype)
