"""What long jobs do: track, remove, export, look for cuts. Tasks of ``jobs.py``: one step after the other.

A task is checked when it is made, so that what cannot be done is refused at once; it reads the session when it runs.
Made again after a restart, tracking goes on where its masks end (see Session.propagate); the others begin anew.
"""

import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inpaint.engines import INPAINTERS
from inpaint.holes import Holes, holes_of, require_visible
from inpaint.removal import remove
from plugin.catalogue import REMOVE, settled
from plugin.exports import Material, find_format
from plugin.link import wire
from plugin.stepwise import Pace
from plugin.worker.convert import masks_of
from plugin.worker.job import Task
from plugin.worker.leftovers import forget_parts_of
from plugin.worker.opened import OpenSession
from plugin.worker.removal import FILE, forget_others, new_file, write_changes
from plugin.worker.state import CUTS
from plugin.worker.targets import check_engine, check_target, zipped
from plugin.worker.unfinished import Unfinished
from tam_core.engines.base import FrameMasks
from tam_core.errors import FrameRangeError, RequestError
from tam_core.masklet import Masklet
from tam_core.session import Session
from tam_core.shots import CutDetector
from tam_core.types import ObjectId

if TYPE_CHECKING:
    from plugin.worker.worker import Worker


class _Work:
    """What all of them are, see Task in job.py."""

    kind: str
    title: str
    priority = 10
    gated = False
    total: int | None = None
    result = ""
    download: Path | None = None

    def __init__(self, worker: "Worker", opened: OpenSession, request: Any = None) -> None:
        self._worker, self._id, self.request = worker, opened.id, request
        self.session_id: str | None = opened.id
        self.project = str(opened.project.folder)


class Track(_Work):
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
            self.title = f"track {_named(opened.session, request.objects or opened.session.stale)}"

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


class Remove(_Work):
    """Takes objects away. It works on the masks as they are when it begins, and reads the video by itself."""

    kind = "remove"

    def __init__(self, worker: "Worker", opened: OpenSession, request: wire.RemoveRequest) -> None:
        super().__init__(worker, opened, request)
        check_engine(request.inpainter, worker.folders)
        self._row = INPAINTERS.get(request.inpainter, "inpainter", worker.device)
        self._row.check_ready()
        self._values = settled((*REMOVE, *self._row.parameters), request.parameters, f"removal with {self._row.name}")
        self.gated = any("torch" in row.needs for row in (self._row, *self._row.parts))
        self._frames = frames_of(opened, request.start, request.stop)
        self.total = len(self._frames)
        with opened.lock:
            self._holes(_masklets(opened.session, request.objects))
            self.title = f"remove {_named(opened.session, request.objects)}"

    def run(self) -> Iterator[int]:
        """Frames that are done, a few times a second."""
        pace = Pace()
        with self._worker.sessions.using(self._id) as opened:
            with opened.lock:
                masklets = _masklets(opened.session, self.request.objects)
            options = {parameter.name: self._values[parameter.name] for parameter in self._row.parameters}
            without = remove(
                opened.open_source(),
                masklets.values(),
                inpainter=self._row.load(self._worker.device, **options),
                grow=int(self._values["grow"]),
                feather=int(self._values["feather"]),
                start=self._frames.start,
                stop=self._frames.stop,
                check=pace,
            )
            file = new_file(opened.project.files())
            for _ in write_changes(without, self._holes(masklets), file, pace):
                yield int(pace.done)
            self._record(opened, masklets, file)
            yield len(self._frames)
        self.result = f"{self.title}: {len(self._frames)} frames"

    def _holes(self, masklets: dict[ObjectId, Masklet]) -> Holes:
        """Raises NotVisibleError if there is nothing to remove."""
        size = next(iter(masklets.values())).size
        holes = holes_of(masklets.values(), size, int(self._values["grow"]), int(self._values["feather"]))
        require_visible(holes, self._frames)
        return holes

    def _record(self, opened: OpenSession, masklets: dict[ObjectId, Masklet], file: Path) -> None:
        frames, parameters = self._frames, {**self._values, FILE: file.name}
        with opened.lock:
            opened.session.removed(self._row.name, masklets, frames.start, frames.stop, parameters, masklets)
            forget_others(file.parent, opened.session.commands)
        self._worker.sessions.tell(opened)


class Export(_Work):
    """Writes a file where the client wants it, or one that the client can download."""

    kind = "export"

    def __init__(self, worker: "Worker", opened: OpenSession, request: wire.ExportRequest) -> None:
        super().__init__(worker, opened, request)
        self._row = find_format(request.format)
        settled(self._row.parameters, request.parameters, f"export as {self._row.name}")
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

    def run(self) -> Iterator[None]:
        """A step for every frame, and for every file that is packed."""
        with self._worker.sessions.using(self._id) as opened:
            target = self._target or self._own_target(opened)
            yield from self._row.write(self._material(opened), target)
            if self._target is None:
                self.download = target if self._row.suffix else (yield from zipped(target))
            self.result = str(self.download.name if self.download else target)

    def _material(self, opened: OpenSession) -> Material:
        of_removal = self._row.takes == "removal"
        return Material(
            opened.open_source(),
            [] if of_removal else self._masklets(opened),
            self._frames.start,
            self._frames.stop,
            opened.open_removed() if of_removal else None,
        )

    def _masklets(self, opened: OpenSession) -> list[Masklet]:
        with opened.lock:
            return list(_masklets(opened.session, self.request.objects).values())

    def _own_target(self, opened: OpenSession) -> Path:
        folder = self._worker.data / "exports" / secrets.token_hex(6)
        folder.mkdir(parents=True)
        return folder / f"{opened.project.source_path.stem}-{self._row.name}{self._row.suffix}"


class Scan(_Work):
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
    worker.jobs.register(Track.kind, lambda asked: _again(worker, asked, Track, wire.TrackRequest))
    worker.jobs.register(Remove.kind, lambda asked: _again(worker, asked, Remove, wire.RemoveRequest))
    worker.jobs.register(Export.kind, lambda asked: _again(worker, asked, Export, wire.ExportRequest))


def _again(worker: "Worker", asked: Unfinished, make: Callable[..., Task], message: type) -> Task:
    with worker.sessions.using(asked.session_id or "") as opened:
        return make(worker, opened, wire.from_data(message, asked.request))


def frames_of(opened: OpenSession, start: int, stop: int | None) -> range:
    """Raises FrameRangeError."""
    end = opened.count if stop is None else stop
    if not 0 <= start < end <= opened.count:
        raise FrameRangeError(f"frames {start} to {end} of a video of {opened.count} frames")
    return range(start, end)


def _masklets(session: Session, objects: Iterable[ObjectId] | None) -> dict[ObjectId, Masklet]:
    """Of the chosen objects, or of all. Raises RequestError if there are none, or one is not there."""
    masklets = session.masklets
    chosen = sorted(masklets if objects is None else set(objects))
    missing = [object_id for object_id in chosen if object_id not in masklets]
    if not chosen:
        raise RequestError("there is no object yet: click on one first")
    if missing:
        raise RequestError(f"there is no object {missing[0]}; there are: {sorted(masklets) or 'none'}")
    return {object_id: masklets[object_id] for object_id in chosen}


def _named(session: Session, objects: Iterable[ObjectId] | None) -> str:
    """The objects in words; all if there are none."""
    labels = session.labels
    return ", ".join(labels[object_id].name for object_id in sorted(objects or labels) if object_id in labels)
