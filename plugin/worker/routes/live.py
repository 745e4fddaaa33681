"""Live streams: a camera, or a host that pushes pictures."""

import asyncio

from fastapi import Request, Response

from plugin.link import wire
from plugin.worker import pictures
from plugin.worker.convert import masks_of, prompt_of
from plugin.worker.events import event_stream
from plugin.worker.problems import TooLargeError
from plugin.worker.routes import IdInPath, TheWorker, new_router

router = new_router("/api/live", "live")
_PICTURES = {"requestBody": {"content": {"image/jpeg": {}, "image/png": {}}, "required": True}}


@router.post("")
def open_stream(worker: TheWorker, asked: wire.LiveRequest) -> wire.Live:
    """Begin a stream."""
    return worker.live.open(asked).facts


@router.post("/{stream_id}/frames", status_code=202, openapi_extra=_PICTURES)
async def push(worker: TheWorker, stream_id: IdInPath, request: Request) -> wire.Live:
    """The newest picture, as JPEG or PNG. The answer does not wait for its masks: they come as an event."""
    stream = worker.live.get(stream_id)
    received = bytearray()
    async for block in request.stream():
        received += block
        if len(received) > pictures.LIMIT:
            raise TooLargeError(f"a picture of more than {pictures.LIMIT >> 20} MiB")
    pixels = await asyncio.to_thread(pictures.decode, bytes(received), stream.size)
    return stream.push(pixels)


@router.post("/{stream_id}/prompts")
def prompt(worker: TheWorker, stream_id: IdInPath, asked: wire.PromptRequest) -> wire.FrameMasks:
    """Say what to follow, on the newest picture that has been worked on (the prompts' own frames are not looked at)."""
    stream = worker.live.get(stream_id)
    found = stream.prompt([prompt_of(said, stream.size) for said in asked.prompts])
    return wire.FrameMasks(found.frame, masks_of(found))


@router.get("/{stream_id}/events", response_class=Response)
def events(worker: TheWorker, stream_id: IdInPath, request: Request) -> Response:
    """The masks of every picture that is worked on, as server-sent events."""
    return event_stream(request, worker.events, worker.live.get(stream_id).id)


@router.delete("/{stream_id}", status_code=204)
def close(worker: TheWorker, stream_id: IdInPath) -> None:
    """End a stream."""
    worker.live.close(stream_id)
