"""Outlines are exact: filled again, they are the mask."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.link.contours import Contour, Point, contours
from plugin.link.raster import Rows, rows
from tam_core.types import Mask
from tests.scenes import disc
from tests.test_link_raster import code, masks


def spans(mask: Mask) -> Rows:
    return rows(code(mask))


def windings(found: list[Contour], size: tuple[int, ...]) -> np.ndarray:
    """How often the outlines go round each pixel, clockwise counted positive, (H, W)."""
    count = np.zeros(size, int)
    for contour in found:
        for (x, y), (_, y1) in zip(contour.points, [*contour.points[1:], contour.points[0]], strict=True):
            count[min(y, y1) : max(y, y1), x:] += 1 if y1 < y else -1
    return count


@settings(deadline=None)
@given(masks())
def test_filled_by_either_rule_they_are_the_mask(mask: Mask) -> None:
    assert np.array_equal(windings(contours(spans(mask)), mask.shape), mask)


@settings(deadline=None)
@given(masks())
def test_every_point_is_a_turn(mask: Mask) -> None:
    for contour in contours(spans(mask)):
        ring = [*contour.points, *contour.points[:2]]
        for before, point, after in zip(ring, ring[1:], ring[2:], strict=False):
            assert (before[0] == point[0]) != (point[0] == after[0])


def test_a_hole_is_an_inner_contour_and_an_island_in_it_an_outer_one() -> None:
    mask = np.zeros((7, 7), bool)
    mask[:, :], mask[1:6, 1:6], mask[3, 3] = True, False, True
    found = contours(spans(mask))
    assert [(sorted(contour.points)[0], contour.inner) for contour in found] == [
        ((0, 0), False),
        ((1, 1), True),
        ((3, 3), False),
    ]


@pytest.mark.parametrize("mask", [np.eye(2, dtype=bool), np.eye(2, dtype=bool)[::-1]])
def test_pixels_that_touch_at_a_corner_are_apart(mask: Mask) -> None:
    assert [len(contour.points) for contour in contours(spans(mask))] == [4, 4]


def distance(point: Point, a: Point, b: Point) -> float:
    """From a point to the line from a to b."""
    length = math.dist(a, b)
    share = 0.0 if not length else sum((p - s) * (e - s) for p, s, e in zip(point, a, b, strict=True)) / length**2
    share = min(max(share, 0), 1)
    return math.dist(point, [s + share * (e - s) for s, e in zip(a, b, strict=True)])


@settings(deadline=None)
@given(masks(), st.floats(0.1, 4))
def test_simplified_ones_stay_within_the_tolerance(mask: Mask, tolerance: float) -> None:
    for exact, simple in zip(contours(spans(mask)), contours(spans(mask), tolerance), strict=True):
        assert set(simple.points) <= set(exact.points) and len(simple.points) > 2
        ring = [*simple.points, simple.points[0]]
        for point in exact.points:
            nearest = min(distance(point, a, b) for a, b in pairwise(ring))
            assert nearest <= tolerance + 1e-9


def test_a_disc_needs_few_points() -> None:
    (exact,) = contours(spans(disc(80, 60, 40)))
    (simple,) = contours(spans(disc(80, 60, 40)), tolerance=1.5)
    assert len(exact.points) > 150 and len(simple.points) < 25
