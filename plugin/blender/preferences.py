"""The add-on's preferences: where the worker is, what it may use, and where results go."""

import os
from pathlib import Path
from typing import Any

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty, StringProperty

from ..link import launch
from .connection import Settings
from .studio import studio

PACKAGE = (__package__ or "").rpartition(".")[0]
"""What Blender calls the add-on: "tam_studio", or with an extension's repository before it."""
DEVICES = (
    ("auto", "Automatic", "The graphics card if there is one that the engines can use, else the processor"),
    ("cpu", "Processor", "Works everywhere"),
    ("cuda", "NVIDIA graphics card", "CUDA"),
    ("mps", "Apple graphics", "Metal"),
)


class TAM_AP_preferences(bpy.types.AddonPreferences):
    """Edit > Preferences > Add-ons > TAM Studio."""

    bl_idname = PACKAGE

    worker: StringProperty(
        name="Worker",
        description="The Python that tam-studio was installed for, or its 'tam'. Empty: it is searched",
        subtype="FILE_PATH",
    )
    device: EnumProperty(
        name="Device", description="Where the engines run. Restart the worker after a change", items=DEVICES
    )
    worker_memory: FloatProperty(
        name="Worker Memory",
        description="Gigabytes beyond which the worker lets go of engines that nobody uses. 0: no limit. "
        "Restart the worker after a change",
        default=0,
        min=0,
        max=4096,
        precision=1,
    )
    memory: IntProperty(
        name="Masks in Memory",
        description="How much Blender keeps of the masks; the others are asked for again when they are shown",
        default=256,
        min=16,
        max=16384,
    )
    cache: StringProperty(
        name="Results",
        description="Folder for mattes and edited pictures. Empty: 'tam_studio' beside the saved .blend",
        subtype="DIR_PATH",
    )

    def draw(self, context: Any) -> None:
        """The page of the preferences."""
        column = self.layout.column()
        column.prop(self, "worker")
        if not self.worker:
            column.label(text="Empty: a worker that runs is used, else 'tam' is searched and started", icon="INFO")
        column.prop(self, "device")
        column.prop(self, "worker_memory", text="Worker Memory (GB, 0 for no limit)")
        column.prop(self, "memory", text="Masks in Memory (MB)")
        column.prop(self, "cache")
        row = column.row()
        row.operator("tam.test_worker", icon="CHECKMARK")
        row.operator("tam.restart_worker", icon="FILE_REFRESH")
        for line in said():
            column.label(text=line)


def _given() -> Any | None:
    addon = bpy.context.preferences.addons.get(PACKAGE)
    return addon.preferences if addon else None


def settings() -> Settings:
    """How to start the worker."""
    given = _given()
    return Settings(bpy.path.abspath(given.worker), given.device, given.worker_memory) if given else Settings()


def mask_bytes() -> int:
    """How much of the masks to keep."""
    given = _given()
    return (given.memory if given else 256) << 20


def cache_folder() -> Path:
    """Where results go: as chosen, else beside the .blend, else with the worker's data."""
    given = _given()
    if given and given.cache:
        return Path(bpy.path.abspath(given.cache))
    if bpy.data.filepath:
        return Path(os.path.dirname(bpy.data.filepath)) / "tam_studio"
    return launch.data_folder() / "blender"


def said() -> list[str]:
    """What is known of the worker, for the page."""
    here = studio()
    if here.problem:
        return [here.problem]
    health = here.connection.health
    if here.busy or health is None:
        return [here.busy] if here.busy else []
    entries = here.catalogue.entries if here.catalogue else []
    ready = [one.name for one in entries if one.ready and one.kind == "tracker"]
    return [
        f"tam-studio {health.version} answers (device: {health.device})",
        f"Engines that are ready: {', '.join(ready)}",
    ]


CLASSES = (TAM_AP_preferences,)
