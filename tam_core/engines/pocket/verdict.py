"""From what the decoder says to masks: who owns a pixel, what is too small or not there, how sure it is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tam_core.engines.pocket.settings import PocketSettings
from tam_core.models.pocket.decoder import Decoded
from tam_core.types import FloatMap, ObjectId

LARGEST_LOGIT = 12.0


@dataclass(frozen=True)
class Verdict:
    """Per object: a ``soft`` mask (1, 1, h, w), 0..1, all zero where it is not to be seen; its score; its logits."""

    soft: dict[ObjectId, Tensor]
    scores: dict[ObjectId, float]
    logits: dict[ObjectId, FloatMap]


def settled(
    decoded: Decoded, objects: Sequence[ObjectId], settings: PocketSettings, gone: Collection[ObjectId] = ()
) -> Verdict:
    """The first mask of each row (an object), without overlap. Those that are ``gone`` have to be surely back."""
    logits = decoded.logits[:, :1].clamp(-LARGEST_LOGIT, LARGEST_LOGIT)
    there = decoded.visible.sigmoid()
    least = torch.tensor([settings.back_above if one in gone else settings.visible_above for one in objects])
    logits = torch.where((there < least)[:, None, None, None], -LARGEST_LOGIT, logits)
    soft = shared_out(logits)
    seen = (soft > 0.5).sum((1, 2, 3)) >= settings.smallest
    soft = soft * seen[:, None, None, None]
    scores = decoded.quality[:, 0].sigmoid() * there * seen
    return Verdict(
        dict(zip(objects, soft.chunk(len(objects)), strict=True)),
        dict(zip(objects, scores.tolist(), strict=True)),
        {object_id: row.numpy() for object_id, row in zip(objects, logits[:, 0], strict=True)},
    )


def shared_out(logits: Tensor) -> Tensor:
    """Soft masks (N, 1, h, w) of objects and background that sum to 1 at most (soft aggregation, STM, section 3.4)."""
    odds = logits.exp()
    return odds / (1 + odds.sum(0, keepdim=True))
