"""Which frames a tracker walks, and which of two passes to believe. It knows no prompts, no undo and no files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tam_core.engines.base import FrameMasks, Tracker
from tam_core.prompts import MaskPrompt
from tam_core.rle import RLE
from tam_core.types import ObjectId
from tam_core.video.source import FrameSource

Direction: TypeAlias = Literal["forward", "backward", "both"]

Anchors: TypeAlias = Mapping[ObjectId, Mapping[int, RLE]]
"""The user's masks: per object, per prompted frame; at least one each."""

_TRUST_PER_FRAME = 0.98
"""How much less a tracked mask is believed with every frame between it and the user's mask it came from."""


@dataclass(frozen=True)
class Plan:
    """What to carry where: objects from their anchors through ``start`` .. ``stops`` (exclusive, None = the end)."""

    anchors: Anchors
    direction: Direction
    start: int
    stops: Mapping[ObjectId, int | None]

    @property
    def first(self) -> int:
        """Where the forward pass begins."""
        return min(min(masks) for masks in self.anchors.values())

    @property
    def last(self) -> int:
        """Where the backward pass begins."""
        return max(max(masks) for masks in self.anchors.values())

    @property
    def stop(self) -> int | None:
        """Where the forward pass ends."""
        known = [stop for stop in self.stops.values() if stop is not None]
        return max(known) if len(known) == len(self.stops) else None

    @property
    def walks_forward(self) -> bool:
        return self.direction in ("forward", "both")

    @property
    def walks_backward(self) -> bool:
        """With ``both``, only where something lies behind the last anchor."""
        return self.direction == "backward" or (self.direction == "both" and self.last > self.start)

    def steps(self, frame_count: int) -> int:
        """How many frames the passes will visit in a video of this length."""
        forward = (frame_count if self.stop is None else self.stop) - self.first
        backward = self.last - self.start + 1
        return forward * self.walks_forward + backward * self.walks_backward


def propagate(source: FrameSource, tracker: Tracker, plan: Plan) -> Iterator[FrameMasks]:
    """Masks as they come: first the forward pass, then the backward pass.

    Between two anchors a frame is yielded again by the backward pass where that is nearer to its anchor or surer.
    """
    anchors, stops = plan.anchors, plan.stops
    scores: dict[ObjectId, dict[int, float]] = {object_id: {} for object_id in anchors}
    if plan.walks_forward:
        for found in _walk(source, tracker, anchors, plan.first, plan.stop, 1):
            ahead = [o for o in found.masks if found.frame < _before(stops[o])]
            for object_id in ahead:
                scores[object_id][found.frame] = found.scores[object_id]
            yield _only(found, ahead)
    if plan.walks_backward:
        end = plan.start - 1 if plan.start else None
        for found in _walk(source, tracker, anchors, plan.last, end, -1):
            yield _only(found, [o for o in found.masks if _believed(found, o, anchors[o], scores[o])])


def _walk(
    source: FrameSource, tracker: Tracker, anchors: Anchors, first: int, stop: int | None, step: int
) -> Iterator[FrameMasks]:
    """One pass of the tracker, conditioned on all anchors."""
    state = tracker.start(source.info)
    for frame in sorted({frame for masks in anchors.values() for frame in masks}):
        prompts = [
            MaskPrompt(frame, object_id, masks[frame].decode())
            for object_id, masks in anchors.items()
            if frame in masks
        ]
        tracker.condition(state, source.read(frame), prompts)
    for picture in source.frames(first, stop, step):
        yield tracker.step(state, picture)


def _believed(found: FrameMasks, object_id: ObjectId, anchors: Mapping[int, RLE], forward: Mapping[int, float]) -> bool:
    """Weigh the passes on a frame by their scores and the distances they have come."""
    if found.frame not in forward:
        return True
    if found.frame in anchors:
        return False
    after = min(frame for frame in anchors if frame > found.frame)
    before = max(frame for frame in anchors if frame < found.frame)
    backward_trust = found.scores[object_id] * _TRUST_PER_FRAME ** (after - found.frame)
    forward_trust = forward[found.frame] * _TRUST_PER_FRAME ** (found.frame - before)
    return backward_trust > forward_trust


def _before(stop: int | None) -> float:
    return float("inf") if stop is None else stop


def _only(found: FrameMasks, objects: list[ObjectId]) -> FrameMasks:
    return FrameMasks(
        found.frame,
        {object_id: found.masks[object_id] for object_id in objects},
        {object_id: found.scores[object_id] for object_id in objects},
    )
