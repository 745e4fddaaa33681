"""Odds cut at rising levels: masks from the part to the whole, and for each the IoU to be expected."""

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np

from tam_core.engines.grabcut.coefficients import Measurements, coefficients, weigh
from tam_core.engines.grabcut.evidence import Hints, log_odds
from tam_core.engines.grabcut.regions import Regions
from tam_core.engines.grabcut.view import View
from tam_core.prompts import Click
from tam_core.types import XYXY, FloatMap, Mask

_CAUTION = -1.0
"""Added to all odds: the fit weighs object and background alike, most pictures have more background."""
_OFFSETS = (-3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Level:
    """One way to cut the object out: a mask (h, w) at the working size of a view; ``measured`` has one row."""

    view: View
    mask: Mask = field(repr=False)
    measured: Measurements

    @cached_property
    def score(self) -> float:
        """The IoU to be expected."""
        return float(1 / (1 + np.exp(-weigh(self.measured, coefficients()["level"])[0])))

    @property
    def area(self) -> float:
        """In source pixels."""
        return float(self.mask.sum()) / (self.view.scale.x * self.view.scale.y)


def find_levels(view: View, clicks: list[Click], box: XYXY | None) -> list[Level]:
    """The object under the prompts (source pixels) of a view, at each level that is not empty."""
    regions, hints = view.regions, find_hints(view, clicks, box)
    odds = log_odds(regions, hints) + _CAUTION
    likely = 1 / (1 + np.exp(-np.clip(odds, -20, 20)))
    levels = []
    for offset in _OFFSETS:
        mask = touched((odds > offset)[regions.labels], hints.positives)
        if mask.any():
            levels.append(Level(view, mask, _measure(regions, mask, likely)))
    return levels


def _measure(regions: Regions, mask: Mask, likely: FloatMap) -> Measurements:
    """What speaks for a mask (1,): its expected IoU by the odds, and the contrast along its border."""
    inside = np.bincount(regions.labels[mask], minlength=regions.count)
    union = inside.sum() + ((regions.areas - inside) * likely).sum()
    expected = np.clip((inside * likely).sum() / union, 0.02, 0.98)
    sides = (inside > 0.5 * regions.areas)[regions.pairs].sum(axis=1)
    contrast = regions.divided[sides == 1].mean() if (sides == 1).any() else -4
    found = {"expected": np.log(expected / (1 - expected)), "contrast": contrast}
    return {name: np.array([value], np.float32) for name, value in found.items()}


def find_hints(view: View, clicks: list[Click], box: XYXY | None) -> Hints:
    """The prompts in working pixels of a view; clicks outside it do not count."""
    height, width = view.pixels.shape[:2]
    moved = [(c.x - view.left, c.y - view.top, c.positive) for c in clicks]
    seen = [(x, y, positive) for x, y, positive in moved if 0 <= x < width and 0 <= y < height]
    positives, negatives = (
        np.array([view.scale.point(x, y) for x, y, on in seen if on == wanted], np.float32).reshape(-1, 2)
        for wanted in (True, False)
    )
    if box is None:
        return Hints(positives, negatives)
    x0, y0, x1, y1 = box
    return Hints(positives, negatives, view.scale.box((x0 - view.left, y0 - view.top, x1 - view.left, y1 - view.top)))


def touched(mask: Mask, places: FloatMap) -> Mask:
    """The connected parts of ``mask`` (h, w) that hold one of the places (n, 2); all of it without places."""
    if not len(places):
        return mask
    _, parts = cv2.connectedComponents(mask.astype(np.uint8))
    held = {int(parts[pixel_at(mask, x, y)]) for x, y in places} - {0}
    found: Mask = np.isin(parts, list(held))
    return found


def pixel_at(mask: Mask, x: float, y: float) -> tuple[int, int]:
    """Row and column of a place, inside the mask's frame."""
    height, width = mask.shape
    return min(max(round(float(y)), 0), height - 1), min(max(round(float(x)), 0), width - 1)
