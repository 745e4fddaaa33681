"""The queue: which video an annotator gets next, and what becomes of it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from tam_core.annotate.locks import Holder, Lock, LockedError, holder_of, take
from tam_core.annotate.records import Draft, Made, Record, State, Submission, Verdict, Work
from tam_core.annotate.store import Store
from tam_core.errors import RequestError
from tam_core.masklet import Masklet
from tam_core.types import ObjectId
from tam_core.video.source import VideoInfo

Task: TypeAlias = Literal["annotate", "verify"]

_ORDER: tuple[State, ...] = ("unsatisfactory", "to verify", "to do")
"""What is begun is finished first."""


@dataclass(frozen=True)
class Entry:
    """A line of the queue. ``holder``: who has it now, "" for nobody; ``annotator``: who submitted it last."""

    name: str
    state: State
    holder: str
    annotator: str
    note: str


class Queue:
    """The videos of a store, as one annotator sees them."""

    def __init__(self, store: Store, annotator: str) -> None:
        store.join(annotator)
        self.store, self.annotator = store, annotator

    def entries(self) -> list[Entry]:
        """All videos, in the order of their names."""
        return [self._entry(name) for name in self.store.videos]

    def next(self) -> "Taken | None":
        """Take what is due next: work that came back, then the verification of others' work, then new videos.

        None if there is nothing for this annotator.
        """
        for name in self._due():
            try:
                return self.take(name)
            except RequestError:  # somebody was quicker, or it has been done meanwhile
                continue
        return None

    def take(self, name: str) -> "Taken":
        """Take a video, whatever its state. Raises LockedError, or RequestError where there is nothing to do."""
        place = self.store.place(name)
        lock = take(place, Holder.here(self.annotator))
        if lock is None:
            holder = holder_of(place)
            raise LockedError(f"'{name}' is taken by {holder.annotator if holder else 'somebody'}: take another one")
        record = self.store.record(name)  # read when nobody else can write it
        if record.state == "to verify" and not self._may_verify(record):
            lock.release()
            raise RequestError(f"'{name}' is your own: another annotator has to verify it")
        return Taken(self.store, name, self.annotator, lock, "verify" if record.state == "to verify" else "annotate")

    def _due(self) -> Iterator[str]:
        entries = {entry.name: entry for entry in self.entries() if not entry.holder}
        for state in _ORDER:
            for name, entry in entries.items():
                if entry.state == state and (state != "to verify" or self._may_verify(self.store.record(name))):
                    yield name

    def _may_verify(self, record: Record) -> bool:
        """One's own work is verified by another, if there is one."""
        return record.submissions[-1].annotator != self.annotator or self.store.annotators == [self.annotator]

    def _entry(self, name: str) -> Entry:
        record, holder = self.store.record(name), holder_of(self.store.place(name))
        return Entry(
            name,
            record.state,
            holder.annotator if holder else "",
            record.submissions[-1].annotator if record.submissions else "",
            record.verdicts[-1].note if record.state == "unsatisfactory" else "",
        )


@dataclass
class Taken:
    """A video that an annotator has, until it is given back: also when it is submitted or judged."""

    store: Store
    name: str
    annotator: str
    lock: Lock
    task: Task

    @property
    def video(self) -> Path:
        return self.store.videos[self.name]

    def draft(self, phase: int) -> Draft:
        """What was done since the last submission; begun in ``phase`` if nothing was."""
        return self.store.draft(self.name) or Draft(phase)

    def worked(self, draft: Draft, more: Mapping[ObjectId, Work]) -> Draft:
        """Write down more work, and that one is still there. Raises LockedError if the video was taken over."""
        self.lock.beat()
        if more:
            for object_id, work in more.items():
                draft = draft.plus(object_id, work)
            self.store.write_draft(self.name, draft)
        return draft

    def submit(
        self, draft: Draft, masklets: Sequence[Masklet], edited: Mapping[ObjectId, tuple[int, ...]], info: VideoInfo
    ) -> None:
        """The masklets are done, to be verified. Raises RequestError if there is none, or the video is not annotated.

        ``edited``: the frames of each on which something was said.
        """
        if self.task != "annotate" or not masklets:
            raise RequestError("this is to be verified, not submitted" if masklets else "there is no masklet to submit")
        self.lock.beat()
        frames = len({frame for masklet in masklets for frame in masklet.frames})
        done = tuple(Made(m.object_id, draft.work.get(m.object_id, Work()), edited[m.object_id]) for m in masklets)
        submission = Submission(self.annotator, draft.phase, time.time(), frames, done)
        record = self.store.record(self.name)
        self.store.write_masklets(self.name, masklets, info)
        self.store.write_record(self.name, replace(record, submissions=(*record.submissions, submission)))
        self.store.write_draft(self.name, None)

    def judge(self, unsatisfactory: Sequence[ObjectId] = (), note: str = "") -> None:
        """Satisfactory, or which masklets are not; those go back to the queue. Raises RequestError."""
        if self.task != "verify":
            raise RequestError(f"'{self.name}' is not to be verified: submit it first")
        self.lock.beat()
        record = self.store.record(self.name)
        known = {made.object_id for made in record.submissions[-1].masklets}
        if strange := set(unsatisfactory) - known:
            raise RequestError(f"there is no object {min(strange)}; there are: {sorted(known)}")
        verdict = Verdict(self.annotator, time.time(), tuple(sorted(set(unsatisfactory))), note)
        self.store.write_record(self.name, replace(record, verdicts=(*record.verdicts, verdict)))

    def give_back(self) -> None:
        """Let somebody else have it; nothing is lost. Whoever has its project open closes it before."""
        self.lock.release()
