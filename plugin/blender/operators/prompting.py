"""Say where an object is: what the pick tool does with each click, and scripts with a call."""

from typing import Any

import bpy
from bpy.props import BoolProperty, FloatProperty, FloatVectorProperty, IntProperty

from ...link import wire
from .. import properties
from ..studio import studio
from ..target import source_frame
from .common import NeedsSession, here


class TAM_OT_prompt(NeedsSession, bpy.types.Operator):
    """Click on an object, or draw a box around it, in pixels of the source"""

    bl_idname = "tam.prompt"
    bl_label = "Prompt"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    frame: IntProperty(default=-1, description="Of the source, from 0; -1 is the one shown")
    x: FloatProperty(description="Source pixels from the left")
    y: FloatProperty(description="Source pixels from the top")
    positive: BoolProperty(default=True, description="On the object; otherwise not on it")
    object_id: IntProperty(default=0, description="0 is the chosen one")
    use_box: BoolProperty(description="A box instead of a click")
    box: FloatVectorProperty(size=4, description="Left, top, right, bottom")
    candidate: IntProperty(description="Which of the answers, best first")
    replace: BoolProperty(description="Instead of the last prompt on this frame")

    def execute(self, context: Any) -> set[str]:
        found, session = here(context)
        frame = source_frame(context, found) if self.frame < 0 else self.frame
        if frame is None:
            self.report({"WARNING"}, f"{found.name} is not shown at this frame: go to a frame where it is")
            return {"CANCELLED"}
        object_id = self.object_id or properties.active_object(session.target_key)
        said: wire.Prompt = (
            wire.Box(frame=frame, object_id=object_id, xyxy=tuple(self.box))
            if self.use_box
            else wire.Click(frame=frame, object_id=object_id, x=self.x, y=self.y, positive=self.positive)
        )
        studio().ask("prompt", session.id, wire.PromptRequest([said], self.candidate, self.replace))
        return {"FINISHED"}


CLASSES = (TAM_OT_prompt,)
