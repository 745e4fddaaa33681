"""The matte as an image strip: white where the objects are."""

from collections.abc import Mapping
from typing import Any

import bpy

from ..operators.common import chosen_objects, here
from ..timing import Timing
from . import waiting
from .placing import Placing, newest, place_pictures

KIND = "matte"


def add_matte(scene: Any, source: Any, timing: Timing, pictures: Mapping[int, str]) -> Placing:
    """Muted, as it is for masking and not to be looked at."""
    strip = yield from place_pictures(scene, source, timing, pictures, KIND)
    strip.colorspace_settings.name = "Non-Color"
    strip.mute = True
    return strip


def find_matte(scene: Any, source: Any) -> Any | None:
    """The newest matte of a strip."""
    return newest(scene, source, KIND)


class TAM_OT_matte_strip(waiting.NeedsStrip, bpy.types.Operator):
    """Put the masks above the strip as a muted strip of pictures, white where the objects are"""

    bl_idname = "tam.matte_strip"
    bl_label = "Matte as Strip"

    def execute(self, context: Any) -> set[str]:
        found, session = here(context)
        if waiting.lacks_objects(self, session):
            return {"CANCELLED"}
        place = waiting.on_strip(context, found, session, add_matte)
        waiting.export_then(session, KIND, chosen_objects(context, session), place, self.bl_label)
        return {"FINISHED"}
