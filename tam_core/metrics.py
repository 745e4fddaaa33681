"""How good a mask is: the measures of the DAVIS benchmark (Perazzi et al. 2016)."""

from collections.abc import Sequence

import cv2
import numpy as np

from tam_core.types import Mask

_BOUNDARY_TOLERANCE = 0.008
"""Of the image diagonal, as in the official evaluation."""


def jaccard(found: Mask, truth: Mask) -> float:
    """Region similarity J: intersection over union of two masks (H, W), 0..1; two empty masks agree: 1."""
    union = np.logical_or(found, truth).sum()
    return float(np.logical_and(found, truth).sum() / union) if union else 1.0


def boundary_f(found: Mask, truth: Mask) -> float:
    """Contour accuracy F: harmonic mean of the precision and recall of boundary pixels, 0..1."""
    found_edge, truth_edge = _boundary(found), _boundary(truth)
    if not found_edge.any() and not truth_edge.any():
        return 1.0
    if not found_edge.any() or not truth_edge.any():
        return 0.0
    radius = int(np.ceil(_BOUNDARY_TOLERANCE * np.hypot(*truth.shape)))
    precision = found_edge[_grown(truth_edge, radius)].sum() / found_edge.sum()
    recall = truth_edge[_grown(found_edge, radius)].sum() / truth_edge.sum()
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def mean_jaccard(found: Sequence[Mask], truth: Sequence[Mask]) -> float:
    """Mean J over the frames of a sequence."""
    return float(np.mean([jaccard(f, t) for f, t in zip(found, truth, strict=True)]))


def _boundary(mask: Mask) -> Mask:
    """Pixels that differ from their right, lower or lower-right neighbour, as the official evaluation draws them."""
    padded = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    right, below, diagonal = padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    edge: Mask = (mask ^ right) | (mask ^ below) | (mask ^ diagonal)
    return edge


def _grown(mask: Mask, radius: int) -> Mask:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disc = (x * x + y * y <= radius * radius).astype(np.uint8)
    grown: Mask = cv2.dilate(mask.astype(np.uint8), disc) > 0
    return grown
