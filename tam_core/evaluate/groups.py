"""Results by group, such as category, size or person group, with confidence intervals (SAM 2's fairness table).

The interval is a percentile bootstrap over sequences: objects of one sequence stay together, for they fail together.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tam_core.errors import RequestError, SourceNotFoundError
from tam_core.types import ObjectId

_RESAMPLES = 2000
_SEED = 1

Place = tuple[str, ObjectId]
"""(sequence, object)"""


@dataclass(frozen=True)
class Interval:
    """A mean over ``count`` objects, and the range that holds it with 95 % confidence, ``low`` .. ``high``."""

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Groups:
    """For each column of a file, the group of every (sequence, object), or of every (sequence, None)."""

    columns: Mapping[str, Mapping[tuple[str, ObjectId | None], str]]

    def split(self, column: str, values: Mapping[Place, float]) -> dict[str, dict[Place, float]]:
        """The values by their group in a column; those of which nothing is said are left out."""
        said = self.columns[column]
        found: dict[str, dict[Place, float]] = {}
        for (sequence, object_id), value in values.items():
            group = said.get((sequence, object_id), said.get((sequence, None)))
            if group is not None:
                found.setdefault(group, {})[sequence, object_id] = value
        return dict(sorted(found.items()))


def read_groups(file: Path) -> Groups:
    """A CSV with a column "sequence", perhaps "object", and any others. Raises RequestError."""
    if not file.is_file():
        raise SourceNotFoundError(f"no file {file} with groups")
    with file.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        names = [name for name in reader.fieldnames or [] if name not in ("sequence", "object")]
        if "sequence" not in (reader.fieldnames or []) or not names:
            seen = ", ".join(reader.fieldnames or []) or "nothing"
            raise RequestError(f"{file} has the columns {seen}; needed are 'sequence', and one for each grouping")
        columns: dict[str, dict[tuple[str, ObjectId | None], str]] = {name: {} for name in names}
        for row in reader:
            place = row["sequence"], _number(file, row.get("object") or "")
            for name in names:
                if row[name]:
                    columns[name][place] = row[name]
    return Groups(columns)


def interval(values: Mapping[Place, float]) -> Interval:
    """The mean over objects and its confidence interval; of one sequence alone there is none (NaN)."""
    by_sequence: dict[str, list[float]] = {}
    for (sequence, _), value in values.items():
        if not np.isnan(value):
            by_sequence.setdefault(sequence, []).append(value)
    count = sum(map(len, by_sequence.values()))
    if not count:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    sums = np.array([sum(one) for one in by_sequence.values()])
    counts = np.array([len(one) for one in by_sequence.values()])
    low, high = _bootstrap(sums, counts) if len(sums) > 1 else (float("nan"), float("nan"))
    return Interval(float(sums.sum() / count), low, high, count)


def _bootstrap(sums: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    drawn = np.random.default_rng(_SEED).integers(len(counts), size=(_RESAMPLES, len(counts)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def _number(file: Path, text: str) -> ObjectId | None:
    if text and not text.isdecimal():
        raise RequestError(f"{file}: object {text!r} is no number")
    return int(text) if text else None
