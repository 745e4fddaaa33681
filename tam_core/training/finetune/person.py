"""The person of a training clip: on which frames something is said, and what (SAM 2, sections 4 and D.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from tam_core.models.sam2 import PointPrompt
from tam_core.models.sam2.prompt_encoder import BOTTOM_RIGHT, NEGATIVE, NOT_A_POINT, POSITIVE, TOP_LEFT
from tam_core.training.clicks import Clicks, first_prompt, next_click
from tam_core.types import Mask

MASK_SHARE, CLICK_SHARE, BOX_SHARE = 0.5, 0.25, 0.25
"""Of clips, by what is said first."""

CARELESS_SHARE = 0.1
"""Of corrective clicks, those that show the object wherever the mistakes are."""

MOST_PROMPTED = 2

LOGITS_STEP = 4
"""Pixels of the network's picture for one of its logits."""


@dataclass(frozen=True)
class Script:
    """``prompted`` frames are heard first, whatever comes between them; on ``corrected`` ones, clicks follow."""

    kind: Literal["mask", "click", "box"]
    prompted: tuple[int, ...]
    corrected: tuple[int, ...]


def script(masks_tnhw: Mask, rng: np.random.Generator) -> Script:
    """The first frame and perhaps another one that shows all objects; one to two frames corrected, if not by masks."""
    length = len(masks_tnhw)
    kind: Literal["mask", "click", "box"] = rng.choice(
        np.array(["mask", "click", "box"]), p=(MASK_SHARE, CLICK_SHARE, BOX_SHARE)
    ).item()
    shown = [t for t in range(1, length) if masks_tnhw[t].any((1, 2)).all()]
    count = int(rng.integers(1, MOST_PROMPTED + 1))
    prompted = (0, *(int(t) for t in rng.permutation(shown)[: count - 1]))
    if kind == "mask":
        return Script(kind, prompted, ())
    others = [t for t in range(length) if t not in prompted]
    more = int(rng.integers(len(prompted), MOST_PROMPTED + 1)) - len(prompted)
    return Script(kind, prompted, (*prompted, *(int(t) for t in rng.permutation(others)[:more])))


def said_first(kind: str, targets_bhw: Mask, rng: np.random.Generator) -> list[Clicks]:
    """A click on each object, or a box around it, in pixels of the masks."""
    return [first_prompt(target, rng, box_share=float(kind == "box")) for target in targets_bhw]


def correct(said: Sequence[Clicks], found_bhw: Mask, targets_bhw: Mask, rng: np.random.Generator) -> None:
    """One more click on each object, where its mask is most wrong."""
    for one, found, target in zip(said, found_bhw, targets_bhw, strict=True):
        blamed = np.zeros_like(found) if rng.random() < CARELESS_SHARE else found
        next_click(one, blamed, target, np.ones_like(target), rng)


def as_points(said: Sequence[Clicks], device: torch.device) -> PointPrompt:
    """What was said about each object, as the network hears it; shorter rows are filled up with "not a point"."""
    rows = [_row(one) for one in said]
    most = max(1, *(len(row) for row in rows))
    padded = [row + [(0.0, 0.0, NOT_A_POINT)] * (most - len(row)) for row in rows]
    filled = torch.tensor(padded, dtype=torch.float32, device=device)
    return PointPrompt(filled[..., :2] * LOGITS_STEP - 0.5, filled[..., 2].long())  # pixels count from their middle


def _row(one: Clicks) -> list[tuple[float, float, int]]:
    corners = [(*one.box[:2], TOP_LEFT), (*one.box[2:], BOTTOM_RIGHT)] if one.box else []
    positive = [(x, y, POSITIVE) for x, y in one.positive]
    return [*corners, *positive, *((x, y, NEGATIVE) for x, y in one.negative)]


def hard(soft_b1hw: Tensor, level: float) -> Mask:
    """Masks (B, h, w) bool from what is above a level."""
    result: Mask = (soft_b1hw[:, 0] > level).cpu().numpy()
    return result
