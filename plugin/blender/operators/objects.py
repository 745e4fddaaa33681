"""The list of objects: begin one, choose, show, delete, let one end. Name and colour are changed in the list itself."""

from typing import Any

import bpy
from bpy.props import BoolProperty, IntProperty

from .. import properties
from ..studio import studio
from ..target import source_frame
from .common import NeedsSession, here


class TAM_OT_object_add(NeedsSession, bpy.types.Operator):
    """Begin another object: the next clicks are about it"""

    bl_idname = "tam.object_add"
    bl_label = "New Object"

    def execute(self, context: Any) -> set[str]:
        properties.new_object(here(context)[1].target_key)
        return {"FINISHED"}


class TAM_OT_object_select(NeedsSession, bpy.types.Operator):
    """Let the next clicks be about this object"""

    bl_idname = "tam.object_select"
    bl_label = "Choose Object"

    object_id: IntProperty()

    def execute(self, context: Any) -> set[str]:
        properties.choose_object(here(context)[1].target_key, self.object_id)
        return {"FINISHED"}


class TAM_OT_object_delete(NeedsSession, bpy.types.Operator):
    """Forget the chosen object and its masks. Ctrl+Z brings it back"""

    bl_idname = "tam.object_delete"
    bl_label = "Delete Object"

    object_id: IntProperty(default=0, description="0 is the chosen one")

    def execute(self, context: Any) -> set[str]:
        _, session = here(context)
        object_id = self.object_id or properties.active_object(session.target_key)
        if session.object(object_id):
            studio().ask("drop_object", session.id, object_id)
        else:
            properties.forget_object(session.target_key, object_id)
        return {"FINISHED"}


class TAM_OT_object_end(NeedsSession, bpy.types.Operator):
    """Let the chosen object end here: it has no masks on this frame and later"""

    bl_idname = "tam.object_end"
    bl_label = "End Object Here"

    def execute(self, context: Any) -> set[str]:
        found, session = here(context)
        frame = source_frame(context, found)
        if frame is None:
            self.report({"WARNING"}, f"{found.name} is not shown at this frame")
            return {"CANCELLED"}
        studio().ask("drop_object", session.id, properties.active_object(session.target_key), frame)
        return {"FINISHED"}


class TAM_OT_objects_show(NeedsSession, bpy.types.Operator):
    """Show the masks of all objects, or of none"""

    bl_idname = "tam.objects_show"
    bl_label = "Show All or None"

    show: BoolProperty(default=True)

    def execute(self, context: Any) -> set[str]:
        source = properties.find_source(here(context)[1].target_key)
        for item in source.objects if source else ():
            item.shown = self.show
        return {"FINISHED"}


CLASSES = (TAM_OT_object_add, TAM_OT_object_select, TAM_OT_object_delete, TAM_OT_object_end, TAM_OT_objects_show)
