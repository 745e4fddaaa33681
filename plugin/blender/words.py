"""What panels say, as text: pure, without Blender."""

import textwrap

from ..link import wire

CHARACTER = 7.0
"""Pixels of one, in Blender's usual size."""
MARGIN = 60.0


def wrapped(text: str, width: float) -> list[str]:
    """Lines for a sidebar so many pixels wide (at usual size), which breaks none by itself."""
    return textwrap.wrap(text, max(16, int((width - MARGIN) / CHARACTER)))


def job(one: wire.Job) -> str:
    """What a job does, how far it is, and how long it will take."""
    if one.status == "paused":
        rest = "paused"
    elif one.status == "queued":
        rest = "waits for its turn"
    else:
        rest = f"{duration(one.eta)} left" if one.eta is not None else "running"
    share = f"{100 * one.done // one.total} %, " if one.total else ""
    return f"{one.title[:1].upper()}{one.title[1:]}: {share}{rest}"


def duration(seconds: float) -> str:
    """Rough, as a person says it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def bar(share: float, length: int = 24) -> str:
    """A bar of characters, for Blenders without one."""
    full = round(min(max(share, 0.0), 1.0) * length)
    return "\u2588" * full + "\u2591" * (length - full)


def engine(catalogue: wire.Catalogue | None, name: str) -> str:
    """An engine's title."""
    entries = catalogue.entries if catalogue else []
    return next((one.title for one in entries if one.name == name), name)
