"""One propagation of a session: what it is to carry, by what is known, and how its finds come to be known."""

from collections.abc import Generator, Sequence
from dataclasses import replace

from tam_core import rle
from tam_core.engines.base import FrameMasks, Tracker
from tam_core.errors import FrameRangeError, PromptError
from tam_core.history import Command, Edit, Engines, Findings, Propagated, touched
from tam_core.masklet import Sighting
from tam_core.propagation import Anchors, Direction, Plan, Propagation
from tam_core.retrace import Past
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
    timeline: Timeline,
    source: FrameSource,
    tracker: Tracker,
    plan: Plan,
    command: Propagated,
    earlier: Propagated | None,
) -> Generator[FrameMasks, None, None]:
    """The masks as they are found, each in the timeline before it is yielded. Closing keeps what was found.

    With an ``earlier`` run of the same that was interrupted, it goes on there. An object is left out of a frame where
    the user has said anew where it is while this was running.
    """
    run = Propagation(source, tracker, plan, command.across_cuts, _past(earlier.found) if earlier else None)
    try:
        for found in run:
            _take_up(timeline, command, earlier)
            timeline.found(_news(run, found))
            yield _unsaid(found, plan.anchors, timeline.anchors)
        _take_up(timeline, command, earlier)
        timeline.found(Findings({}, run.absences, run.proposals, True, run.place))
    finally:
        if timeline.running is (earlier or command):
            timeline.end()


def _take_up(timeline: Timeline, command: Propagated, earlier: Propagated | None) -> None:
    """From the first find on it is among what was done; an earlier one is so already."""
    if timeline.running is None and earlier is not None:
        timeline.go_on(earlier)
    elif timeline.running is None:
        timeline.begin(command)


def interrupted(done: Sequence[Command], command: Propagated) -> Propagated | None:
    """The command among those done that began the same and was not finished, if nothing changed since that it hangs on.

    That are the prompts and masks of its objects, and the tracker.
    """
    objects = set(command.objects)
    for position, earlier in reversed(list(enumerate(done))):
        if isinstance(earlier, Propagated) and not objects.isdisjoint(earlier.objects):
            same = replace(earlier, found=command.found) == command
            return earlier if same and earlier.found.place and not earlier.found.finished else None
        if not objects.isdisjoint(touched(earlier)) or _chooses_tracker(earlier, done[:position]):
            return None
    return None


def _chooses_tracker(command: Command, before: Sequence[Command]) -> bool:
    """Whether from here on another tracker was used than before."""
    if not isinstance(command, Engines):
        return False
    chosen = [earlier.tracker for earlier in before if isinstance(earlier, Engines)]
    return command.tracker != (chosen[-1] if chosen else Engines().tracker)


def _past(found: Findings) -> Past:
    assert found.place is not None
    place = found.place
    return Past(place, found.masks, found.absences[: place.absences], found.proposals[: place.proposals])


def _news(run: Propagation, found: FrameMasks) -> Findings:
    masks = {
        object_id: {
            found.frame: Sighting(rle.encode(mask), float(found.scores[object_id]), found.flags.get(object_id, ""))
        }
        for object_id, mask in found.masks.items()
    }
    return Findings(masks, run.absences, run.proposals, place=run.place)


def _unsaid(found: FrameMasks, planned: Anchors, now: Anchors) -> FrameMasks:
    said = {o for o in found.masks if now.get(o, {}).get(found.frame) != planned[o].get(found.frame)}
    if not said:
        return found
    masks = {object_id: mask for object_id, mask in found.masks.items() if object_id not in said}
    return replace(found, masks=masks, scores={object_id: found.scores[object_id] for object_id in masks})
