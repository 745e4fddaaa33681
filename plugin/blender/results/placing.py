"""A folder of pictures, one for each source frame, as a strip that follows the strip it was made of."""

import os
from collections.abc import Generator, Mapping
from typing import Any

import bpy

from .. import bridge, strips
from ..bridge import RESULT_OF
from ..timing import Timing

KIND = "tam_studio_kind"
"""Custom property of a strip that we made: "matte", "edited" ..."""
Placing = Generator[None, None, Any]
"""Long work in short steps; what it returns is the strip."""
AT_ONCE = 50
"""Pictures in a step: Blender takes the longer for one the more there are."""


def place_pictures(scene: Any, source: Any, timing: Timing, pictures: Mapping[int, str], kind: str) -> Placing:
    """A strip on a free channel above ``source`` that shows at every scene frame the picture of the source frame that
    the source shows there, whatever it does with time; seen where there are pictures. Raises TimingError.
    """
    content = timing.content
    low, high = min(pictures), max(pictures)
    wanted = [pictures[min(max(timing.frame_at(one), low), high)] for one in content]
    first, stop = _covered(timing, pictures)
    above = strips.speed_effect(source, scene)
    channel = strips.free_channel(scene, (above or source).channel, first, stop)
    strip = bridge.new_images(scene, f"{source.name} {kind}", wanted[:AT_ONCE], channel, content.start)
    strip[RESULT_OF], strip[KIND] = source.name, kind
    strip.directory = _movable(strip.directory)
    strips.copy_look(source, strip)
    where = scene.name, strip.name
    for begin in range(AT_ONCE, len(wanted), AT_ONCE):
        yield
        strip = found_again(*where)
        for path in wanted[begin : begin + AT_ONCE]:
            strip.elements.append(os.path.basename(path))
    bridge.set_handles(strip, content.start, content.stop)
    bridge.set_handles(strip, first, stop)
    return strip


def found_again(scene_name: str, name: str) -> Any:
    """A strip after a pause, in which an undo may have made all that was held of Blender void. Raises TimingError."""
    scene = bpy.data.scenes.get(scene_name)
    strip = (bridge.strips(scene) or {}).get(name) if scene else None
    if strip is None:
        raise strips.TimingError(f"The strip '{name}' is not there any more: the result lies in the results folder")
    return strip


def finished(placing: Placing) -> Any:
    """All of it at once, for scripts."""
    while True:
        try:
            next(placing)
        except StopIteration as end:
            return end.value


def _movable(folder: str) -> str:
    """Told from the .blend if it lies beside it, so that both can be moved."""
    beside = os.path.dirname(bpy.data.filepath)
    return str(bpy.path.relpath(folder)) + os.sep if beside and folder.startswith(beside + os.sep) else folder


def newest(scene: Any, source: Any, kind: str) -> Any | None:
    """The last strip of that kind that was made of a strip."""
    ours = [one for one in bridge.strips(scene) or () if one.get(RESULT_OF) == source.name and one.get(KIND) == kind]
    return max(ours, key=lambda one: int(one.channel), default=None)


def _covered(timing: Timing, pictures: Mapping[int, str]) -> tuple[int, int]:
    """The scene frames from the first to the last whose picture is there."""
    seen = [one for one in range(timing.first, timing.stop) if timing.source_frame(one) in pictures]
    if not seen:
        raise strips.TimingError("The result has no picture for what the strip shows: make it for other frames")
    return seen[0], seen[-1] + 1
