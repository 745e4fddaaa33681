"""What the panels draw, but for the list of objects: the worker and the engines, tracking, edits, exports, and jobs."""

from collections.abc import Collection
from typing import Any

from ...link import wire
from .. import bridge, parameters, words
from ..connection import ENDED
from ..session import ACTIVE, OpenSession
from ..studio import studio
from ..target import target

RESULTS = (
    ("tam.edited_strip", "SEQ_SEQUENCER"),
    ("tam.matte_strip", "IMAGE_ALPHA"),
    ("tam.mask_modifier", "MODIFIER"),
    ("tam.splines", "MOD_MASK"),
    ("tam.compositor", "NODETREE"),
)


def has_session(context: Any) -> bool:
    return studio().session(target(context)) is not None


def draw_main(layout: Any, context: Any) -> None:
    """What everybody has to see first: what went wrong, what is waited for, what this is about."""
    here = studio()
    _draw_problem(layout, context)
    if here.busy:
        layout.label(text=f"{here.busy} ...", icon="TIME")
    found = target(context)
    session = here.session(found)
    if found is None:
        layout.label(text="Select a movie or image strip" if _in_sequencer(context) else "Nothing is open here")
    elif session is None:
        row = layout.row()
        row.scale_y = 1.4
        row.operator("tam.open", text=f"Open {found.name}", icon="PLAY")
    else:
        _draw_session(layout, session)


def _in_sequencer(context: Any) -> bool:
    return getattr(context.space_data, "type", "") == "SEQUENCE_EDITOR"


def _draw_problem(layout: Any, context: Any) -> None:
    here = studio()
    if not here.problem and here.connection.state != "gone":
        return
    box = layout.box()
    width = context.region.width / (context.preferences.system.ui_scale or 1)  # 0 without a window
    lines = words.wrapped(here.problem or ENDED, width)
    for index, line in enumerate(lines):
        row = box.row()
        row.alert = True
        row.label(text=line, icon="ERROR" if index == 0 else "BLANK1")
    row = box.row()
    if here.connection.state in ("gone", "off"):
        row.operator("tam.restart_worker", icon="FILE_REFRESH")
    row.operator("tam.dismiss", icon="X")


def _draw_session(layout: Any, session: OpenSession) -> None:
    state, here = session.state, studio()
    video = state.video
    layout.label(text=f"{video.name}: {video.width} x {video.height}, {video.frame_count} frames", icon="FILE_MOVIE")
    row = layout.row(align=True)
    row.operator_menu_enum("tam.engine", "engine", text=f"Tracker: {words.engine(here.catalogue, state.engine)}")
    row.operator_menu_enum(
        "tam.segmenter", "segmenter", text=f"Clicks: {words.engine(here.catalogue, state.segmenter)}"
    )
    row = layout.row(align=True)
    _draw_step(row, "tam.undo", "Undo", state.undo, "LOOP_BACK")
    _draw_step(row, "tam.redo", "Redo", state.redo, "LOOP_FORWARDS")
    for job in session.jobs if here.connection.state == "ready" else ():
        _draw_job(layout, job)


def _draw_step(row: Any, operator: str, way: str, title: str, icon: str) -> None:
    part = row.row(align=True)
    part.enabled = bool(title)
    part.operator(operator, text=f"{way} {title}" if title else way, icon=icon)


def _draw_job(layout: Any, job: wire.Job) -> None:
    box = layout.box()
    share = job.done / job.total if job.total else 0.0
    if bridge.has_progress_bar():
        box.progress(factor=share, text=words.job(job), type="BAR")
    else:
        box.label(text=words.job(job))
        box.label(text=words.bar(share))
    row = box.row(align=True)
    for verb, title, icon in (("pause", "Pause", "PAUSE"), ("resume", "Resume", "PLAY"), ("cancel", "Cancel", "X")):
        if verb == "cancel" or (verb == "pause") == (job.status in ACTIVE):
            button = row.operator("tam.job", text=title, icon=icon)
            button.job_id, button.verb = job.id, verb


def draw_track(layout: Any, context: Any) -> None:
    """Which way, how far, and where to look afterwards."""
    session = studio().session(target(context))
    if session is None:
        return
    column = layout.column()
    column.enabled = bool(session.state.objects) and not any(job.kind == "track" for job in session.jobs)
    row = column.row(align=True)
    row.scale_y = 1.3
    row.operator("tam.track", text="", icon="TRACKING_BACKWARDS").direction = "backward"
    row.operator("tam.track", text="Track Both Ways").direction = "both"
    row.operator("tam.track", text="", icon="TRACKING_FORWARDS").direction = "forward"
    draw_parameters(column, context, "operation", "track", leave_out=("direction",))
    worst = next((one for one in session.state.objects if one.fix_next is not None), None)
    text = f"Fix {worst.name}, Frame {(worst.fix_next or 0) + 1}" if worst else "Next Frame to Fix"
    row = layout.row()
    row.enabled = worst is not None
    row.operator("tam.fix_next", text=text, icon="ERROR" if worst else "CHECKMARK")
    if worst:
        layout.label(text=worst.fix_why)
    for one in session.state.proposals:
        _draw_proposal(layout, session, one)


def _draw_proposal(layout: Any, session: OpenSession, one: wire.Proposal) -> None:
    known = session.object(one.object_id)
    box = layout.box()
    box.label(text=f"{known.name if known else one.object_id} again at frame {one.frame + 1}?", icon="QUESTION")
    row = box.row(align=True)
    row.operator("tam.proposal_show", icon="VIEWZOOM").frame = one.frame
    for accept, title in ((True, "Yes, Follow It"), (False, "No")):
        button = row.operator("tam.proposal", text=title)
        button.index, button.accept = one.index, accept


def draw_edit(layout: Any, context: Any) -> None:
    """The chosen one of the catalogue's operations that make pictures, with its settings."""
    here = studio()
    session = here.session(target(context))
    if session is None or here.catalogue is None:
        return
    layout.prop(context.scene.tam_values, "operation", text="")
    entry = parameters.chosen_edit(context.scene, here.catalogue)
    if entry:
        _draw_operation(layout, context, session, entry)
    if session.state.removal:
        done = parameters.operation(here.catalogue, session.state.removal.operation)
        words_of = f"{done.title if done else 'Edit'}: done"
        words_of += "; masks have changed since" if session.state.removal.outdated else ""
        layout.label(text=words_of, icon="ERROR" if session.state.removal.outdated else "CHECKMARK")


def _draw_operation(layout: Any, context: Any, session: OpenSession, entry: wire.Entry) -> None:
    draw_parameters(layout, context, entry.kind, entry.name)
    catalogue = studio().catalogue
    filler = parameters.filler(context.scene, catalogue) if catalogue and parameters.fills(entry) else None
    if filler:
        layout.prop(context.scene.tam_values, "filler")
        draw_parameters(layout, context, filler.kind, filler.name, [one.name for one in entry.parameters])
    row = layout.row()
    row.scale_y = 1.3
    row.enabled = entry.ready and bool(session.state.objects) and not any(j.kind == entry.name for j in session.jobs)
    row.operator("tam.edit", text=f"{entry.title} Now").operation = entry.name
    if entry.problem:
        layout.label(text=entry.problem, icon="INFO")


def draw_parameters(layout: Any, context: Any, kind: str, name: str, leave_out: Collection[str] = ()) -> None:
    """The settings of an entry of the catalogue."""
    catalogue = studio().catalogue
    entry = parameters.find(catalogue, kind, name) if catalogue else None
    group = parameters.group(context.scene, entry) if entry else None
    if entry is None or group is None:
        return
    for one in parameters.shown(context.scene, entry):
        if one.name not in leave_out:
            layout.prop(group, one.name, slider=one.low is not None and one.high is not None)
    if len(entry.parameters) > parameters.MOST:
        layout.prop(context.scene.tam_values, parameters.more(entry))


def draw_results(layout: Any, context: Any) -> None:
    """What puts results into this .blend."""
    column = layout.column(align=True)
    for operator, icon in RESULTS:
        column.operator(operator, icon=icon)


def draw_export(layout: Any, context: Any) -> None:
    """Every format, greyed out where there is nothing to write yet."""
    here = studio()
    session = here.session(target(context))
    if session is None or here.catalogue is None:
        return
    for entry in here.catalogue.entries:
        if entry.kind == "export":
            draw_parameters(layout, context, entry.kind, entry.name)
            row = layout.row()
            row.enabled = bool(session.state.removal if entry.takes == "removal" else session.state.objects)
            row.operator("tam.export", text=entry.title, icon="EXPORT").format = entry.name
