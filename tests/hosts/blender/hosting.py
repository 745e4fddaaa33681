"""What scripts that run inside a Blender have in common: the add-on installed as a user would, editors, and the facts.

Such a script is started by ``tests/hosts/programs.py`` and may use the standard library and ``bpy`` only.
"""

import contextlib
import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy


def arguments() -> list[str]:
    """What the test gave; the last one is where the facts go."""
    return sys.argv[sys.argv.index("--") + 1 :]


def install(archive: str) -> str:
    """Install and enable the zip with Blender's own operators; the name of the add-on's package."""
    if bpy.app.version >= (4, 2, 0):
        bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
        return "bl_ext.user_default.tam_studio"
    bpy.ops.preferences.addon_install(filepath=archive, overwrite=True)
    bpy.ops.preferences.addon_enable(module="tam_studio")
    return "tam_studio"


def ours(package: str, name: str) -> Any:
    """A module of the add-on, such as "studio"."""
    return importlib.import_module(f"{package}.blender.{name}")


@contextlib.contextmanager
def editor(kind: str, **facts: Any) -> Iterator[Any]:
    """The context of an editor of that type, with what is set in its space (``clip=...``).

    For a moment only: Blender's own operators look into it without Python's lock, and crash if a thread is busy then.
    """
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = kind
    for name, value in facts.items():
        setattr(area.spaces.active, name, value)
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region, space_data=area.spaces.active):
        yield bpy.context


def wait_until(there: Callable[[], object], pump: Callable[[], None], seconds: float = 60) -> bool:
    """Whether it came about in time."""
    deadline = time.monotonic() + seconds
    while not there():
        if time.monotonic() > deadline:
            return False
        pump()
        time.sleep(0.01)
    return True


def run(story: Callable[[dict[str, Any]], None]) -> None:
    """Tell the story, which fills in the facts, and leave at once: the wheels may hang when they end by themselves."""
    facts: dict[str, Any] = {}
    code = 0
    try:
        story(facts)
    except BaseException:
        traceback.print_exc()
        code = 1
    Path(arguments()[-1]).write_text(json.dumps(facts))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def set_sequencer_scene(scene: Any) -> None:
    """5.x: the scene that the sequencers of the workspace show."""
    workspace = bpy.context.window_manager.windows[0].workspace
    if hasattr(workspace, "sequencer_scene"):
        workspace.sequencer_scene = scene
