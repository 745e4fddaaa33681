"""Figures on disk, a JSON file for each scene, so that a run that was stopped goes on where it was."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, TypeVar

from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.errors import OutputError

F = TypeVar("F")
"""A frozen dataclass of numbers."""


class Results(Generic[F]):
    """The figures of methods on scenes. ``folder`` None: nothing is kept.

    What is there already is not measured again: give another folder to measure again.
    """

    def __init__(self, folder: Path | None, kind: type[F]) -> None:
        self._folder = folder
        self._kind = kind
        if folder is not None:
            with naming_the_cause(folder):
                folder.mkdir(parents=True, exist_ok=True)

    def of(self, scene: str, methods: Mapping[str, Callable[[], F]]) -> dict[str, F]:
        """Each method's figures on a scene: those that are kept, the others measured now, and kept."""
        found: dict[str, F] = {}
        kept = self._read(scene)
        for name, measure in methods.items():
            if name in kept:
                found[name] = self._kind(**{key: unpacked(value) for key, value in kept[name].items()})
                continue
            found[name] = measure()
            kept[name] = {key: packed(value) for key, value in asdict(found[name]).items()}  # type: ignore[call-overload]
            self._write(scene, kept)
        return found

    def _read(self, scene: str) -> dict[str, dict[str, Any]]:
        file = self._file(scene)
        if file is None or not file.exists():
            return {}
        try:
            read: dict[str, dict[str, Any]] = json.loads(file.read_text())
        except ValueError as error:
            raise OutputError(f"{file} is not one of our results; give another folder") from error
        return read

    def _write(self, scene: str, figures: Mapping[str, Mapping[str, Any]]) -> None:
        file = self._file(scene)
        if file is not None:
            write_json(file, figures)

    def _file(self, scene: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{scene}.json"


def write_json(file: Path, content: object) -> None:
    """Write a JSON file, whole or not at all."""
    with atomic_file(file) as temporary, naming_the_cause(file):
        temporary.write_text(json.dumps(content, indent=2) + "\n")


def packed(value: Any) -> Any:
    """JSON has no infinity: an exact result's PSNR is written as null."""
    return None if isinstance(value, float) and math.isinf(value) else value


def unpacked(value: Any) -> Any:
    return math.inf if value is None else value
