"""Objects that a cut took away: which they are, on which frames they are looked for, and what is proposed.

It does not walk (propagation does) and knows no user (the session does).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, get_args

from tam_core import rle
from tam_core.engines.base import FrameMasks, Tracker
from tam_core.errors import RequestError
from tam_core.rle import RLE
from tam_core.shots import Shot
from tam_core.types import Mask, ObjectId
from tam_core.video.source import Frame

AcrossCuts: TypeAlias = Literal["ask", "auto", "stop"]
"""After a cut: look for the objects and propose, look and follow those that are surely found, or do not look."""

SURE = 0.8
"""Score from which on ``auto`` takes an object as found. Measured with the flow tracker: half of the objects that are
there are found so surely, and one object in 20 shots without it."""

_LEAST = 0.5
"""Score below which a find is not worth a question."""

_NEAR = 5
"""An object is looked for on a shot's first frame and 5, 10, 20, 40 ... frames later: a few looks in any shot."""


@dataclass(frozen=True)
class Proposal:
    """In another shot, an object may be here. ``score`` 0..1 is the tracker's; ``shot`` is as far as it was walked."""

    object_id: ObjectId
    frame: int
    code: RLE = field(repr=False)
    score: float
    shot: Shot

    @property
    def mask(self) -> Mask:
        """Where the object may be, (H, W) bool."""
        return self.code.decode()


def parse_across_cuts(value: str) -> AcrossCuts:
    """One of AcrossCuts. Raises RequestError for any other word."""
    for choice in get_args(AcrossCuts):
        if value == choice:
            chosen: AcrossCuts = choice
            return chosen
    raise RequestError(f"across cuts: {value!r}? It is one of {', '.join(get_args(AcrossCuts))}")


@dataclass
class Search:
    """The objects that cuts took away from one pass over a video.

    ``limits``: the frame from which on (counted upwards) an object is none of this pass's business. ``step`` is the
    pass's direction, 1 or -1. ``absences`` are whole shots in which an object was not found.
    """

    across_cuts: AcrossCuts
    limits: Mapping[ObjectId, float]
    step: int
    missing: dict[ObjectId, Proposal | None] = field(default_factory=dict)
    """The best find in the present shot of each object that is away."""
    entered: int = 0
    """Where the pass came into the present shot."""
    proposals: list[Proposal] = field(default_factory=list)
    absences: list[tuple[ObjectId, Shot]] = field(default_factory=list)

    def cut_before(self, frame: int, carried: Iterable[ObjectId]) -> None:
        """A shot ends, with these objects in it; all are now away."""
        self.leave(frame - self.step)
        self.missing = dict.fromkeys([*self.missing, *carried])
        self.entered = frame

    def leave(self, last: int) -> None:
        """The shot ends after frame ``last``: write down what became of the objects that are away."""
        shot = self._shot(last)
        for object_id, find in self.missing.items():
            if shot.start < self.limits[object_id]:
                self.absences.append((object_id, shot))
            if find is not None:
                self.proposals.append(replace(find, shot=shot))

    def back(self, objects: Iterable[ObjectId]) -> None:
        """These objects are being followed again."""
        for object_id in objects:
            self.missing.pop(object_id, None)

    def hopeless(self, frames: range) -> bool:
        """Whether no object that is away will be looked for on any of these frames."""
        return self.across_cuts == "stop" or not any(min(frames) < self.limits[object_id] for object_id in self.missing)

    def look(self, tracker: Tracker, state: object, picture: Frame) -> FrameMasks:
        """Look for the objects that are away, if it is time; returns those to be followed from here."""
        wanted = {object_id for object_id in self.missing if picture.index < self.limits[object_id]}
        if self.across_cuts == "stop" or not wanted or not _time_to_look(abs(picture.index - self.entered)):
            return FrameMasks(picture.index, {}, {})
        found = tracker.search(state, picture)
        seen = {object_id for object_id in wanted & found.masks.keys() if found.masks[object_id].any()}
        sure = {object_id for object_id in seen if self.across_cuts == "auto" and found.scores[object_id] >= SURE}
        for object_id in seen - sure:
            self._consider(found, object_id)
        return FrameMasks(picture.index, {o: found.masks[o] for o in sure}, {o: found.scores[o] for o in sure})

    def _consider(self, found: FrameMasks, object_id: ObjectId) -> None:
        best, score = self.missing[object_id], found.scores[object_id]
        if score >= _LEAST and (best is None or score > best.score):
            code = rle.encode(found.masks[object_id])
            self.missing[object_id] = Proposal(object_id, found.frame, code, score, self._shot(found.frame))

    def _shot(self, last: int) -> Shot:
        return Shot(min(self.entered, last), max(self.entered, last) + 1)


def _time_to_look(distance: int) -> bool:
    times, rest = divmod(distance, _NEAR)
    return not rest and times & (times - 1) == 0
