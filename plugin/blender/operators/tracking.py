"""Carry objects through the video, steer what runs, and go to the frame whose correction helps most."""

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from ...link import wire
from .. import parameters, properties
from ..session import OpenSession
from ..studio import studio
from ..target import show_frame
from .common import NeedsSession, chosen_frames, here, work_of

WAYS = (
    ("both", "Track", "Both ways from your clicks"),
    ("forward", "Forwards", "From your clicks to the end"),
    ("backward", "Backwards", "From your clicks to the beginning"),
)
VERBS = (
    ("pause", "Pause", "Hold the job; Resume goes on with it"),
    ("resume", "Resume", "Go on with the job"),
    ("cancel", "Cancel", "End the job; what it has done stays"),
)


class TAM_OT_track(NeedsSession, bpy.types.Operator):
    """Follow the objects through the video"""

    bl_idname = "tam.track"
    bl_label = "Track"

    direction: EnumProperty(items=WAYS)

    @classmethod
    def description(cls, context: Any, given: Any) -> str:
        return next(text for name, _, text in WAYS if name == given.direction)

    def execute(self, context: Any) -> set[str]:
        found, session = here(context)
        if not session.state.objects:
            self.report({"WARNING"}, "There is nothing to follow yet: pick an object with a click first")
            return {"CANCELLED"}
        if work_of(session, "track"):
            self.report({"WARNING"}, "Tracking is going on already: cancel it, or wait for it")
            return {"CANCELLED"}
        start, stop = chosen_frames(context, found)
        request = wire.TrackRequest(self.direction, _objects(context, session), start, stop, **_settings(context))
        studio().ask("track", session.id, request)
        return {"FINISHED"}


def _objects(context: Any, session: OpenSession) -> list[int] | None:
    """Those whose clicks changed; where none did, the chosen one once more."""
    active = properties.active_object(session.target_key)
    stale = any(one.stale for one in session.state.objects)
    wanted = context.scene.tam_studio.which == "active" or not stale
    return [active] if wanted and session.object(active) else None


def _settings(context: Any) -> dict[str, Any]:
    """The catalogue's settings of tracking that a request has room for."""
    catalogue = studio().catalogue
    entry = parameters.operation(catalogue, "track") if catalogue else None
    given = parameters.values(context.scene, [entry])
    return {"across_cuts": given["across_cuts"]} if "across_cuts" in given else {}


class TAM_OT_job(bpy.types.Operator):
    """Steer a job"""

    bl_idname = "tam.job"
    bl_label = "Job"

    job_id: StringProperty()
    verb: EnumProperty(items=VERBS)

    @classmethod
    def description(cls, context: Any, given: Any) -> str:
        return next(text for name, _, text in VERBS if name == given.verb)

    def execute(self, context: Any) -> set[str]:
        studio().ask(f"{self.verb}_job", self.job_id)
        return {"FINISHED"}


class TAM_OT_fix_next(NeedsSession, bpy.types.Operator):
    """Go to the frame whose correction would help most"""

    bl_idname = "tam.fix_next"
    bl_label = "Next Frame to Fix"

    def execute(self, context: Any) -> set[str]:
        found, session = here(context)
        active = session.object(properties.active_object(session.target_key))
        worth = [one for one in (active, *session.state.objects) if one and one.fix_next is not None]
        if not worth:
            self.report({"INFO"}, "No frame stands out: the masks look sure everywhere")
            return {"FINISHED"}
        one = worth[0]
        properties.choose_object(session.target_key, one.object_id)
        if not show_frame(context, found, one.fix_next or 0):
            self.report({"WARNING"}, f"Frame {one.fix_next} is hidden by the ends of {found.name}")
            return {"CANCELLED"}
        self.report({"INFO"}, f"{one.name}: {one.fix_why}")
        return {"FINISHED"}


class TAM_OT_proposal(NeedsSession, bpy.types.Operator):
    """Say whether the object is where it was seen again after a cut; if so, it is followed there"""

    bl_idname = "tam.proposal"
    bl_label = "Seen After a Cut"

    index: IntProperty()
    accept: BoolProperty()

    def execute(self, context: Any) -> set[str]:
        _, session = here(context)
        one = next((one for one in session.state.proposals if one.index == self.index), None)
        if one is None:
            return {"CANCELLED"}
        studio().ask("answer_proposal", session.id, one.index, self.accept)
        if self.accept:
            studio().ask("track", session.id, wire.TrackRequest("both", [one.object_id], one.start, one.stop))
        return {"FINISHED"}


class TAM_OT_proposal_show(NeedsSession, bpy.types.Operator):
    """Go to the frame where the object was seen again"""

    bl_idname = "tam.proposal_show"
    bl_label = "Look"

    frame: IntProperty()

    def execute(self, context: Any) -> set[str]:
        show_frame(context, here(context)[0], self.frame)
        return {"FINISHED"}


CLASSES = (TAM_OT_track, TAM_OT_job, TAM_OT_fix_next, TAM_OT_proposal, TAM_OT_proposal_show)
