"""Joins the .blend with the worker: Ctrl+Z with the worker's history, and a loaded file with its sessions.

Every change of a session is one undo step of Blender: once the worker has done it, the source's ``step`` in the .blend
says how many changes are done, and Blender is told to remember that. When Ctrl+Z brings an older ``step`` back, the
worker is asked to undo or redo until it is there. So a click that failed leaves no step, and Ctrl+Z takes back the last
click and only that.
"""

from dataclasses import dataclass
from typing import Any

import bpy
from bpy.app.handlers import persistent

from . import bridge, parameters, properties
from .session import OpenSession
from .studio import studio


@dataclass(frozen=True)
class _Kept:
    """What ``Studio.open`` needs, of a source in the .blend."""

    key: str
    path: str


def follow() -> None:
    """The studio's listener: write down what changed."""
    here = studio()
    if here.catalogue:
        parameters.follow(here.catalogue)
    for session in list(here.sessions.values()):
        source = properties.find_source(session.target_key)
        if source is None:
            source = properties.add_source(bridge.sequencer_scene(bpy.context), session)
            properties.follow(source, session.state)
            _remember(f"Open {session.state.video.name}")
        elif not here.asking("undo", "redo", of=session.id):
            _write_down(source, session)


def _write_down(source: Any, session: OpenSession) -> None:
    """Also when the worker has gone on since the file was saved: Ctrl+Z then leads back here first."""
    state = session.state
    if source.project != state.project:
        source.project = state.project
    properties.follow(source, state)
    if source.step != state.step:
        title = state.undo if state.step > source.step else f"Undo {state.redo}"
        source.step = state.step
        _remember(title)


def _remember(title: str) -> None:
    with studio().timed("undo push"):
        bridge.push_undo(f"TAM {title}")


def undone(*_: Any) -> None:
    """After Ctrl+Z or Ctrl+Shift+Z."""
    here = studio()
    with here.timed("undo"):
        kept = {source.key: source for source in reversed(list(properties.sources()))}
        for key in [key for key in here.sessions if key not in kept]:
            here.close(key)
        for key, source in kept.items():
            if key in here.sessions:
                go(key)
            else:
                here.open(_Kept(key, source.path), project=source.project)


def go(key: str) -> None:
    """Ask the worker to undo or redo until the session is where the .blend says."""
    here = studio()
    session, source = here.sessions.get(key), properties.find_source(key)
    if session is None or source is None or here.asking("undo", "redo", of=session.id):
        return
    state = session.state
    way = "undo" if state.step > source.step else "redo" if state.step < source.step else ""
    if way and getattr(state, way):
        here.ask(way, session.id, then=lambda _: go(key))


def loaded(*_: Any) -> None:
    """After a file was loaded: its sessions are opened again, those of the file before are left."""
    here = studio()
    here.leave()
    for source in properties.sources():
        here.open(_Kept(source.key, source.path), project=source.project)


HANDLERS = (("undo_post", undone), ("redo_post", undone), ("load_post", loaded))


def register() -> None:
    for name, handler in HANDLERS:
        getattr(bpy.app.handlers, name).append(persistent(handler))
    studio().listeners.insert(0, follow)


def unregister() -> None:
    for name, handler in HANDLERS:
        getattr(bpy.app.handlers, name).remove(handler)
