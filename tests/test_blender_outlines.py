"""Outlines that are followed from frame to frame: as few as needed, as near as points allow, numbered alike."""

import math
from itertools import pairwise

import numpy as np

from plugin.blender.outlines import Line, shapes
from plugin.link import wire
from plugin.link.brush import Canvas
from plugin.link.raster import bitmap
from tam_core.types import Mask
from tests.scenes import disc, iou

SIZE = (60, 80)


def drawn(*discs: tuple[float, float, float]) -> wire.Rle:
    """A mask of discs (x, y, radius)."""
    canvas = Canvas(SIZE)
    for x, y, radius in discs:
        canvas.disc(x, y, radius)
    return canvas.mask


def filled(lines: tuple[Line, ...]) -> Mask:
    canvas = Canvas(SIZE)
    for line in lines:
        canvas.polygon(line)
    return np.frombuffer(bitmap(canvas.mask), np.uint8).reshape(SIZE) > 0


def moves(before: Line, after: Line) -> float:
    return max(math.dist(one, other) for one, other in zip(before, after, strict=True))


def test_a_line_of_few_points_is_near_the_outline() -> None:
    (shape,) = shapes([(7, drawn((30, 25, 15)))], points=48, slots=4)
    assert shape.frame == 7 and [len(line) for line in shape.lines] == [48]
    assert iou(filled(shape.lines), disc(29.5, 24.5, 15, SIZE)) > 0.95


def test_points_keep_their_places_while_the_object_moves() -> None:
    told = [(index, drawn((20 + 3 * index, 25 + index, 12))) for index in range(10)]
    found = [shape.lines[0] for shape in shapes(told, points=32, slots=4)]
    assert all(moves(one, other) < 6 for one, other in pairwise(found))


def test_a_part_that_is_gone_becomes_a_point_and_comes_back_to_its_slot() -> None:
    both = drawn((20, 30, 10), (60, 30, 8))
    found = shapes([(0, both), (1, drawn((60, 30, 8))), (2, both)], points=16, slots=4)
    assert [len(shape.lines) for shape in found] == [2, 2, 2]
    assert len(set(found[1].lines[0])) == 1 and len(set(found[1].lines[1])) == 16
    assert moves(found[0].lines[0], found[2].lines[0]) < 3


def test_holes_are_lines_too_and_dust_is_none() -> None:
    canvas = Canvas(SIZE)
    canvas.disc(30, 30, 20)
    canvas.disc(30, 30, 8, erase=True)
    canvas.disc(70, 50, 1)
    (shape,) = shapes([(0, canvas.mask)], points=40, slots=6)
    assert len(shape.lines) == len(shape.holes) == 1
    ring = filled(shape.lines) & ~filled(shape.holes)
    assert iou(ring, np.frombuffer(bitmap(canvas.mask), np.uint8).reshape(SIZE) > 0) > 0.9


def test_before_it_is_seen_first_an_object_is_points() -> None:
    before, seen = shapes([(0, drawn()), (1, drawn((30, 25, 10)))], points=16, slots=4)
    assert len(before.lines) == len(seen.lines) == 1
    assert len(set(before.lines[0])) == 1 and len(set(seen.lines[0])) == 16


def test_an_object_that_is_never_seen_has_no_lines() -> None:
    assert [shape.lines for shape in shapes([(0, drawn()), (1, drawn())], points=8, slots=2)] == [(), ()]
