"""Long jobs: how far they are, pause, cancel, resume, and the files they leave."""

from fastapi import Response
from starlette.responses import FileResponse

from plugin.link import wire
from plugin.worker.routes import IdInPath, TheWorker, new_router

router = new_router("/api/jobs", "jobs")


@router.get("")
def jobs(worker: TheWorker) -> list[wire.Job]:
    """All of them, oldest first; of those that ended, the last."""
    return worker.jobs.all()


@router.get("/{job_id}")
def job(worker: TheWorker, job_id: IdInPath) -> wire.Job:
    """How far it is."""
    return worker.jobs.get(job_id)


@router.post("/{job_id}/cancel")
def cancel(worker: TheWorker, job_id: IdInPath) -> wire.Job:
    """End it at its next step; what it has done stays. The answer may come before that."""
    return worker.jobs.cancel(job_id)


@router.post("/{job_id}/pause")
def pause(worker: TheWorker, job_id: IdInPath) -> wire.Job:
    """Hold it at its next step. The answer may come before that."""
    return worker.jobs.pause(job_id)


@router.post("/{job_id}/resume")
def resume(worker: TheWorker, job_id: IdInPath) -> wire.Job:
    """Go on, also after a restart of the worker."""
    return worker.jobs.resume(job_id)


@router.get("/{job_id}/file", response_class=FileResponse)
def file(worker: TheWorker, job_id: IdInPath) -> Response:
    """What it wrote."""
    path = worker.jobs.download(job_id)
    return FileResponse(path, filename=path.name, headers={"Cache-Control": "no-store"})
