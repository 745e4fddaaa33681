"""The Blender add-on: a thin client of the worker. Importing it does nothing; ``register`` does.

The main path: ``target`` is what the user works on, ``studio`` what is known of it, ``operators`` and ``pick`` ask the
worker through the studio, ``panels`` show it, ``results`` puts what comes of it into the project, ``history`` joins
Ctrl+Z and the .blend file with the worker's own history. A module may have ``CLASSES`` (registered in this order),
``register()`` and ``unregister()``.
"""

import contextlib
import importlib
from types import ModuleType

MODULES = ("preferences", "properties", "parameters", "operators", "panels", "history", "markers", "pick", "results")
BEAT, IDLE = 0.05, 0.25
"""Seconds between two looks at what the worker said, while we wait for something or not."""


_undo = contextlib.ExitStack()
"""What takes back all that ``register`` has done."""


def register() -> None:
    """Switch the add-on on: all of it or, if something fails, nothing."""
    import bpy

    from . import bridge, preferences, studio
    from .connection import Connection

    with contextlib.ExitStack() as undo:
        made = studio.begin(Connection(preferences.settings), preferences.mask_bytes)
        undo.callback(studio.end)
        for name in MODULES:
            _register(importlib.import_module(f".{name}", __package__), undo)
        made.listeners.append(bridge.redraw)
        if not bpy.app.background:
            bpy.app.timers.register(_beat, first_interval=BEAT, persistent=True)
            undo.callback(_stop_beating)
        _undo.push(undo.pop_all())


def unregister() -> None:
    """Switch it off: nothing of it is left."""
    _undo.close()


def _register(module: ModuleType, undo: contextlib.ExitStack) -> None:
    import bpy

    for one in getattr(module, "CLASSES", ()):
        bpy.utils.register_class(one)
        undo.callback(bpy.utils.unregister_class, one)
    if hasattr(module, "register"):
        module.register()
    if hasattr(module, "unregister"):
        undo.callback(module.unregister)


def _stop_beating() -> None:
    import bpy

    if bpy.app.timers.is_registered(_beat):
        bpy.app.timers.unregister(_beat)


def _beat() -> float:
    from .studio import studio

    studio().pump()
    return BEAT if studio().waits else IDLE
