"""One object on its way: what its prompts taught for good, where it was last, and the step to the next frame."""

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


def anchor(view: View, mask: Mask) -> Anchor:
    """Learn from a prompted mask (H, W) bool at source size."""
    soft = shrunk(mask, view.size)
    colours, cells = ColourMemory.of(view, soft), CellMemory.of(view, soft)
    looks = looks_like(view, view.whole, colours, (cells,))
    return Anchor(rle.encode(mask), colours, cells, max(LEAST_SUPPORT, looks.support(soft > 0.5)))


def shrunk(mask: Mask, size: Size) -> FloatMap:
    """The share of each working pixel that a mask (H, W) covers."""
    return np.asarray(cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA))


def settle(target: Target, given: Anchor, size: Size) -> Mask:
    """Put an object where a prompt has it (H, W); what was learnt since other prompts is forgotten."""
    mask = given.mask.decode()
    target.soft = shrunk(mask, size)
    target.colours, target.cells, target.area = given.colours, given.cells, float(target.soft.sum())
    return mask


def follow(target: Target, frame: int, step: Step, settings: FlowSettings) -> tuple[Mask, float]:
    """The object's mask (h, w) on the new frame and its score; updates the target."""
    given = target.anchors[min(target.anchors, key=lambda index: abs(index - frame))]
    assert target.soft is not None and target.colours is not None and target.cells is not None
    carried = warp(target.soft, step.motion.backward)
    region = region_around(carried, 0.8)
    mask = np.zeros(step.view.size, bool)
    if region is not None:
        mask[region], looks = carried_on(target, given, carried, region, step, settings)
        support = looks.support(mask[region]) / given.support
        gone = support < settings.lost_below
    else:
        looks = looks_like(step.view, step.view.whole, given.colours, (given.cells,))
        mask = find(step.view, looks, target.area)
        support = looks.support(mask) / given.support
        gone = support < settings.found_above
    if gone or np.count_nonzero(mask) < settings.smallest * target.area:
        target.soft = np.zeros(step.view.size, np.float32)
        target.colours, target.cells = given.colours, given.cells
        return np.zeros(step.view.size, bool), 0.0
    learn(target, mask, step.view, settings)
    return mask, float(np.clip(support, 0, 1) * step.motion.agreement[mask].mean())


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


def learn(target: Target, mask: Mask, view: View, settings: FlowSettings) -> None:
    """Take a new mask (h, w) as the place of the object, and slowly its looks and size."""
    assert target.colours is not None
    target.soft = mask.astype(np.float32)
    target.colours = target.colours.mixed(ColourMemory.of(view, target.soft), settings.adaptation)
    target.cells = CellMemory.of(view, target.soft)
    target.area += settings.adaptation * (float(target.soft.sum()) - target.area)
