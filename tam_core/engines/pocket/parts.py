"""Which parts of a mask clicks mean: one that nobody clicked, and far from those that were, is something else."""

import cv2
import numpy as np
import torch
from torch import Tensor

from tam_core.types import Mask

REACH = 0.02
"""Of the picture's diagonal: parts closer than that to a clicked one belong to it (a leg behind a pole)."""


def clicked_parts(mask: Mask, points: Tensor) -> Mask:
    """The connected parts of a mask (h, w) on which one of the ``points`` lies, and those close to them.

    All of it if there is none. Points (P, 2) are (x, y), counted from the corner of the mask.
    """
    count, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    columns, rows = points.long().numpy().T
    clicked = np.setdiff1d(parts[rows.clip(0, mask.shape[0] - 1), columns.clip(0, mask.shape[1] - 1)], 0)
    if count == 2 or not len(clicked):
        return mask
    distance = cv2.distanceTransform((~np.isin(parts, clicked)).astype(np.uint8), cv2.DIST_L2, 3)
    close = parts[distance <= REACH * np.hypot(*mask.shape)]
    kept: Mask = mask & np.isin(parts, close)
    return kept


def only_clicked(logits: Tensor, points: Tensor) -> Tensor:
    """Logits (1, N, h, w), those of parts that are not meant turned into their opposite."""
    masks = (logits[0] > 0).numpy()
    others = np.stack([mask & ~clicked_parts(mask, points) for mask in masks])
    return torch.where(torch.from_numpy(others), -logits, logits)
