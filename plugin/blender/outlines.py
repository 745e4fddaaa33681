"""Masks of many frames as closed lines with a fixed number of points, so that keys between them make sense.

Every line is a *slot*: from frame to frame it follows the outline nearest to where it was, and its points are numbered
from the point nearest to where the first one was. Pure arithmetic; it runs beside Blender's main thread.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..link import raster, wire
from ..link.contours import contours

Point = tuple[float, float]
Line = tuple[Point, ...]
SMALLEST = 12
"""Outlines round fewer pixels are dust and left out."""


@dataclass(frozen=True)
class Shape:
    """An object on a frame: a line for each slot, round its parts and round its holes. A slot not needed is a point."""

    frame: int
    lines: tuple[Line, ...]
    holes: tuple[Line, ...] = ()


def shapes(masks: Sequence[tuple[int, wire.Rle]], points: int, slots: int) -> list[Shape]:
    """Of one object, in the order of its frames; ``slots`` parts and as many holes at most, the largest. Points in
    source pixels."""
    outlines = [contours(raster.rows(mask)) for _, mask in masks]
    parts, holes = (
        _followed(
            [_lines([one.points for one in frame if one.inner is inner], points, slots) for frame in outlines], points
        )
        for inner in (False, True)
    )
    return [Shape(frame, *both) for (frame, _), both in zip(masks, zip(parts, holes, strict=True), strict=True)]


def _lines(outlines: list[list[tuple[int, int]]], points: int, slots: int) -> list[Line]:
    """The largest first."""
    sizes = sorted(((abs(_area(one)), index) for index, one in enumerate(outlines)), reverse=True)
    return [_resampled(outlines[index], points) for size, index in sizes[:slots] if size >= SMALLEST]


def _followed(found: list[list[Line]], points: int) -> list[tuple[Line, ...]]:
    """The lines of each frame, in slots."""
    first = next(filter(None, found), [])
    spare = max(map(len, found), default=0) - len(first)
    before = [*first, *[(_middle(first[0]),) * points] * spare] if first else []
    made = []
    for lines in found:
        before = _follow(before, lines)
        made.append(tuple(before))
    return made


def _follow(before: Sequence[Line], lines: list[Line]) -> list[Line]:
    """Give each line to the slot that was nearest to it."""
    left = list(range(len(before)))
    given: dict[int, Line] = {}
    for line in lines:
        slot = min(left, key=lambda one: math.dist(_middle(before[one]), _middle(line)))
        left.remove(slot)
        given[slot] = _aligned(line, before[slot])
    return [given.get(slot) or (_middle(one),) * len(one) for slot, one in enumerate(before)]


def _resampled(outline: Sequence[Point], count: int) -> Line:
    """Points at equal distances along a closed line."""
    ring = [*outline, outline[0]]
    lengths = [math.dist(ring[i], ring[i + 1]) for i in range(len(outline))]
    step, found, edge, passed = sum(lengths) / count, list[Point](), 0, 0.0
    for index in range(count):
        while edge < len(lengths) - 1 and passed + lengths[edge] < index * step:
            passed += lengths[edge]
            edge += 1
        along = (index * step - passed) / lengths[edge] if lengths[edge] else 0.0
        (x0, y0), (x1, y1) = ring[edge], ring[edge + 1]
        found.append((x0 + (x1 - x0) * along, y0 + (y1 - y0) * along))
    return tuple(found)


def _aligned(line: Line, before: Line) -> Line:
    """Begun at the point that makes all points move least."""
    (mx, my), (bx, by) = _middle(line), _middle(before)
    moved = [(x - mx + bx, y - my + by) for x, y in line]
    some = range(0, len(line), max(len(line) // 16, 1))

    def distance(shift: int) -> float:
        return sum(math.dist(moved[(one + shift) % len(line)], before[one]) for one in some)

    best = min(range(len(line)), key=distance)
    return line[best:] + line[:best]


def _middle(line: Sequence[Point]) -> Point:
    return sum(x for x, _ in line) / len(line), sum(y for _, y in line) / len(line)


def _area(line: Sequence[Point]) -> float:
    ring = [*line[1:], line[0]]
    return sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(line, ring, strict=True)) / 2
