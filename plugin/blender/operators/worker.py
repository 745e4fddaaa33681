"""The worker itself: test it, start it again, and take away what was said of it."""

from typing import Any

import bpy

from ..studio import studio


class TAM_OT_test_worker(bpy.types.Operator):
    """Find or start the worker, and say what it is"""

    bl_idname = "tam.test_worker"
    bl_label = "Test Worker"

    def execute(self, context: Any) -> set[str]:
        if studio().connection.state == "gone":
            studio().restart()
        else:
            studio().ask("health")
        return {"FINISHED"}


class TAM_OT_restart_worker(bpy.types.Operator):
    """End the worker if it runs, and start it with the add-on's preferences. Jobs are paused, and can be resumed"""

    bl_idname = "tam.restart_worker"
    bl_label = "Restart Worker"

    def execute(self, context: Any) -> set[str]:
        studio().restart()
        return {"FINISHED"}


class TAM_OT_dismiss(bpy.types.Operator):
    """Take this message away"""

    bl_idname = "tam.dismiss"
    bl_label = "Dismiss"

    def execute(self, context: Any) -> set[str]:
        studio().say("")
        return {"FINISHED"}


CLASSES = (TAM_OT_test_worker, TAM_OT_restart_worker, TAM_OT_dismiss)
