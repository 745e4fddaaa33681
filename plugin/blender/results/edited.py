"""The edited video as a strip over its source: same timing, transform and crop."""

from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import BoolProperty

from ..operators.common import here
from ..timing import Timing
from . import waiting
from .placing import Placing, place_pictures


def add_edited(scene: Any, source: Any, timing: Timing, pictures: Mapping[int, str]) -> Placing:
    """Whole pictures instead of the source's."""
    blend, colours = source.blend_type, source.colorspace_settings.name
    strip = yield from place_pictures(scene, source, timing, pictures, "edited")
    strip.blend_type, strip.colorspace_settings.name = blend, colours
    return strip


def add_patch(scene: Any, source: Any, timing: Timing, pictures: Mapping[int, str]) -> Placing:
    """Pictures that are transparent where nothing was changed: the source stays visible there."""
    colours = source.colorspace_settings.name
    strip = yield from place_pictures(scene, source, timing, pictures, "patch")
    strip.blend_type, strip.alpha_mode, strip.colorspace_settings.name = "ALPHA_OVER", "STRAIGHT", colours
    return strip


class TAM_OT_edited_strip(waiting.NeedsStrip, bpy.types.Operator):
    """Put the edited video above the strip, with the same timing, transform and crop"""

    bl_idname = "tam.edited_strip"
    bl_label = "Result as Strip"

    only_changed: BoolProperty(
        name="Only What Changed", description="Transparent elsewhere, so that changes to the source below stay visible"
    )

    def execute(self, context: Any) -> set[str]:
        found, session = here(context)
        if session.state.removal is None:
            self.report({"WARNING"}, "There is no result yet: remove or edit something first")
            return {"CANCELLED"}
        kind, add = ("patch", add_patch) if self.only_changed else ("png", add_edited)
        place = waiting.on_strip(context, found, session, add)
        waiting.export_then(session, kind, None, place, self.bl_label)
        return {"FINISHED"}
