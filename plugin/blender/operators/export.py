"""Write masks or results to files, in every format of the worker's catalogue."""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, StringProperty

from ...link import wire
from ...link.client import Client
from .. import parameters, preferences
from ..connection import share_folder
from ..session import OpenSession
from ..studio import studio
from .common import NeedsSession, chosen_frames, chosen_objects, here


class TAM_OT_export(NeedsSession, bpy.types.Operator):
    """Write this to a file or folder"""

    bl_idname = "tam.export"
    bl_label = "Export"

    format: StringProperty(description="Its name in the catalogue")
    filepath: StringProperty(subtype="FILE_PATH")
    filename_ext = ""
    check_existing: BoolProperty(default=True, options={"HIDDEN"})

    @classmethod
    def description(cls, context: Any, given: Any) -> str:
        entry = _entry(given.format)
        return entry.summary.capitalize() if entry else cls.__doc__ or ""

    def invoke(self, context: Any, event: Any) -> set[str]:
        """Ask for a name; the proposed one is free."""
        entry = _entry(self.format)
        if entry is None:
            return {"CANCELLED"}
        self.filename_ext = entry.suffix
        self.filepath = str(free_path(preferences.cache_folder(), here(context)[1], entry))
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, context: Any) -> bool:
        """The name keeps the format's suffix."""
        entry = _entry(self.format)
        wanted = str(Path(self.filepath).with_suffix(entry.suffix)) if entry and self.filepath else self.filepath
        changed: bool = wanted != self.filepath
        self.filepath = wanted
        return changed

    def execute(self, context: Any) -> set[str]:
        found, session = here(context)
        entry = _entry(self.format)
        if entry is None:
            self.report({"WARNING"}, f"The worker offers no format '{self.format}'")
            return {"CANCELLED"}
        path = self.filepath or str(free_path(preferences.cache_folder(), session, entry))
        start, stop = chosen_frames(context, found)
        request = wire.ExportRequest(
            entry.name,
            bpy.path.abspath(path),
            None if entry.takes == "removal" else chosen_objects(context, session),
            parameters.values(context.scene, [entry]),
            start,
            stop,
        )
        studio().ask(export_to, session.id, request)
        return {"FINISHED"}


def export_to(client: Client, session_id: str, request: wire.ExportRequest) -> wire.Job:
    """Beside the main thread: the folder is made and opened to the worker first."""
    assert request.path is not None
    share_folder(Path(request.path).parent)
    return client.export(session_id, request)


def free_path(folder: Path, session: OpenSession, entry: wire.Entry) -> Path:
    """A name for an export that no file has."""
    stem = f"{Path(session.state.video.name).stem}-{entry.name}"
    number, path = 2, folder / f"{stem}{entry.suffix}"
    while path.exists():
        number, path = number + 1, folder / f"{stem}-{number}{entry.suffix}"
    return path


def _entry(name: str) -> wire.Entry | None:
    catalogue = studio().catalogue
    return parameters.find(catalogue, "export", name) if catalogue else None


CLASSES = (TAM_OT_export,)
