"""One long job: what it does (a task), and how far it is. It knows no queue and no thread."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from plugin.link import wire
from plugin.worker.progress import Progress
from plugin.worker.unfinished import Unfinished


class Task(Protocol):
    """What a job does. ``run`` is a generator that yields after every step; closing it cancels. What was done stays.

    It yields None for another step done, or the number of those that are done so far, the same one again where a step
    takes longer than a person waits: between two yields the job can be paused, cancelled, and give way to a click.
    A ``gated`` task uses engines: each of its steps holds the gate (it takes its session's lock itself, inside).
    ``total`` steps may become known while it runs; ``result`` (in words), ``download`` and ``outcome`` are read when it
    has ended.
    ``session_id`` is the same after a restart (it is made from the project's folder); ``project`` is that folder, and
    ``request`` the message that asked for the work: from these the task is made again after a restart. A task whose
    ``request`` is None is forgotten then.
    """

    kind: str
    title: str
    priority: int
    gated: bool
    session_id: str | None
    project: str
    request: Any
    total: int | None
    result: str
    download: Path | None
    outcome: wire.Forecast | wire.Receipt | None

    def run(self) -> Iterator[int | None]: ...


Factory = Callable[[Unfinished], Task]


@dataclass
class Job:
    """``steps`` are there as long as the job can go on in this process; ``wanted`` is done before its next step."""

    asked: Unfinished
    number: int
    status: wire.JobStatus = "paused"
    task: Task | None = None
    steps: Generator[int | None, None, None] | None = None
    wanted: Literal["pause", "cancel", "release"] | None = None
    progress: Progress = field(default_factory=Progress)
    total: int | None = None
    result: str = ""
    download: Path | None = None
    outcome: wire.Forecast | wire.Receipt | None = None
    problem: wire.Problem | None = None
    told: float = 0.0

    @property
    def lane(self) -> str:
        """Jobs of one lane go one after the other."""
        return "engines" if self.task is None or self.task.gated else self.task.kind

    @property
    def due(self) -> bool:
        """Whether its lane has anything to do for it."""
        return self.steps is not None and (self.status in ("queued", "running") or self.wanted is not None)

    @property
    def urgency(self) -> tuple[bool, int, int]:
        """The highest goes first."""
        return self.wanted is not None, self.task.priority if self.task else 0, -self.number

    def read_task(self) -> None:
        """Take over what the task says of itself."""
        if self.task:
            self.total, self.result, self.download = self.task.total, self.task.result, self.task.download
            self.outcome = self.task.outcome

    def end(self, status: wire.JobStatus) -> None:
        """It does nothing more in this process, and holds on to nothing."""
        self.read_task()
        self.status, self.wanted, self.task, self.steps = status, None, None, None

    def described(self) -> wire.Job:
        """As clients see it."""
        asked, progress = self.asked, self.progress
        return wire.Job(
            id=asked.id,
            kind=asked.kind,
            title=asked.title,
            status=self.status,
            session_id=asked.session_id,
            done=progress.done,
            total=self.total,
            rate=progress.rate,
            eta=progress.eta(self.total),
            seconds=progress.seconds,
            result=self.result,
            download=f"/api/jobs/{asked.id}/file" if self.download else "",
            problem=self.problem,
            outcome=self.outcome,
        )
