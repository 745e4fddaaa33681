"""Begin with a video, choose its engines, and go through its history."""

from typing import Any

import bpy
from bpy.props import EnumProperty, StringProperty

from ...link import wire
from ..studio import studio
from ..target import target
from .common import NeedsSession, here

_items: dict[str, list[tuple[str, str, str]]] = {}
"""Blender keeps no reference to the texts of a menu that is made as it opens: we do."""


def _engines(role: str) -> list[tuple[str, str, str]]:
    catalogue = studio().catalogue
    entries = [one for one in catalogue.entries if one.kind == role and one.ready] if catalogue else []
    best = catalogue.defaults.get(role, "") if catalogue else ""
    automatic = ("auto", f"Automatic ({best})" if best else "Automatic", "The best that is ready")
    _items[role] = [automatic, *((one.name, one.title, one.summary) for one in entries)]
    return _items[role]


class TAM_OT_open(bpy.types.Operator):
    """Begin with this video, or go on with what was done to it before"""

    bl_idname = "tam.open"
    bl_label = "Open"

    engine: StringProperty(default="auto", description="The tracker")
    segmenter: StringProperty(default="auto", description="What turns clicks into masks")

    @classmethod
    def poll(cls, context: Any) -> bool:
        if target(context) is not None:
            return True
        cls.poll_message_set("Select a movie or image strip, a clip or an image")
        return False

    def execute(self, context: Any) -> set[str]:
        found = target(context)
        assert found is not None
        studio().open(found, self.engine, self.segmenter)
        return {"FINISHED"}


class TAM_OT_engine(NeedsSession, bpy.types.Operator):
    """Track with another engine from now on; what is tracked stays"""

    bl_idname = "tam.engine"
    bl_label = "Tracker"

    engine: EnumProperty(items=lambda self, context: _engines("tracker"), name="Tracker")

    def execute(self, context: Any) -> set[str]:
        studio().ask("change_engines", here(context)[1].id, wire.EngineChange(engine=self.engine))
        return {"FINISHED"}


class TAM_OT_segmenter(NeedsSession, bpy.types.Operator):
    """Turn clicks into masks with another engine from now on"""

    bl_idname = "tam.segmenter"
    bl_label = "Clicks"

    segmenter: EnumProperty(items=lambda self, context: _engines("segmenter"), name="Clicks")

    def execute(self, context: Any) -> set[str]:
        studio().ask("change_engines", here(context)[1].id, wire.EngineChange(segmenter=self.segmenter))
        return {"FINISHED"}


class TAM_OT_undo(NeedsSession, bpy.types.Operator):
    """Take back the last change to this video's objects, even of another day"""

    bl_idname = "tam.undo"
    bl_label = "Undo"

    def execute(self, context: Any) -> set[str]:
        studio().ask("undo", here(context)[1].id)
        return {"FINISHED"}


class TAM_OT_redo(NeedsSession, bpy.types.Operator):
    """Do again what was taken back last"""

    bl_idname = "tam.redo"
    bl_label = "Redo"

    def execute(self, context: Any) -> set[str]:
        studio().ask("redo", here(context)[1].id)
        return {"FINISHED"}


CLASSES = (TAM_OT_open, TAM_OT_engine, TAM_OT_segmenter, TAM_OT_undo, TAM_OT_redo)
