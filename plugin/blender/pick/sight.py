"""What a region of the screen shows: which video, which frame of it, and where its pixels are.

Only this file joins Blender's editors with ``placement.py``; the tool and the overlay both look through it, so a mask
is drawn where a click would find it.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import bpy

from .. import bridge, strips
from ..placement import Affine, Placement, Point, Viewport, Whole
from ..session import OpenSession
from ..studio import studio
from ..target import Target, active_strip, source_frame, target

PICTURES = {"SEQUENCE_EDITOR": "PREVIEW", "CLIP_EDITOR": "WINDOW", "IMAGE_EDITOR": "WINDOW"}
"""Editor -> its region with the picture."""
RENDER_SCALES = {"PROXY_25": 0.25, "PROXY_50": 0.5, "PROXY_75": 0.75, "PROXY_100": 1.0}


@dataclass(frozen=True)
class Sight:
    """``frame``: of the source; None when the editor shows none of it now. ``session``: None until it is open."""

    target: Target
    session: OpenSession | None
    frame: int | None
    place: Placement | Whole
    port: Viewport

    def source_at(self, column: int, row: int) -> Point | None:
        """The source point under a pixel of the region, also beside the picture."""
        return self.place.to_source(*self.port.to_view(column, row))

    def shows(self, point: Point) -> bool:
        """Whether a source point can be seen."""
        x0, y0, x1, y1 = self.place.visible
        return x0 <= point[0] < x1 and y0 <= point[1] < y1

    @cached_property
    def to_region(self) -> Affine:
        """Source to pixels of the region."""
        return self.place.affine.then(self.port.affine)


def sight(context: Any) -> Sight | None:
    """Of the context's editor and region; None where there is no picture of a video."""
    found = target(context)
    region, space = context.region, context.space_data
    if found is None or region is None or PICTURES.get(space.type) != region.type or region.width < 2:
        return None
    session = studio().session(found)
    place = _place(context, found, session)
    if place is None:
        return None
    return Sight(found, session, source_frame(context, found), place, _port(region, space.type))


def picture_region(window: Any, x: int, y: int) -> tuple[Any, Any] | None:
    """The area and region with a picture at a pixel of the window, unless a sidebar or header lies over it."""
    for area in window.screen.areas:
        wanted = PICTURES.get(area.type)
        here = [region for region in area.regions if _covers(region, x, y)] if wanted else []
        if [region.type for region in here] == [wanted]:
            return area, here[0]
    return None


def _covers(region: Any, x: int, y: int) -> bool:
    return bool(region.width > 1 and 0 <= x - region.x < region.width and 0 <= y - region.y < region.height)


def _port(region: Any, editor: str) -> Viewport:
    """In the preview, Blender says of its last pixel what it draws at that pixel's far edge. The clip editor draws its
    picture from a whole pixel on."""
    last = 1 if editor == "SEQUENCE_EDITOR" else 0
    low = region.view2d.region_to_view(0, 0)
    high = region.view2d.region_to_view(region.width - last, region.height - last)
    port = Viewport(tuple(low), tuple(high), (region.width, region.height))
    if editor != "CLIP_EDITOR":
        return port
    drawn, exact = region.view2d.view_to_region(0, 0, clip=False), port.to_region(0, 0)
    across, up = ((drawn[axis] - exact[axis]) * (high[axis] - low[axis]) / port.size[axis] for axis in (0, 1))
    return Viewport((low[0] - across, low[1] - up), (high[0] - across, high[1] - up), port.size)


def _place(context: Any, found: Target, session: OpenSession | None) -> Placement | Whole | None:
    """None while Blender does not know the size of the picture."""
    if found.kind == "strip":
        return _in_preview(context, found, session)
    block = bpy.data.movieclips.get(found.name) if found.kind == "clip" else bpy.data.images.get(found.name)
    if block is None or not min(block.size):
        return None
    return Whole((block.size[0], block.size[1]), _turned(session, block.source == "MOVIE"))


def _in_preview(context: Any, found: Target, session: OpenSession | None) -> Placement | None:
    strip, scene = active_strip(context), bridge.sequencer_scene(context)
    if strip is None:
        return None
    percentage = scene.render.resolution_percentage / 100
    upright = (session.state.video.width, session.state.video.height) if session else (0, 0)
    place = strips.placement(
        strip,
        scene,
        upright,
        _turned(session, strip.type == "MOVIE"),
        RENDER_SCALES.get(context.space_data.proxy_render_size, percentage),
    )
    return place if min(place.size) else None


def _turned(session: OpenSession | None, movie: bool) -> int:
    """By how many degrees a movie has to be turned that Blender shows as it is stored."""
    return session.state.video.rotation if session and movie and not bridge.rotates_movies() else 0
