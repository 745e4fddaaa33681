"""Jobs: order, progress, pause, cancel, and what is left of them after a crash."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from plugin.link import wire
from plugin.worker.events import Events
from plugin.worker.jobs import KEPT_JOBS, Jobs
from plugin.worker.problems import UnknownIdError
from plugin.worker.progress import Progress
from plugin.worker.unfinished import Unfinished, WorkerRunningError
from tam_core.errors import OutputError, RequestError
from tests.worker_fixtures import until


@dataclass
class Counting:
    """Takes ``total`` steps, each when it is let; says in ``done`` which."""

    total: int | None = 3
    kind: str = "count"
    title: str = "count"
    priority: int = 10
    gated: bool = True
    session_id: str | None = "s"
    project: str = "/p.tam"
    request: object = None
    result: str = ""
    download: Path | None = None
    outcome: wire.Forecast | wire.Receipt | None = None
    done: list[str] = field(default_factory=list)
    allowed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(1000))
    closed: bool = False

    def run(self) -> Iterator[None]:
        try:
            for _ in range(self.total or 0):
                assert self.allowed.acquire(timeout=10)
                self.done.append(self.title)
                yield
            self.result = f"{self.total} counted"
        finally:
            self.closed = True


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setattr("plugin.worker.jobs.ANSWER_SECONDS", 0.05)
    jobs = Jobs(Events(), tmp_path)
    yield jobs
    jobs.close()


Held = Callable[..., Counting]


@pytest.fixture
def held(jobs: Jobs) -> Iterator[Held]:
    """Makes tasks that take no step before they are let."""
    made: list[Counting] = []

    def make(**facts: Any) -> Counting:
        made.append(Counting(allowed=threading.Semaphore(0), **facts))
        return made[-1]

    yield make
    for task in made:
        task.allowed.release(1000)


def ended(jobs: Jobs, job: wire.Job) -> wire.Job:
    until(lambda: jobs.get(job.id).status in ("done", "failed", "cancelled"))
    return jobs.get(job.id)


def test_a_job_runs_to_its_end_and_says_what_came_of_it(jobs: Jobs) -> None:
    job = ended(jobs, jobs.start(Counting()))
    assert (job.status, job.done, job.total, job.result) == ("done", 3, 3, "3 counted")
    assert job.eta == 0 and job.rate > 0


def test_jobs_with_engines_go_one_after_the_other_the_urgent_ones_first(jobs: Jobs, held: Held) -> None:
    order: list[str] = []
    first = held(title="first", done=order)
    running = jobs.start(first)
    until(lambda: jobs.get(running.id).status == "running")
    scan = jobs.start(Counting(title="scan", priority=0, done=order))
    last = jobs.start(Counting(title="last", done=order))
    assert [jobs.get(job.id).status for job in (scan, last)] == ["queued", "queued"]
    first.allowed.release(3)
    ended(jobs, scan)
    assert order == ["first"] * 3 + ["last"] * 3 + ["scan"] * 3


def test_an_urgent_job_overtakes_at_the_next_step(jobs: Jobs, held: Held) -> None:
    order: list[str] = []
    scan = held(title="scan", priority=0, done=order)
    slow = jobs.start(scan)
    until(lambda: jobs.get(slow.id).status == "running")
    urgent = jobs.start(Counting(title="track", done=order))
    scan.allowed.release(3)
    ended(jobs, slow)
    assert order == ["scan"] + ["track"] * 3 + ["scan"] * 2
    assert ended(jobs, urgent).status == "done"


def test_a_job_without_engines_runs_beside_one_with_engines(jobs: Jobs, held: Held) -> None:
    jobs.start(held())
    assert ended(jobs, jobs.start(Counting(kind="export", gated=False))).status == "done"


def test_a_click_goes_before_the_next_step_of_a_job(jobs: Jobs, held: Held) -> None:
    task = held(total=100)
    job = jobs.start(task)
    task.allowed.release()
    until(lambda: task.done)
    clicked = threading.Event()

    def click() -> None:
        with jobs.gate.now():
            clicked.set()

    thread = threading.Thread(target=click)
    thread.start()
    task.allowed.release()
    assert clicked.wait(10)
    thread.join()
    assert len(task.done) == 2  # the step that was going on, and none after it
    task.allowed.release(98)
    assert ended(jobs, job).status == "done"


@pytest.mark.parametrize("gated", [True, False])
def test_a_paused_job_goes_on_where_it_was(jobs: Jobs, held: Held, gated: bool) -> None:
    task = held(gated=gated)
    job = jobs.start(task)
    until(lambda: jobs.get(job.id).status == "running")
    assert jobs.pause(job.id).status == "running"  # a step is not interrupted
    task.allowed.release(3)
    until(lambda: jobs.get(job.id).status == "paused")
    assert jobs.pause(job.id).status == "paused" and jobs.get(job.id).done == 1
    jobs.resume(job.id)
    assert ended(jobs, job).done == 3


def test_a_cancelled_job_is_closed_and_the_next_one_begins(jobs: Jobs, held: Held) -> None:
    task = held()
    job = jobs.start(task)
    until(lambda: jobs.get(job.id).status == "running")
    jobs.cancel(job.id)
    task.allowed.release(3)
    assert ended(jobs, job).status == "cancelled" and task.closed and not task.result
    assert ended(jobs, jobs.start(Counting())).status == "done"
    with pytest.raises(RequestError, match="is cancelled"):
        jobs.cancel(job.id)


def test_a_failure_is_a_problem_of_the_job_alone(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Counting):
        def run(self) -> Iterator[None]:
            yield
            raise OutputError("disk full") if self.title == "ours" else KeyError("a mistake")

    ours = ended(jobs, jobs.start(Failing(title="ours")))
    assert ours.problem == wire.Problem("OutputError", "disk full", 409) and ours.done == 1
    mistake = ended(jobs, jobs.start(Failing(title="mistake")))
    assert mistake.problem is not None and mistake.problem.status == 500
    assert [record.levelname for record in caplog.records] == ["ERROR"] and mistake.id in caplog.text
    assert ended(jobs, jobs.start(Counting())).status == "done"


def test_unknown_jobs_are_refused_by_name(jobs: Jobs) -> None:
    for ask in (jobs.get, jobs.cancel, jobs.pause, jobs.resume, jobs.download):
        with pytest.raises(UnknownIdError, match="no job 'nix'"):
            ask("nix")


def test_old_jobs_are_forgotten_with_the_files_that_they_left(jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "exports/1").mkdir(parents=True)
    kept, own = tmp_path / "own.mp4", tmp_path / "exports/1/left.mp4"
    for file in (kept, own):
        file.write_bytes(b"x")
    first = ended(jobs, jobs.start(Counting(total=0, download=own)))
    second = ended(jobs, jobs.start(Counting(total=0, download=kept)))
    assert jobs.download(first.id) == own and first.download == f"/api/jobs/{first.id}/file"
    for _ in range(KEPT_JOBS + 1):
        ended(jobs, jobs.start(Counting(total=0)))
    with pytest.raises(UnknownIdError):
        jobs.get(second.id)
    assert kept.exists() and not own.parent.exists()


def after_a_crash(tmp_path: Path) -> Jobs:
    """A queue over what is on disk at this moment, as if the process had been killed now."""
    (tmp_path / "later").mkdir()
    shutil.copy(tmp_path / "jobs.sqlite", tmp_path / "later")
    return Jobs(Events(), tmp_path / "later")


def test_a_job_that_was_running_when_the_worker_died_can_be_resumed(jobs: Jobs, held: Held, tmp_path: Path) -> None:
    request = wire.TrackRequest("forward", [1, 2])
    ended(jobs, jobs.start(Counting(request=request, total=0)))
    running = jobs.start(held(request=request))
    jobs.start(held(request=None))
    until(lambda: jobs.get(running.id).status == "running")

    later, made = after_a_crash(tmp_path), []

    def make(asked: Unfinished) -> Counting:
        made.append(asked)
        return Counting(request=request)

    later.register("count", make)
    assert [(job.id, job.status, job.session_id) for job in later.all()] == [(running.id, "paused", "s")]
    later.resume(running.id)
    assert ended(later, running).result == "3 counted"
    assert wire.from_data(wire.TrackRequest, made[0].request) == request and made[0].project == "/p.tam"
    later.close()
    assert not Jobs(Events(), tmp_path / "later").all()


def test_a_job_of_an_earlier_life_can_be_dropped(jobs: Jobs, held: Held, tmp_path: Path) -> None:
    job = jobs.start(held(request=wire.TrackRequest()))
    later = after_a_crash(tmp_path)
    with pytest.raises(RequestError, match="cannot be resumed"):
        later.resume(job.id)  # nobody has said how such a task is made
    assert later.cancel(job.id).status == "cancelled"
    later.close()
    assert not Jobs(Events(), tmp_path / "later").all()


def test_closing_ends_every_job_between_two_steps_and_keeps_it_for_the_next_worker(
    jobs: Jobs, held: Held, tmp_path: Path
) -> None:
    jobs.register("count", lambda _: Counting())
    task = held(request=wire.TrackRequest())
    job = jobs.start(task)
    until(lambda: jobs.get(job.id).status == "running")
    task.allowed.release()
    jobs.close()
    assert task.closed and task.done == ["count"]
    later = Jobs(Events(), tmp_path)
    assert [(one.id, one.status) for one in later.all()] == [(job.id, "paused")]
    later.close()


def test_a_session_that_is_closed_is_let_go_by_its_jobs(jobs: Jobs, held: Held) -> None:
    jobs.register("count", lambda _: Counting())
    mine, paused = held(request=wire.TrackRequest()), held(request=wire.TrackRequest())
    others = held(session_id="other")
    first, second, third = (jobs.start(task) for task in (mine, paused, others))
    until(lambda: jobs.get(first.id).status == "running")
    jobs.pause(second.id)
    mine.allowed.release()
    jobs.suspend("s")
    assert mine.closed and [job.status for job in jobs.of("s")] == ["paused", "paused"]
    jobs.resume(first.id)
    others.allowed.release(3)
    assert [ended(jobs, job).status for job in (first, third)] == ["done", "done"]  # the first by a task made anew


def test_a_data_folder_has_one_worker(jobs: Jobs, tmp_path: Path) -> None:
    with pytest.raises(WorkerRunningError, match="another worker"):
        Jobs(Events(), tmp_path)


def test_progress_is_told_ten_times_a_second_and_at_the_end(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[wire.Job] = []

    def publish(topic: str, event: wire.Event) -> None:
        assert topic == "s" and isinstance(event, wire.JobEvent)
        told.append(event.job)

    monkeypatch.setattr(jobs._events, "publish", publish)
    job = jobs.start(Counting(total=1000))
    until(lambda: told[-1].status == "done")
    assert told[0].id == job.id and told[-1].done == 1000 and len(told) < 100


def test_steps_that_take_long_are_told_in_between() -> None:
    progress = Progress()
    for done, seconds in ((0, 1.0), (0, 2.0), (3, 3.0), (3, 1.0), (4, 1.0)):
        progress.reach(done, seconds)
    assert (progress.done, progress.seconds, progress.pace) == (4, 8.0, 2.0)


def test_time_left_follows_the_pace() -> None:
    progress = Progress()
    assert progress.eta(10) is None and progress.rate == 0
    for seconds in (1.0, 3.0):
        progress.step(seconds)
    assert (progress.done, progress.rate, progress.eta(10)) == (2, 0.5, 16)
    for _ in range(200):
        progress.step(0.5)
    assert progress.eta(302) == pytest.approx(50, rel=0.01)
    assert progress.eta(100) == 0 and progress.eta(None) is None
