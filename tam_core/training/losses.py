"""What a good answer is: the mask itself, an honest score, and knowing when the object is not there (SAM 2, D.2).

B rows are objects, N masks are candidates. Targets (B, 1, h, w) are soft, 0..1; ``known`` (B, 1, h, w) is 1 where the
truth is known and 0 where it is not, and nothing is asked.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from tam_core.models.pocket.decoder import Decoded

CROSS_ENTROPY, DICE, QUALITY, VISIBLE = 3.0, 1.0, 0.2, 0.2

FIRST_OF_CANDIDATES = 0.2
"""What the first candidate counts where another one is better, so that it is never far off."""

LEAST_SEEN = 3.0
"""Half-size pixels that an object covers if it is to be called visible."""


def tracking_loss(decoded: Decoded, target: Tensor, known: Tensor) -> Tensor:
    """For an object with a past, or with several clicks: there is one answer, the first mask."""
    return mask_losses(decoded.logits[:, :1], target, known).mean() + score_loss(decoded, target, known, 1)


def candidates_loss(decoded: Decoded, target: Tensor, known: Tensor) -> Tensor:
    """For a lone click: the best of the candidates counts (SAM, section 3), and a little the first."""
    losses = mask_losses(decoded.logits, target, known)
    mask_loss = losses.amin(1).mean() + FIRST_OF_CANDIDATES * losses[:, 0].mean()
    return mask_loss + score_loss(decoded, target, known, losses.shape[1])


def mask_losses(logits_bnhw: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Cross entropy and dice (B, N)."""
    target, known = target.expand_as(logits_bnhw), known.expand_as(logits_bnhw)
    entropy = F.binary_cross_entropy_with_logits(logits_bnhw, target, reduction="none")
    entropy = (entropy * known).sum((2, 3)) / known.sum((2, 3)).clamp(min=1)
    found = logits_bnhw.sigmoid() * known
    both = (found * target).sum((2, 3))
    dice = 1 - (2 * both + 1) / ((found + target * known).sum((2, 3)) + 1)
    return CROSS_ENTROPY * entropy + DICE * dice


def score_loss(decoded: Decoded, target: Tensor, known: Tensor, candidates: int) -> Tensor:
    """The predicted IoU of the first ``candidates`` masks, and the visibility."""
    truth = overlaps(decoded.logits[:, :candidates], target, known)
    quality = F.binary_cross_entropy_with_logits(decoded.quality[:, :candidates], truth)
    there = (target.sum((1, 2, 3)) >= LEAST_SEEN).float()
    return QUALITY * quality + VISIBLE * F.binary_cross_entropy_with_logits(decoded.visible, there)


@torch.no_grad()
def overlaps(logits_bnhw: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """IoU (B, N) of hard masks with the target; 1 where both are empty."""
    found, true = (logits_bnhw > 0) & (known > 0), (target > 0.5) & (known > 0)
    both, either = (found & true).sum((2, 3)), (found | true).sum((2, 3))
    return (both / either.clamp(min=1)).masked_fill(either == 0, 1.0)
