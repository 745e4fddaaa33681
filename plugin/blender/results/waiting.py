"""Have the worker write a result, and put it into the project when it is there.

What is waited for is known by names, not by Blender's own objects: those do not outlive an undo. Nothing here waits.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...link import wire
from .. import bridge, preferences
from ..operators.common import NeedsSession
from ..operators.export import export_to
from ..session import OpenSession
from ..strips import TimingError
from ..studio import studio
from ..target import Target, target, timing_of
from ..timing import Timing
from .placing import Placing, found_again

REMOVED = ("png", "patch")
"""Formats of a removal, which has frames of its own."""
SLICE, PAUSE = 0.02, 0.01
"""Seconds of work, and seconds between."""
Place = Callable[[Path], Iterator[Any]]
"""Puts a folder of pictures into the project, in short steps."""


@dataclass(frozen=True)
class _Expected:
    """A folder that a job is writing."""

    session_id: str
    job_id: str
    folder: Path
    place: Place
    title: str


_expected: list[_Expected] = []


def export_then(session: OpenSession, kind: str, objects: list[int] | None, place: Place, title: str) -> None:
    """Have a format of the catalogue written to a new folder; ``place`` is called when all of it is there."""
    folder, removal = new_folder(session, kind), session.state.removal
    request = wire.ExportRequest(kind, str(folder), objects)
    if removal and kind in REMOVED:
        request = wire.ExportRequest(kind, str(folder), start=removal.start, stop=removal.stop)

    def expect(job: wire.Job) -> None:
        _expected.append(_Expected(session.id, job.id, folder, place, title))
        _look()

    studio().ask(export_to, session.id, request, then=expect)


def new_folder(session: OpenSession, kind: str) -> Path:
    """A name below the results' folder that nothing has yet. It keeps it: later results get others."""
    stem = "".join(one if one.isalnum() or one in "-_" else "_" for one in Path(session.state.video.name).stem)
    number, within = 1, preferences.cache_folder()
    asked = {one.folder for one in _expected}
    while (folder := within / f"{stem}-{kind}-{number}").exists() or folder in asked:
        number += 1
    return folder


def pictures(folder: Path) -> dict[int, str]:
    """The numbered pictures of a result, by source frame."""
    return {int(one.stem): str(one) for one in sorted(folder.glob("*.png")) if one.stem.isdecimal()}


def timing_here(context: Any, found: Target, session: OpenSession) -> Timing:
    """When each source frame is seen where the user works. Raises TimingError."""
    if found.kind == "strip":
        scene = bridge.sequencer_scene(context)
        return timing_of(found_again(scene.name, found.name), scene, session)
    count = session.state.video.frame_count
    clip = bpy.data.movieclips.get(found.name) if found.kind == "clip" else None
    start = clip.frame_start - clip.frame_offset if clip else 1
    return Timing(start, start, start + count, count, count)


def on_strip(
    context: Any, found: Target, session: OpenSession, add: Callable[[Any, Any, Timing, Mapping[int, str]], Placing]
) -> Place:
    """Calls ``add(scene, strip, timing, pictures)`` with the strip that the user works on now, as it is then."""
    scene_name, name = bridge.sequencer_scene(context).name, found.name

    def place(folder: Path) -> Iterator[Any]:
        strip = found_again(scene_name, name)
        scene = strip.id_data
        yield from add(scene, strip, timing_of(strip, scene, session), pictures(folder))

    return place


def gently(steps: Iterator[Any], title: str) -> None:
    """Go through long work on the main thread in slices, so that Blender stays alive; then make an undo step."""

    def slice_() -> float | None:
        until = time.perf_counter() + SLICE
        try:
            with studio().timed("result"):
                while time.perf_counter() < until:
                    next(steps)
        except StopIteration:
            bridge.push_undo(f"TAM {title}")
        except (TimingError, ReferenceError, RuntimeError, KeyError) as error:  # such as: deleted meanwhile
            studio().say(f"{title}: {error}")
        else:
            return PAUSE
        return None

    if not bpy.app.background:
        bpy.app.timers.register(slice_, first_interval=0)
        return
    while slice_():
        pass


def _look() -> None:
    """The studio's listener: whether something that is waited for has come."""
    for one in list(_expected):
        session = studio().session_of(one.session_id)
        job = next((job for job in session.state.jobs if job.id == one.job_id), None) if session else None
        if job is None or job.status in ("queued", "running", "paused"):
            continue
        _expected.remove(one)
        if job.status == "done":
            gently(one.place(one.folder), one.title)


class NeedsStrip(NeedsSession):
    """For operators whose result is a strip."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        found = target(context)
        if found is not None and found.kind != "strip":
            told = "Results are put beside strips: select the strip in the sequencer"
            cls.poll_message_set(told)  # type: ignore[attr-defined]
            return False
        return super().poll(context)


def lacks_objects(operator: Any, session: OpenSession) -> bool:
    """Tells the user."""
    if not session.state.objects:
        operator.report({"WARNING"}, "There is no object yet: pick one with a click first")
    return not session.state.objects


def register() -> None:
    studio().listeners.append(_look)


def unregister() -> None:
    _expected.clear()
