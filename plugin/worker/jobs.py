"""Long jobs: queued, step by step, with progress, pause, cancel, and resumption after a restart.

Jobs that use engines go one after the other; so do the others, in one lane for each kind. At every step a lane takes up
its most urgent job, the oldest first. What the steps do is the task's.
"""

import contextlib
import itertools
import logging
import secrets
import shutil
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Literal, cast

from plugin.link import wire
from plugin.worker.events import Events
from plugin.worker.gate import Gate
from plugin.worker.job import Factory, Job, Task
from plugin.worker.problems import UnknownIdError, problem_of
from plugin.worker.progress import Progress
from plugin.worker.unfinished import Unfinished, UnfinishedJobs
from tam_core.errors import RequestError, TamError

KEPT_JOBS = 50
"""So many that ended are still listed, and their files kept."""
TOLD_SECONDS = 0.1
"""Between two events about the progress of a job."""
CLOSING_SECONDS = 5.0
"""How long the end of the worker waits for a step, which may take a minute; such a job begins anew when resumed."""
ANSWER_SECONDS = 1.0
"""How long a request waits for a job to come to its next step."""

_ENDED = ("done", "cancelled", "failed")
_LOG = logging.getLogger("tam.worker")


class Jobs:
    """The queue. Everything here may be called from any thread that holds neither the gate nor a session's lock."""

    def __init__(self, events: Events, data: Path) -> None:
        self.gate = Gate()
        self._events = events
        self._exports = data / "exports"
        self._unfinished = UnfinishedJobs(data / "jobs.sqlite")
        self._factories: dict[str, Factory] = {}
        self._changed = threading.Condition()
        self._lanes: dict[str, threading.Thread] = {}
        self._closing = False
        self._numbers = itertools.count()
        self._jobs = {asked.id: Job(asked, next(self._numbers)) for asked in self._unfinished.all()}

    def register(self, kind: str, factory: Factory) -> None:
        """How a task of this kind is made again when a job of an earlier life is resumed."""
        self._factories[kind] = factory

    def start(self, task: Task) -> wire.Job:
        """Queue it. On disk before this returns. Its progress is published under the task's ``session_id``."""
        request = {} if task.request is None else asdict(task.request)
        asked = Unfinished(secrets.token_hex(6), task.kind, task.title, task.session_id, task.project, request)
        with self._changed:
            self._check_open()
            if task.request is not None:
                self._unfinished.add(asked)
            job = self._jobs[asked.id] = Job(asked, next(self._numbers))
            self._prune()
            return self._queue(job, task)

    @property
    def unfinished(self) -> list[Unfinished]:
        """As they were asked for, also in an earlier life."""
        with self._changed:
            return self._unfinished.all()

    def all(self) -> list[wire.Job]:
        """Every job, oldest first; those that ended stay for a while."""
        with self._changed:
            return [job.described() for job in self._jobs.values()]

    def of(self, session_id: str) -> list[wire.Job]:
        """The jobs of a session, oldest first."""
        return [job for job in self.all() if job.session_id == session_id]

    def get(self, job_id: str) -> wire.Job:
        """Raises UnknownIdError."""
        with self._changed:
            return self._find(job_id).described()

    def download(self, job_id: str) -> Path:
        """The file that a finished job left. Raises UnknownIdError."""
        with self._changed:
            file = self._find(job_id).download
        if file is None or not file.is_file():
            raise UnknownIdError(f"job {job_id} has no file to download, or not yet")
        return file

    def cancel(self, job_id: str) -> wire.Job:
        """End it at its next step. What it has done stays."""
        return self._ask(job_id, "cancel")

    def pause(self, job_id: str) -> wire.Job:
        """Hold it at its next step."""
        return self._ask(job_id, "pause")

    def resume(self, job_id: str) -> wire.Job:
        """Go on with a paused one, also of an earlier life: tracking goes on where its masks end."""
        with self._changed:
            job = self._find(job_id)
            if job.wanted == "pause":
                job.wanted = None
            if job.status in ("queued", "running"):
                return job.described()
            if job.status != "paused":
                raise RequestError(f"job {job_id} is {job.status}: only a paused job can be resumed")
            if job.steps:
                return self._queue(job)
        task = self._made_again(job.asked)
        with self._changed:
            return self._queue(job, task) if job.steps is None else job.described()

    def suspend(self, session_id: str) -> None:
        """Let go of a session that is to be closed: its jobs are paused at their next step, and this waits for that.

        Nothing of them uses the session then. Resuming one opens it again.
        """
        with self._changed:
            mine = [job for job in self._jobs.values() if job.asked.session_id == session_id and job.steps]
            for job in mine:
                job.wanted = "release"
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closing or not any(job.steps for job in mine))

    def close(self) -> None:
        """Every lane ends at its next step, if that is soon; unfinished jobs are known to the next worker."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        deadline = time.monotonic() + CLOSING_SECONDS
        for lane in self._lanes.values():
            lane.join(max(0.0, deadline - time.monotonic()))
        busy = {name for name, lane in self._lanes.items() if lane.is_alive()}
        for job in self._jobs.values():
            if job.steps and job.lane not in busy:
                job.wanted = "release"
                self._close(job)
        self._unfinished.close()

    def _ask(self, job_id: str, wanted: Literal["pause", "cancel"]) -> wire.Job:
        """Say what is wanted of a job, and wait a moment for it."""
        with self._changed:
            job = self._find(job_id)
            if job.status in _ENDED:
                raise RequestError(f"job {job_id} is {job.status}: there is nothing to {wanted}")
            if job.steps is None:  # of an earlier life
                if wanted == "cancel":
                    self._unfinished.forget(job_id)
                    job.end("cancelled")
                return job.described()
            job.wanted = wanted
            self._changed.notify_all()
            self._changed.wait_for(lambda: job.wanted is None or self._closing, ANSWER_SECONDS)
            return job.described()

    def _made_again(self, asked: Unfinished) -> Task:
        if asked.kind not in self._factories:
            raise RequestError(f"a job of kind '{asked.kind}' cannot be resumed: cancel it, and ask for it anew")
        return self._factories[asked.kind](asked)

    # Inside a lane -----------------------------------------------------------------------------------------------

    def _work(self, lane: str) -> None:
        while job := self._next(lane):
            if job.wanted in ("cancel", "release"):
                self._close(job)
            else:
                self._advance(job)

    def _next(self, lane: str) -> Job | None:
        """The lane's most urgent job, when there is one; None when the worker stops."""
        with self._changed:
            while not self._closing:
                self._hold(lane)
                there = [job for job in self._jobs.values() if job.due and job.lane == lane]
                if there:
                    chosen = max(there, key=lambda job: job.urgency)
                    for job in there:
                        if job.status in ("queued", "running"):
                            job.status = "running" if job is chosen else "queued"
                    return chosen
                self._changed.wait()
            return None

    def _advance(self, job: Job) -> None:
        assert job.steps is not None
        started = time.monotonic()
        try:
            with self._turn(job):
                done = next(job.steps)
        except StopIteration:
            self._end(job, "done")
        except Exception as error:  # whatever a task's engine raises ends the job, not the lane
            self._fail(job, error)
        else:
            job.progress.reach(job.progress.done + 1 if done is None else done, time.monotonic() - started)
            job.read_task()
            self._tell(job)

    @contextlib.contextmanager
    def _turn(self, job: Job) -> Iterator[None]:
        """The moment for a step of a job."""
        if job.lane == "engines":
            with self.gate.step():
                yield
        else:
            self.gate.give_way()
            yield

    def _close(self, job: Job) -> None:
        """Between two steps of a job that goes no further, or not in this process."""
        assert job.steps is not None
        released = job.wanted == "release" and job.asked.kind in self._factories
        try:
            with self._turn(job):
                job.steps.close()
        except Exception as error:
            self._fail(job, error)
        else:
            self._end(job, "paused" if released else "cancelled")

    def _fail(self, job: Job, error: Exception) -> None:
        if not isinstance(error, TamError):
            _LOG.error("job %s (%s) failed", job.asked.id, job.asked.title, exc_info=error)
        job.problem = problem_of(error)
        self._end(job, "failed")

    def _end(self, job: Job, status: wire.JobStatus) -> None:
        with self._changed:
            job.end(status)
            if status != "paused":
                self._unfinished.forget(job.asked.id)
            self._changed.notify_all()
        self._tell(job, always=True)

    def _tell(self, job: Job, always: bool = False) -> None:
        now = time.monotonic()
        if job.asked.session_id and (always or now - job.told >= TOLD_SECONDS):
            job.told = now
            self._events.publish(job.asked.session_id, wire.JobEvent(job=job.described()))

    # With the lock held ------------------------------------------------------------------------------------------

    def _hold(self, lane: str) -> None:
        """Jobs that are to be paused are so between two steps."""
        for job in self._jobs.values():
            if job.wanted == "pause" and job.lane == lane:
                job.status, job.wanted = "paused", None
                self._changed.notify_all()
                self._tell(job, always=True)

    def _queue(self, job: Job, task: Task | None = None) -> wire.Job:
        self._check_open()
        if task:
            steps = cast("Generator[int | None, None, None]", task.run())
            job.task, job.steps, job.progress = task, steps, Progress()
            job.read_task()
        job.status = "queued"
        if job.lane not in self._lanes:
            lane = threading.Thread(target=self._work, args=[job.lane], name=f"tam-{job.lane}", daemon=True)
            self._lanes[job.lane] = lane
            lane.start()
        self._changed.notify_all()
        self._tell(job, always=True)
        return job.described()

    def _check_open(self) -> None:
        if self._closing:
            raise RequestError("the worker is about to stop: ask again when it runs")

    def _find(self, job_id: str) -> Job:
        if job_id not in self._jobs:
            raise UnknownIdError(f"no job {job_id[:32]!r}: it is not known, or ended long ago")
        return self._jobs[job_id]

    def _prune(self) -> None:
        ended = [job for job in self._jobs.values() if job.status in _ENDED]
        for job in ended[: max(0, len(ended) - KEPT_JOBS)]:
            del self._jobs[job.asked.id]
            if job.download and job.download.is_relative_to(self._exports):
                shutil.rmtree(self._exports / job.download.relative_to(self._exports).parts[0], ignore_errors=True)
