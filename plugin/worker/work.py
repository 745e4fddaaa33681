"""What long jobs do beside edits: track, export, look for cuts. Tasks of ``jobs.py``: one step after the other.

A task is checked when it is made, so that what cannot be done is refused at once; it reads the session when it runs.
Made again after a restart, tracking goes on where its masks end (see Session.propagate); the others begin anew.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from plugin.catalogue import settled
from plugin.exports import Material, find_format
from plugin.link import wire
from plugin.worker.convert import masks_of
from plugin.worker.edits import EDITS
from plugin.worker.job import Task
from plugin.worker.leftovers import forget_parts_of
from plugin.worker.opened import OpenSession
from plugin.worker.receipts import examined, in_words
from plugin.worker.state import CUTS
from plugin.worker.targets import check_target, zipped
from plugin.worker.tasks import Work, frames_of, masklets_of, named
from plugin.worker.unfinished import Unfinished
from tam_core.engines.base import FrameMasks
from tam_core.masklet import Masklet
from tam_core.shots import CutDetector

if TYPE_CHECKING:
    from plugin.worker.worker import Worker


class Track(Work):
    """Carries objects through the video; every frame is in the project before its masks are told."""

    kind, gated = "track", True

    def __init__(self, worker: "Worker", opened: OpenSession, request: wire.TrackRequest) -> None:
        super().__init__(worker, opened, request)
        with opened.lock:
            self.total = opened.session.steps(
                request.direction,
                objects=request.objects,
                start=request.start,
                stop=request.stop,
                across_cuts=request.across_cuts,
            )
            self.title = f"track {named(opened.session, request.objects or opened.session.stale)}"

    def run(self) -> Iterator[None]:
        """A step for every frame of every pass."""
        asked = self.request
        with self._worker.sessions.using(self._id) as opened:
            passing = opened.session.propagate(
                asked.direction,
                objects=asked.objects,
                start=asked.start,
                stop=asked.stop,
                across_cuts=asked.across_cuts,
            )
            try:
                yield from self._told(opened, passing)
            finally:
                with opened.lock:
                    passing.close()
                self._worker.sessions.tell(opened)
        self.result = f"{self.title}: done"

    def _told(self, opened: OpenSession, passing: Iterator[FrameMasks]) -> Iterator[None]:
        while True:
            with opened.lock:
                found = next(passing, None)
            if found is None:
                return
            if found.masks:
                event = wire.MasksEvent(frame=found.frame, masks=masks_of(found))
                self._worker.events.publish(self._id, event)
            yield


class Export(Work):
    """Writes a file where the client wants it, or one that the client can download."""

    kind = "export"

    def __init__(self, worker: "Worker", opened: OpenSession, request: wire.ExportRequest) -> None:
        super().__init__(worker, opened, request)
        self._row = find_format(request.format)
        self._values = settled(self._row.parameters, request.parameters, f"export as {self._row.name}")
        self._frames = frames_of(opened, request.start, request.stop)
        self._target = None if request.path is None else worker.folders.check(request.path)
        if self._target is not None:
            check_target(self._target, self._row, opened)
        if self._row.takes == "removal":
            opened.require_removed()
        else:
            self._masklets(opened)
        self.total = len(self._frames)
        self.title = f"export {opened.project.source_path.name} as {self._row.name}"

    def run(self) -> Iterator[int | None]:
        """A step for every frame, and for every file that is packed. A whole result gets a receipt."""
        with self._worker.sessions.using(self._id) as opened:
            target = self._target or self._own_target(opened)
            yield from self._row.write(self._material(opened), target)
            if self._row.takes == "removal" and self._row.codec:
                self.outcome = yield from examined(opened, target, self._frames)
            if self._target is None:
                self.download = target if self._row.suffix else (yield from zipped(target))
            name = str(self.download.name if self.download else target)
            self.result = f"{name}, {in_words(self.outcome)}" if isinstance(self.outcome, wire.Receipt) else name

    def _material(self, opened: OpenSession) -> Material:
        of_removal = self._row.takes == "removal"
        with opened.lock:
            names = {number: label.name for number, label in opened.session.labels.items()}
        return Material(
            opened.open_source(),
            [] if of_removal else self._masklets(opened),
            self._frames.start,
            self._frames.stop,
            opened.open_removed() if of_removal else None,
            self._values,
            names,
        )

    def _masklets(self, opened: OpenSession) -> list[Masklet]:
        with opened.lock:
            return list(masklets_of(opened.session, self.request.objects).values())

    def _own_target(self, opened: OpenSession) -> Path:
        folder = self._worker.data / "exports" / secrets.token_hex(6)
        folder.mkdir(parents=True)
        return folder / f"{opened.project.source_path.stem}-{self._row.name}{self._row.suffix}"


class Scan(Work):
    """Looks for the cuts of a video, once for each project, when there is nothing else to do."""

    kind, title, priority, gated = "scan", "look for cuts", 0, True

    def __init__(self, worker: "Worker", opened: OpenSession) -> None:
        super().__init__(worker, opened)
        self.total = opened.count

    def run(self) -> Iterator[None]:
        """A step for every frame."""
        detector, cuts = CutDetector(), []
        with self._worker.sessions.using(self._id) as opened:
            for frame in opened.session.source.frames():
                if detector.cut_before(frame.pixels):
                    cuts.append(frame.index)
                yield
            opened.project.set_meta(CUTS, json.dumps(cuts))
            self._worker.sessions.tell(opened)
        self.result = f"{len(cuts)} cuts"


def register_work(worker: "Worker") -> None:
    """Say how jobs of an earlier life are made again, and clean up behind those that were killed."""
    for asked in worker.jobs.unfinished:
        if asked.kind == Export.kind and asked.request.get("path"):
            forget_parts_of(Path(asked.request["path"]))
    worker.jobs.register(Track.kind, partial(_again, worker, make=Track, message=wire.TrackRequest))
    for edit in EDITS.values():
        worker.jobs.register(edit.kind, partial(_again, worker, make=edit, message=wire.RemoveRequest))
    worker.jobs.register(Export.kind, partial(_again, worker, make=Export, message=wire.ExportRequest))


def _again(worker: "Worker", asked: Unfinished, make: Callable[..., Task], message: type) -> Task:
    with worker.sessions.using(asked.session_id or "") as opened:
        return make(worker, opened, wire.from_data(message, asked.request))
