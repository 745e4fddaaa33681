"""The worker's HTTP service, put together: routes, the page, and what every request goes through."""

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from plugin.link import wire
from plugin.worker.metrics import Measured
from plugin.worker.problems import answer_problems
from plugin.worker.routes import annotate, jobs, live, media, service, sessions, uploads
from plugin.worker.security import Guard
from plugin.worker.worker import Worker


def create_app(worker: Worker) -> ASGIApp:
    """The service of a worker, for any ASGI server. Its description is under /openapi.json."""
    app = FastAPI(
        title="tam-studio worker",
        version=str(wire.PROTOCOL),
        description=wire.__doc__ or "",
        docs_url=None,  # FastAPI's pages load their scripts from elsewhere
        redoc_url=None,
    )
    app.state.worker = worker
    app.include_router(service.open_router)
    for subject in (service, uploads, sessions, media, jobs, live, annotate):
        app.include_router(subject.router)
    app.mount("/static", StaticFiles(directory=service.PAGE, check_dir=False))
    answer_problems(app)
    return Guard(Measured(app, worker.metrics), worker.access)
