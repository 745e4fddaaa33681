"""The page, the health of the worker, what it can do, and the weights that it can fetch."""

import os
import time
from importlib import metadata
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, PlainTextResponse, Response

from plugin import catalogue
from plugin.link import wire
from plugin.worker.engines import Fetch
from plugin.worker.problems import UnknownIdError
from plugin.worker.routes import IdInPath, TheWorker, new_router

PAGE = Path(__file__).parents[2] / "web"

router = new_router("/api", "service")
open_router = APIRouter(tags=["service"])
"""Outside of /api."""


@open_router.get("/", include_in_schema=False)
def page() -> Response:
    """The page. It holds no secret: the token comes in the address behind the #, which browsers do not send."""
    if not (PAGE / "index.html").is_file():
        raise UnknownIdError("this installation has no page")
    return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})


@open_router.get("/health")
def health(worker: TheWorker) -> wire.Health:
    """That the worker is there. Needs no token."""
    return wire.Health(
        metadata.version("tam-studio"), wire.PROTOCOL, os.getpid(), time.time() - worker.started, worker.device
    )


@open_router.get("/metrics", response_class=PlainTextResponse)
def metrics(worker: TheWorker) -> str:
    """Numbers for Prometheus."""
    return worker.metrics.text((job.status for job in worker.jobs.all()), worker.sessions.open_count)


@router.get("/catalogue")
def everything_offered(worker: TheWorker) -> wire.Catalogue:
    """Engines, inpainters, exports and operations, with their settings."""
    return catalogue.catalogue(worker.device)


@router.post("/engines/{name}/fetch")
def fetch(worker: TheWorker, name: IdInPath) -> wire.Job:
    """Download what an engine waits for. Its job is not told by events: ask for it."""
    return worker.jobs.start(Fetch(name))


@router.get("/limits")
def limits(worker: TheWorker) -> wire.Limits:
    """How much memory it may take."""
    return worker.memory.limits


@router.put("/limits")
def set_limits(worker: TheWorker, asked: wire.Limits) -> wire.Limits:
    """The same from now on, also when it is started again."""
    worker.memory.set(asked)
    return worker.memory.limits


@router.post("/engines/release", status_code=204)
def release(worker: TheWorker) -> None:
    """Free the memory of engines that no open session uses."""
    worker.engines.release()
