"""A picture as a graph of small regions: distances along contours, random walks, likeness of colours.

Knows nothing of prompts and objects, nor of how the picture was cut.
"""

import heapq
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tam_core.engines.grabcut.coefficients import Measurements, coefficients, weigh
from tam_core.types import FloatMap

Indices: TypeAlias = npt.NDArray[np.int64]
"""Numbers of superpixels or cells."""

_STEPS = 60


@dataclass(frozen=True)
class Regions:
    """N superpixels of a picture (H, W) and the E borders between them.

    ``labels`` (H, W) int32; ``colours`` (N, 5): mean Lab / 10 and two texture energies; ``centres`` (N, 2) x, y in
    pixels; ``areas`` (N,) pixels; ``pairs`` (E, 2) neighbours; ``edges`` measurements of the border
    between each pair.
    """

    labels: npt.NDArray[np.int32] = field(repr=False)
    colours: FloatMap = field(repr=False)
    centres: FloatMap = field(repr=False)
    areas: FloatMap = field(repr=False)
    pairs: Indices = field(repr=False)
    edges: Measurements = field(repr=False)

    @property
    def count(self) -> int:
        return len(self.areas)

    def full(self, value: float) -> FloatMap:
        """The same number (N,) for every superpixel."""
        return np.full(self.count, value, np.float32)

    @cached_property
    def divided(self) -> FloatMap:
        """The log-odds (E,) that the two sides of an edge belong to different objects."""
        return weigh(self.edges, coefficients()["edges"])

    @cached_property
    def neighbours(self) -> list[list[tuple[int, float]]]:
        """For every superpixel its neighbours and the cost of stepping there."""
        costs = np.logaddexp(0, self.divided)
        table: list[list[tuple[int, float]]] = [[] for _ in range(self.count)]
        for (first, second), cost in zip(self.pairs.tolist(), costs.tolist(), strict=True):
            table[first].append((second, cost))
            table[second].append((first, cost))
        return table

    @cached_property
    def border(self) -> Indices:
        """The superpixels on the border of the picture."""
        edges = (self.labels[0], self.labels[-1], self.labels[:, 0], self.labels[:, -1])
        return np.unique(np.concatenate(edges)).astype(np.int64)

    def at(self, places: FloatMap) -> Indices:
        """The superpixels under places (n, 2) x, y, each once."""
        height, width = self.labels.shape
        columns, rows = np.rint(places).astype(np.int64).reshape(-1, 2).T
        return np.unique(self.labels[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]).astype(np.int64)

    @cached_property
    def _kernel(self) -> FloatMap:
        """How alike (N, 256) each colour is to some of the others, and (rows sum to 1) where it belongs."""
        samples = self.colours[:: max(1, self.count // 256)]
        lengths, sampled = (self.colours**2).sum(axis=1), (samples**2).sum(axis=1)
        square = np.maximum(lengths[:, None] + sampled - 2 * self.colours @ samples.T, 0)
        alike = np.exp(-square / (2 * 0.8**2)) + 1e-9
        kernel: FloatMap = (alike / alike.sum(axis=1, keepdims=True)).astype(np.float32)
        return kernel

    def spread_colours(self, weight: FloatMap) -> FloatMap:
        """How much of ``weight`` (N,) lies on colours like this one."""
        shared: FloatMap = self._kernel @ (self._kernel.T @ weight)
        return shared

    @cached_property
    def _bonds(self) -> FloatMap:
        """How strongly (E,) the two sides of an edge hold together."""
        bonds: FloatMap = np.exp(coefficients()["edges"]["constant"] - self.divided) + np.float32(1e-4)
        return bonds

    def relax(self, target: FloatMap, pull: FloatMap) -> FloatMap:
        """Values (N,) drawn to ``target`` with strength ``pull`` and to their neighbours' by the bonds.

        Conjugate gradients on the graph Laplacian.
        """
        (first, second), bonds = self.pairs.T, self._bonds
        diagonal = pull + np.bincount(first, bonds, self.count) + np.bincount(second, bonds, self.count)

        def apply(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            near = np.bincount(first, bonds * value[second], self.count)
            return diagonal * value - near - np.bincount(second, bonds * value[first], self.count)

        value = np.full(self.count, (target * pull).sum() / pull.sum())
        residual = target * pull - apply(value)
        direction = scaled = residual / diagonal
        energy = float(residual @ scaled)
        for _ in range(_STEPS):
            image = apply(direction)
            step = energy / max(float(direction @ image), 1e-20)
            value, residual = value + step * direction, residual - step * image
            scaled = residual / diagonal
            before, energy = energy, float(residual @ scaled)
            if energy < 1e-10:
                break
            direction = scaled + energy / before * direction
        result: FloatMap = np.clip(value, 0, 1).astype(np.float32)
        return result

    def distance(self, sources: Indices) -> FloatMap:
        """Cheapest way (N,) from any source, by the sum of its costs."""
        best = [float("inf")] * self.count
        heap = [(0.0, int(source)) for source in sources]
        for _, source in heap:
            best[source] = 0.0
        neighbours = self.neighbours
        while heap:
            here, region = heapq.heappop(heap)
            if here > best[region]:
                continue
            for other, cost in neighbours[region]:
                there = here + cost
                if there < best[other]:
                    best[other] = there
                    heapq.heappush(heap, (there, other))
        return np.array(best, np.float32)
