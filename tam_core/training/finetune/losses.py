"""How good an answer of SAM 2 is: its masks, what it thinks of them, and whether it saw the object (SAM 2, D.2)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from tam_core.models.sam2.mask_decoder import RawMasks

FOCAL, DICE, IOU, PRESENCE = 20.0, 1.0, 1.0, 1.0
"""The weights of the four losses."""

_OBJECT_SHARE, _EASE = 0.25, 2
"""Focal loss (arXiv 1708.02002): alpha and gamma."""


@dataclass(frozen=True)
class Losses:
    """Means over the objects of one answer, each without its weight; ``overlap`` is the mean IoU of the masks that the
    network thinks best, over the objects that are there, or nan where none is."""

    focal: Tensor
    dice: Tensor
    iou: Tensor
    presence: Tensor
    overlap: Tensor

    @property
    def total(self) -> Tensor:
        return FOCAL * self.focal + DICE * self.dice + IOU * self.iou + PRESENCE * self.presence


def judged(raw: RawMasks, target: Tensor) -> Losses:
    """An answer against the truth (B, 1, h, w), 0..1, the share of each pixel of the logits that the object covers.

    Of several masks the one of the lowest loss learns, and the predicted IoU of all. Where the object is not there,
    only its presence is learned.
    """
    there = (target > 0.5).flatten(1).any(1).float()
    focal, dice = focal_loss(raw.logits, target), dice_loss(raw.logits, target)
    best = (FOCAL * focal + DICE * dice).argmin(1, keepdim=True)
    true_ious = overlaps(raw.logits, target)
    believed = true_ious.gather(1, raw.ious.argmax(1, keepdim=True))[:, 0]
    return Losses(
        focal=(focal.gather(1, best)[:, 0] * there).mean(),
        dice=(dice.gather(1, best)[:, 0] * there).mean(),
        iou=((raw.ious - true_ious).abs().mean(1) * there).mean(),
        presence=F.binary_cross_entropy_with_logits(raw.presence[:, 0], there),
        overlap=(believed * there).sum() / there.sum(),
    )


def focal_loss(logits_bnhw: Tensor, target: Tensor) -> Tensor:
    """(B, N): cross entropy, in which pixels that are right already hardly count."""
    target = target.expand_as(logits_bnhw)
    entropy = F.binary_cross_entropy_with_logits(logits_bnhw, target, reduction="none")
    found = logits_bnhw.sigmoid()
    right = found * target + (1 - found) * (1 - target)
    weight = _OBJECT_SHARE * target + (1 - _OBJECT_SHARE) * (1 - target)
    return (weight * entropy * (1 - right) ** _EASE).mean((2, 3))


def dice_loss(logits_bnhw: Tensor, target: Tensor) -> Tensor:
    """(B, N): how little the masks and the truth share, 0..1."""
    found = logits_bnhw.sigmoid()
    both = (found * target).sum((2, 3))
    return 1 - (2 * both + 1) / (found.sum((2, 3)) + target.sum((2, 3)) + 1)


@torch.no_grad()
def overlaps(logits_bnhw: Tensor, target: Tensor) -> Tensor:
    """IoU (B, N) of hard masks with the truth; 0 where both are empty."""
    found, true = logits_bnhw > 0, target > 0.5
    both, either = (found & true).sum((2, 3)), (found | true).sum((2, 3))
    return both / either.clamp(min=1)
