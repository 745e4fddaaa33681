"""A walk that was interrupted: how far it had come, and how a tracker is brought back to where it was.

A tracker's memory is not kept, it is made again: after the prompts, the last frames before the interruption are walked
once more, on which the tracker is told what was found there. Who walks, and why, is not known here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tam_core import rle
from tam_core.engines.base import FrameMasks, Tracker
from tam_core.masklet import Sighting, Sightings
from tam_core.reacquire import Proposal
from tam_core.shots import Shot
from tam_core.types import Mask, ObjectId
from tam_core.video.source import Frame

AGAIN = 16
"""Frames that are walked once more: as many as any tracker remembers one by one (SAM 2: 16 object pointers)."""

_SAME = 0.9
"""IoU from which on the tracker's own finding is remembered: it knows more of it than the outline that was kept."""


@dataclass(frozen=True)
class Place:
    """The last ``frame`` of a walk in direction ``step`` (1 or -1) on which no object was away.

    Until there, so many ``absences`` and ``proposals`` had been found. Behind it, a walk goes on as if uninterrupted.
    """

    step: int
    frame: int
    absences: int = 0
    proposals: int = 0


@dataclass(frozen=True)
class Past:
    """What an interrupted run left behind: the ``place`` it had come to, and all that it had found until there."""

    place: Place
    masks: Sightings = field(repr=False)
    absences: list[tuple[ObjectId, Shot]]
    proposals: list[Proposal]

    def again(self, first: int) -> range:
        """The frames to be walked once more, of a walk that began on frame ``first``; the last one is the place."""
        step, frame = self.place.step, self.place.frame
        begin = max(first, frame - AGAIN + 1) if step > 0 else min(first, frame + AGAIN - 1)
        return range(begin, frame + step, step)

    def retrace(self, tracker: Tracker, state: Any, picture: Frame, told: bool = False) -> None:
        """Let the tracker remember a frame as it was. ``told``: by what was found alone, it comes from elsewhere."""
        predicted = tracker.predict(state, picture)
        masks = {
            object_id: self._recalled(mask, self.masks[object_id][picture.index], told)
            for object_id, mask in predicted.masks.items()
            if picture.index in self.masks.get(object_id, {})
        }
        tracker.remember(state, _with(predicted, masks))

    def _recalled(self, predicted: Mask, before: Sighting, told: bool) -> Mask:
        same = not told and rle.encode(predicted).iou(before.code) >= _SAME
        return predicted if same else before.code.decode()


def _with(found: FrameMasks, masks: Mapping[ObjectId, Mask]) -> FrameMasks:
    return replace(found, masks=masks, scores={object_id: found.scores[object_id] for object_id in masks})
