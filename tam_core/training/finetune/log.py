"""The log of a fine-tuning: a CSV file with a line a step."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.training.finetune.plan import Progress

COLUMNS = tuple(field.name for field in fields(Progress) if field.name != "steps")


class Log:
    """A log that is there loses the steps behind ``step``, where a training goes on: they are about to be done again.

    Raises OutputError.
    """

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        with naming_the_cause(path):
            before = list(csv.reader(path.read_text(encoding="utf-8").splitlines()[1:])) if path.exists() else []
        whole = [line for line in before if len(line) == len(COLUMNS) and int(line[0]) <= step]
        with atomic_file(path) as temporary, naming_the_cause(path):
            _append(temporary, [COLUMNS, *whole])

    def add(self, done: Progress) -> None:
        """One more step."""
        with naming_the_cause(self._path):
            _append(self._path, [[f"{getattr(done, name):.6g}" for name in COLUMNS]])


def _append(path: Path, lines: Iterable[Sequence[str]]) -> None:
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
