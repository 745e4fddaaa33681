"""One propagation of a session: what it is to carry, by what is known, and how its finds come to be known."""

from collections.abc import Generator
from dataclasses import replace

from tam_core import rle
from tam_core.engines.base import FrameMasks, Tracker
from tam_core.errors import FrameRangeError, PromptError
from tam_core.history import Edit, Findings, Propagated, Sighting
from tam_core.propagation import Anchors, Direction, Plan, Propagation
from tam_core.timeline import Timeline
from tam_core.types import ObjectId
from tam_core.video.source import FrameSource


def planned(
    edit: Edit, objects: list[ObjectId], direction: Direction, start: int, stop: int | None, count: int | None
) -> Plan:
    """Objects from their prompts inside ``start`` .. ``stop`` of a video of ``count`` frames, each to its end.

    Raises FrameRangeError, or PromptError when no object has a prompt inside the range.
    """
    last = count if stop is None else stop
    if start < 0 or (last is not None and (start >= last or (count is not None and last > count))):
        raise FrameRangeError(f"frames {start} to {last} of a video of {count} frames")
    anchors, stops = {}, {}
    for object_id in objects:
        ends = [end for end in (last, edit.ends.get(object_id)) if end is not None]
        end = min(ends) if ends else None
        inside = {
            frame: mask
            for frame, mask in sorted(edit.anchors.get(object_id, {}).items())
            if frame >= start and (end is None or frame < end)
        }
        if inside:
            anchors[object_id], stops[object_id] = inside, end
    if not anchors:
        raise PromptError("nothing to track: click on an object, or give a box or a mask, inside the range")
    return Plan(anchors, direction, start, stops)


def carried(
    timeline: Timeline, source: FrameSource, tracker: Tracker, plan: Plan, command: Propagated
) -> Generator[FrameMasks, None, None]:
    """The masks as they are found, each in the timeline before it is yielded. Closing keeps what was found.

    An object is left out of a frame where the user has said anew where it is while this was running.
    """
    run = Propagation(source, tracker, plan, command.across_cuts)
    try:
        for found in run:
            if timeline.running is not command:
                timeline.begin(command)
            _record(timeline, command, run, found)
            yield _unsaid(found, plan.anchors, timeline.anchors)
        timeline.settle(Findings({}, run.absences, run.proposals, finished=True))
    finally:
        if timeline.running is command:
            timeline.end()


def _record(timeline: Timeline, command: Propagated, run: Propagation, found: FrameMasks) -> None:
    masks = {
        object_id: Sighting(rle.encode(mask), float(found.scores[object_id]), found.flags.get(object_id, ""))
        for object_id, mask in found.masks.items()
    }
    timeline.found(found.frame, masks)
    known = command.found
    if (len(known.absences), len(known.proposals)) != (len(run.absences), len(run.proposals)):
        timeline.settle(Findings({}, run.absences, run.proposals))


def _unsaid(found: FrameMasks, planned: Anchors, now: Anchors) -> FrameMasks:
    said = {o for o in found.masks if now[o].get(found.frame) != planned[o].get(found.frame)}
    if not said:
        return found
    masks = {object_id: mask for object_id, mask in found.masks.items() if object_id not in said}
    return replace(found, masks=masks, scores={object_id: found.scores[object_id] for object_id in masks})
