"""The addresses of the worker, one file for each subject; every file has a ``router``."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.security import HTTPBearer

from plugin.link import wire
from plugin.worker.bodies import MessageRoute
from plugin.worker.worker import Worker

FRAMES = 2**31 - 1
"""No video has more. Larger numbers are refused before they reach code that counts in 64 bits."""

FrameInPath = Annotated[int, Path(ge=0, le=FRAMES)]
FrameInQuery = Annotated[int, Query(ge=0, le=FRAMES)]
IdInPath = Annotated[str, Path(max_length=64)]

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": wire.Problem, "description": said}
    for status, said in {
        400: "What was asked cannot be asked.",
        401: "The token is missing or wrong.",
        403: "A foreign page, or a file outside the opened folders.",
        404: "There is none of that id.",
        409: "The engine is not ready, or the result cannot be written.",
        413: "Too large.",
        422: "The message is not what the protocol says.",
    }.items()
}

_TOKEN = HTTPBearer(auto_error=False)
"""For the description; who is let in is decided before, in security.py."""


def new_router(prefix: str, tag: str) -> APIRouter:
    """A router whose messages are checked and whose failures are described."""
    return APIRouter(
        prefix=prefix, tags=[tag], route_class=MessageRoute, responses=_PROBLEMS, dependencies=[Depends(_TOKEN)]
    )


def _worker(request: Request) -> Worker:
    worker: Worker = request.app.state.worker
    return worker


TheWorker = Annotated[Worker, Depends(_worker)]
"""The parameter of a route that needs the worker."""
