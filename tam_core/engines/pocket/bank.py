"""The memory of one pass: prompted frames for good, the last frame, and a few spaced ones behind it.

Where somebody improved an object's mask on the way, that frame stands for its prompted ones from there on.

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

    def without(self, object_id: ObjectId) -> "MemoryFrame":
        """The same, knowing nothing of an object."""
        return MemoryFrame(self.key, {one: value for one, value in self.values.items() if one != object_id})


@dataclass
class Bank:
    """What is remembered of the frames of one pass."""

    settings: PocketSettings
    prompted: dict[int, MemoryFrame] = field(default_factory=dict)
    taught: dict[ObjectId, MemoryFrame] = field(default_factory=dict)
    spaced: list[MemoryFrame] = field(default_factory=list)
    latest: MemoryFrame | None = None
    kept: int = 0

    def teach(self, object_id: ObjectId, frame: MemoryFrame) -> None:
        """An object's mask on a frame is somebody's: what was found before it is not believed any more."""
        self.taught[object_id] = MemoryFrame(frame.key, {object_id: frame.values[object_id]})
        self.spaced = [one.without(object_id) for one in self.spaced]
        self.latest = self.latest.without(object_id) if self.latest else None

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
        """Each object's nearest prompted frames, or the one that it was taught on, then the recent ones."""
        nearest = sorted(self.prompted, key=lambda index: abs(index - frame))
        wanted: dict[int, dict[ObjectId, Tensor]] = {}
        for object_id in objects:
            known = [index for index in nearest if object_id in self.prompted[index].values]
            for index in known[: self.settings.nearest_prompts] if object_id not in self.taught else ():
                wanted.setdefault(index, {})[object_id] = self.prompted[index].values[object_id]
        yield from (MemoryFrame(self.prompted[index].key, values) for index, values in sorted(wanted.items()))
        yield from (self.taught[object_id] for object_id in objects if object_id in self.taught)
        yield from self.spaced
        if self.latest is not None:
            yield self.latest


def in_rows(frame: MemoryFrame, objects: Sequence[ObjectId]) -> Remembered:
    """One frame for some objects: all zero, the weight too, for those that it does not know."""
    nothing = torch.zeros_like(next(iter(frame.values.values())))
    return Remembered(frame.key, torch.cat([frame.values.get(object_id, nothing) for object_id in objects]))
