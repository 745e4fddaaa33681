"""Pictures of a session: frames and filmstrips, as JPEG. Nothing is decoded in the event loop."""

import asyncio
from concurrent.futures import Future
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from plugin.link import wire
from plugin.worker.media import served_width, strip_width
from plugin.worker.opened import Of
from plugin.worker.origins import described
from plugin.worker.routes import FrameInPath, IdInPath, TheWorker, new_router
from plugin.worker.worker import Worker
from tam_core.errors import FrameRangeError

router = new_router("/api/sessions", "pictures")

_LOOK_SECONDS = 0.2
"""Between two looks whether the client still waits."""
_GONE = 499
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {}}},
    304: {"description": "The client has it."},
}
_LAYER: dict[int | str, dict[str, Any]] = {**_PICTURE, 200: {"content": {"image/png": {}}}}


@router.get("/{session_id}/frames/{frame}", response_class=Response, responses=_PICTURE)
async def picture(
    worker: TheWorker,
    request: Request,
    session_id: IdInPath,
    frame: FrameInPath,
    width: Annotated[int | None, Query(ge=1, le=100_000)] = None,
    of: Of = "source",
) -> Response:
    """A frame of the video, or of the edited one ("removal").

    At least ``width`` pixels wide, but never wider than the video: in one of a few widths, so that caches are of use.
    """
    tag, coming = await run_in_threadpool(_ask, worker, request, session_id, frame, width, of)
    headers = {"ETag": tag, "Cache-Control": "private, max-age=600" if of == "source" else "private, no-cache"}
    if coming is None:
        return Response(status_code=304, headers=headers)
    jpeg = await _awaited(request, coming)
    return Response(status_code=_GONE) if jpeg is None else Response(jpeg, media_type="image/jpeg", headers=headers)


@router.get("/{session_id}/provenance")
def provenance(worker: TheWorker, session_id: IdInPath) -> wire.Provenance:
    """Where the pixels of the removal are from, all together, and what the colours of the pictures mean."""
    with worker.sessions.using(session_id) as opened:
        return described(opened.require_removed()[0])


@router.get("/{session_id}/provenance/{frame}", response_class=Response, responses=_LAYER)
def provenance_picture(
    worker: TheWorker,
    request: Request,
    session_id: IdInPath,
    frame: FrameInPath,
    width: Annotated[int | None, Query(ge=1, le=100_000)] = None,
) -> Response:
    """The same of a frame, to be laid over it: a colour for each pixel, transparent where it is the source's own."""
    with worker.sessions.using(session_id) as opened:
        served = served_width(width, opened.session.source.info.width)
        origins = opened.origins()
        headers = {"ETag": f'"{origins.file.stem}-{frame}-{served}"', "Cache-Control": "private, no-cache"}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(origins.picture(frame, served), media_type="image/png", headers=headers)


@router.get("/{session_id}/filmstrip", response_class=Response, responses=_PICTURE)
async def filmstrip(
    worker: TheWorker,
    session_id: IdInPath,
    request: Request,
    count: Annotated[int, Query(ge=1, le=200)] = 20,
    height: Annotated[int, Query(ge=16, le=160)] = 48,
) -> Response:
    """``count`` frames at equal distances, side by side. The first time this may take a while."""
    jpeg = await _awaited(request, await run_in_threadpool(_ask_strip, worker, session_id, count, height))
    if jpeg is None:
        return Response(status_code=_GONE)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})


def _ask(
    worker: Worker, request: Request, session_id: str, frame: int, width: int | None, of: Of
) -> tuple[str, "Future[bytes] | None"]:
    """The picture's ETag, and the picture that is to come, or None for one that the client has."""
    with worker.sessions.using(session_id) as opened:
        if frame >= opened.count:
            raise FrameRangeError(f"frame {frame} of a video of {opened.count} frames")
        served = served_width(width, opened.session.source.info.width)
        reel = opened.reel(of, worker.sessions.media)
        tag = f'"{reel.tag}-{frame}-{served}"'
        known = tag in request.headers.get("if-none-match", "")
        return tag, None if known else reel.picture(frame, served)


def _ask_strip(worker: Worker, session_id: str, count: int, height: int) -> "Future[bytes]":
    with worker.sessions.using(session_id) as opened:
        info = opened.session.source.info
        strip_width(info.width, info.height, count, height)
        return worker.sessions.media.filmstrip(opened.open_source, opened.project.files(), count, height)


async def _awaited(request: Request, coming: "Future[bytes]") -> bytes | None:
    """The picture; None when the client has gone, so that nothing is decoded for nobody."""
    waiting = asyncio.wrap_future(coming)
    while not waiting.done():
        await asyncio.wait([waiting], timeout=_LOOK_SECONDS)
        if not waiting.done() and await request.is_disconnected():
            coming.cancel()
            return None
    return waiting.result()
