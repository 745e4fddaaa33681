"""The script's page in OBS, as a list of lines. Menus and parameters of edits come from the worker's catalogue.

What it shows is told; what a button does is in ``studio.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..link import wire
from . import edits, looks
from .ports import Field
from .settings import RECORDING, Settings

PICTURE_RATES = (1, 30)


@dataclass(frozen=True)
class Shown:
    """``status``: what happens now. ``catalogue``: None as long as no worker was found. ``kept``: see Settings."""

    status: str
    sources: Sequence[str]
    catalogue: wire.Catalogue | None
    armed: bool
    panicking: bool
    swapped: bool


def panel(shown: Shown, settings: Settings) -> list[Field]:
    """All lines, those too that are not shown now. Lines that the catalogue brings come last in their group."""
    return [
        Field("note", "status", shown.status),
        Field("button", "refresh", "Look again", "what is above, and which sources there are"),
        Field("group", "what", "Video and object", fields=tuple(_what(shown))),
        Field("group", "how", "Edit", fields=tuple(_how(shown, settings))),
        Field("group", "then", "Result", fields=tuple(_then(shown))),
        Field("group", "live_group", "While recording or streaming", fields=tuple(_live(shown))),
        Field("group", "worker", "Worker", fields=tuple(_worker())),
    ]


def _what(shown: Shown) -> list[Field]:
    usual = Settings()
    sources = ((RECORDING, "The last recording"), *((name, name) for name in shown.sources))
    syntax = "120,80 on it;  -40,50 not on it;  60,20,180,140 a box;  2: a second object;  @1.5 at 1.5 seconds"
    return [
        Field("menu", "source", "Video", default=usual.source, choices=sources),
        Field(
            "button", "pick", "Pick objects in the browser", "opens the worker's page with the video, or with a still"
        ),
        Field("text", "clicks", "or say where", f"in pixels of the video: {syntax}"),
    ]


def _how(shown: Shown, settings: Settings) -> list[Field]:
    usual, catalogue = Settings(), shown.catalogue
    hint = "edits are chosen here once it is there: look again in a moment"
    find = Field("button", "find", "Find the worker", hint, shown=catalogue is None)
    if catalogue is None:
        return [find]
    chosen, known = edits.find(catalogue, settings.edit), edits.edits(catalogue)
    menu = tuple((edit.name, edit.title) for edit in known)
    formats = tuple((entry.name, entry.title.removeprefix("Result: ")) for entry in edits.results(catalogue))
    return [
        find,
        Field("menu", "edit", "Edit", default=menu[0][0] if menu else "", choices=menu, steers=True),
        *(_parameter(edit, one, edit == chosen) for edit in known for one in edit.parameters),
        Field("menu", "result", "Write as", default=usual.result, choices=formats),
        Field("menu", "engine", "Follow with", default=usual.engine, choices=_menu(catalogue, "tracker")),
        Field("menu", "segmenter", "Pick with", default=usual.segmenter, choices=_menu(catalogue, "segmenter")),
    ]


def _then(shown: Shown) -> list[Field]:
    return [
        Field("bool", "swap", "Play the result when it is done", default=Settings().swap),
        Field("button", "run", "Run"),
        Field("button", "stop", "Stop"),
        Field("button", "back", "Play the original again", shown=shown.swapped),
    ]


def _live(shown: Shown) -> list[Field]:
    usual = Settings()
    return [
        Field("button", "arm", "Disarm" if shown.armed else "Arm", "there is a hotkey for this, too"),
        Field("bool", "live", "Live mask while armed", default=usual.live),
        Field(
            "menu", "look", "Live mask makes", default=usual.look, choices=tuple((x.name, x.title) for x in looks.LOOKS)
        ),
        Field("int", "rate", "Pictures a second", "more costs more", usual.rate, *PICTURE_RATES),
        Field("int", "delay", "Delay of the picture (ms)", "-1: as long as its mask takes", usual.delay, -1, 2000, 10),
        Field("bool", "final", "Edit recordings afterwards", default=usual.final),
        Field(
            "button", "panic", "End the panic" if shown.panicking else "Blur everything now", "there is a hotkey, too"
        ),
    ]


def _worker() -> list[Field]:
    return [
        Field("path", "tam", "Program 'tam'", "empty: it is searched"),
        Field("button", "page", "Open the worker's page"),
    ]


def _menu(catalogue: wire.Catalogue, role: str) -> tuple[tuple[str, str], ...]:
    return tuple(edits.engines(catalogue, role))


def _parameter(edit: edits.Edit, one: wire.Parameter, shown: bool) -> Field:
    label = f"{one.name.replace('_', ' ').capitalize()}{f' ({one.unit})' if one.unit else ''}"
    low, high = (0 if one.low is None else one.low), (100_000 if one.high is None else one.high)
    kind, default = "path" if one.file else one.type, one.default
    choices = tuple((choice, choice) for choice in one.choices)
    step = (high - low) / 100 if kind == "float" else 1
    return Field(
        "menu" if kind == "choice" else kind,
        edit.key(one.name),
        label,
        one.summary,
        default,
        low,
        high,
        step,
        choices,
        shown,
    )
