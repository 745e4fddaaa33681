"""One object on its way: what its prompts taught for good, where it was last, and where it is on the next frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from tam_core import rle
from tam_core.engines.flow.cut import cut
from tam_core.engines.flow.evidence import local_evidence, motion_evidence, prior_evidence
from tam_core.engines.flow.memory import REGION, CellMemory, ColourMemory, region_around
from tam_core.engines.flow.search import Looks, find, looks_like
from tam_core.engines.flow.settings import FlowSettings
from tam_core.engines.flow.view import View
from tam_core.motion import DenseMotion, warp
from tam_core.types import FloatMap, Mask, Size

LEAST_SUPPORT = 0.5
"""An object that does not stand out on its own prompted frame is still measured against this much."""


@dataclass(frozen=True)
class Anchor:
    """What a prompted frame teaches: the mask, the object's looks, and how well it fits them itself (``support``)."""

    mask: rle.RLE
    colours: ColourMemory
    cells: CellMemory
    support: float


@dataclass(frozen=True)
class Step:
    """From one frame to its neighbour: both views and the motion between them."""

    last: View
    view: View
    motion: DenseMotion


@dataclass
class Target:
    """One object. ``soft`` (h, w) float32, 0..1, is its mask on the last frame: all zero while it is lost.

    ``colours`` and ``cells`` are its looks as last seen; ``area`` its size in working pixels, slowly adapted.
    """

    anchors: dict[int, Anchor] = field(default_factory=dict)
    soft: FloatMap | None = None
    colours: ColourMemory | None = None
    cells: CellMemory | None = None
    area: float = 0.0


@dataclass(frozen=True)
class Guess:
    """An object on a new frame, all (h, w): ``carried`` there by the motion, and the ``mask`` found, empty if lost."""

    carried: FloatMap = field(repr=False)
    mask: Mask = field(repr=False)
    score: float


def anchor(view: View, mask: Mask) -> Anchor:
    """Learn from a prompted mask (H, W) bool at source size."""
    soft = shrunk(mask, view.size)
    colours, cells = ColourMemory.of(view, soft), CellMemory.of(view, soft)
    looks = looks_like(view, view.whole, colours, (cells,))
    return Anchor(rle.encode(mask), colours, cells, max(LEAST_SUPPORT, looks.support(soft > 0.5)))


def shrunk(mask: Mask, size: Size) -> FloatMap:
    """The share of each working pixel that a mask (H, W) covers."""
    return np.asarray(cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA))


def settle(target: Target, given: Anchor, size: Size) -> None:
    """Put an object where a prompt has it, seen at (h, w); what was learnt since other prompts is forgotten."""
    target.soft = shrunk(given.mask.decode(), size)
    target.colours, target.cells, target.area = given.colours, given.cells, float(target.soft.sum())


def predict(target: Target, frame: int, step: Step, settings: FlowSettings) -> Guess:
    """The object on the new frame. The target stays as it is."""
    given = nearest(target.anchors, frame)
    assert target.soft is not None
    carried = warp(target.soft, step.motion.backward)
    region = region_around(carried, 0.8)
    mask = np.zeros(step.view.size, bool)
    if region is not None:
        mask[region], looks = carried_on(target, given, carried, region, step, settings)
        support = looks.support(mask[region]) / given.support
        gone = support < settings.lost_below
    else:
        mask, support = found_by_looks(given, step.view, target.area)
        gone = support < settings.found_above
    if gone or np.count_nonzero(mask) < settings.smallest * target.area:
        return Guess(carried, np.zeros(step.view.size, bool), 0.0)
    return Guess(carried, mask, float(np.clip(support, 0, 1) * step.motion.agreement[mask].mean()))


def search(target: Target, frame: int, view: View) -> tuple[Mask, float]:
    """Where on a frame it looks most like the object (h, w), and how much so, 0..1; empty and 0 where nothing does."""
    given = nearest(target.anchors, frame)
    usual_area = target.area or float(shrunk(given.mask.decode(), view.size).sum())
    mask, support = found_by_looks(given, view, usual_area)
    return mask, float(np.clip(support, 0, 1))


def nearest(anchors: Mapping[int, Anchor], frame: int) -> Anchor:
    """The anchor of the prompted frame nearest to a frame."""
    return anchors[min(anchors, key=lambda index: abs(index - frame))]


def found_by_looks(given: Anchor, view: View, usual_area: float) -> tuple[Mask, float]:
    """The region (h, w) of a whole picture that looks most like an anchor, and its share of the anchor's support."""
    looks = looks_like(view, view.whole, given.colours, (given.cells,))
    mask = find(view, looks, usual_area)
    return mask, looks.support(mask) / given.support


def carried_on(
    target: Target, given: Anchor, carried: FloatMap, region: REGION, step: Step, settings: FlowSettings
) -> tuple[Mask, Looks]:
    """The mask and the looks of the region around the object's ``carried`` soft mask (h, w)."""
    assert target.soft is not None and target.colours is not None and target.cells is not None
    colours = given.colours.mixed(target.colours, 0.5)
    looks = looks_like(step.view, region, colours, (given.cells, target.cells))
    blur = max(1.0, settings.prior_blur * float(np.sqrt(carried.sum())))
    evidence = (
        settings.prior_weight * prior_evidence(carried, step.motion, region, blur)
        + settings.local_weight * local_evidence(step.last, target.soft, step.view, step.motion, region)
        + settings.colour_weight * looks.colour
        + settings.texture_weight * looks.texture
        + settings.motion_weight * motion_evidence(carried, step.motion, region)
        - settings.caution
        - settings.flood * max(0.0, float(np.log(carried.sum() / target.area)))
    )
    return cut(evidence, step.view.lab[region]), looks


def learn(target: Target, frame: int, soft: FloatMap, view: View, settings: FlowSettings) -> None:
    """Take a mask (h, w), 0..1, as the place of the object, and slowly its looks and size; an empty one as lost."""
    target.soft = soft
    if not soft.any():
        given = nearest(target.anchors, frame)
        target.colours, target.cells = given.colours, given.cells
        return
    assert target.colours is not None
    target.colours = target.colours.mixed(ColourMemory.of(view, soft), settings.adaptation)
    target.cells = CellMemory.of(view, soft)
    target.area += settings.adaptation * (float(soft.sum()) - target.area)
