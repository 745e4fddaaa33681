"""A mask modifier on the strip: it is seen where the objects are, and transparent elsewhere."""

from collections.abc import Mapping
from typing import Any

import bpy

from .. import bridge
from ..operators.common import chosen_objects, here
from ..timing import Timing
from . import matte, waiting
from .placing import Placing, found_again


def add_mask_modifier(strip: Any, matte_strip: Any) -> Any:
    """The modifier stands last, so that it cuts out what the others made. The strip lets what is below show."""
    made = strip.modifiers.new(matte_strip.name, "MASK")
    made.input_mask_type, made.input_mask_strip = "STRIP", matte_strip
    strip.blend_type = "ALPHA_OVER"
    return made


def _matte_and_modifier(scene: Any, source: Any, timing: Timing, pictures: Mapping[int, str]) -> Placing:
    where = scene.name, source.name
    made = yield from matte.add_matte(scene, source, timing, pictures)
    return add_mask_modifier(found_again(*where), made)


class TAM_OT_mask_modifier(waiting.NeedsStrip, bpy.types.Operator):
    """Cut the objects out of the strip with a mask modifier; makes the matte first if there is none"""

    bl_idname = "tam.mask_modifier"
    bl_label = "Mask Modifier"

    def execute(self, context: Any) -> set[str]:
        found, session = here(context)
        scene = bridge.sequencer_scene(context)
        strip = found_again(scene.name, found.name)
        known = matte.find_matte(scene, strip)
        if known is not None:
            add_mask_modifier(strip, known)
            bridge.push_undo(f"TAM {self.bl_label}")
            return {"FINISHED"}
        if waiting.lacks_objects(self, session):
            return {"CANCELLED"}
        place = waiting.on_strip(context, found, session, _matte_and_modifier)
        waiting.export_then(session, matte.KIND, chosen_objects(context, session), place, self.bl_label)
        return {"FINISHED"}
