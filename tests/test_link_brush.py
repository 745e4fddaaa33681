"""Painting by hand: a pixel is set when its middle is covered."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.link.brush import Canvas
from plugin.link.raster import bitmap
from tam_core.types import Mask

SIZE = (24, 32)
MIDDLES_Y, MIDDLES_X = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
PLACES = st.tuples(st.integers(-80, 400), st.integers(-80, 320)).map(lambda point: (point[0] / 10.3, point[1] / 10.3))
"""Also outside of the picture."""


def painted(canvas: Canvas) -> Mask:
    return np.frombuffer(bitmap(canvas.mask), np.uint8).reshape(SIZE) > 0


def distances(a: tuple[float, float], b: tuple[float, float]) -> np.ndarray:
    """From the middle of every pixel to the line from a to b, (H, W)."""
    along = np.array([b[0] - a[0], b[1] - a[1]])
    share = ((MIDDLES_X - a[0]) * along[0] + (MIDDLES_Y - a[1]) * along[1]) / max(along @ along, 1e-12)
    share = share.clip(0, 1)
    found: np.ndarray = np.hypot(MIDDLES_X - a[0] - share * along[0], MIDDLES_Y - a[1] - share * along[1])
    return found


@settings(deadline=None)
@given(st.lists(PLACES, min_size=1, max_size=4), st.integers(1, 60).map(lambda tenths: tenths / 9.7))
def test_a_stroke_covers_what_is_within_its_radius(points: list[tuple[float, float]], radius: float) -> None:
    canvas = Canvas(SIZE)
    canvas.stroke(points, radius)
    ends = [*pairwise(points)] or [(points[0], points[0])]
    nearest = np.min([distances(a, b) for a, b in ends], axis=0)
    sure = abs(nearest - radius) > 1e-6
    assert np.array_equal(painted(canvas)[sure], (nearest <= radius)[sure])


@settings(deadline=None)
@given(st.lists(PLACES, min_size=3, max_size=6))
def test_a_polygon_covers_what_a_ray_leaves_an_odd_number_of_times(points: list[tuple[float, float]]) -> None:
    canvas = Canvas(SIZE)
    canvas.polygon(points)
    inside, sure = np.zeros(SIZE, bool), np.ones(SIZE, bool)
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        crossed = (min(y0, y1) <= MIDDLES_Y) & (max(y0, y1) > MIDDLES_Y)
        where = x0 + (MIDDLES_Y - y0) * (x1 - x0) / (y1 - y0 or 1)
        inside ^= crossed & (where <= MIDDLES_X)
        sure &= ~crossed | (abs(where - MIDDLES_X) > 1e-6)
    assert np.array_equal(painted(canvas)[sure], inside[sure])


def test_erasing_takes_away_and_painting_goes_on_from_a_mask() -> None:
    canvas = Canvas(SIZE)
    canvas.polygon([(0, 0), (32, 0), (32, 24), (0, 24)])
    canvas.disc(16, 12, 5, erase=True)
    again = Canvas(SIZE, canvas.mask)
    assert np.array_equal(painted(again), np.hypot(MIDDLES_X - 16, MIDDLES_Y - 12) > 5)
    again.disc(16, 12, 6)
    assert painted(again).all()
