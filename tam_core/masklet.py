"""Masklet: one object through the video (SAM 2, section 3). The currency between tracking, editing and export."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tam_core import rle
from tam_core.rle import RLE
from tam_core.types import Mask, ObjectId, Size


@dataclass(frozen=True)
class Masklet:
    """One object's mask and score per frame.

    A frame without an entry was never tracked; an empty mask means tracked and not visible. ``scores`` say how far each
    mask can be trusted, 0..1, and are 1 only where the mask is the user's own. ``flags`` say in words why a person
    should look at a frame.
    """

    object_id: ObjectId
    size: Size
    rles: Mapping[int, RLE] = field(default_factory=dict, repr=False)
    scores: Mapping[int, float] = field(default_factory=dict, repr=False)
    flags: Mapping[int, str] = field(default_factory=dict, repr=False)

    @property
    def frames(self) -> list[int]:
        """Indices of the tracked frames, ascending."""
        return sorted(self.rles)

    @property
    def visible_frames(self) -> list[int]:
        """Indices of the frames on which the object is seen, ascending."""
        return [frame for frame in self.frames if self.rles[frame].area]

    def mask(self, frame: int) -> Mask | None:
        """The mask (H, W) bool on a frame, or None where the object was never tracked."""
        code = self.rles.get(frame)
        return None if code is None else code.decode()

    def without(self, frames: Iterable[int]) -> "Masklet":
        """The same masklet with these frames forgotten."""
        gone = set(frames)
        return Masklet(
            self.object_id,
            self.size,
            {frame: code for frame, code in self.rles.items() if frame not in gone},
            {frame: score for frame, score in self.scores.items() if frame not in gone},
            {frame: flag for frame, flag in self.flags.items() if frame not in gone},
        )


@dataclass(frozen=True, slots=True)
class Sighting:
    """One tracked mask. ``score`` 0..1 says how far it can be trusted, ``flag`` why a person should look at it."""

    code: RLE
    score: float
    flag: str = ""


Sightings: TypeAlias = Mapping[ObjectId, Mapping[int, Sighting]]
"""Tracked masks per object and frame."""


def union_mask(masklets: Iterable[Masklet], frame: int) -> Mask | None:
    """All objects together on a frame, (H, W) bool; None where none of them was tracked."""
    codes = [masklet.rles[frame] for masklet in masklets if frame in masklet.rles]
    return rle.merge(codes).decode() if codes else None
