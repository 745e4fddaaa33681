"""Sessions: open, look, click, undo, and ask for the long work."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request
from starlette.responses import Response

from plugin.link import wire
from plugin.worker import prompting
from plugin.worker.convert import mask_of, said_of
from plugin.worker.edits import EDITS, Edit
from plugin.worker.events import event_stream
from plugin.worker.foretold import Forecast
from plugin.worker.opened import OpenSession
from plugin.worker.problems import MalformedError
from plugin.worker.routes import FRAMES, FrameInQuery, IdInPath, TheWorker, new_router
from plugin.worker.tasks import frames_of
from plugin.worker.work import Export, Track
from plugin.worker.worker import Worker
from tam_core.errors import PromptError, RequestError

router = new_router("/api/sessions", "sessions")

MOST_MASKS = 5000
"""Frames of which masks are told at once."""

ObjectInPath = Annotated[int, Path(ge=1, le=FRAMES)]


def _to_change(worker: TheWorker, session_id: IdInPath) -> str:
    if worker.annotation is not None:
        worker.annotation.check_change(session_id)
    return session_id


IdToChange = Annotated[str, Depends(_to_change)]
"""Of a session that the request changes. Raises RequestError where an annotator is only to verify it."""


@router.get("")
def sessions(worker: TheWorker) -> list[wire.SessionEntry]:
    """Open sessions and recent projects, the newest first."""
    return worker.sessions.entries()


@router.post("")
def open_session(worker: TheWorker, asked: wire.OpenRequest) -> wire.SessionState:
    """Open a video, an upload or a project. A video that has a project goes on with it."""
    if worker.annotation is not None:
        raise RequestError("videos are taken from the queue here: take one")
    return worker.sessions.state(worker.sessions.open(asked))


@router.get("/{session_id}")
def state(worker: TheWorker, session_id: IdInPath) -> wire.SessionState:
    """All that a client shows of a session but masks and pictures."""
    return worker.sessions.state(session_id)


@router.delete("/{session_id}", status_code=204)
def close(worker: TheWorker, session_id: IdInPath) -> None:
    """Close it; its project stays, and its jobs can be resumed."""
    worker.sessions.close_session(session_id)


@router.get("/{session_id}/events", response_class=Response)
def events(worker: TheWorker, session_id: IdInPath, request: Request) -> Response:
    """Masks as they are found, jobs and changes of the session, as server-sent events."""
    with worker.sessions.using(session_id):
        return event_stream(request, worker.events, session_id, lambda: _greeting(worker, session_id))


@router.get("/{session_id}/times")
def times(worker: TheWorker, session_id: IdInPath) -> list[float]:
    """When each frame is shown, in seconds."""
    with worker.sessions.using(session_id) as opened:
        return [float(time) for time in opened.session.source.info.times or ()]


@router.get("/{session_id}/masks", response_model=list[wire.FrameMasks])
def masks(
    worker: TheWorker,
    session_id: IdInPath,
    start: FrameInQuery = 0,
    stop: FrameInQuery | None = None,
    objects: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """Masks of the frames ``start`` .. ``stop`` (exclusive), at most 5000 at once; ``objects`` such as "1,2".

    Frames without a mask are left out.
    """
    with worker.sessions.using(session_id) as opened:
        end = min(opened.count, start + MOST_MASKS) if stop is None else stop
        frames = frames_of(opened, start, end)
        if len(frames) > MOST_MASKS:
            raise RequestError(f"masks of {len(frames)} frames at once: ask for at most {MOST_MASKS}")
        return Response(wire.to_json(_masks(opened, frames, _numbers(objects))), media_type="application/json")


@router.post("/{session_id}/prompts")
def prompt(worker: TheWorker, session_id: IdToChange, asked: wire.PromptRequest) -> wire.PromptAnswer:
    """Say where objects are on a frame."""
    with worker.sessions.using(session_id) as opened:
        told = prompting.answer(opened, worker.jobs, asked)
        worker.sessions.tell(opened)
        return told


@router.post("/{session_id}/preview")
def preview(worker: TheWorker, session_id: IdInPath, asked: wire.PromptRequest) -> wire.PromptAnswer:
    """What the same prompts, of one object, would give. Changes nothing."""
    with worker.sessions.using(session_id) as opened:
        return prompting.preview(opened, worker.jobs, asked)


@router.post("/{session_id}/track")
def track(worker: TheWorker, session_id: IdToChange, asked: wire.TrackRequest) -> wire.Job:
    """Carry objects through the video. Masks come as events."""
    with worker.sessions.using(session_id) as opened:
        return worker.jobs.start(Track(worker, opened, asked))


def _add_edit(kind: type[Edit]) -> None:
    """An address for each operation that makes new pictures."""

    def edit(worker: TheWorker, session_id: IdToChange, asked: wire.RemoveRequest) -> wire.Job:
        with worker.sessions.using(session_id) as opened:
            return worker.jobs.start(kind(worker, opened, asked))

    told = f'{kind.__doc__} The result is shown by frames of "removal", and can be exported.'
    router.add_api_route(f"/{{session_id}}/{kind.kind}", edit, methods=["POST"], name=kind.kind, description=told)


for _kind in EDITS.values():
    _add_edit(_kind)


@router.post("/{session_id}/forecast")
def forecast(worker: TheWorker, session_id: IdInPath, asked: wire.RemoveRequest) -> wire.Job:
    """Say what the removal that is asked for will be like: the job's ``outcome``. Nothing is removed."""
    with worker.sessions.using(session_id) as opened:
        return worker.jobs.start(Forecast(worker, opened, asked))


@router.post("/{session_id}/export")
def export(worker: TheWorker, session_id: IdInPath, asked: wire.ExportRequest) -> wire.Job:
    """Write a file."""
    with worker.sessions.using(session_id) as opened:
        return worker.jobs.start(Export(worker, opened, asked))


@router.post("/{session_id}/undo")
def undo(worker: TheWorker, session_id: IdToChange) -> wire.SessionState:
    """Take back the last change, if there is one."""
    with worker.sessions.using(session_id) as opened:
        with opened.lock:
            opened.session.undo()
        return _changed(worker, opened)


@router.post("/{session_id}/redo")
def redo(worker: TheWorker, session_id: IdToChange) -> wire.SessionState:
    """Do again what was undone last, if there is anything."""
    with worker.sessions.using(session_id) as opened:
        with opened.lock:
            opened.session.redo()
        return _changed(worker, opened)


@router.patch("/{session_id}/objects/{object_id}")
def change_object(
    worker: TheWorker, session_id: IdToChange, object_id: ObjectInPath, asked: wire.ObjectChange
) -> wire.SessionState:
    """Name or colour an object."""
    with worker.sessions.using(session_id) as opened:
        with opened.lock:
            opened.session.label(object_id, asked.name, asked.colour)
        return _changed(worker, opened)


@router.delete("/{session_id}/objects/{object_id}")
def drop_object(
    worker: TheWorker, session_id: IdToChange, object_id: ObjectInPath, from_frame: FrameInQuery | None = None
) -> wire.SessionState:
    """Forget an object, or let it end at ``from_frame``."""
    with worker.sessions.using(session_id) as opened:
        with opened.lock:
            opened.session.drop(object_id, from_frame)
        return _changed(worker, opened)


@router.patch("/{session_id}/engines")
def change_engines(worker: TheWorker, session_id: IdToChange, asked: wire.EngineChange) -> wire.SessionState:
    """Go on with other engines."""
    with worker.sessions.using(session_id) as opened:
        worker.sessions.use(opened, asked.engine, asked.segmenter)
        return _changed(worker, opened)


@router.post("/{session_id}/proposals/{index}")
def settle_proposal(
    worker: TheWorker, session_id: IdToChange, index: Annotated[int, Path(ge=0, le=FRAMES)], asked: wire.ProposalAnswer
) -> wire.SessionState:
    """Whether an object is where it was seen again after a cut. Accepted, it can be tracked there."""
    with worker.sessions.using(session_id) as opened:
        with opened.lock:
            proposals = opened.session.proposals
            if index >= len(proposals):
                raise PromptError(f"proposal {index}: there are {len(proposals)}, counted from 0")
            settle = opened.session.accept if asked.accept else opened.session.reject
            settle(proposals[index])
        return _changed(worker, opened)


def _changed(worker: Worker, opened: OpenSession) -> wire.SessionState:
    worker.sessions.tell(opened)
    return opened.state(worker.jobs.of(opened.id))


def _greeting(worker: Worker, session_id: str) -> wire.Event:
    with worker.sessions.using(session_id) as opened:
        return worker.sessions.changed(opened)


def _masks(opened: OpenSession, frames: range, objects: set[int] | None) -> list[wire.FrameMasks]:
    with opened.lock:
        masklets, prompts = opened.session.masklets, opened.session.prompts
    said = [one for prompt in prompts if prompt.frame in frames and (one := said_of(prompt)) is not None]
    chosen = [masklet for object_id, masklet in sorted(masklets.items()) if objects is None or object_id in objects]
    found = (
        wire.FrameMasks(
            frame,
            [
                mask_of(masklet.object_id, masklet.rles[frame], masklet.scores.get(frame, 0.0))
                for masklet in chosen
                if frame in masklet.rles
            ],
            [one for one in said if one.frame == frame and (objects is None or one.object_id in objects)],
        )
        for frame in frames
    )
    return [one for one in found if one.masks]


def _numbers(text: str | None) -> set[int] | None:
    if text is None:
        return None
    parts = text.split(",")
    if not all(part.isascii() and part.isdecimal() and len(part) < 12 for part in parts):
        raise MalformedError(f"objects is {text[:40]!r}: give their numbers, such as 1,2")
    return {int(part) for part in parts}
