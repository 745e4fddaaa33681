"""The add-on's studio without Blender: answers and events of a worker that a test plays."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import pytest

from plugin.blender.connection import ENDED
from plugin.blender.session import OpenSession
from plugin.blender.studio import Studio
from plugin.link import wire
from plugin.link.errors import LinkError, WorkerGone
from plugin.link.pending import Pending

VIDEO = wire.Video("clip.mp4", "/v/clip.mp4", 64, 48, "25", 100, 4.0, False)
RLE = wire.Rle((48, 64), "abc")


class Played:
    """A connection whose answers the test gives: ``asked`` has (method, arguments, pending)."""

    def __init__(self) -> None:
        self.state = "ready"
        self.asked: list[tuple[Any, tuple[Any, ...], Pending[Any]]] = []
        self.catalogue = None

    def later(self, method: Any, *arguments: Any) -> Pending[Any]:
        pending: Pending[Any] = Pending()
        self.asked.append((method, arguments, pending))
        return pending

    def answer(self, index: int, value: Any) -> None:
        def work() -> Any:
            if isinstance(value, Exception):
                raise value
            return value

        self.asked[index][2]._run(work)

    def lost(self) -> None:
        self.state = "gone"

    def close(self) -> None: ...

    @property
    def methods(self) -> list[Any]:
        return [method for method, _, _ in self.asked]


class Letters:
    """A mailbox that the test fills."""

    def __init__(self) -> None:
        self.waiting: list[wire.Event] = []
        self.problem: LinkError | None = None
        self.closed = False

    def take(self) -> list[wire.Event]:
        taken, self.waiting = self.waiting, []
        return taken

    def close(self) -> None:
        self.closed = True


def state(revision: int = 1, **facts: Any) -> wire.SessionState:
    made = wire.SessionState("s1", "/p/clip.tam", VIDEO, "flow", "grabcut", revision, "", "", [], [], [], step=revision)
    return dataclasses.replace(made, **facts)


@pytest.fixture
def worker() -> Played:
    return Played()


@pytest.fixture
def studio(worker: Played) -> Studio:
    return Studio(worker, lambda: 1 << 20)  # type: ignore[arg-type]


@pytest.fixture
def session(studio: Studio) -> OpenSession:
    session = OpenSession("/v/clip.mp4", "s1", state(), Letters())  # type: ignore[arg-type]
    studio.sessions[session.target_key] = session
    return session


def letters(session: OpenSession, *events: wire.Event) -> None:
    assert isinstance(session.mailbox, Letters)
    session.mailbox.waiting.extend(events)


def job(status: str = "running", **facts: Any) -> wire.Job:
    return wire.Job("j1", "track", "track object 1", status, "s1", **facts)  # type: ignore[arg-type]


def test_an_answer_is_handed_over_by_the_pump_and_not_before(studio: Studio, worker: Played) -> None:
    got: list[Any] = []
    studio.ask("health", then=got.append)
    worker.answer(0, "well")
    assert got == [] and studio.waits
    studio.pump()
    assert got == ["well"] and not studio.waits


def test_a_state_in_an_answer_is_taken_over(studio: Studio, worker: Played, session: OpenSession) -> None:
    studio.ask("undo", "s1")
    assert studio.busy == "Undoing" and studio.asking("undo", "redo", of="s1")
    worker.answer(0, state(7))
    studio.pump()
    assert session.state.revision == 7 and studio.busy == ""


def test_a_failure_is_said_and_nothing_more_happens(studio: Studio, worker: Played) -> None:
    got: list[Any] = []
    studio.ask("prompt", "s1", None, then=got.append)
    worker.answer(0, LinkError("click at (5000, 60) is outside the frame"))
    studio.pump()
    assert studio.problem == "click at (5000, 60) is outside the frame" and got == []


def test_a_fault_of_ours_is_said_too(studio: Studio, worker: Played, capsys: pytest.CaptureFixture[str]) -> None:
    studio.ask("health", then=lambda answer: answer.nonsense)
    worker.answer(0, "well")
    studio.pump()
    assert "fault of tam-studio" in studio.problem and "AttributeError" in capsys.readouterr().err


def test_what_the_user_does_next_wipes_the_problem_away_and_what_the_program_asks_does_not(
    studio: Studio, worker: Played
) -> None:
    studio.say("bad luck")
    studio.ask("masks", "s1", 0, 24)
    assert studio.problem == "bad luck"
    studio.ask("prompt", "s1", None)
    assert studio.problem == ""


def test_a_worker_that_is_gone_is_said_in_words_that_help(studio: Studio, worker: Played) -> None:
    studio.ask("undo", "s1")
    worker.answer(0, WorkerGone("no worker answers at http://127.0.0.1:1"))
    studio.pump()
    assert studio.problem == ENDED


def test_silence_of_the_events_is_noticed(studio: Studio, worker: Played, session: OpenSession) -> None:
    assert isinstance(session.mailbox, Letters)
    session.mailbox.problem = WorkerGone("connection refused")
    studio.pump()
    assert (studio.problem, worker.state) == (ENDED, "gone")


def test_after_a_restart_sessions_are_opened_again_once(studio: Studio, worker: Played, session: OpenSession) -> None:
    session.close()
    studio.pump()
    studio.pump()
    ((method, arguments, _),) = worker.asked
    assert method.__name__ == "open_target"
    assert arguments == ("/v/clip.mp4", "/v/clip.mp4", "auto", "auto", "/p/clip.tam")
    worker.answer(0, OpenSession("/v/clip.mp4", "s1", state(), Letters()))  # type: ignore[arg-type]
    studio.pump()
    assert len(worker.asked) == 1 and studio.sessions["/v/clip.mp4"] is not session


def test_a_session_that_cannot_be_opened_again_is_left(studio: Studio, worker: Played, session: OpenSession) -> None:
    session.close()
    studio.pump()
    worker.answer(0, LinkError("the video is gone"))
    studio.pump()
    studio.pump()
    assert len(worker.asked) == 1 and not studio.sessions and studio.problem == "the video is gone"


def test_another_file_gets_no_session_of_the_one_before(studio: Studio, worker: Played, session: OpenSession) -> None:
    class Source:
        key = path = "/v/slow.mp4"

    studio.open(Source())
    studio.leave()
    worker.answer(0, session)
    studio.pump()
    assert not studio.sessions and not studio.waits


def test_a_target_is_opened_once_however_often_it_is_asked_for(studio: Studio, worker: Played) -> None:
    class Source:
        key = path = "/v/clip.mp4"

    studio.open(Source())
    studio.open(Source())
    assert len(worker.asked) == 1 and studio.busy == "Opening the clip"


def test_many_changes_are_asked_about_one_at_a_time(studio: Studio, worker: Played, session: OpenSession) -> None:
    letters(session, *(wire.StateEvent(revision=number) for number in range(2, 30)))
    studio.pump()
    assert worker.methods == ["state"]


def test_a_known_revision_is_not_asked_about(studio: Studio, worker: Played, session: OpenSession) -> None:
    letters(session, wire.StateEvent(revision=1))
    studio.pump()
    assert worker.asked == []


def test_the_end_of_a_job_asks_for_the_state(studio: Studio, worker: Played, session: OpenSession) -> None:
    letters(session, wire.JobEvent(job=job(done=3, total=9)))
    studio.pump()
    assert session.works and worker.asked == []
    letters(session, wire.JobEvent(job=job("done", done=9, total=9)), wire.JobEvent(job=job("done")))
    studio.pump()
    assert not session.works and worker.methods == ["state"]


def test_why_a_job_failed_is_said(studio: Studio, session: OpenSession) -> None:
    letters(session, wire.JobEvent(job=job("failed", problem=wire.Problem("DiskError", "the disk is full", 409))))
    studio.pump()
    assert studio.problem == "the disk is full"


def test_masks_are_asked_for_once_and_again_after_a_change(
    studio: Studio, worker: Played, session: OpenSession
) -> None:
    studio.want(session, 30)
    studio.want(session, 31)
    assert [arguments for _, arguments, _ in worker.asked] == [("s1", 24, 48), ("s1", 48, 72)]
    worker.answer(0, [wire.FrameMasks(30, [wire.ObjectMask(1, RLE, 0.9)])])
    studio.pump()
    assert session.masks[30] == {1: RLE} and session.masks[31] == {}
    session.take_state(state(2))
    studio.want(session, 30)
    assert len(worker.asked) == 4


def test_tracking_tells_masks_itself(studio: Studio, worker: Played, session: OpenSession) -> None:
    session.take_job(job())
    session.take_state(state(2, jobs=[job()]))
    studio.want(session, 0)
    letters(session, wire.MasksEvent(frame=5, masks=[wire.ObjectMask(1, RLE, 0.9)]))
    studio.pump()
    worker.answer(0, [])  # asked before that frame was found
    studio.pump()
    assert session.masks[5] == {1: RLE}


def test_a_pump_ends_in_time_and_loses_nothing(studio: Studio, session: OpenSession) -> None:
    slow: Callable[..., None] = session.learn
    session.learn = lambda *given: (time.sleep(0.002), slow(*given))[1]  # type: ignore[method-assign]
    letters(session, *(wire.MasksEvent(frame=number, masks=[]) for number in range(40)))
    studio.pump()
    assert 0 < len(session.masks) < 40 and studio.longest["pump"] < 0.05
    assert studio.settle(10) and len(session.masks) == 40


def test_a_listener_that_fails_stops_no_other(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []

    def fails() -> None:
        raise ValueError("oh")

    studio.listeners += [fails, lambda: heard.append("second")]
    studio.say("news")
    studio.pump()
    assert heard == ["second"] and "ValueError: oh" in studio.problem
    assert "oh" in capsys.readouterr().err


def test_settling_gives_up(studio: Studio) -> None:
    studio.ask("health")
    assert studio.settle(0.05) is False


def test_an_answer_that_nobody_wants_is_dropped(studio: Studio, worker: Played) -> None:
    got: list[Any] = []
    studio.ask("preview", "s1", None, then=got.append).cancel()
    worker.answer(0, "late")
    studio.pump()
    assert got == [] and not studio.waits
