"""Engines as rows of a table: a name, facts for the user, and where to load it from. Listing imports no engine."""

import difflib
import importlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from tam_core.checkpoints import Checkpoint
from tam_core.errors import EngineNotReadyError, UnknownEngineError

Role: TypeAlias = Literal["tracker", "segmenter", "inpainter"]


@dataclass(frozen=True)
class EngineSpec:
    """One row: an engine in one role.

    ``loader`` is ``module:function``; the function takes ``device`` and, where there is one, the ``checkpoint``'s path.
    ``rank`` orders the choice of ``auto``: the highest that is ready.
    """

    name: str
    role: Role
    loader: str
    summary: str
    licence: str
    paper: str = ""
    checkpoint: Checkpoint | None = None
    needs: tuple[str, ...] = ()
    rank: int = 0

    @property
    def missing_packages(self) -> list[str]:
        """The Python packages that it needs and that are not installed."""
        return [package for package in self.needs if importlib.util.find_spec(package) is None]

    @property
    def ready(self) -> bool:
        """True when it can be loaded without fetching anything."""
        downloaded = self.checkpoint is None or self.checkpoint.find() is not None
        return downloaded and not self.missing_packages

    def load(self, device: str = "cpu") -> Any:
        """The engine itself. Raises EngineNotReadyError, which says what to fetch or install."""
        if self.missing_packages:
            raise EngineNotReadyError(
                f"{self.role} '{self.name}' needs {', '.join(self.missing_packages)}: "
                f"pip install {' '.join(self.missing_packages)}"
            )
        module, function = self.loader.split(":")
        if self.checkpoint is None:
            return getattr(importlib.import_module(module), function)(device=device)
        path = self.checkpoint.find()
        if path is None:
            raise EngineNotReadyError(
                f"{self.role} '{self.name}' is not downloaded: {self.checkpoint.describe()}, licence {self.licence}. "
                f"Fetch it with: tam engines fetch {self.name}"
            )
        return getattr(importlib.import_module(module), function)(device=device, checkpoint=path)


class Registry:
    """A table of engines, asked by name and role."""

    def __init__(self, *rows: EngineSpec) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[EngineSpec]:
        return iter(self._rows)

    def names(self, role: Role) -> list[str]:
        """Names of all engines in a role, ready or not."""
        return [row.name for row in self._rows if row.role == role]

    def get(self, name: str, role: Role) -> EngineSpec:
        """The row of that name and role; ``auto`` is the highest-ranked one that is ready."""
        rows = [row for row in self._rows if row.role == role]
        if name == "auto":
            return _best_ready(rows, role)
        for row in rows:
            if row.name == name:
                return row
        raise UnknownEngineError(_unknown(name, role, [row.name for row in rows]))


def _best_ready(rows: list[EngineSpec], role: Role) -> EngineSpec:
    ready = [row for row in rows if row.ready]
    if not ready:
        names = ", ".join(row.name for row in rows) or "none is known"
        raise EngineNotReadyError(f"no {role} is ready to use ({names}); see: tam engines")
    return max(ready, key=lambda row: row.rank)


def _unknown(name: str, role: Role, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"no {role} is named '{name}': {hint}There are: {', '.join(['auto', *names])}"
