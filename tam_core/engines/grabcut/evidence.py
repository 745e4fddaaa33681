"""What prompts say about superpixels: for each, the odds that it is object.

Two rounds of a linear model over a dozen measurements: how far, along the contours, from the clicks and from the
border (geodesic matting, Bai and Sapiro 2009), how far across, and where a random walk ends (Grady 2006). The second
round adds what the first has learned: colour models of object and background, as in GrabCut, and the object's middle.
"""

from dataclasses import dataclass, field

import numpy as np

from tam_core.engines.grabcut.coefficients import Measurements, coefficients, weigh
from tam_core.engines.grabcut.regions import Indices, Regions
from tam_core.types import XYXY, FloatMap


@dataclass(frozen=True)
class Hints:
    """Prompts in working pixels: clicked ``positives`` and ``negatives`` (n, 2) x, y and a box."""

    positives: FloatMap = field(repr=False)
    negatives: FloatMap = field(repr=False)
    box: XYXY | None = None


@dataclass(frozen=True)
class Seeds:
    """The superpixels that the hints speak of: object, not object, and probably not object (the border)."""

    object: Indices
    other: Indices
    outside: Indices


def log_odds(regions: Regions, hints: Hints) -> FloatMap:
    """How sure (N,) each superpixel is to be object: 0 undecided, 3 is 95 %."""
    seeds = find_seeds(regions, hints)
    kind = "clicks" if hints.box is None else "box"
    first = measure(regions, hints, seeds)
    rough = weigh(first, coefficients()[kind])
    odds = weigh(remeasure(regions, first, rough), coefficients()[f"{kind} again"])
    odds[seeds.other], odds[seeds.object] = -10, 10
    return odds


def find_seeds(regions: Regions, hints: Hints) -> Seeds:
    positives, negatives = regions.at(hints.positives), regions.at(hints.negatives)
    outside = regions.border
    if hints.box is not None:
        offset = _box_offset(regions, hints.box)
        if not len(positives):
            positives = np.unique([*np.nonzero(offset.max(axis=1) < 0.3)[0], offset.max(axis=1).argmin()])
        outside = np.union1d(outside, np.nonzero(offset.max(axis=1) > 1)[0])
    return Seeds(positives, np.setdiff1d(negatives, positives), np.setdiff1d(outside, positives))


def measure(regions: Regions, hints: Hints, seeds: Seeds) -> Measurements:
    """The first measurements of every superpixel."""
    many = float(len(seeds.object) > 1)
    near = _nearness(regions, hints.positives if len(hints.positives) else regions.centres[seeds.object])
    return {
        "path_object": _log(regions.distance(seeds.object)),
        "path_outside": _log(regions.distance(seeds.outside)),
        "walk": _log(_walk(regions, seeds), 1e-3),
        "near_object": near,
        "near_object_many": near * np.float32(many),
        "many": regions.full(many),
        "border": np.isin(np.arange(regions.count), regions.border).astype(np.float32),
        **_against(regions, hints, seeds),
        "beyond_box": regions.full(0) if hints.box is None else _beyond(regions, hints.box),
    }


def _against(regions: Regions, hints: Hints, seeds: Seeds) -> Measurements:
    """Measurements of the negative clicks; zero where there are none."""
    if not len(seeds.other):
        return dict.fromkeys(("path_other", "near_other", "others"), regions.full(0))
    return {
        "path_other": _log(regions.distance(seeds.other)),
        "near_other": _nearness(regions, hints.negatives),
        "others": regions.full(1),
    }


def remeasure(regions: Regions, first: Measurements, odds: FloatMap) -> Measurements:
    """The second measurements, from the first and their odds."""
    likely = (1 / (1 + np.exp(-np.clip(odds, -10, 10)))).astype(np.float32)
    weight = likely * regions.areas / regions.areas.sum()
    centre = (regions.centres * weight[:, None]).sum(axis=0) / weight.sum()
    away = np.linalg.norm(regions.centres - centre, axis=1)
    spread = np.sqrt((away**2 * weight).sum() / weight.sum()) + 1
    return {
        "odds": odds,
        "colour": _colour_odds(regions, weight),
        "away": away / spread,
        "log_away": np.log(away / spread + 0.2),
        "nearer": _nearer(first),
    }


def _colour_odds(regions: Regions, weight: FloatMap) -> FloatMap:
    """Is this colour (N,) more common in the object, the ``weight`` of which is given, than outside."""
    rest = regions.areas / regions.areas.sum() - weight
    inside, outside = (regions.spread_colours(part) / part.sum() for part in (weight, rest))
    odds: FloatMap = np.log((inside + 1e-3) / (outside + 1e-3))
    return odds


def _nearer(first: Measurements) -> FloatMap:
    """Between clicks of both kinds (N,): above 0 nearer to a positive one, along the contours and across."""
    along = first["path_other"] - first["path_object"]
    across = first["near_other"] - first["near_object"]
    nearer: FloatMap = np.clip(along + across, -4, 4) * first["others"]
    return nearer


def _walk(regions: Regions, seeds: Seeds) -> FloatMap:
    """The chance (N,) that a random walk over the contours ends at a positive seed first."""
    pull, target = (np.full(regions.count, 2e-3, np.float32), np.zeros(regions.count, np.float32))
    pull[seeds.outside], pull[seeds.other], pull[seeds.object] = 0.3, 50, 50
    target[seeds.object] = 1
    return regions.relax(target, pull)


def _nearness(regions: Regions, places: FloatMap) -> FloatMap:
    """Log of the distance (N,) to the nearest place (n, 2), in sides of the picture."""
    apart = np.linalg.norm(regions.centres[:, None] - places[None], axis=2).min(axis=1)
    near: FloatMap = np.log(apart / regions.labels.size**0.5 + 0.02)
    return near


def _beyond(regions: Regions, box: XYXY) -> FloatMap:
    """How far (N,) beyond the sides of the box, in half sides; 0 inside."""
    beyond: FloatMap = np.maximum(_box_offset(regions, box).max(axis=1) - 0.9, 0)
    return beyond


def _box_offset(regions: Regions, box: XYXY) -> FloatMap:
    """How far (N, 2) from the centre of the box in x and y: 1 at its sides."""
    low, high = np.array(box[:2], np.float32), np.array(box[2:], np.float32)
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, 1)
    offset: FloatMap = (np.abs(regions.centres - middle) / half).astype(np.float32)
    return offset


def _log(value: FloatMap, floor: float = 0.05) -> FloatMap:
    result: FloatMap = np.log(value + np.float32(floor)).astype(np.float32)
    return result
