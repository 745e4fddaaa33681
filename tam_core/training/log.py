"""The log of a training: a CSV file with a line every so many steps, in which each number is a mean over them."""

import csv
import math
import time
from collections.abc import Iterable
from pathlib import Path

from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.errors import OutputError
from tam_core.training.loop import Learned

FIRST_COLUMNS = ("step", "seconds", "rate", "loss")


class Log:
    """Steps are added one by one; ``write`` makes a line of those that came since the last one.

    Columns are the step, the seconds spent so far in all runs, the learning rate, the mean loss, and the mean IoU of
    each kind of answer; a kind that did not come up is left empty. A log that is there loses what lies behind ``step``,
    where a training goes on: that is about to be done again. Raises OutputError.
    """

    def __init__(self, path: Path, kinds: Iterable[str], step: int) -> None:
        self._path, self._columns = path, (*FIRST_COLUMNS, *kinds)
        self._waiting: list[Learned] = []
        lines = [line for line in _read(path) if int(line["step"]) <= step]
        self._began = time.monotonic() - (float(lines[-1]["seconds"]) if lines else 0.0)
        with atomic_file(path) as temporary, naming_the_cause(path), temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, self._columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(lines)

    def add(self, learned: Learned) -> None:
        """One more step."""
        self._waiting.append(learned)

    def write(self, step: int) -> None:
        """A line for the steps up to ``step``, if there are any."""
        if not self._waiting:
            return
        seconds = time.monotonic() - self._began
        loss = math.fsum(one.loss for one in self._waiting) / len(self._waiting)
        ious = map(self._iou, self._columns[len(FIRST_COLUMNS) :])
        values = [step, f"{seconds:.1f}", f"{self._waiting[-1].rate:.6g}", f"{loss:.4f}", *ious]
        with naming_the_cause(self._path), self._path.open("a", newline="") as file:
            csv.writer(file).writerow(values)
        self._waiting = []

    def _iou(self, kind: str) -> str:
        values = [iou for one in self._waiting for iou in one.ious.get(kind, [])]
        return f"{math.fsum(values) / len(values):.4f}" if values else ""


def _read(path: Path) -> list[dict[str, str]]:
    """The whole lines of a log; a full disk may have left a part of one. Raises OutputError if it is no log of ours."""
    if not path.exists():
        return []
    with naming_the_cause(path), path.open(newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ())[: len(FIRST_COLUMNS)] != FIRST_COLUMNS:
            raise OutputError(f"{path} is not the log of a training: take it away, or give another folder")
        return [line for line in reader if None not in line.values()]
