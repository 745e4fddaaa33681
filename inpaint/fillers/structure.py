"""Straight edges that run into a hole on one side and out of it on the other are continued through it.

After "structure propagation" (Sun et al. 2005, "Image Completion with Structure Propagation"), for straight lines that
are found instead of drawn by hand: along such a line a strip is filled from the strips at its two ends, and what is
left of the hole lies between known edges. It makes up no corners, no curves and no ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.types import FloatMap, Mask, Pixels

Points = npt.NDArray[np.float64]
"""(2,) or (N, 2): x, y in pixels."""


@dataclass(frozen=True)
class LineSettings:
    """``reach``: pixels around a hole in which edges are looked for; half of that may lie between an edge and the hole.
    ``shortest``: an edge counts from this length. ``contrast``, in levels: it has at least this between its two sides.
    ``turn``, in degrees, and ``offset``, in pixels: two edges that agree so well are one line. ``unlike``: how far, in
    levels, the colours beside the two may differ. ``half``: half of a strip's width, in pixels. ``most``: so many lines
    are continued."""

    reach: int = 32
    shortest: float = 12.0
    contrast: float = 10.0
    turn: float = 8.0
    offset: float = 3.0
    unlike: float = 24.0
    half: int = 6
    most: int = 8


@dataclass(frozen=True)
class Edge:
    """A straight edge: ``near`` is its end next to the hole, ``far`` the other one.

    ``left`` and ``right`` (3,) are the colours beside it, 0..255, looking into the hole.
    """

    near: Points
    far: Points
    left: FloatMap
    right: FloatMap

    @property
    def length(self) -> float:
        return float(np.linalg.norm(self.near - self.far))

    @property
    def direction(self) -> Points:
        """Into the hole, of length 1."""
        return np.asarray((self.near - self.far) / self.length, np.float64)

    @property
    def contrast(self) -> float:
        return float(np.abs(self.left - self.right).max())


Line = tuple[Edge, Edge]
"""Edges on two sides of a hole that are one."""


def continued(picture: Pixels, hole: Mask, settings: LineSettings = LineSettings()) -> tuple[Pixels, Mask]:
    """The picture (H, W, 3) with straight edges continued through the hole, and what is still unknown of it (H, W)."""
    filled, unknown = picture.copy(), hole.copy()
    if not hole.any() or hole.all():
        return filled, unknown
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    part = tuple(slice(max(side[0] - settings.reach, 0), side[-1] + 1 + settings.reach) for side in (rows, columns))
    for line in lines(picture[part], hole[part], settings):
        y, x, colours = _strip(picture[part], hole[part], line, settings.half)
        new = unknown[part][y, x]
        filled[part][y[new], x[new]] = np.rint(colours[new])
        unknown[part][y, x] = False
    return filled, unknown


def lines(picture: Pixels, hole: Mask, settings: LineSettings = LineSettings()) -> list[Line]:
    """The lines that lead through the hole, the clearest first; none crosses a clearer one."""
    levels = np.iinfo(picture.dtype).max / 255
    eight = np.rint(picture / levels).astype(np.uint8)
    edges = list(_edges(eight, hole, settings))
    pairs = [(one, other) for one, other in combinations(edges, 2) if _one_line(one, other, settings)]
    pairs.sort(key=lambda pair: min(edge.length * edge.contrast for edge in pair), reverse=True)
    kept: list[Line] = []
    for pair in pairs:
        if not any(_cross(pair, before) for before in kept):
            kept.append(pair)
    return kept[: settings.most]


def _edges(picture: Pixels, hole: Mask, settings: LineSettings) -> Iterator[Edge]:
    """Straight edges near the hole that point into it (found as Grompone von Gioi et al. 2012 do)."""
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    gray[hole] = gray[~hole].mean()
    away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    found = cv2.createLineSegmentDetector().detect(gray)[0]
    for ends in np.zeros((0, 2, 2)) if found is None else found.reshape(-1, 2, 2).astype(np.float64):
        far, near = sorted(ends, key=lambda end: -float(_at(away, end)))
        gap, length = float(_at(away, near)), float(np.linalg.norm(near - far))
        own_rim = float(_at(away, far)) < 4  # the edge of the hole itself
        if own_rim or length < settings.shortest or gap > settings.reach / 2:
            continue
        sides = _beside(picture, hole, near, far)
        if sides is None:
            continue
        edge = Edge(near, far, *sides)
        ahead = edge.near + np.arange(1, settings.reach // 2 + 2)[:, None] * edge.direction
        if edge.contrast >= settings.contrast and _at(hole, ahead).any():
            yield edge


def _beside(picture: Pixels, hole: Mask, near: Points, far: Points) -> tuple[FloatMap, FloatMap] | None:
    """The mean colours (3,) to the left and to the right of an edge, or None where too little of it is known."""
    way = near - far
    across = np.array([way[1], -way[0]]) / np.linalg.norm(way)
    steps = far + np.linspace(0.3, 1, 8)[:, None] * way
    sides = []
    for sign in (1, -1):
        points = np.concatenate([steps + sign * distance * across for distance in (2, 3, 4)])
        points = points[~_at(hole, points)]
        if len(points) < 8:
            return None
        sides.append(_at(picture, points).mean(0).astype(np.float32))
    return sides[0], sides[1]


def _one_line(one: Edge, other: Edge, settings: LineSettings) -> bool:
    """Whether two edges face each other, lie on one line and have like colours beside them."""
    way = other.near - one.near
    distance = float(np.linalg.norm(way))
    if distance < 4:
        return False
    agree = np.cos(np.radians(settings.turn))
    straight = min(one.direction @ way / distance, -other.direction @ way / distance, one.direction @ -other.direction)
    off = max(abs(_turned(one.direction, way)), abs(_turned(other.direction, way)))
    unlike = max(np.abs(one.left - other.right).mean(), np.abs(one.right - other.left).mean())
    near = off <= settings.offset + 0.04 * distance  # a small turn leads further off the longer the way is
    return bool(straight >= agree and near and unlike <= settings.unlike)


def _cross(line: Line, other: Line) -> bool:
    """Whether two lines meet in the hole or have an edge in common."""
    (a, b), (c, d) = ((one.near, two.near) for one, two in (line, other))
    shared = any(one is two for one in line for two in other)
    apart = _turned(b - a, c - a) * _turned(b - a, d - a) > 0 or _turned(d - c, a - c) * _turned(d - c, b - c) > 0
    return shared or not apart


def _strip(picture: Pixels, hole: Mask, line: Line, half: int) -> tuple[Any, Any, FloatMap]:
    """Pixels of the hole beside a line, ``y`` and ``x`` (N,), and their colours (N, 3): mirrored from both ends."""
    way = line[1].near - line[0].near
    length = float(np.linalg.norm(way))
    along, across = way / length, np.array([way[1], -way[0]]) / length
    y, x = np.nonzero(hole)
    points = np.stack([x, y], 1) - line[0].near
    forth, side = points @ along, points @ across
    inside = (np.abs(side) <= half) & (forth > -half) & (forth < length + half)
    y, x, forth, side = y[inside], x[inside], forth[inside], side[inside]
    second = np.clip(forth / length, 0, 1)
    total, weight = np.zeros((len(y), 3)), np.zeros(len(y))
    for edge, depth, share in ((line[0], forth, 1 - second), (line[1], length - forth, second)):
        back = np.minimum(np.abs(depth), edge.length)  # no further than the edge was seen
        place = edge.near - back[:, None] * edge.direction + side[:, None] * across
        colours, known = _sampled(picture, hole, place)
        total += (share * known)[:, None] * colours
        weight += share * known
    good = weight > 1e-3
    return y[good], x[good], np.asarray(total[good] / weight[good][:, None], np.float32)


def _sampled(picture: Pixels, hole: Mask, points: Points) -> tuple[FloatMap, Mask]:
    """Colours (N, 3) at points (N, 2), and which of them are known, (N,)."""
    row = 1024  # OpenCV takes no map longer than 32767 pixels
    padded = np.zeros((-(-len(points) // row) * row, 2), np.float32)
    padded[: len(points)] = points
    place = padded.reshape(-1, row, 2)
    if not len(points):
        return np.zeros((0, 3), np.float32), np.zeros(0, bool)
    colours = cv2.remap(picture, place, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).reshape(-1, 3)
    unknown = cv2.remap(hole.astype(np.uint8) * 255, place, None, cv2.INTER_LINEAR, borderValue=255).reshape(-1)
    return colours[: len(points)].astype(np.float32), np.asarray(unknown[: len(points)] == 0)


def _turned(a: Points, b: Points) -> float:
    """The cross product of two vectors (2,)."""
    return float(a[0] * b[1] - a[1] * b[0])


def _at(values: npt.NDArray[Any], points: Points) -> npt.NDArray[Any]:
    """Values of the nearest pixels, at points (2,) or (N, 2)."""
    height, width = values.shape[:2]
    x, y = np.rint(points).astype(np.intp).T
    return np.asarray(values[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)])
