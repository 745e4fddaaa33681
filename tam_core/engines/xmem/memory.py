"""XMem's memory (section 3.3) of fixed size: long-term prototypes, working frames, and the prompted frames for good.

One table of rows. A row is one place of a remembered frame, or a prototype of several: its key is shared by all
objects, its value is each object's own, and not every object knows every row. Rows are allocated at the start and, for
a prompted frame, when it is first prompted (permanent memory: XMem++, arXiv 2307.15958).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from tam_core.engines.xmem.settings import XMemSettings
from tam_core.models.xmem import ImageFeatures, XMemSizes
from tam_core.models.xmem.affinity import best_affinity, memory_side, query_side, similarity, weighted_rows
from tam_core.types import ObjectId, Size

_QUERIES_AT_ONCE = 512
"""Places of a frame whose similarities to all of memory are held at one time."""


@dataclass(frozen=True)
class Reading:
    """What memory says about a frame: ``values`` (O, CV, h, w), and how much each row was used for it, (rows,)."""

    values: Tensor = field(repr=False)
    usage: Tensor = field(repr=False)


class Memory:
    """The rows, in this order: ``max_long_term`` prototypes, ``max_working_frames`` frames, prompted frames."""

    def __init__(self, settings: XMemSettings, sizes: XMemSizes, grid: Size, device: torch.device) -> None:
        """``grid`` is the rows and columns of a frame's keys."""
        self._settings = settings
        self._grid = grid
        self._places = places = grid[0] * grid[1]
        self._value_channels = sizes.value
        count = settings.max_long_term + settings.max_working_frames * places
        self._keys = torch.zeros(count, sizes.key, device=device)
        self._selections = torch.zeros(count, sizes.key, device=device)
        self._shrinkages = torch.zeros(count, device=device)
        self._used = torch.zeros(count, device=device)
        """How much a row has contributed to what was read since it was written."""
        self._lifetime = torch.zeros(count, device=device)
        """How often memory was read since a row was written."""
        self._values: dict[ObjectId, Tensor] = {}
        """Of each object, (rows, CV)."""
        self._known: dict[ObjectId, Tensor] = {}
        """Of each object, (rows,) bool: the rows that it has a value for."""
        self._working: list[int] = []
        """Places in the table of the working frames, oldest first."""
        self._prompted: dict[int, int] = {}
        """Prompted frame -> its first row."""

    @property
    def objects(self) -> list[ObjectId]:
        """All objects that memory knows."""
        return sorted(self._values)

    def add(self, features: ImageFeatures, values: Mapping[ObjectId, Tensor]) -> None:
        """Remember a frame in working memory: each object's values (CV, h, w). Consolidates when that is full."""
        free = next(place for place in range(self._settings.max_working_frames) if place not in self._working)
        self._write(self._frame_rows(free), features, values)
        self._working.append(free)
        if len(self._working) == self._settings.max_working_frames:
            oldest = self._settings.max_working_frames - self._settings.min_working_frames
            self._consolidate(self._working[:oldest])
            del self._working[:oldest]

    def add_prompted(self, frame: int, features: ImageFeatures, values: Mapping[ObjectId, Tensor]) -> None:
        """Remember a prompted frame for good, or anew if it was prompted before."""
        if frame not in self._prompted:
            self._prompted[frame] = len(self._keys)
            self._grow(self._places)
        first = self._prompted[frame]
        self._write(torch.arange(first, first + self._places, device=self._keys.device), features, values)

    def prompted_values(self, frame: int, object_id: ObjectId) -> Tensor:
        """The values (CV, h, w) of an object on a prompted frame."""
        first = self._prompted[frame]
        return self._values[object_id][first : first + self._places].T.reshape(-1, *self._grid)

    def read(self, objects: Sequence[ObjectId], features: ImageFeatures) -> Reading:
        """What the objects' memories say about each place of a frame. Changes nothing.

        Objects that know the same rows share the similarities and which rows are best.
        """
        known = torch.stack([self._known[object_id] for object_id in objects])
        rows = known.any(0).nonzero()[:, 0]
        groups = _equal_rows(known[:, rows])
        memory = memory_side(self._keys[rows], self._shrinkages[rows])
        usage = torch.zeros_like(self._used)
        values = self._keys.new_empty(len(objects), len(features.key), self._value_channels)
        for start in range(0, len(features.key), _QUERIES_AT_ONCE):
            part = slice(start, start + _QUERIES_AT_ONCE)
            alike = similarity(query_side(features.key[part], features.selection[part]), memory)
            for group in groups:
                unknown = ~known[group[0], rows]
                similar = alike.masked_fill(unknown, -torch.inf) if unknown.any() else alike
                shares, best = best_affinity(similar, self._settings.top_k)
                for position in group:
                    values[position, part] = weighted_rows(self._values[objects[position]], rows[best], shares)
                usage.index_add_(0, rows[best].flatten(), shares.flatten(), alpha=len(group) / len(objects))
        return Reading(values.transpose(1, 2).reshape(len(objects), -1, *self._grid), usage)

    def count_usage(self, usage: Tensor) -> None:
        """Take note of a reading: how much each row was used, (rows,)."""
        self._used += usage
        self._lifetime += 1

    def _consolidate(self, frames: list[int]) -> None:
        """The most used rows of some working frames become prototypes; the frames' rows are free again.

        A prototype keeps its key, and gathers the values of all rows that are like it (potentiation).
        """
        candidates = torch.cat([self._frame_rows(frame) for frame in frames])
        usage = self._frequency(candidates)
        chosen = candidates[usage.topk(min(self._settings.prototypes, len(candidates))).indices]
        self._forget_least_used(len(chosen))
        target = (~self._filled()[: self._settings.max_long_term]).nonzero()[: len(chosen), 0]
        alike = similarity(
            query_side(self._keys[chosen], self._selections[chosen]),
            memory_side(self._keys[candidates], self._shrinkages[candidates]),
        )
        for object_id, known in self._known.items():
            if known[candidates].any():
                shares = alike.masked_fill(~known[candidates], -torch.inf).softmax(1)
                self._values[object_id][target] = shares @ self._values[object_id][candidates]
            known[target] = known[chosen]
            known[candidates] = False
        self._keys[target] = self._keys[chosen]
        self._shrinkages[target] = alike.softmax(1) @ self._shrinkages[candidates]
        self._used[target] = self._lifetime[target] = 0

    def _forget_least_used(self, needed: int) -> None:
        """Free rows of long-term memory until ``needed`` are free."""
        filled = self._filled()[: self._settings.max_long_term].nonzero()[:, 0]
        excess = len(filled) + needed - self._settings.max_long_term
        if excess > 0:
            least = filled[self._frequency(filled).topk(excess, largest=False).indices]
            for known in self._known.values():
                known[least] = False

    def _frequency(self, rows: Tensor) -> Tensor:
        """How much rows were used in each reading since they were written."""
        return self._used[rows] / self._lifetime[rows].clamp(min=1)

    def _filled(self) -> Tensor:
        """(rows,) bool: the rows that any object knows."""
        return torch.stack(list(self._known.values())).any(0)

    def _frame_rows(self, place: int) -> Tensor:
        """The rows of a working frame."""
        first = self._settings.max_long_term + place * self._places
        return torch.arange(first, first + self._places, device=self._keys.device)

    def _write(self, rows: Tensor, features: ImageFeatures, values: Mapping[ObjectId, Tensor]) -> None:
        """Fill the rows of one frame; objects without values do not know them."""
        self._keys[rows], self._shrinkages[rows] = features.key, features.shrinkage
        self._selections[rows] = features.selection
        self._used[rows] = self._lifetime[rows] = 0
        for object_id, maps in values.items():
            if object_id not in self._values:
                self._values[object_id] = self._keys.new_zeros(len(self._keys), self._value_channels)
                self._known[object_id] = torch.zeros_like(self._used, dtype=torch.bool)
            self._values[object_id][rows] = maps.flatten(1).T
        for object_id, known in self._known.items():
            known[rows] = object_id in values

    def _grow(self, count: int) -> None:
        """``count`` more rows at the end, that nobody knows yet."""
        self._keys, self._selections = _longer(self._keys, count), _longer(self._selections, count)
        self._shrinkages, self._used = _longer(self._shrinkages, count), _longer(self._used, count)
        self._lifetime = _longer(self._lifetime, count)
        self._values = {object_id: _longer(rows, count) for object_id, rows in self._values.items()}
        self._known = {object_id: _longer(rows, count) for object_id, rows in self._known.items()}


def _longer(rows: Tensor, count: int) -> Tensor:
    """A table with ``count`` rows of zeros added."""
    return torch.cat([rows, rows.new_zeros(count, *rows.shape[1:])])


def _equal_rows(table: Tensor) -> list[list[int]]:
    """The positions of a (rows, n) bool table's rows, those with the same content together."""
    groups: dict[bytes, list[int]] = {}
    for position, row in enumerate(table.cpu().numpy()):
        groups.setdefault(row.tobytes(), []).append(position)
    return list(groups.values())
