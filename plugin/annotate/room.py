"""One annotator at the page: the video that is taken, its session in the worker, and the clock. It knows no HTTP."""

import logging
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from plugin.annotate.messages import (
    AnnotationState,
    ObjectWork,
    PhaseEntry,
    ProposedMask,
    QueueEntry,
)
from plugin.link import wire
from plugin.worker.worker import Worker
from tam_core.annotate.locks import LockedError
from tam_core.annotate.phases import PHASES, made, phase_of, prepare
from tam_core.annotate.queue import Entry, Queue, Taken
from tam_core.annotate.records import Draft, Work
from tam_core.annotate.store import PROPOSED
from tam_core.errors import RequestError, TamError
from tam_core.formats.sav import annotated_step
from tam_core.masklet import Masklet
from tam_core.project import Project
from tam_core.types import ObjectId

GONE_SECONDS = 150.0
"""Without a word from the page, after which the video is given back."""
_LOOK_SECONDS = 15.0
_LONGEST = 3600.0
"""Seconds that one beat may tell of."""
_LOG = logging.getLogger("tam.worker")


@dataclass
class _Seat:
    """The video that is worked on. ``heard``: when the page spoke last."""

    taken: Taken
    session: str
    step: int
    draft: Draft
    heard: float


class Room:
    """Made once for a worker; its routes ask it. Close it when the worker is closed, so that the sessions are.

    ``engine`` and ``segmenter`` are for videos that nobody has begun. ``gone``: see GONE_SECONDS.
    """

    def __init__(
        self,
        worker: Worker,
        queue: Queue,
        phase: int = 3,
        engine: str = "auto",
        segmenter: str = "auto",
        gone: float = GONE_SECONDS,
    ) -> None:
        self._worker, self._queue, self._phase = worker, queue, phase_of(phase).number
        self._engines, self._gone = (engine, segmenter), gone
        self._seat: _Seat | None = None
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        worker.sessions.may_return = self._holds
        threading.Thread(target=self._look_after, name="tam-annotate", daemon=True).start()

    def state(self) -> AnnotationState:
        """All that the page shows of it."""
        with self._lock:
            seat = self._seat
            told = [PhaseEntry(phase.number, phase.title, phase.summary, phase.tracks) for phase in PHASES]
            entries = [_entry(entry) for entry in self._queue.entries()]
            if seat is None:
                return AnnotationState(True, self._queue.annotator, self._phase, told, entries)
            return AnnotationState(
                True,
                self._queue.annotator,
                seat.draft.phase,
                told,
                entries,
                seat.taken.name,
                seat.taken.task,
                seat.session,
                seat.step,
                len(self._proposed(seat)),
                [
                    ObjectWork(number, work.seconds, work.machine_seconds, work.interactions)
                    for number, work in sorted(seat.draft.work.items())
                ],
            )

    def take(self, name: str | None = None) -> None:
        """Take a video, or what is due next; one that is held goes back. Raises RequestError if there is none."""
        with self._lock:
            self.give_back()
            taken = self._queue.next() if name is None else self._queue.take(name)
            if taken is None:
                raise RequestError("there is nothing to do: all is annotated and verified, or others are at it")
            try:
                session = self._open(taken)
                with self._worker.sessions.using(session) as opened:
                    step = annotated_step(opened.session.source.info.rate)
            except BaseException:
                taken.give_back()
                raise
            self._seat = _Seat(taken, session, step, taken.draft(self._phase), time.monotonic())

    def choose_phase(self, phase: int) -> None:
        """From now on, and for the video at hand if it is not begun. Raises RequestError."""
        with self._lock:
            number = phase_of(phase).number
            if self._seat is not None and number != self._seat.draft.phase:
                if any(work.interactions for work in self._seat.draft.work.values()):
                    raise RequestError(
                        f"this video was begun in mode {self._seat.draft.phase}: submit it, or go on in that mode"
                    )
                self._seat.draft = Draft(number, self._seat.draft.work)
            self._phase = number

    def beat(self, work: Sequence[ObjectWork]) -> None:
        """The page is there, and this was done meanwhile. Raises LockedError if the video was taken over."""
        more = {one.object_id: _checked(one) for one in work}
        with self._lock:
            seat = self._required()
            try:
                seat.draft = seat.taken.worked(seat.draft, more)
            except LockedError:
                self._leave(seat)
                raise
            seat.heard = time.monotonic()

    def check_change(self, session_id: str) -> None:
        """Raises RequestError for a video that is to be verified."""
        seat = self._seat
        if seat is not None and seat.session == session_id and seat.taken.task == "verify":
            raise RequestError("this video is to be verified, not changed: say what is unsatisfactory")

    def prepare(self, frame: int, object_id: ObjectId) -> bool:
        """Before something is said about an object on a frame: whether the frame is done anew (phase 2).

        Raises RequestError for a video that is to be verified.
        """
        with self._lock:
            seat = self._required()
            session_id, phase = seat.session, phase_of(seat.draft.phase)
            self.check_change(session_id)
        with self._worker.sessions.using(session_id) as opened:
            with self._worker.jobs.gate.now(), opened.lock:
                forgotten = prepare(opened.session, phase, frame, object_id)
            if forgotten:
                self._worker.sessions.tell(opened)
            return forgotten

    def submit(self) -> None:
        """The masklets of the session are done. Raises RequestError if there is none, or they are to be verified."""
        with self._lock:
            seat = self._required()
            with self._worker.sessions.using(seat.session) as opened, opened.lock:
                session, phase = opened.session, phase_of(seat.draft.phase)
                masklets = [masklet for masklet in made(session, phase) if masklet.visible_frames]
                edited = {m.object_id: tuple(session.prompted_frames(m.object_id)) for m in masklets}
                info = session.source.info
            seat.taken.submit(seat.draft, masklets, edited, info)
            self.give_back()

    def judge(self, unsatisfactory: Sequence[ObjectId], note: str) -> None:
        """Satisfactory, or which masklets are not. Raises RequestError."""
        with self._lock:
            self._required().taken.judge(unsatisfactory, note)
            self.give_back()

    def give_back(self) -> None:
        """Let somebody else go on with the video, if one is held. What was done stays in its project."""
        with self._lock:
            seat = self._seat
            if seat is not None:
                self._leave(seat)
                seat.taken.give_back()

    def proposals(self) -> list[ProposedMask]:
        """Where engines found objects in the video at hand, on the frames that they were found on."""
        with self._lock:
            masklets = self._proposed(self._required())
        return [
            ProposedMask(
                masklet.object_id,
                frame,
                masklet.size,
                masklet.rles[frame].counts.decode("ascii"),
                masklet.scores.get(frame, 0.0),
            )
            for masklet in masklets
            for frame in masklet.visible_frames[:1]
        ]

    def close(self) -> None:
        """Give back what is held, when the worker has closed its sessions."""
        self._stopping.set()
        with self._lock:
            if self._seat is not None:
                self._seat.taken.give_back()
                self._seat = None

    def _open(self, taken: Taken) -> str:
        project, (engine, segmenter) = taken.store.project(taken.name), self._engines
        fresh = not project.exists()
        if fresh:
            Project.create(project, taken.video).close()
        names = {"engine": engine, "segmenter": segmenter} if fresh else {}
        asked = wire.OpenRequest(project=str(project), source=str(taken.video), **names)
        return self._worker.sessions.open(asked)

    def _required(self) -> _Seat:
        if self._seat is None:
            raise RequestError("no video is taken, or it was given back while nobody was here: take one")
        return self._seat

    def _holds(self, session_id: str) -> bool:
        """Asked from any thread, also while a video is taken: it waits for nothing."""
        seat = self._seat
        return seat is not None and seat.session == session_id

    def _leave(self, seat: _Seat) -> None:
        """Close the session, so that others may open the project."""
        self._seat = None
        try:
            self._worker.sessions.close_session(seat.session)
        except TamError as error:
            _LOG.warning("closing %s: %s", seat.taken.name, error)

    def _proposed(self, seat: _Seat) -> list[Masklet]:
        return seat.taken.store.masklets(seat.taken.name, PROPOSED)

    def _look_after(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            self.look()

    def look(self) -> None:
        """Keep the lock while the page is there, and give the video back when it is not."""
        with self._lock:
            seat = self._seat
            if seat is None:
                return
            try:
                if time.monotonic() - seat.heard > self._gone:
                    self.give_back()
                else:
                    seat.taken.lock.beat()
            except LockedError as error:
                _LOG.warning("%s", error)
                self._leave(seat)
            except TamError as error:
                _LOG.warning("%s", error)


def _entry(entry: Entry) -> QueueEntry:
    state = "taken" if entry.holder else entry.state
    return QueueEntry(entry.name, state, entry.holder, entry.annotator, entry.note)


def _checked(work: ObjectWork) -> Work:
    """Raises RequestError for what cannot have happened since the last beat."""
    times = (work.seconds, work.machine_seconds)
    if not all(math.isfinite(one) and 0 <= one <= _LONGEST for one in times) or not 0 <= work.interactions < 10**6:
        raise RequestError(f"work of {work.seconds} s with {work.interactions} interactions in one beat")
    if work.object_id < 1:
        raise RequestError(f"object {work.object_id}: object numbers start at 1")
    return Work(*times, work.interactions)
