"""Engines as rows of a table: a name, facts for the user, and where to load it from. Listing imports no engine."""

import difflib
import gc
import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from tam_core.checkpoints import Checkpoint, CheckpointFolder, OwnCheckpoint
from tam_core.errors import EngineNotReadyError, RequestError, SourceNotFoundError, UnknownEngineError
from tam_core.hub import HubModel

Role: TypeAlias = Literal["tracker", "segmenter", "text", "inpainter"]

Value: TypeAlias = bool | int | float | str
"""Of a parameter."""


@dataclass(frozen=True)
class Parameter:
    """A setting, described so that menus, panels and checks can be made of it. ``low`` and ``high`` are inclusive.

    ``choices`` are all values of a "choice". ``unit`` is what numbers count, such as "px". ``file``: a text that may be
    the path of a file.
    """

    name: str
    type: Literal["int", "float", "bool", "choice", "text"]
    default: Value
    summary: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    file: bool = False


@dataclass(frozen=True)
class EngineSpec:
    """One row: an engine in one role.

    ``loader`` is ``module:function``; the function takes ``device`` and, where there is one, the ``checkpoint``'s path.
    ``takes_weights`` says that one with its weights in the package takes others too.
    An engine made of others has them as ``parts``: its loader takes the loaded ``parts`` in the same order. ``rank``
    orders the choice of ``auto``, the highest that is ready; ``cpu_rank`` does where there is no GPU, if it differs.
    ``parameters`` are those options of the loader that a person may set. ``aliases``: other names that it answers to.
    """

    name: str
    role: Role
    loader: str
    summary: str
    licence: str
    paper: str = ""
    checkpoint: Checkpoint | CheckpointFolder | HubModel | OwnCheckpoint | None = None
    needs: tuple[str, ...] = ()
    parts: tuple["EngineSpec", ...] = ()
    takes_weights: bool = False
    rank: int = 0
    cpu_rank: int | None = None
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def loaded_as(self) -> "EngineSpec":
        """What is loaded, whatever its role: equal for one engine in two roles."""
        return replace(self, role="tracker", rank=0, cpu_rank=None)

    @property
    def missing_packages(self) -> list[str]:
        """The Python packages that it and its parts need and that are not installed."""
        needed = dict.fromkeys(package for row in (self, *self.parts) for package in row.needs)
        return [package for package in needed if importlib.util.find_spec(package) is None]

    @property
    def to_fetch(self) -> list["EngineSpec"]:
        """The rows whose download it waits for: itself, or parts of it."""
        rows = dict.fromkeys((self, *self.parts))
        return [row for row in rows if row.checkpoint is not None and row.checkpoint.find() is None]

    @property
    def size(self) -> int:
        """Bytes of all its downloads, here or not."""
        checkpoints = dict.fromkeys(row.checkpoint for row in (self, *self.parts) if row.checkpoint)
        return sum(checkpoint.size for checkpoint in checkpoints)

    @property
    def ready(self) -> bool:
        """True when it can be loaded without fetching anything."""
        return not self.missing_packages and not self.to_fetch

    def with_weights(self, file: Path) -> "EngineSpec":
        """The same engine with a person's own weights. Raises RequestError, SourceNotFoundError."""
        if not (self.takes_weights or isinstance(self.checkpoint, Checkpoint)):
            raise RequestError(f"'{self.name}' takes no weight file: give '{self.name}' alone")
        if not file.is_file():
            raise SourceNotFoundError(f"no weight file {file} for '{self.name}'")
        return replace(self, checkpoint=OwnCheckpoint(file))

    def rank_on(self, gpu: bool) -> int:
        """Its place in the choice of ``auto``, with or without a GPU."""
        return self.rank if gpu or self.cpu_rank is None else self.cpu_rank

    def load(self, device: str = "cpu", **options: Any) -> Any:
        """The engine itself; ``options`` are its loader's, such as ``settings=Sam2Settings(memory_size=4)``.

        Raises EngineNotReadyError, which says what to fetch or install.
        """
        self.check_ready()
        given = dict(options)
        if self.parts:
            given["parts"] = [part.load(device) for part in self.parts]
        if self.checkpoint is not None:
            given["checkpoint"] = self.checkpoint.checked()
        module, function = self.loader.split(":")
        with _garbage_kept():
            return getattr(importlib.import_module(module), function)(device=device, **given)

    def check_ready(self) -> None:
        """Raise EngineNotReadyError unless ``ready``: what is missing, and the command that gets it."""
        who = f"{self.role} '{self.name}'"
        if missing := self.missing_packages:
            raise EngineNotReadyError(f"{who} needs {', '.join(missing)}: pip install {' '.join(missing)}")
        for row in self.to_fetch:
            assert row.checkpoint is not None
            subject = who if row is self else f"{who} needs {row.role} '{row.name}', which"
            wrong = row.checkpoint.wrong_size()
            absence = f"{wrong}, then" if wrong else f"{row.checkpoint.describe()}, licence {row.licence}."
            fetch = f"{'fetch' if wrong else 'Fetch'} it with: tam engines fetch {row.name}"
            raise EngineNotReadyError(f"{subject} is not downloaded: {absence} {fetch}")


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """What is loaded stays: to look through it for garbage again and again would take a fifth of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class Registry:
    """A table of engines, asked by name and role."""

    def __init__(self, *rows: EngineSpec) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[EngineSpec]:
        return iter(self._rows)

    def names(self, role: Role) -> list[str]:
        """Names of all engines in a role, ready or not."""
        return [row.name for row in self._rows if row.role == role]

    def get(self, name: str, role: Role, device: str = "auto") -> EngineSpec:
        """The row of that name and role; ``auto`` is the highest-ranked one that is ready, for the device.

        ``NAME=FILE`` is that engine with the weights of a file, such as one that ``tam train --from NAME`` made.
        """
        name, _, file = name.partition("=")
        rows = [row for row in self._rows if row.role == role]
        if name == "auto":
            return _best_ready(rows, role, device)
        for row in rows:
            if name in (row.name, *row.aliases):
                return row.with_weights(Path(file)) if file else row
        raise UnknownEngineError(_unknown(name, role, [row.name for row in rows]))

    def worth_fetching(self, role: Role) -> EngineSpec | None:
        """The engine that every machine gains from, while ``auto`` has only those that need no download."""
        rows = [row for row in self._rows if row.role == role and not row.missing_packages]
        if any(row.size and row.ready for row in rows):
            return None
        downloads = [row for row in rows if row.checkpoint is not None]
        return max(downloads, key=lambda row: row.rank_on(gpu=False), default=None)


def _best_ready(rows: list[EngineSpec], role: Role, device: str) -> EngineSpec:
    ready = [row for row in rows if row.ready]
    if not rows:
        raise EngineNotReadyError(f"no {role} is known; see: tam engines")
    if not ready:
        max(rows, key=lambda row: row.rank_on(gpu=False)).check_ready()  # raises
    on_gpu, on_cpu = (max(ready, key=lambda row: row.rank_on(gpu)) for gpu in (True, False))
    if on_gpu is on_cpu:  # the usual case, in which nobody needs to wait for torch
        return on_gpu
    from tam_core.device import resolve_device

    return on_cpu if resolve_device(device) == "cpu" else on_gpu


def _unknown(name: str, role: Role, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"no {role} is named '{name}': {hint}There are: {', '.join(['auto', *names])}"
