"""A mask that is painted by hand in a host, to be sent as a prompt (``wire.Painted``)."""

import math
from collections.abc import Sequence
from itertools import pairwise

from .raster import Size, bitmap, fill, from_bitmap
from .wire import Rle

Point = tuple[float, float]
"""(x, y) in source pixels; the middle of the top left pixel is (0.5, 0.5)."""


class Canvas:
    """Every stroke sets the pixels whose middle it covers; with ``erase`` it clears them. Outside is no pixel."""

    def __init__(self, size: Size, mask: Rle | None = None) -> None:
        """``size`` is (height, width); painting goes on from ``mask``, if there is one."""
        self.size = size
        self._pixels = bytearray(size[0] * size[1]) if mask is None else bytearray(bitmap(mask))

    @property
    def mask(self) -> Rle:
        """What is painted so far."""
        return from_bitmap(self._pixels, self.size)

    def disc(self, x: float, y: float, radius: float, erase: bool = False) -> None:
        for row in range(_first(y - radius), _first(y + radius)):
            half = math.sqrt(max(radius**2 - (row + 0.5 - y) ** 2, 0))
            self._fill(row, x - half, x + half, erase)

    def stroke(self, points: Sequence[Point], radius: float, erase: bool = False) -> None:
        """A line of round pen through the points, without gaps however far apart they are."""
        for x, y in points:
            self.disc(x, y, radius, erase)
        for (x0, y0), (x1, y1) in pairwise(points):
            length = math.hypot(x1 - x0, y1 - y0)
            if length:
                dx, dy = (y1 - y0) * radius / length, (x0 - x1) * radius / length  # across the line
                corners = [(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)]
                self.polygon(corners, erase)

    def polygon(self, points: Sequence[Point], erase: bool = False) -> None:
        """The inside of a closed line; what it goes round twice is outside again."""
        crossings: dict[int, list[float]] = {}
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], *points[:1]], strict=True):
            top, bottom = min(y0, y1), max(y0, y1)
            for row in range(max(_first(top), 0), min(_first(bottom), self.size[0])):
                crossings.setdefault(row, []).append(x0 + (row + 0.5 - y0) * (x1 - x0) / (y1 - y0))
        for row, where in crossings.items():
            where.sort()
            for left, right in zip(where[::2], where[1::2], strict=True):
                self._fill(row, left, right, erase)

    def _fill(self, row: int, left: float, right: float, erase: bool) -> None:
        fill(self._pixels, self.size[1], row, _first(left), _first(right), not erase)


def _first(position: float) -> int:
    """The first pixel whose middle is not before a position."""
    return math.ceil(position - 0.5)
