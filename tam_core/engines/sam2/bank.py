"""One object's memory bank (SAM 2, section 4): prompted frames for good, recent frames in two bounded queues."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from torch import Tensor

from tam_core import rle
from tam_core.engines.sam2.settings import Sam2Settings
from tam_core.models.sam2 import Memory


@dataclass(frozen=True)
class Prompted:
    """A frame on which a person said where the object is: the mask that was seen, and what it teaches."""

    mask: rle.RLE
    memory: Memory
    pointer: Tensor


@dataclass
class Bank:
    """What is remembered of one object. ``appeared`` once the pass has met a prompted frame."""

    prompted: dict[int, Prompted] = field(default_factory=dict)
    recent: deque[tuple[int, Memory]] = field(default_factory=deque)
    pointers: deque[tuple[int, Tensor]] = field(default_factory=deque)
    appeared: bool = False

    def add(self, frame: int, memory: Memory, pointer: Tensor) -> None:
        """Remember a tracked frame."""
        self.recent.append((frame, memory))
        self.pointers.append((frame, pointer))

    def forget_before(self, frame: int, settings: Sam2Settings) -> None:
        """Drop what the frame after this one will be too far away from."""
        while self.recent and abs(frame - self.recent[0][0]) > settings.memory_size - 2:
            self.recent.popleft()
        while self.pointers and abs(frame - self.pointers[0][0]) > settings.max_object_pointers - 2:
            self.pointers.popleft()

    def memories_for(self, frame: int, settings: Sam2Settings) -> list[tuple[int, Memory]]:
        """Memories with their age in frames, prompted ones as age 0, to be looked at from this frame."""
        oldest = settings.memory_size - 1
        chosen = nearest(self.prompted, frame, settings.max_conditioning_frames)
        recent = [(min(oldest, abs(frame - index)), memory) for index, memory in self.recent]
        return [(0, self.prompted[index].memory) for index in chosen] + recent

    def pointers_for(self, frame: int, forward: bool, settings: Sam2Settings) -> list[tuple[int, Tensor]]:
        """Object pointers with their age in frames: those of prompted frames that were passed, then recent ones."""
        oldest = settings.max_object_pointers - 1
        chosen = nearest(self.prompted, frame, settings.max_conditioning_frames)
        passed = [index for index in chosen if (index <= frame if forward else index >= frame)]
        prompted = [(abs(frame - index), self.prompted[index].pointer) for index in passed]
        return prompted + [(min(oldest, abs(frame - index)), pointer) for index, pointer in self.pointers]


def nearest(frames: Iterable[int], frame: int, most: int) -> list[int]:
    """At most so many of the prompted frames: the last one before, the first one after, then the nearest others."""
    by_distance = sorted(frames, key=lambda index: abs(index - frame))
    before = [index for index in by_distance if index < frame][:1]
    after = [index for index in by_distance if index >= frame][:1]
    others = [index for index in by_distance if index not in before + after]
    return (before + after + others)[:most]
