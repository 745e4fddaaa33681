"""The memory of one pass: prompted frames for good, the last frame, and a few spaced ones behind it.

Keys belong to frames and are shared; values belong to an object on a frame. The size depends on the prompts and the
objects, never on the number of frames.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from tam_core.engines.pocket.settings import PocketSettings
from tam_core.models.pocket.memory import Remembered
from tam_core.types import ObjectId


@dataclass
class MemoryFrame:
    """A frame in memory: its key (1, Ck, L), and for each object that is known on it a value (1, Cv + 2, L)."""

    key: Tensor
    values: dict[ObjectId, Tensor] = field(default_factory=dict)


@dataclass
class Bank:
    """What is remembered of the frames of one pass."""

    settings: PocketSettings
    prompted: dict[int, MemoryFrame] = field(default_factory=dict)
    spaced: list[MemoryFrame] = field(default_factory=list)
    latest: MemoryFrame | None = None
    kept: int = 0

    def keep(self, frame: MemoryFrame) -> None:
        """Take a frame as the last one; every few frames the one before it is kept for longer."""
        self.kept += 1
        if self.latest is not None and self.kept % self.settings.memory_every == 0:
            self.spaced = [*self.spaced, self.latest][-self.settings.spaced :]
        self.latest = frame

    def expected(self, frame: int, objects: Sequence[ObjectId], last: Tensor) -> list[Tensor]:
        """The keys of what will be recalled for a frame once the one before it, of key ``last``, is kept."""
        coming = replace(self)
        if coming.latest is None or coming.latest.key is not last:
            coming.keep(MemoryFrame(last))
        return [one.key for one in coming._chosen(frame, objects) if one.values or one.key is last]

    def recalled(self, frame: int, objects: Sequence[ObjectId]) -> list[Remembered]:
        """The memory of some objects, as rows, for a frame. What says nothing of an object weighs nothing for it."""
        return [in_rows(one, objects) for one in self._chosen(frame, objects) if one.values]

    def _chosen(self, frame: int, objects: Sequence[ObjectId]) -> Iterator[MemoryFrame]:
        """Each object's nearest prompted frames, then the recent ones."""
        nearest = sorted(self.prompted, key=lambda index: abs(index - frame))
        wanted: set[int] = set()
        for object_id in objects:
            known = [index for index in nearest if object_id in self.prompted[index].values]
            wanted.update(known[: self.settings.nearest_prompts])
        yield from (self.prompted[index] for index in sorted(wanted))
        yield from self.spaced
        if self.latest is not None:
            yield self.latest


def in_rows(frame: MemoryFrame, objects: Sequence[ObjectId]) -> Remembered:
    """One frame for some objects: all zero, the weight too, for those that it does not know."""
    nothing = torch.zeros_like(next(iter(frame.values.values())))
    return Remembered(frame.key, torch.cat([frame.values.get(object_id, nothing) for object_id in objects]))
