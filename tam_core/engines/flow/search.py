"""Where a picture looks like the object, by its remembered looks alone; finding a lost object again by them."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from tam_core.engines.flow.cut import cut
from tam_core.engines.flow.memory import REGION, CellMemory, ColourMemory
from tam_core.engines.flow.view import CELL, View
from tam_core.types import FloatMap, Mask

SMALLEST_FIND, LARGEST_FIND = 0.15, 4.0
"""Areas, as shares of the area when last seen well, that a found object may have."""


@dataclass(frozen=True)
class Looks:
    """How much each pixel of a region (h, w) looks like the object, as log-odds of two kinds."""

    colour: FloatMap = field(repr=False)
    texture: FloatMap = field(repr=False)

    def support(self, mask: Mask) -> float:
        """Mean log-odds over a mask (h, w), both kinds together; -1 when it is empty."""
        return float((self.colour[mask] + 2 * self.texture[mask]).mean()) if mask.any() else -1.0


def looks_like(view: View, region: REGION, colours: ColourMemory, memories: tuple[CellMemory, ...]) -> Looks:
    """The looks of a region whose corners lie between cells; memories of cells have equal say."""
    rows, columns = (slice(side.start // CELL, side.stop // CELL) for side in region)
    cells = view.cells[rows, columns]
    flat = cells.reshape(-1, cells.shape[2])
    texture = np.mean([memory.log_odds(flat) for memory in memories], axis=0).reshape(cells.shape[:2])
    fine = view.fine[region]
    enlarged = cv2.resize(texture, fine.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return Looks(colours.log_odds(fine), enlarged)


def find(view: View, looks: Looks, usual_area: float) -> Mask:
    """The region (h, w) that looks most like the object and has about its size; empty when there is none."""
    mask = cut(looks.colour + 2 * looks.texture - 1, view.lab).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    shares = stats[:, cv2.CC_STAT_AREA] / max(1.0, usual_area)
    fitting = [i for i in range(1, count) if SMALLEST_FIND < shares[i] < LARGEST_FIND]
    if not fitting:
        return np.zeros(mask.shape, bool)
    best = max(fitting, key=lambda i: looks.support(labels == i) * np.sqrt(shares[i]))
    result: Mask = labels == best
    return result
