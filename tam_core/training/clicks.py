"""A simulated user: where to click first, where to click next, which box to draw (SAM, section A; SAM 2, D.2).

Points are (x, y) in pixels of the masks, counted from the corner: the middle of the first pixel is (0.5, 0.5).
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np

from tam_core.types import XYXY, Mask

Point: TypeAlias = tuple[float, float]

CENTRED_SHARE = 0.5
"""Of clicks, those at the very middle of a region; the others fall somewhere in its inner half."""

BOX_LOOSENESS = 0.1
"""How far a side of a box may be off, as a share of the object's width or height."""


@dataclass
class Clicks:
    """What has been said about one object on one picture so far."""

    positive: list[Point] = field(default_factory=list)
    negative: list[Point] = field(default_factory=list)
    box: XYXY | None = None


def first_prompt(target: Mask, rng: np.random.Generator, box_share: float = 0.2) -> Clicks:
    """A click on the object (h, w) or a box around it; nothing if it is not there."""
    if not target.any():
        return Clicks()
    if rng.random() < box_share:
        return Clicks(box=loose_box(target, rng))
    return Clicks(positive=[point_inside(target, rng)])


def next_click(clicks: Clicks, found: Mask, target: Mask, known: Mask, rng: np.random.Generator) -> None:
    """Add a click in the largest region where ``found`` is wrong: positive where object is missing.

    Nothing is added where all is right, or where it is not ``known`` what is right. All masks are (h, w).
    """
    missing, extra = largest_region(target & ~found & known), largest_region(found & ~target & known)
    if not (missing.any() or extra.any()):
        return
    if missing.sum() >= extra.sum():
        clicks.positive.append(point_inside(missing, rng))
    else:
        clicks.negative.append(point_inside(extra, rng))


def largest_region(wrong: Mask) -> Mask:
    """The largest connected region, or nothing."""
    count, regions, stats, _ = cv2.connectedComponentsWithStats(wrong.astype(np.uint8), connectivity=8)
    if count < 2:
        return np.zeros_like(wrong)
    result: Mask = regions == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return result


def point_inside(region: Mask, rng: np.random.Generator) -> Point:
    """The point farthest from the edge, or one that is at least half as far from it, as people click."""
    distance = cv2.distanceTransform(np.pad(region.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    if rng.random() < CENTRED_SHARE:
        y, x = np.unravel_index(int(distance.argmax()), distance.shape)
    else:
        ys, xs = np.nonzero(distance >= 0.5 * distance.max())
        pick = int(rng.integers(len(ys)))
        y, x = ys[pick], xs[pick]
    return float(x) + 0.5, float(y) + 0.5


def loose_box(target: Mask, rng: np.random.Generator) -> XYXY:
    """The object's box as a person draws it."""
    ys, xs = np.nonzero(target)
    x0, y0, x1, y1 = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
    off = rng.uniform(-BOX_LOOSENESS, BOX_LOOSENESS, 4) * np.array([x1 - x0, y1 - y0] * 2)
    return float(x0 + off[0]), float(y0 + off[1]), float(x1 + off[2]), float(y1 + off[3])
