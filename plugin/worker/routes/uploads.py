"""Files from a browser, which knows no paths."""

from typing import Annotated

from fastapi import Query, Request

from plugin.link import wire
from plugin.worker.problems import MalformedError
from plugin.worker.routes import TheWorker, new_router

router = new_router("/api/uploads", "uploads")


@router.post(
    "",
    openapi_extra={"requestBody": {"content": {"application/octet-stream": {}}, "required": True}},
)
async def upload(worker: TheWorker, request: Request, name: Annotated[str, Query(max_length=1024)]) -> wire.Upload:
    """The body is the file. Open it by the id that comes back."""
    announced = request.headers.get("content-length", "0")
    if not (announced.isascii() and announced.isdecimal() and len(announced) < 20):
        raise MalformedError(f"Content-Length is {announced[:40]!r}, not a number of bytes")
    return await worker.uploads.receive(name, int(announced), request.stream())
