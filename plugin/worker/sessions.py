"""Sessions by id: opened, found again, and closed when nobody uses them, which loses nothing: all is in their projects.

A session's id is made from its project's folder, so it is the same after a restart of the worker.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from plugin.link import wire
from plugin.worker.edited import forget_unfinished
from plugin.worker.known import KnownProjects, id_of
from plugin.worker.media import Media
from plugin.worker.memory import give_back_memory
from plugin.worker.opened import OpenSession
from plugin.worker.problems import UnknownIdError
from plugin.worker.state import CUTS
from plugin.worker.targets import check_engine
from plugin.worker.work import Scan, register_work
from tam_core.engines import ENGINES
from tam_core.errors import RequestError, SourceMovedError, SourceNotFoundError, TamError
from tam_core.project import Project
from tam_core.project.project import SUFFIX
from tam_core.registry import Role
from tam_core.session import Session
from tam_core.video import FrameSource, open_video

if TYPE_CHECKING:
    from plugin.worker.worker import Worker

IDLE_SECONDS = 15 * 60.0
MOST_OPEN = 16
"""Sessions beyond which the one that was not used for longest is closed, if it has no work."""
QUIET_SECONDS = 20.0
"""Without a request, after which a session's engines may be let go: loading them again takes seconds."""
REST_SECONDS = 120.0
_LOOK_SECONDS = 10.0
_PATIENCE_SECONDS = 10.0
"""How long a session that is closed waits for its last requests."""


class Sessions:
    """``idle_seconds`` without a request or a job, and a session is closed; the next request opens it again."""

    def __init__(self, worker: "Worker", *, idle_seconds: float = IDLE_SECONDS, most_open: int = MOST_OPEN) -> None:
        self._worker = worker
        self._idle_seconds, self._most_open = idle_seconds, most_open
        self._known = KnownProjects(worker.data, worker.folders)
        self.media = Media(worker.jobs.gate.give_way, self._nothing_runs)
        self.may_return: Callable[[str], bool] = lambda session_id: True
        """Whether a session that was closed is opened again when it is asked for."""
        self._open: dict[str, OpenSession] = {}
        self._changed = threading.Condition()
        self._doors = threading.Lock()
        """Held while a session is opened or closed. Taken before ``_changed``, never while jobs are waited for."""
        self._stopping = threading.Event()
        with contextlib.suppress(TamError):  # a project that cannot be read may be using any of them
            worker.uploads.forget_unused(self._known.sources)
        register_work(worker)
        threading.Thread(target=self._look_after, name="tam-sessions", daemon=True).start()

    @property
    def open_count(self) -> int:
        """How many are in memory."""
        return len(self._open)

    def open(self, asked: wire.OpenRequest) -> str:
        """Open what is asked for, or go on with it; returns its id. Raises TamError."""
        if sum(given is not None for given in (asked.path, asked.upload, asked.project)) != 1:
            raise RequestError("say what to open: either a path, an upload or a project")
        check = self._worker.folders.check
        self._check_engines({"tracker": asked.engine, "segmenter": asked.segmenter})
        source = None if asked.source is None else check(asked.source)
        if asked.upload is not None:
            place = self._worker.uploads.path(asked.upload)
        else:
            place = _there(check(asked.path or asked.project or ""))
        with self._doors:
            is_project = asked.project is not None or place.suffix == SUFFIX
            session_id = self._with_project(place, source) if is_project else self._with_video(place)
        with self.using(session_id) as opened, opened.lock:
            opened.session.begin_with(asked.engine, asked.segmenter)
            segmenter = opened.session.engines.segmenter
        self._worker.engines.load_soon(segmenter, "segmenter", self._worker.device)
        self.close_idle()
        return session_id

    def use(self, opened: OpenSession, tracker: str | None, segmenter: str | None) -> None:
        """Let a session go on with other engines; None stays as it is. Raises TamError."""
        self._check_engines({"tracker": tracker, "segmenter": segmenter})
        with opened.lock:
            opened.session.use(tracker, segmenter)

    @contextlib.contextmanager
    def using(self, session_id: str) -> Iterator[OpenSession]:
        """A session for as long as the block lasts; opened again if it was closed. Raises UnknownIdError, TamError."""
        opened = self._taken(session_id)
        try:
            yield opened
        finally:
            with self._changed:
                opened.users -= 1
                opened.used = time.monotonic()
                self._changed.notify_all()

    def state(self, session_id: str) -> wire.SessionState:
        """What its clients show."""
        with self.using(session_id) as opened:
            return opened.state(self._worker.jobs.of(session_id))

    def tell(self, opened: OpenSession) -> None:
        """Its clients are told that it has changed."""
        self._worker.events.publish(opened.id, self.changed(opened))

    def changed(self, opened: OpenSession) -> wire.StateEvent:
        """What they are told."""
        with opened.lock:
            return wire.StateEvent(revision=opened.session.revision)

    def entries(self) -> list[wire.SessionEntry]:
        """Open sessions and recent projects, the newest first."""
        recent = [(folder, id_of(folder), changed) for folder, changed in self._known.recent()]
        return [
            wire.SessionEntry(session_id if session_id in self._open else "", str(folder), folder.stem, changed)
            for folder, session_id, changed in recent
        ]

    def close_session(self, session_id: str) -> None:
        """Its jobs are paused, its streams end, other programs may open its project. Raises UnknownIdError."""
        if session_id not in self._open:
            self._known.find(session_id)
        self._worker.jobs.suspend(session_id)
        self._leave(session_id)
        self._worker.events.forget(session_id)

    def close_idle(self, idle_seconds: float | None = None) -> None:
        """Close those that nobody has used for so long, and the ones longest unused if too many are open."""
        limit = self._idle_seconds if idle_seconds is None else idle_seconds
        with self._changed:
            idle = [one for one in sorted(self._open.values(), key=lambda one: one.used) if self._is_idle(one)]
            surplus = len(self._open) - self._most_open
        for position, opened in enumerate(idle):
            if position < surplus or time.monotonic() - opened.used >= limit:
                self._worker.jobs.suspend(opened.id)
                self._leave(opened.id, only_idle=True)
                self._worker.events.forget_unheard(opened.id)

    def rest(self) -> None:
        """Sessions that nobody has used for a while let go of what they have again in a moment."""
        with self._changed:
            resting = [opened for opened in self._open.values() if self._is_quiet(opened, REST_SECONDS)]
        for opened in resting:
            with opened.lock:
                opened.session.rest()

    def keep_to_budget(self) -> None:
        """Where the process takes too much memory, let go of engines: first of those not used for longest.

        A session that has work, or was used just now, keeps its engines.
        """
        with self._changed:
            held = sorted(self._open.values(), key=lambda one: one.used)
        for opened in held:
            if not self._worker.memory.exceeded:
                return
            if self._is_quiet(opened, QUIET_SECONDS):
                with opened.lock:
                    opened.session.release_engines()
                in_use = [engine for other in held for engine in other.session.held_engines]
                self._worker.engines.release(keep=[*in_use, *self._worker.live.engines])

    def close(self) -> None:
        """Close all. Jobs have ended before."""
        self._stopping.set()
        for session_id in list(self._open):
            self._leave(session_id)
        self.media.close()

    def _check_engines(self, names: Mapping[Role, str | None]) -> None:
        """Find out before anything is opened or changed whether these can be used."""
        for role, name in names.items():
            if name is not None:
                check_engine(name, self._worker.folders)
                ENGINES.get(name, role, self._worker.device).check_ready()

    def _with_project(self, folder: Path, source: Path | None) -> str:
        if folder.suffix != SUFFIX:
            raise RequestError(f"{folder} is no project: their names end in {SUFFIX}")
        if id_of(folder) not in self._open:
            self._enter(Project.open(folder, source))
        return id_of(folder)

    def _with_video(self, path: Path) -> str:
        """Go on with the project of a video, or begin one. Another video that had this path before has its own."""
        for folder in self._known.default_folders(path):
            if id_of(folder) in self._open:
                return id_of(folder)
            if not folder.exists():
                source = open_video(path)  # raises before there is a project for something that is no video
                self._enter(Project.create(folder, path), source)
                return id_of(folder)
            with contextlib.suppress(SourceMovedError):
                return self._with_project(folder, path)
        raise RequestError(f"{path} has been another video too often: delete some of its projects")

    def _enter(self, project: Project, source: FrameSource | None = None) -> None:
        """Begin a session, with the doors held."""
        worker = self._worker
        try:
            worker.folders.check(project.source_path)
            source = source or open_video(project.source_path)
            session = Session(source, project=project, device=worker.device, loader=worker.engines.load)
            opened = OpenSession(id_of(project.folder), project, session)
            forget_unfinished(project.files())
            self._known.remember(project.folder)
        except BaseException:
            project.close()
            raise
        with self._changed:
            self._open[opened.id] = opened
        if project.meta(CUTS) is None:
            worker.jobs.start(Scan(worker, opened))

    def _taken(self, session_id: str) -> OpenSession:
        while True:
            with self._changed:
                if opened := self._open.get(session_id):
                    opened.users += 1
                    return opened
            if not self.may_return(session_id):
                raise UnknownIdError(f"no session {session_id[:32]!r}: it was given back")
            with self._doors:
                if session_id not in self._open:
                    self._enter(Project.open(self._known.find(session_id)))

    def _leave(self, session_id: str, only_idle: bool = False) -> None:
        """End a session once its requests are answered; who asks for it meanwhile waits, and finds it opened again."""
        with self._doors:
            with self._changed:
                opened = self._open.get(session_id)
                if opened is None or (only_idle and not self._is_idle(opened)):
                    return
                del self._open[session_id]
                self._changed.wait_for(lambda: not opened.users, _PATIENCE_SECONDS)
            opened.close(self.media)

    def _is_idle(self, opened: OpenSession) -> bool:
        return not opened.users and not _at_work(self._worker.jobs.of(opened.id))

    def _is_quiet(self, opened: OpenSession, seconds: float) -> bool:
        return self._is_idle(opened) and time.monotonic() - opened.used >= seconds

    def _nothing_runs(self) -> bool:
        return not _at_work(job for job in self._worker.jobs.all() if job.kind != Scan.kind)

    def _look_after(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            self.close_idle()
            self.rest()
            self.keep_to_budget()
            give_back_memory()


def _there(path: Path) -> Path:
    try:
        path.stat()
    except OSError as error:
        raise SourceNotFoundError(f"{str(path)[:1000]}: {error.strerror}") from error
    return path


def _at_work(jobs: Iterable[wire.Job]) -> bool:
    return any(job.status in ("queued", "running") for job in jobs)
