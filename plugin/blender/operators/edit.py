"""Everything that makes new pictures of the video, as the worker's catalogue offers it: "remove", "effect" ..."""

from typing import Any

import bpy
from bpy.props import StringProperty

from ...link import wire
from ...link.client import Client
from .. import parameters
from ..connection import share_folder_of
from ..studio import studio
from .common import NeedsSession, chosen_frames, chosen_objects, here, work_of


class TAM_OT_edit(NeedsSession, bpy.types.Operator):
    """Let the worker make new pictures, with the settings of the panel"""

    bl_idname = "tam.edit"
    bl_label = "Edit"

    operation: StringProperty(default="remove", description="Its name in the catalogue")

    @classmethod
    def description(cls, context: Any, given: Any) -> str:
        catalogue = studio().catalogue
        entry = parameters.operation(catalogue, given.operation) if catalogue else None
        return entry.summary.capitalize() if entry else cls.__doc__ or ""

    def execute(self, context: Any) -> set[str]:
        found, session = here(context)
        catalogue = studio().catalogue
        entry = parameters.operation(catalogue, self.operation) if catalogue else None
        if catalogue is None or entry is None:
            self.report({"WARNING"}, f"The worker offers no '{self.operation}': is it an older one?")
            return {"CANCELLED"}
        if work_of(session, self.operation):
            self.report({"WARNING"}, f"{entry.title} is going on already: cancel it, or wait for it")
            return {"CANCELLED"}
        filler = parameters.filler(context.scene, catalogue) if parameters.fills(entry) else None
        start, stop = chosen_frames(context, found)
        request = wire.RemoveRequest(
            chosen_objects(context, session),
            parameters.chosen_filler(context.scene),
            parameters.values(context.scene, [entry, filler]),
            start,
            stop,
        )
        chosen = parameters.files(context.scene, [entry, filler])
        studio().ask(edit_with, session.id, entry.name, request, chosen)
        return {"FINISHED"}


def edit_with(
    client: Client, session_id: str, operation: str, request: wire.RemoveRequest, files: list[str]
) -> wire.Job:
    """Beside the main thread: the folders of the files that the user chose are opened to the worker first."""
    for path in files:
        share_folder_of(path)
    return client.edit(session_id, operation, request)


CLASSES = (TAM_OT_edit,)
