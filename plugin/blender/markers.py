"""Confidence on the timeline: scene markers where the user should look. Markers of others are not touched."""

from collections.abc import Iterator
from typing import Any

import bpy

from ..link import wire
from . import bridge
from .bridge import RESULT_OF
from .strips import TimingError
from .studio import studio
from .target import target_of_strip, timing_of
from .timing import Timing

PREFIX = "TAM "
MOST = 8
"""Doubtful parts of one object that are marked: the longest."""


def follow() -> None:
    """The studio's listener: the markers of all scenes say what the open sessions say."""
    for scene in bpy.data.scenes:
        show(scene, dict(_wanted(scene)))


def show(scene: Any, wanted: dict[str, int]) -> None:
    """Make ours the markers with these names at these scene frames."""
    for marker in [one for one in scene.timeline_markers if one.name.startswith(PREFIX)]:
        if wanted.get(marker.name) == marker.frame:
            del wanted[marker.name]
        else:
            scene.timeline_markers.remove(marker)
    for name, frame in wanted.items():
        scene.timeline_markers.new(name, frame=frame)


def notes(state: wire.ObjectState) -> Iterator[tuple[str, int]]:
    """What to write at which source frames about an object."""
    if state.fix_next is not None:
        yield f"{PREFIX}{state.name}: fix", state.fix_next
    doubtful = sorted((one for one in state.lane if one.state == "low"), key=lambda one: one.start - one.stop)[:MOST]
    for number, span in enumerate(sorted(doubtful, key=lambda one: one.start), 1):
        yield f"{PREFIX}{state.name}: unsure {number}", span.start


def _wanted(scene: Any) -> Iterator[tuple[str, int]]:
    for strip in bridge.strips(scene) or ():
        found = None if strip.get(RESULT_OF) else target_of_strip(strip)
        session = studio().session(found)
        if session is None:
            continue
        try:
            timing = timing_of(strip, scene, session)
        except TimingError:
            continue
        for state in session.state.objects:
            yield from _seen(timing, notes(state))


def _seen(timing: Timing, said: Iterator[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    for name, source_frame in said:
        scene_frame = round(timing.scene_frame(source_frame))
        if timing.first <= scene_frame < timing.stop:
            yield name, scene_frame


def register() -> None:
    studio().listeners.append(follow)


def unregister() -> None:
    for scene in bpy.data.scenes:
        show(scene, {})
