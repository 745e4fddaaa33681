"""What the long jobs of a session have in common; see Task in ``job.py``. What they do is in the files beside it."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plugin.link import wire
from plugin.worker.opened import OpenSession
from tam_core.errors import FrameRangeError, RequestError
from tam_core.masklet import Masklet
from tam_core.session import Session
from tam_core.types import ObjectId

if TYPE_CHECKING:
    from plugin.worker.worker import Worker


class Work:
    """A task of one session. It is checked when it is made, and reads the session when it runs."""

    kind: str
    title: str
    priority = 10
    gated = False
    total: int | None = None
    result = ""
    download: Path | None = None
    outcome: wire.Forecast | wire.Receipt | None = None

    def __init__(self, worker: "Worker", opened: OpenSession, request: Any = None) -> None:
        self._worker, self._id, self.request = worker, opened.id, request
        self.session_id: str | None = opened.id
        self.project = str(opened.project.folder)

    def run(self) -> Iterator[int | None]:
        """See Task."""
        raise NotImplementedError


def frames_of(opened: OpenSession, start: int, stop: int | None) -> range:
    """Raises FrameRangeError."""
    end = opened.count if stop is None else stop
    if not 0 <= start < end <= opened.count:
        raise FrameRangeError(f"frames {start} to {end} of a video of {opened.count} frames")
    return range(start, end)


def masklets_of(session: Session, objects: Iterable[ObjectId] | None) -> dict[ObjectId, Masklet]:
    """Of the chosen objects, or of all. Raises RequestError if there are none, or one is not there."""
    masklets = session.masklets
    chosen = sorted(masklets if objects is None else set(objects))
    missing = [object_id for object_id in chosen if object_id not in masklets]
    if not chosen:
        raise RequestError("there is no object yet: click on one first")
    if missing:
        raise RequestError(f"there is no object {missing[0]}; there are: {sorted(masklets) or 'none'}")
    return {object_id: masklets[object_id] for object_id in chosen}


def named(session: Session, objects: Iterable[ObjectId] | None) -> str:
    """The objects in words; all if there are none."""
    labels = session.labels
    return ", ".join(labels[object_id].name for object_id in sorted(objects or labels) if object_id in labels)
