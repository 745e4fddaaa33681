"""What is known while Blender runs: the sessions of the worker, what is waited for, and what went wrong.

Everything here is done on the main thread and never waits: ``ask`` sends a question off, ``pump`` takes what came back.
It knows no Blender: ``__init__`` gives it a timer, ``history`` undo and files, ``preferences`` the settings. In
Blender without a window no timer runs: there ``settle`` pumps.

``Studio.longest`` keeps the longest seconds that anything of ours held the main thread, by name ("pump", "undo",
"panel" ...; a listener's is its module): put ``with studio().timed("overlay"):`` around what draws or handles events.
None may pass 0.05. On a machine that is busy otherwise, look at ``worked``: the same in seconds of the processor.
"""

import contextlib
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from ..link import wire
from ..link.client import Client
from ..link.errors import LinkError, WorkerGone
from ..link.pending import Pending
from .connection import ENDED, Connection, share_folder_of
from .session import OpenSession

BUDGET = 0.010
"""Seconds of the main thread that one ``pump`` may take."""
WAITING = {
    "restart": "Starting the worker",
    "open_target": "Opening the clip",
    "prompt": "Looking for the object",
    "undo": "Undoing",
    "redo": "Redoing",
    "change_engines": "Changing the engine",
}
QUIET = frozenset({"masks", "preview", "state", "job", "jobs", "frame"})
"""Asked by the program, not by the user: these do not wipe away what is said of an earlier failure."""


class Source(Protocol):
    """What ``open`` needs of a ``target.Target``."""

    @property
    def key(self) -> str: ...
    @property
    def path(self) -> str: ...


@dataclass
class _Asked:
    method: str
    pending: Pending[Any]
    then: Callable[[Any], None] | None
    arguments: tuple[Any, ...] = ()


class Studio:
    """``listeners`` are called on the main thread after something changed; they must be quick."""

    def __init__(self, connection: Connection, mask_bytes: Callable[[], int]) -> None:
        """``mask_bytes``: how much to keep of the masks."""
        self.connection = connection
        self._mask_bytes = mask_bytes
        self.sessions: dict[str, OpenSession] = {}
        self.problem = ""
        self.listeners: list[Callable[[], None]] = []
        self.longest: dict[str, float] = {}
        self.worked: dict[str, float] = {}
        self._asked: list[_Asked] = []
        self._changed = False

    # What panels and tools look at

    @property
    def busy(self) -> str:
        """What the user waits for, "" for nothing."""
        if self.connection.state == "starting":
            return WAITING["restart"]
        return next((WAITING[one.method] for one in self._asked if one.method in WAITING), "")

    @property
    def catalogue(self) -> wire.Catalogue | None:
        """None until the worker was reached."""
        return self.connection.catalogue

    @property
    def waits(self) -> bool:
        """Whether an answer is on its way, or a job of an open session runs."""
        if self.connection.state == "gone":
            return bool(self._asked)
        return bool(self._asked) or any(one.works or one.told for one in self.sessions.values())

    def asking(self, *methods: str, of: str) -> bool:
        """Whether an answer to one of these is on its way for a session, by its id."""
        return any(one.method in methods and one.arguments[:1] == (of,) for one in self._asked)

    def session(self, target: Source | None) -> OpenSession | None:
        return None if target is None else self.sessions.get(target.key)

    def session_of(self, session_id: str | None) -> OpenSession | None:
        return next((one for one in self.sessions.values() if one.id == session_id), None)

    # What they do

    def open(self, target: Source, engine: str = "auto", segmenter: str = "auto", project: str = "") -> None:
        """Begin or go on with the session of a target; it is in ``sessions`` once the worker has answered."""
        if target.key not in self.sessions and not self.asking("open_target", of=target.key):
            self.ask(open_target, target.key, target.path, engine, segmenter, project, then=self._opened)

    def close(self, key: str) -> None:
        """Forget a session here; the worker keeps its project."""
        gone = self.sessions.pop(key, None)
        if gone:
            gone.close()
        self._changed = True

    def ask(
        self, method: str | Callable[..., Any], *arguments: Any, then: Callable[[Any], None] | None = None
    ) -> Pending[Any]:
        """Ask a method of ``link.client.Client`` by its name, or a function ``f(client, *arguments)``.

        What a state, a job or masks in the answer say is taken over; then ``then(answer)`` runs on the main thread. A
        failure becomes ``problem``. ``cancel()`` the returned Pending if nobody wants the answer any more.
        """
        name = method if isinstance(method, str) else method.__name__
        if name not in QUIET and self.connection.state != "gone":
            self.problem = ""
        pending = self.connection.later(method, *arguments)
        self._asked.append(_Asked(name, pending, then, arguments))
        self._changed = True
        return pending

    def restart(self) -> None:
        """End the worker if it is there and start it; the sessions are opened again."""
        self.problem = ""
        for session in self.sessions.values():
            session.close()
        self._asked.append(_Asked("restart", self.connection.restart(), None))
        self._changed = True

    def want(self, session: OpenSession, frame: int) -> None:
        """See to it that the masks at and after a frame are known soon; cheap enough for every drawing."""
        if self.connection.state == "ready":
            for span in session.missing(frame):
                self.ask("masks", session.id, span.start, span.stop, then=partial(self._learn, session, span))

    def _learn(self, session: OpenSession, span: range, told: list[wire.FrameMasks]) -> None:
        session.learn_block(span, told)
        session.shed(span.start, self._mask_bytes())

    def say(self, problem: str) -> None:
        """Show the user what went wrong and what to do; "" takes it away."""
        self.problem = problem
        self._changed = True

    # The beat

    def pump(self) -> None:
        """Take what has come, for 10 ms at most; called by one timer."""
        with self.timed("pump"):
            deadline = time.perf_counter() + BUDGET
            self._take_answers(deadline)
            for session in list(self.sessions.values()):
                self._take_events(session, deadline)
        if self._changed:
            self._changed = False
            for listener in self.listeners:
                with self.timed(listener.__module__.rpartition(".")[2]):
                    self._guarded(listener)

    def settle(self, seconds: float = 60) -> bool:
        """Pump until nothing is waited for; for scripts and Blender without a window. False if time ran out."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.pump()
            if not self.waits and not self._changed:
                return True
            time.sleep(0.01)
        return False

    @contextlib.contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Measure what holds the main thread."""
        start, work = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            self.longest[name] = max(self.longest.get(name, 0.0), time.perf_counter() - start)
            self.worked[name] = max(self.worked.get(name, 0.0), time.thread_time() - work)

    def leave(self) -> None:
        """Forget all sessions, and what was asked: another file is loaded."""
        for key in list(self.sessions):
            self.close(key)
        for one in self._asked:
            if one.method != "restart":
                one.pending.cancel()
        self.problem = ""

    def stop(self) -> None:
        """Blender ends, or the add-on is switched off."""
        self.leave()
        self.connection.close()

    def _take_answers(self, deadline: float) -> None:
        for one in list(self._asked):
            if one.pending.cancelled:
                self._asked.remove(one)
            elif one.pending.done:
                self._asked.remove(one)
                self._changed = True
                self._guarded(partial(self._answered, one))
            if time.perf_counter() > deadline:
                return

    def _answered(self, one: _Asked) -> None:
        answer = one.pending.result()
        if isinstance(answer, wire.SessionState) and (session := self.session_of(answer.id)):
            session.take_state(answer)
        elif one.method == "prompt" and (session := self.session_of(answer.state.id)):
            session.take_answer(answer, one.arguments[1])
        elif isinstance(answer, wire.Job):
            self._take_job(answer)
        if one.then:
            one.then(answer)

    def _guarded(self, work: Callable[[], None]) -> None:
        """A failure is said to the user, and never ends the timer."""
        try:
            work()
        except WorkerGone:
            self.say(ENDED)
        except LinkError as error:
            self.say(str(error))
        except Exception as error:
            traceback.print_exc()
            self.say(f"A fault of tam-studio: {type(error).__name__}: {error} (see the console)")

    def _take_events(self, session: OpenSession, deadline: float) -> None:
        if session.mailbox is None:
            return self._open_again(session)
        session.told.extend(session.mailbox.take())
        if isinstance(session.mailbox.problem, WorkerGone) and self.connection.state == "ready":
            self.connection.lost()
            self.say(ENDED)
        while session.told and time.perf_counter() < deadline:
            self._told(session, session.told.popleft())
            self._changed = True

    def _told(self, session: OpenSession, event: wire.Event) -> None:
        if isinstance(event, wire.MasksEvent):
            session.learn(event.frame, event.masks)
        elif isinstance(event, wire.JobEvent):
            self._take_job(event.job)
        elif event.revision != session.state.revision or session.works:
            self._ask_state(session)

    def _take_job(self, job: wire.Job) -> None:
        session = self.session_of(job.session_id)
        if session and session.take_job(job):
            self._ask_state(session)
            if job.problem:
                self.say(job.problem.message)

    def _ask_state(self, session: OpenSession) -> None:
        """One at a time: a job that changes the session all the time is not asked about all the time."""
        if not self.asking("state", of=session.id) and self.connection.state == "ready":
            self.ask("state", session.id)

    def _opened(self, session: OpenSession) -> None:
        self.close(session.target_key)
        self.sessions[session.target_key] = session

    def _open_again(self, session: OpenSession) -> None:
        """Of another worker, once there is one. One that cannot be opened any more is left: the problem says why."""
        key, state = session.target_key, session.state
        if self.connection.state != "ready" or self.asking("open_target", of=key):
            return
        if session.opens_again:
            return self.close(key)
        session.opens_again = True
        self.ask(open_target, key, state.video.path, "auto", "auto", state.project, then=self._opened)


def open_target(client: Client, key: str, path: str, engine: str, segmenter: str, project: str) -> OpenSession:
    """Beside the main thread. The video's folder is opened to the worker: the user chose a file in it."""
    share_folder_of(path)
    if project:
        asked = wire.OpenRequest(project=project, source=path, engine=engine, segmenter=segmenter)
    else:
        asked = wire.OpenRequest(path=path, engine=engine, segmenter=segmenter)
    state = client.open(asked)
    return OpenSession(key, state.id, state, client.events(state.id), tuple(client.times(state.id)))


_studio: list[Studio] = []


def studio() -> Studio:
    """The one of this Blender; made when the add-on is switched on."""
    return _studio[0]


def begin(connection: Connection, mask_bytes: Callable[[], int]) -> Studio:
    """For ``register``."""
    _studio[:] = [Studio(connection, mask_bytes)]
    return _studio[0]


def end() -> None:
    """For ``unregister``."""
    while _studio:
        _studio.pop().stop()
