"""The pick tool: mouse and keys over a picture become prompts. A modal operator that lets through what is not its own.

It keeps no reference to Blender's data: Ctrl+Z while it is on makes all of that anew. What a gesture asks of the worker
is in ``picker.py``, where a pixel of the screen is in the source in ``sight.py``.
"""

import math
import time
from dataclasses import dataclass
from typing import Any

import bpy

from .. import bridge, properties
from ..placement import Point
from ..studio import studio
from ..target import target
from . import keys
from .picker import Picker
from .sight import Sight, picture_region, sight

STILL = 0.15
"""Seconds that the mouse rests before we look what a click would find."""
SLACK = 5
"""Pixels of the screen that the mouse may move between press and release of a click."""
BEAT = 0.1
PRESSED = ("PRESS", "DOUBLE_CLICK")
MOVES = ("MOUSEMOVE", "INBETWEEN_MOUSEMOVE")
HELD = ("LEFT_CTRL", "RIGHT_CTRL", "LEFT_SHIFT", "RIGHT_SHIFT")


@dataclass
class Drag:
    """A pressed button: of which region (as a number), where in pixels of it, and where the mouse is now."""

    region: int
    start: tuple[int, int]
    now: tuple[int, int]
    positive: bool

    @property
    def is_box(self) -> bool:
        return math.dist(self.start, self.now) > SLACK

    @property
    def corners(self) -> list[tuple[int, int]]:
        (x0, y0), (x1, y1) = self.start, self.now
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


@dataclass
class Spot:
    """Where the mouse is: what that region shows, and the pixel of it."""

    region: int
    sight: Sight
    pixel: tuple[int, int]

    @property
    def point(self) -> Point | None:
        """In the source; None beside the visible picture."""
        found = self.sight.source_at(*self.pixel)
        return found if found and self.sight.shows(found) else None


class Tool:
    """What the overlay and the panels may know of the tool while it is on."""

    def __init__(self) -> None:
        self.picker = Picker(studio())
        self.drag: Drag | None = None
        self.ended = False


_on: list[Tool] = []


def tool_on() -> Tool | None:
    """None when it is off."""
    return _on[0] if _on else None


class TAM_OT_pick(bpy.types.Operator):
    """Click on objects in the picture: what is found is shown at once. Click here again, or press Esc, to leave"""

    bl_idname = "tam.pick"
    bl_label = "Pick Objects"

    def invoke(self, context: Any, event: Any) -> set[str]:
        before = tool_on()
        if before is not None:
            before.ended = True
            return {"FINISHED"}
        self._tool = Tool()
        _on[:] = [self._tool]
        self._moved = time.monotonic()
        self._at: tuple[int, int] | None = None
        self._said: str | None = None
        self._timer = context.window_manager.event_timer_add(BEAT, window=context.window)
        context.window_manager.modal_handler_add(self)
        found = target(context)
        if found and not studio().session(found):
            studio().open(found)
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> set[str]:
        with studio().timed("pick"):
            if self._tool.ended:
                return self._leave(context)
            kept = self._handled(context, event)
            if self._tool.ended:
                return self._leave(context)
            self._show_status(context)
        return {"RUNNING_MODAL"} if kept else {"PASS_THROUGH"}

    def cancel(self, context: Any) -> None:
        """Blender ends it, for instance to load a file."""
        self._leave(context)

    def _handled(self, context: Any, event: Any) -> bool:
        """True for what nobody else may have."""
        if event.type == "TIMER":
            self._rested(context, event)
            return False
        if event.type in MOVES:
            return self._mouse_moved(context, event)
        if event.type == "LEFTMOUSE":
            return self._released(context, event) if event.value == "RELEASE" else self._pressed(context, event)
        action = keys.action(event)
        if action == "leave":
            return self._escaped()
        spot = self._spot(context, event) if action else None
        if spot is None:
            self._at = self._at if event.type in HELD else None  # another tool may take the mouse now
            return False
        getattr(self, f"_{action}")(context, spot)
        bridge.redraw()
        return True

    # The mouse

    def _pressed(self, context: Any, event: Any) -> bool:
        if event.value not in PRESSED:  # a drag is told once more when it has gone some way
            return self._tool.drag is not None
        spot = self._spot(context, event)
        if spot is None or event.alt or event.oskey:
            return False
        self._tool.drag = Drag(spot.region, spot.pixel, spot.pixel, not event.ctrl)
        return True

    def _mouse_moved(self, context: Any, event: Any) -> bool:
        self._moved, self._at = time.monotonic(), (event.mouse_x, event.mouse_y)
        drag = self._tool.drag
        if drag is None:
            self._point_at(context, event)
            return False
        region = _find(context.window, drag.region)[1]
        if region:
            drag.now = (event.mouse_x - region.x, event.mouse_y - region.y)
        bridge.redraw()
        return True

    def _point_at(self, context: Any, event: Any) -> None:
        """A cross over pictures; what was seen under the mouse is forgotten."""
        over = picture_region(context.window, event.mouse_x, event.mouse_y)
        context.window.cursor_modal_set("CROSSHAIR" if over else "DEFAULT")
        if self._tool.picker.hover:
            bridge.redraw()
        self._tool.picker.look_away()

    def _released(self, context: Any, event: Any) -> bool:
        drag, self._tool.drag = self._tool.drag, None
        if drag is None:
            return False
        here = _sight(context, *_find(context.window, drag.region))
        if here:
            self._say_where(here, drag)
        self._moved = math.inf  # what a second click there would find is not looked for
        bridge.redraw()
        return True

    def _say_where(self, here: Sight, drag: Drag) -> None:
        picker = self._tool.picker
        if here.session is None:
            studio().open(here.target)
            picker.status = "The clip is being opened: click again in a moment"
        elif here.frame is None:
            picker.status = f"{here.target.name} is not shown at this frame: go to a frame where it is"
        elif drag.is_box:
            corners = [point for pixel in drag.corners if (point := here.source_at(*pixel))]
            picker.box(here.session, here.frame, properties.active_object(here.target.key), corners)
        elif point := Spot(drag.region, here, drag.start).point:
            object_id = properties.active_object(here.target.key)
            picker.click(here.session, here.frame, object_id, point, drag.positive)
        else:
            picker.status = "That is beside the picture"

    def _rested(self, context: Any, event: Any) -> None:
        """The mouse is still: look what a click would find."""
        picker = self._tool.picker
        if picker.hover or self._tool.drag or time.monotonic() - self._moved < STILL:
            return
        spot = self._spot(context, event)
        point = spot.point if spot else None
        if spot and point and spot.sight.session and spot.sight.frame is not None:
            picker.look(spot.sight.session, spot.sight.frame, properties.active_object(spot.sight.target.key), point)

    # The keys

    def _escaped(self) -> bool:
        """First out of a box that is being drawn."""
        if self._tool.drag:
            self._tool.drag = None
            bridge.redraw()
        else:
            self._tool.ended = True
        return True

    def _next_candidate(self, context: Any, spot: Spot) -> None:
        if spot.sight.session:
            self._tool.picker.next_candidate(spot.sight.session)

    def _take_back(self, context: Any, spot: Spot) -> None:
        if spot.sight.session:
            self._tool.picker.take_back(spot.sight.session)

    def _new_object(self, context: Any, spot: Spot) -> None:
        number = properties.new_object(spot.sight.target.key)
        self._tool.picker.status = f"Object {number}: click on it"

    def _frame_back(self, context: Any, spot: Spot) -> None:
        _step(context, spot, -1)

    def _frame_forward(self, context: Any, spot: Spot) -> None:
        _step(context, spot, 1)

    # Around

    def _spot(self, context: Any, event: Any) -> Spot | None:
        """None where there is no picture of a video under the mouse.

        A button's event says where the mouse is by now: when Blender lags behind, the last move knows better.
        """
        x, y = self._at or (event.mouse_x, event.mouse_y)
        over = picture_region(context.window, x, y)
        if over is None:
            return None
        area, region = over
        here = _sight(context, area, region)
        pixel = (x - region.x, y - region.y)
        return Spot(region.as_pointer(), here, pixel) if here else None

    def _show_status(self, context: Any) -> None:
        status = self._tool.picker.status
        text = f"{status}   |   {keys.HINTS}" if status else keys.HINTS
        if text != self._said:
            self._said = text
            context.workspace.status_text_set(text)

    def _leave(self, context: Any) -> set[str]:
        _on.clear()
        self._tool.picker.look_away()
        context.window_manager.event_timer_remove(self._timer)
        if context.window:
            context.window.cursor_modal_restore()
            context.workspace.status_text_set(None)
        bridge.redraw()
        return {"FINISHED"}


def _step(context: Any, spot: Spot, frames: int) -> None:
    scene = bridge.sequencer_scene(context) if spot.sight.target.kind == "strip" else context.scene
    scene.frame_set(scene.frame_current + frames)


def _sight(context: Any, area: Any, region: Any) -> Sight | None:
    if region is None:
        return None
    with context.temp_override(area=area, region=region):
        return sight(bpy.context)


def _find(window: Any, pointer: int) -> tuple[Any, Any]:
    """The area and region of that number; None, None when it was closed meanwhile."""
    found = ((area, region) for area in window.screen.areas for region in area.regions)
    return next(((area, region) for area, region in found if region.as_pointer() == pointer), (None, None))
