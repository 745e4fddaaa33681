"""What a request says of an operation, checked: the inpainter, and files, which have to be in opened folders.

A file is the full path of one in an opened folder, or ``upload:ID`` for one that was sent.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from inpaint.effects.blend import colour_of
from inpaint.engines import INPAINTERS
from plugin.worker.targets import check_engine
from tam_core.errors import RequestError, SourceNotFoundError
from tam_core.registry import EngineSpec, Parameter, Value

if TYPE_CHECKING:
    from plugin.worker.worker import Worker

UPLOAD = "upload:"
LEAST_MEMORY = 0.5
"""GB; the libraries alone take most of that."""


def filler_row(name: str, worker: "Worker") -> EngineSpec:
    """The inpainter of that name, ready to be loaded. Raises RequestError, EngineNotReadyError, ForbiddenError."""
    check_engine(name, worker.folders)
    row = INPAINTERS.get(name, "inpainter", worker.device)
    row.check_ready()
    return row


def needs_gate(row: EngineSpec) -> bool:
    """Whether it is an engine that takes the whole machine."""
    return any("torch" in one.needs for one in (row, *row.parts))


def together(own: Iterable[Parameter], more: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """Parameters of an operation and of its inpainter; what both have is the operation's."""
    return tuple({one.name: one for one in (*more, *own)}.values())


def of_loader(row: EngineSpec, values: Mapping[str, Value]) -> dict[str, Value]:
    """Those of the values that the inpainter takes."""
    return {one.name: values[one.name] for one in row.parameters}


def file_of(text: str, what: str, worker: "Worker") -> Path:
    """The file that a parameter names. Raises RequestError, ForbiddenError, MalformedError, UnknownIdError."""
    given = text.strip()
    if not given:
        raise RequestError(f"{what} is empty: give the full path of a file on this machine, or send one")
    if given.startswith(UPLOAD):
        return worker.uploads.path(given.removeprefix(UPLOAD).strip())
    file = worker.folders.check(given)
    if not file.exists():
        raise SourceNotFoundError(f"{what}: there is no {file}")
    return file


def file_or_colour(text: str, what: str, worker: "Worker") -> str:
    """The same where a colour will do as well."""
    try:
        colour_of(text.strip())
    except RequestError:
        return str(file_of(text, what, worker))
    return text.strip()


def check_model(name: str, worker: "Worker") -> None:
    """Raise unless it is a hub id, "auto", nothing, or a folder that was opened: a model is a program, in a way."""
    if name in ("", "auto"):
        return
    if not re.fullmatch(r"[\w.-]{1,96}/[\w.-]{1,96}", name) or Path(name).exists():
        worker.folders.check(name)


def memory_of(values: Mapping[str, Value]) -> float | None:
    """The budget in GB; None: the usual one. Raises RequestError."""
    memory = float(values["memory"])
    if 0 < memory < LEAST_MEMORY:
        raise RequestError(f"a memory budget of {memory:g} GB: it has to be at least {LEAST_MEMORY} GB, or 0")
    return memory or None
