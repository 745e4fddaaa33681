"""What an object and its surroundings look like: colour histograms and remembered cells. All of fixed size."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from tam_core.engines.flow.view import CELL, FINE, Bins, View
from tam_core.types import FloatMap, Size

INSIDE_CELLS = 400
OUTSIDE_CELLS = 800
FAR_SHARE = 0.1
"""How much a pixel far from the object counts among the colours of its surroundings."""
UNSEEN = 1.5
"""A cell farther than this from all remembered ones is neither: nine in ten cells of an object stay nearer."""
REGION = tuple[slice, slice]


def region_around(soft: FloatMap, grow: float) -> REGION | None:
    """The box around soft mask > 0.3, widened on each side by ``grow`` / 2 of its longer side; None if empty.

    Its edges lie between cells.
    """
    lines = [np.flatnonzero((soft > 0.3).any(axis=axis)) for axis in (1, 0)]
    if not len(lines[0]):
        return None
    margin = int(grow * max(np.ptp(line) for line in lines) / 2) + 12
    first = [max(0, int(line[0]) - margin) // CELL * CELL for line in lines]
    last = [
        -(-min(side, int(line[-1]) + 1 + margin) // CELL) * CELL for line, side in zip(lines, soft.shape, strict=True)
    ]
    return slice(first[0], last[0]), slice(first[1], last[1])


def blurred_along(grid: FloatMap, axis: int) -> FloatMap:
    """A histogram blurred by (1, 2, 1) / 4 along one axis."""
    result = grid * np.float32(0.5)
    low, high = [slice(None)] * grid.ndim, [slice(None)] * grid.ndim
    low[axis], high[axis] = slice(None, -1), slice(1, None)
    result[tuple(high)] += np.float32(0.25) * grid[tuple(low)]
    result[tuple(low)] += np.float32(0.25) * grid[tuple(high)]
    return result


def colour_histogram(bins: Bins, weights: FloatMap) -> FloatMap:
    """Weighted share of each Lab bin, (16, 16, 16) float32 summing to about 1, blurred by a bin each way."""
    counts = np.bincount(bins.ravel(), weights.ravel(), FINE**3).reshape(FINE, FINE, FINE)
    histogram: FloatMap = (counts / max(1e-6, counts.sum())).astype(np.float32)
    for axis in range(3):
        histogram = blurred_along(histogram, axis)
    return histogram


@dataclass(frozen=True)
class ColourMemory:
    """Histograms (16, 16, 16) float32 of the object and of what surrounds it."""

    inside: FloatMap = field(repr=False)
    outside: FloatMap = field(repr=False)

    @classmethod
    def of(cls, view: View, soft: FloatMap) -> "ColourMemory":
        """From a soft mask (h, w), 0..1."""
        near = np.full_like(soft, FAR_SHARE)
        region = region_around(soft, 1.0)
        if region:
            near[region] = 1
        return cls(colour_histogram(view.fine, soft), colour_histogram(view.fine, (1 - soft) * near))

    def mixed(self, other: "ColourMemory", share: float) -> "ColourMemory":
        """This memory with a ``share`` of another."""
        inside = self.inside + np.float32(share) * (other.inside - self.inside)
        return ColourMemory(inside, self.outside + np.float32(share) * (other.outside - self.outside))

    def log_odds(self, fine: Bins) -> FloatMap:
        """Log-odds of object against surroundings for pixels of these bins, -3..3."""
        table = np.log((self.inside + 3e-5) / (self.outside + 3e-5)).ravel()
        result: FloatMap = np.clip(table, -3, 3).astype(np.float32)[fine]
        return result


@dataclass(frozen=True)
class CellMemory:
    """Cells of the object (400, C) and of its surroundings (800, C) float32, evenly drawn from one frame."""

    inside: FloatMap = field(repr=False)
    outside: FloatMap = field(repr=False)

    @classmethod
    def of(cls, view: View, soft: FloatMap) -> "CellMemory":
        """From a soft mask (h, w), 0..1. Half of the surroundings are near the object, half anywhere."""
        covered = cell_cover(soft, (view.cells.shape[0], view.cells.shape[1]))
        near = np.zeros(covered.shape, bool)
        region = region_around(covered, 0.8)
        if region:
            near[region] = True
        outside = covered < 0.1
        half = OUTSIDE_CELLS // 2
        surroundings = [drawn(view.cells[outside & near], half), drawn(view.cells[outside], half)]
        inside = covered >= min(0.6, float(covered.max()))
        return cls(drawn(view.cells[inside], INSIDE_CELLS), np.concatenate(surroundings))

    def log_odds(self, cells: FloatMap) -> FloatMap:
        """For cells (n, C): log-odds of object against surroundings or never seen before (n,), -2..2."""
        other = np.minimum(nearest_distance(cells, self.outside), UNSEEN)
        result: FloatMap = np.clip(3 * (other - nearest_distance(cells, self.inside)), -2, 2)
        return result


def cell_cover(soft: FloatMap, cell_size: Size) -> FloatMap:
    """Share of each cell (h / 4, w / 4) that a soft mask (h, w) covers."""
    rows, columns = cell_size
    blocks = soft[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL)
    result: FloatMap = blocks.mean(axis=(1, 3), dtype=np.float32)
    return result


def drawn(cells: FloatMap, count: int) -> FloatMap:
    """``count`` of the cells (n, C), evenly spaced, repeated when there are fewer; far from everything when none."""
    if not len(cells):
        return np.full((count, cells.shape[1]), 10, np.float32)
    return cells[np.linspace(0, len(cells) - 1, count).astype(np.int64)]


def nearest_distance(cells: FloatMap, remembered: FloatMap) -> FloatMap:
    """Distance of each cell (n, C) to the nearest remembered one (m, C), (n,) float32.

    The product only finds which one is nearest. What it adds up to in the last digits depends on the number of threads,
    so the distance itself is taken anew.
    """
    lengths = np.square(remembered).sum(axis=1)[:, None]
    # OpenCV's product: numpy's would start a second set of threads that compete with OpenCV's.
    partial = lengths + cv2.gemm(remembered, cells, -2, None, 0, flags=cv2.GEMM_2_T)
    result: FloatMap = np.sqrt(np.square(cells - remembered[partial.argmin(axis=0)]).sum(axis=1))
    return result
