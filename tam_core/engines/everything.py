"""Everything-mode: the objects of a picture without a word about them (SAM, section 4 and appendix B).

Knows the grid of points, which masks are kept, and which are the same object twice. Works over any segmenter that
answers many points at once; how it does so is the segmenter's own.
"""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torchvision.ops import nms

from tam_core import rle
from tam_core.errors import EngineNotReadyError
from tam_core.rle import RLE
from tam_core.types import XYXY, FloatMap, Mask, Pixels, Size

_POINTS_AT_ONCE = 16
_OFFSET = 1.0
"""How far the threshold of the logits is moved, up and down, to see whether a mask stays the same."""


@runtime_checkable
class PointBatcher(Protocol):
    """A segmenter that can be asked about many points at once."""

    def embed(self, pixels: Pixels) -> Any:
        """The costly part, as of every Segmenter."""
        ...

    def segment_points(
        self, embedding: Any, points_n2: FloatMap, least_score: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Each point (x, y) in source pixels as the only click on an object of its own.

        Returns logits (M, H, W) at source size, > 0 = object, and the predicted IoU (M,) of all masks of all points
        whose predicted IoU is above ``least_score``; the others are not worth their memory.
        """
        ...


@dataclass(frozen=True)
class FoundObject:
    """A mask that may be an object. ``score`` is the predicted IoU, ``stability`` how little its border hesitates."""

    rle: RLE
    score: float
    stability: float
    box: XYXY

    @property
    def mask(self) -> Mask:
        """(H, W) bool."""
        return self.rle.decode()


def find_everything(
    segmenter: Any,
    embedding: Any,
    size: Size,
    *,
    points_per_side: int = 32,
    least_score: float = 0.88,
    least_stability: float = 0.95,
    most_overlap: float = 0.7,
    min_area: int = 0,
) -> list[FoundObject]:
    """The objects of a picture of ``size`` (height, width), best first; the defaults are the paper's.

    ``most_overlap`` is the IoU of two boxes above which the worse mask is the same object again; ``min_area`` is in
    pixels. Raises EngineNotReadyError for a segmenter that takes one object at a time.
    """
    if not isinstance(segmenter, PointBatcher):
        raise EngineNotReadyError(
            f"{type(segmenter).__name__} finds objects only where you point; to find them without a click, or by a "
            "text, use a network of the SAM family, such as sam-vit-b: tam engines fetch sam-vit-b"
        )
    height, width = size
    points_n2 = _grid(points_per_side) * np.array([width, height], np.float32)
    found: list[FoundObject] = []
    for start in range(0, len(points_n2), _POINTS_AT_ONCE):
        batch = points_n2[start : start + _POINTS_AT_ONCE]
        logits_mhw, scores_m = segmenter.segment_points(embedding, batch, least_score)
        found += _stable(logits_mhw, scores_m, least_stability, max(min_area, 1))
    return _distinct(found, most_overlap)


def _grid(side: int) -> FloatMap:
    """Points (side * side, 2) in the middle of equal cells, 0..1, row by row."""
    places = (np.arange(side, dtype=np.float32) + 0.5) / side
    grid: FloatMap = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2).astype(np.float32)
    return grid


def _stable(
    logits_mhw: torch.Tensor, scores_m: torch.Tensor, least_stability: float, min_area: int
) -> list[FoundObject]:
    """The masks that stay nearly the same when the threshold moves: the IoU of the masks at both ends."""
    inner_m, outer_m = ((logits_mhw > end).sum((1, 2)).float() for end in (_OFFSET, -_OFFSET))
    stability_m = inner_m / outer_m.clamp(min=1)
    masks_mhw = logits_mhw > 0
    keep_m = (stability_m >= least_stability) & (masks_mhw.sum((1, 2)) >= min_area)
    kept = zip(masks_mhw[keep_m].cpu().numpy(), scores_m[keep_m].tolist(), stability_m[keep_m].tolist(), strict=True)
    return [_found_object(mask, score, stability) for mask, score, stability in kept]


def _found_object(mask: Mask, score: float, stability: float) -> FoundObject:
    code = rle.encode(mask)
    box = code.box
    assert box is not None, "masks without a pixel were left out"
    return FoundObject(code, score, stability, box)


def _distinct(found: list[FoundObject], most_overlap: float) -> list[FoundObject]:
    """Best first, without those whose box overlaps that of a better one (non-maximum suppression)."""
    if not found:
        return []
    boxes = torch.tensor([one.box for one in found])
    boxes[:, 2:] -= 1  # the last pixel, not the one behind it: the threshold was chosen for such boxes
    scores = torch.tensor([one.score for one in found])
    return [found[i] for i in nms(boxes, scores, most_overlap).tolist()]
