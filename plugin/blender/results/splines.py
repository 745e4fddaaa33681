"""Masks as animated splines of a mask data-block: a layer for each object, a shape key for each frame.

Shape keys are Blender's own way: the user can change a frame's splines and press I. Only an operator of the mask editor
makes them, so an area of the window becomes one for a moment.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import bpy
from bpy.props import IntProperty

from ...link import wire
from ...link.client import Client
from ..operators.common import NeedsSession, chosen_objects, here
from ..outlines import Line, Point, Shape, shapes
from ..strips import TimingError
from ..studio import studio
from ..timing import Timing
from . import waiting

OUTSIDE = (-50.0, -50.0)
BLOCK = 200
"""Frames whose masks are asked for at once."""


def add_mask(name: str, size: tuple[int, int], named: Mapping[str, Sequence[Shape]], timing: Timing) -> Iterator[Any]:
    """A mask with a layer for each named object, keyed where the source frames are seen; yields it after each key.

    ``size``: (width, height) of the source. Raises TimingError without a window.
    """
    mask = bpy.data.masks.new(name)
    mask.frame_start, mask.frame_end = timing.first, timing.stop - 1
    there = {title: found for title, found in named.items() if found}
    layers = {title: _new_layers(mask, title, found[0]) for title, found in there.items()}
    by_frame = {title: {one.frame: one for one in found} for title, found in there.items()}
    for scene_frame in _key_frames(timing):
        source = timing.frame_at(scene_frame)
        known = [(layers[title], shape) for title in there if (shape := by_frame[title].get(source))]
        if known:
            with _mask_editor(mask, scene_frame):
                for names, shape in known:
                    for name, lines in zip(names, (shape.lines, shape.holes), strict=True):
                        _bend(mask.layers[name], lines, size)
                bpy.ops.mask.shape_key_insert()
            where = mask.name
            yield mask
            mask = bpy.data.masks[where]  # an undo in between makes void what was held
    mask.update_tag()


def _key_frames(timing: Timing) -> list[int]:
    """Of the scene frames, the first and the last of each run that shows one picture."""
    seen = [timing.frame_at(one) for one in range(timing.first, timing.stop)]
    last = len(seen) - 1
    return [
        timing.first + index
        for index, one in enumerate(seen)
        if index in (0, last) or seen[index - 1] != one or seen[index + 1] != one
    ]


def _new_layers(mask: Any, title: str, shape: Shape) -> tuple[str, str]:
    """Named: for the parts of an object, and for its holes, cut out of them as 5.x fills lines inside lines."""
    parts, holes = (mask.layers.new(name=name) for name in (title, f"{title} holes"))
    holes.blend = "SUBTRACT"
    for layer, lines in ((parts, shape.lines), (holes, shape.holes)):
        for line in lines:
            spline = layer.splines.new()
            spline.points.add(len(line) - 1)
            spline.use_cyclic = True
            for point in spline.points:
                point.handle_type = "VECTOR"
                point.select = True
    return parts.name, holes.name


def _bend(layer: Any, lines: Sequence[Line], size: tuple[int, int]) -> None:
    """A line that is a point lies outside the picture: Blender would draw a dot."""
    for spline, line in zip(layer.splines, lines, strict=True):
        seen = line if line[0] != line[-1] else [OUTSIDE] * len(line)
        flat = [part for point in seen for part in to_mask(point, size)]
        for name in ("co", "handle_left", "handle_right"):
            spline.points.foreach_set(name, flat)


def to_mask(point: Point, size: tuple[int, int]) -> Point:
    """Mask space is the square around the longer side of the picture, 0..1, y up."""
    side = max(size)
    return point[0] / side + (side - size[0]) / 2 / side, 1 - point[1] / side - (side - size[1]) / 2 / side


@contextmanager
def _mask_editor(mask: Any, frame: int) -> Iterator[None]:
    """In the largest area, at a frame. The mask is computed for the frame now: later it would be bent back."""
    windows = bpy.context.window_manager.windows
    if not windows:
        raise TimingError("Mask splines need a window of Blender")
    window, scene = windows[0], windows[0].scene
    area = max(window.screen.areas, key=lambda one: one.width * one.height)
    before, now = area.ui_type, scene.frame_current
    try:
        area.type = "IMAGE_EDITOR"
        area.spaces.active.mode, area.spaces.active.mask = "MASK", mask
        scene.frame_current = frame
        window.view_layer.update()
        region = next(one for one in area.regions if one.type == "WINDOW")
        with bpy.context.temp_override(window=window, area=area, region=region):
            yield
    finally:
        area.ui_type, scene.frame_current = before, now


def _titles(objects: list[wire.ObjectState]) -> dict[int, str]:
    """A name for each layer, with the object's number where others have the same."""
    names = [one.name for one in objects]
    return {one.object_id: f"{one.name} {one.object_id}" if names.count(one.name) > 1 else one.name for one in objects}


def outlines_of(
    client: Client, session: str, count: int, objects: list[int], points: int, slots: int
) -> dict[int, list[Shape]]:
    """Beside the main thread: all masks of the objects as lines."""
    masks: dict[int, list[tuple[int, wire.Rle]]] = {one: [] for one in objects}
    for start in range(0, count, BLOCK):
        for told in client.masks(session, start, min(start + BLOCK, count), objects):
            for one in told.masks:
                masks[one.object_id].append((told.frame, one.rle))
    return {one: shapes(found, points, slots) for one, found in masks.items()}


class TAM_OT_splines(NeedsSession, bpy.types.Operator):
    """Make a mask with animated splines of the objects"""

    bl_idname = "tam.splines"
    bl_label = "Mask Splines"

    points: IntProperty(name="Points", description="Of each spline", default=64, min=8, max=400)
    slots: IntProperty(name="Splines", description="Of each object at most: parts and holes", default=6, min=1, max=32)

    def execute(self, context: Any) -> set[str]:
        found, session = here(context)
        if waiting.lacks_objects(self, session):
            return {"CANCELLED"}
        try:
            timing = waiting.timing_here(context, found, session)
        except TimingError as error:
            self.report({"WARNING"}, str(error))
            return {"CANCELLED"}
        objects = chosen_objects(context, session) or [one.object_id for one in session.state.objects]
        video = session.state.video
        titles = _titles(session.state.objects)
        title, size = self.bl_label, (video.width, video.height)

        def made(lines: dict[int, list[Shape]]) -> None:
            named = {titles[one]: found_shapes for one, found_shapes in lines.items()}
            waiting.gently(add_mask(found.name, size, named, timing), title)

        studio().ask(outlines_of, session.id, video.frame_count, objects, self.points, self.slots, then=made)
        return {"FINISHED"}
