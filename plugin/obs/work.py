"""One order carried out from beginning to end: open, say where the objects are, track, edit, write the result.

It runs on a thread of its own and waits for the worker. It knows no OBS: a video goes in, a file comes out.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..link import launch, wire
from ..link.client import Client
from ..link.errors import LinkError
from . import edits
from .ports import Affine, Size
from .words import Word, moved, picked, prompts, scaled

LOOK_EVERY = 0.2
Say = Callable[[str], None]


class Stopped(Exception):
    """The user does not want it any more."""


@dataclass(frozen=True)
class Said:
    """Where objects are: in words that were typed or seen live, or picked in a ``session`` of the worker's page."""

    words: tuple[Word, ...] = ()
    session: str = ""

    def heard(self, client: Client) -> list[Word]:
        """The words. Raises LinkError."""
        return heard(client, client.state(self.session)) if self.session else list(self.words)


@dataclass(frozen=True)
class Order:
    """What to do with ``video``. ``source``: the media source that is to play the result, "" every one that plays it.

    ``said``: where the objects are; None: they were picked in the video's own session. ``place`` is from the picture
    that this was said on to the one that was recorded, whose size is ``size``; None: to the video itself.
    """

    video: Path
    edit: str
    result: str
    said: Said | None = None
    place: Affine | None = None
    size: Size | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    engine: str = edits.AUTO
    segmenter: str = edits.AUTO
    source: str = ""


def carry_out(client: Client, order: Order, say: Say, stopped: Callable[[], bool]) -> Path:
    """The file or folder that was made. Raises LinkError, which says what to do, and Stopped."""
    work = _Waiting(client, say, stopped)
    work.check()
    edit = edits.find(client.catalogue(), order.edit)
    if edit is None:
        raise LinkError(f"the worker cannot do '{order.edit}' (any more): choose another edit")
    launch.open_folder(order.video.parent)
    for file in map(Path, edit.files(order.values)):
        if file.is_absolute() and file.exists():
            launch.open_folder(file.parent)
    say(f"opening {order.video.name}")
    state = client.open(wire.OpenRequest(path=str(order.video), engine=order.engine, segmenter=order.segmenter))
    state = _told(client, state, order)
    if not state.objects:
        raise LinkError(f"no object is picked in {order.video.name}: pick one in the page, or type where it is")
    if any(one.stale for one in state.objects):
        work.until_done(client.track(state.id, wire.TrackRequest()))
    if edit.operation:
        asked = wire.RemoveRequest(inpainter=edit.tool, parameters=edit.given(order.values))
        work.until_done(client.edit(state.id, edit.operation, asked))
    return _written(client, state, order, edit, work)


def heard(client: Client, state: wire.SessionState) -> list[Word]:
    """What was said in a session, asked for only on the frames where something was."""
    frames = sorted({frame for one in state.objects for frame in one.prompted})
    found = [here for frame in frames for here in client.masks(state.id, frame, frame + 1)]
    return picked(found, client.times(state.id))


def _told(client: Client, state: wire.SessionState, order: Order) -> wire.SessionState:
    """Say what the session does not know yet."""
    if order.said is None:
        return state
    video = (state.video.width, state.video.height)
    words = order.said.heard(client)
    if order.place is not None:
        words = moved(words, order.place)
    words = scaled(words, order.size or video, video)
    times = client.times(state.id)
    known = set(heard(client, state))
    for frame, said in prompts(words, times).items():
        if not set(picked([wire.FrameMasks(frame, [], said)], times)) <= known:
            state = client.prompt(state.id, wire.PromptRequest(said)).state
    return state


def _written(client: Client, state: wire.SessionState, order: Order, edit: edits.Edit, work: "_Waiting") -> Path:
    if edit.operation:
        rows = edits.results(client.catalogue())
        row = next((row for row in rows if row.name == order.result), rows[0] if rows else None)
        if row is None:
            raise LinkError("the worker cannot write a format that OBS plays: update tam-studio")
        name, suffix, label, given = row.name, row.suffix, edit.operation, {}
    else:
        name, suffix, label, given = edit.tool, edit.suffix, edit.tool, edit.given(order.values)
    path = free_path(order.video, label, suffix)
    work.until_done(client.export(state.id, wire.ExportRequest(name, str(path), parameters=given)))
    return path


def free_path(video: Path, label: str, suffix: str) -> Path:
    """A new name beside the video, in a folder of ours: nothing of the user's is ever written over."""
    folder = video.parent / "tam-studio"
    try:
        folder.mkdir(exist_ok=True)
        launch.open_folder(folder)
    except OSError as error:
        raise LinkError(f"results go to {folder}, which cannot be made: {error.strerror or error}") from error
    clean = re.sub(r"[^\w.-]+", "-", video.stem)
    number = 1
    while (path := folder / f"{clean}-{label}-{number}{suffix}").exists():
        number += 1
    return path


class _Waiting:
    def __init__(self, client: Client, say: Say, stopped: Callable[[], bool]) -> None:
        self._client, self._say, self._stopped = client, say, stopped

    def check(self) -> None:
        """Raises Stopped when the user does not want it any more."""
        if self._stopped():
            raise Stopped

    def until_done(self, job: wire.Job) -> None:
        """Raises LinkError when it failed, Stopped when the user stopped it, here or in the page."""
        while job.status in ("queued", "running", "paused"):
            if self._stopped():
                self._client.cancel_job(job.id)
                raise Stopped
            self._say(progress(job))
            time.sleep(LOOK_EVERY)
            job = self._client.job(job.id)
        if job.status == "cancelled":
            raise Stopped
        if job.problem is not None:
            raise LinkError(job.problem)


def progress(job: wire.Job) -> str:
    """A job in one line."""
    if job.status == "queued":
        return f"{job.title}: waits for other work"
    share = f"{job.done} of {job.total}" if job.total else str(job.done)
    left = "" if job.eta is None else f", {job.eta:.0f} s left"
    return f"{job.title}: {share}{left}{' (paused in the page)' if job.status == 'paused' else ''}"
