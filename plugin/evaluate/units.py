"""A long measurement in units that are kept one by one: stopped at any time, it goes on where it was."""

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from plugin.evaluate.results import write_json
from plugin.progress import with_progress
from tam_core.atomic import naming_the_cause
from tam_core.errors import OutputError


class Documented(Protocol):
    """A result that JSON can hold."""

    def document(self) -> dict[str, Any]: ...


R = TypeVar("R", bound=Documented)


@dataclass(frozen=True)
class Unit(Generic[R]):
    """``measure`` yields about ``steps`` times and returns the result. ``name`` fits a file."""

    name: str
    steps: int
    measure: Callable[[], Generator[None, None, R]]


class Kept:
    """Documents of units in a folder, one file each, whole or not at all; None: nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is not None:
            with naming_the_cause(folder):
                folder.mkdir(parents=True, exist_ok=True)

    def read(self, unit: str) -> dict[str, Any] | None:
        """What is kept of a unit. Raises OutputError if it is nothing of ours."""
        file = self._folder and self._folder / f"{unit}.json"
        if file is None or not file.is_file():
            return None
        try:
            document: dict[str, Any] = json.loads(file.read_text())
        except ValueError as error:
            raise OutputError(f"{file} is not one of our results; delete it, or give another folder") from error
        return document

    def write(self, unit: str, document: Mapping[str, Any]) -> None:
        if self._folder is not None:
            write_json(self._folder / f"{unit}.json", document)


def measure_all(units: Sequence[Unit[R]], kept: Kept, read: Callable[[Mapping[str, Any]], R], title: str) -> list[R]:
    """The results of all units: those that are kept are read, the others are measured, with a bar, and kept."""
    results: list[R] = []
    known = {unit.name: kept.read(unit.name) for unit in units}

    def steps() -> Iterator[None]:
        for unit in units:
            document = known[unit.name]
            if document is not None:
                results.append(read(document))
                continue
            result = yield from unit.measure()
            kept.write(unit.name, result.document())
            results.append(result)

    left = sum(unit.steps for unit in units if known[unit.name] is None)
    for _ in with_progress(steps(), title, left):
        pass
    return results
