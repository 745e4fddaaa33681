"""Masks and clicks over the picture, in the objects' colours, wherever the picture is. Also while the tool is off."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import bpy

from ...link import wire
from .. import bridge, properties
from ..placement import Point
from ..session import OpenSession
from ..studio import studio
from .sight import PICTURES, Sight, sight
from .texture import Texels, texels
from .tool import Tool, tool_on

TINT, TINT_ACTIVE, TINT_HOVER = 0.28, 0.42, 0.15
RIM = 1.5
"""Pixels of the screen that an outline is wide."""
DOT, EDGE = 6.0, 2.0
"""Radius of a click's dot, and of the white around it."""
Colour = tuple[float, float, float, float]
WHITE, BLACK = (1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 1.0)
SPACES = {
    "SEQUENCE_EDITOR": "SpaceSequenceEditor",
    "CLIP_EDITOR": "SpaceClipEditor",
    "IMAGE_EDITOR": "SpaceImageEditor",
}
KEPT = 12
"""Frames whose textures stay on the GPU, 2 MB each at most."""

_handles: list[tuple[Any, Any, str]] = []


def draw() -> None:
    """The handler of the three editors."""
    with studio().timed("overlay"):
        here = sight(bpy.context)
        if here is None or here.session is None or here.frame is None or not _overlays_shown(bpy.context.space_data):
            return
        import gpu

        studio().want(here.session, here.frame)
        gpu.state.blend_set("ALPHA")
        _draw_masks(here, here.session, here.frame)
        _draw_prompts(here, here.session, here.frame)
        tool = tool_on()
        if tool:
            _draw_tool(tool, here, bpy.context.region.as_pointer())
        gpu.state.blend_set("NONE")


def _draw_masks(here: Sight, session: OpenSession, frame: int) -> None:
    """All objects in one texture; the chosen one is drawn over the others and stronger."""
    key = session.target_key
    active = properties.active_object(key)
    masks = {one: mask for one, mask in session.masks.get(frame, {}).items() if properties.is_shown(key, one)}
    order = sorted(masks, key=lambda one: (one == active, one))
    tints = [(*_colour(session, one), TINT_ACTIVE if one == active else TINT) for one in order]
    _draw_texture(here, tuple(masks[one] for one in order), tints)


def _draw_tool(tool: Tool, here: Sight, region: int) -> None:
    hover, session = tool.picker.hover, here.session
    if hover and session and hover.frame == here.frame:
        _draw_texture(here, (hover.mask,), [(*_colour(session, hover.object_id), TINT_HOVER)])
    if tool.drag and tool.drag.region == region and tool.drag.is_box:
        _lines([*tool.drag.corners, tool.drag.corners[0]], WHITE)


def _draw_texture(here: Sight, masks: tuple[wire.Rle, ...], tints: Sequence[Colour]) -> None:
    """As far as it is not cropped away."""
    from . import shading

    found = _texture(masks)
    if found is None:
        return
    made, numbers = found
    left, top, right, bottom = made.box
    x0, y0, x1, y1 = here.place.visible
    x0, y0, x1, y1 = max(left, x0), max(top, y0), min(right, x1), min(bottom, y1)
    if x0 < x1 and y0 < y1:
        points = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        parts = [((x - left) / (right - left), (y - top) / (bottom - top)) for x, y in points]
        shading.draw_masks(numbers, [here.to_region(*point) for point in points], parts, tints, RIM)


@lru_cache(maxsize=KEPT)
def _texture(masks: tuple[wire.Rle, ...]) -> tuple[Texels, Any] | None:
    from . import shading

    made = texels(masks)
    return (made, shading.numbers_texture(made)) if made else None


def _draw_prompts(here: Sight, session: OpenSession, frame: int) -> None:
    """Dots with a plus or a minus, and boxes."""
    for said in session.prompts.get(frame, []):
        if not properties.is_shown(session.target_key, said.object_id):
            continue
        colour = (*_colour(session, said.object_id), 1.0)
        if isinstance(said, wire.Click):
            _dot(here.to_region(said.x, said.y), colour, said.positive)
        elif isinstance(said, wire.Box):
            x0, y0, x1, y1 = said.xyxy
            corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))
            _lines([here.to_region(*point) for point in corners], colour)


def _dot(middle: Point, colour: Colour, positive: bool) -> None:
    _disc(middle, DOT + EDGE, WHITE)
    _disc(middle, DOT, colour)
    (x, y), half = middle, DOT - EDGE
    _lines([(x - half, y), (x + half, y)], BLACK)
    if positive:
        _lines([(x, y - half), (x, y + half)], BLACK)


def _disc(middle: Point, radius: float, colour: Colour) -> None:
    turns = [2 * math.pi * index / 24 for index in range(24)]
    rim = [(middle[0] + radius * math.cos(turn), middle[1] + radius * math.sin(turn)) for turn in turns]
    _plain("TRI_FAN", rim, colour)


def _lines(points: Sequence[Point], colour: Colour) -> None:
    import gpu

    gpu.state.line_width_set(2.0)
    _plain("LINE_STRIP", points, colour)
    gpu.state.line_width_set(1.0)


def _plain(kind: str, points: Sequence[Point], colour: Colour) -> None:
    from gpu_extras.batch import batch_for_shader

    shader = bridge.shader("UNIFORM_COLOR")
    batch = batch_for_shader(shader, kind, {"pos": list(points)})
    shader.bind()
    shader.uniform_float("color", colour)
    batch.draw(shader)


def _colour(session: OpenSession, object_id: int) -> tuple[float, float, float]:
    """An object that the worker does not know yet is white."""
    one = session.object(object_id)
    return properties.from_hex(one.colour) if one else WHITE[:3]


def _overlays_shown(space: Any) -> bool:
    """The switch of the editor's header."""
    return all(getattr(one, "show_overlays", True) for one in (space, getattr(space, "overlay", None)))


def register() -> None:
    """Nothing can be drawn in the background."""
    if bpy.app.background:
        return
    for editor, region in PICTURES.items():
        space = getattr(bpy.types, SPACES[editor])
        _handles.append((space, space.draw_handler_add(draw, (), region, "POST_PIXEL"), region))


def unregister() -> None:
    while _handles:
        space, handle, region = _handles.pop()
        space.draw_handler_remove(handle, region)
    _texture.cache_clear()
