"""The list of objects: colour, name, what is to be done about it, and whether it is shown."""

from typing import Any

import bpy

from ...link import wire
from .. import properties
from ..studio import studio
from ..target import target


class TAM_UL_objects(bpy.types.UIList):
    """One line an object. A double click on the name changes it, a click on the colour too."""

    def draw_item(
        self, context: Any, layout: Any, data: Any, item: Any, icon: int, active_data: Any, active_property: str
    ) -> None:
        """Blender's name and arguments."""
        session = studio().sessions.get(data.key)
        state = session.object(item.object_id) if session else None
        row = layout.row(align=True)
        colour = row.row()
        colour.ui_units_x = 1.2
        colour.prop(item, "colour", text="")
        row.prop(item, "name", text="", emboss=False)
        flag = said_of(state)[1]
        if flag != "NONE":
            row.label(text="", icon=flag)
        row.prop(item, "shown", text="", emboss=False, icon="HIDE_OFF" if item.shown else "HIDE_ON")


def said_of(state: wire.ObjectState | None) -> tuple[str, str]:
    """What is to be done about an object, and its icon."""
    if state is None:
        return "Click on it in the picture", "RESTRICT_SELECT_OFF"
    if all(span.state == "prompted" for span in state.lane):
        return "Not tracked yet", "DOT"
    if state.stale:
        return "Clicked since it was tracked: track again", "FILE_REFRESH"
    if state.fix_next is not None:
        return f"Look at frame {state.fix_next + 1}: {state.fix_why}", "ERROR"
    return "Tracked", "NONE"


def draw(layout: Any, context: Any) -> None:
    """The sub-panel."""
    found = target(context)
    source = properties.find_source(found.key) if found else None
    if source is None:
        return
    row = layout.row()
    row.scale_y = 1.4
    row.operator("tam.pick", icon="RESTRICT_SELECT_OFF")
    row = layout.row()
    row.template_list("TAM_UL_objects", "", source, "objects", source, "active", rows=3)
    column = row.column(align=True)
    column.operator("tam.object_add", text="", icon="ADD")
    column.operator("tam.object_delete", text="", icon="REMOVE").object_id = 0
    column.separator()
    column.operator("tam.object_end", text="", icon="TRACKING_CLEAR_FORWARDS")
    column.operator("tam.objects_show", text="", icon="HIDE_OFF").show = not all(one.shown for one in source.objects)
    session = studio().session(found)
    if session and source.objects:
        words, icon = said_of(session.object(properties.active_object(source.key)))
        layout.label(text=words, icon=icon)
    _draw_scope(layout, context)


def _draw_scope(layout: Any, context: Any) -> None:
    """What the buttons below are about."""
    chosen = context.scene.tam_studio
    layout.row().prop(chosen, "which", expand=True)
    if _in_sequencer(context):
        layout.row().prop(chosen, "range", expand=True)


def _in_sequencer(context: Any) -> bool:
    return bool(context.space_data and context.space_data.type == "SEQUENCE_EDITOR")


CLASSES = (TAM_UL_objects,)
