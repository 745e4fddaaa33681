"""Who is measured: engines by name, and which weights they have, so that results of others are not taken for theirs."""

import hashlib
import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from tam_core.checkpoints import Checkpoint, sha256_of
from tam_core.engines import ENGINES
from tam_core.engines.base import Segmenter, Tracker
from tam_core.errors import RequestError
from tam_core.registry import EngineSpec


@dataclass(frozen=True)
class Contender:
    """A tracker, a segmenter, or one with the other; None is not asked. They are loaded when they are first used.

    ``name`` is what it is called in tables.
    """

    name: str
    tracker_row: EngineSpec | None
    segmenter_row: EngineSpec | None
    device: str

    @cached_property
    def tracker(self) -> Tracker:
        assert self.tracker_row is not None
        tracker: Tracker = self.tracker_row.load(self.device)
        return tracker

    @cached_property
    def segmenter(self) -> Segmenter:
        """One that is the tracker as well is loaded once."""
        assert self.segmenter_row is not None
        if self.tracker_row is not None and self.segmenter_row.loaded_as == self.tracker_row.loaded_as:
            both: Any = self.tracker
            return both  # type: ignore[no-any-return]
        segmenter: Segmenter = self.segmenter_row.load(self.device)
        return segmenter

    @cached_property
    def weights(self) -> dict[str, str]:
        """What says which weights the engines have."""
        rows = {"tracker": self.tracker_row, "segmenter": self.segmenter_row}
        return {role: f"{row.name} {weights_of(row)}" for role, row in rows.items() if row is not None}

    def key(self, settings: Mapping[str, Any]) -> str:
        """The name and a code that is another one for other weights or ``settings``, fit for a folder."""
        known = json.dumps([self.weights, dict(settings)], sort_keys=True)
        plain = "".join(letter if letter.isalnum() or letter in ".+-" else "_" for letter in self.name)
        return f"{plain}-{hashlib.sha256(known.encode()).hexdigest()[:12]}"


def trackers(names: Sequence[str], segmenter: str | None, device: str) -> list[Contender]:
    """Trackers of these names, () for the default; ``segmenter``: None where masks are given, "auto" for the tracker
    itself where it is one. Raises UnknownEngineError, EngineNotReadyError.
    """
    found = []
    for name in dict.fromkeys(names or ("auto",)):
        row = ENGINES.get(name, "tracker", device)
        clicks = None if segmenter is None else _segmenter_of(row, name, segmenter, device)
        found.append(Contender(_title(row, name), row, clicks, device))
    return _checked(found)


def _segmenter_of(row: EngineSpec, asked: str, segmenter: str, device: str) -> EngineSpec:
    if segmenter == "auto" and row.name in ENGINES.names("segmenter"):
        segmenter = row.name if asked == "auto" else asked
    return ENGINES.get(segmenter, "segmenter", device)


def segmenters(names: Sequence[str], device: str) -> list[Contender]:
    """Segmenters of these names, () for the default. Raises UnknownEngineError, EngineNotReadyError."""
    rows = [(name, ENGINES.get(name, "segmenter", device)) for name in dict.fromkeys(names or ("auto",))]
    return _checked([Contender(_title(row, name), None, row, device) for name, row in rows])


def _checked(found: list[Contender]) -> list[Contender]:
    """All of them ready, each under a name of its own. Raises RequestError."""
    for one in found:
        for row in (one.tracker_row, one.segmenter_row):
            if row is not None:
                row.check_ready()
    titles = [one.name for one in found]
    for title in titles:
        if titles.count(title) > 1:
            raise RequestError(f"two engines are called {title} in the tables: give weight files other names")
    return found


def weights_of(row: EngineSpec) -> str:
    """A checksum of the weights, or the version of the package for an engine that has none."""
    if row.parts:
        return " ".join(f"{part.name} {weights_of(part)}" for part in row.parts)
    if isinstance(row.checkpoint, Checkpoint) and row.checkpoint.sha256:
        return row.checkpoint.sha256
    place = row.checkpoint.find() if row.checkpoint else None
    place = place or getattr(importlib.import_module(row.loader.split(":")[0]), "WEIGHTS", None)
    return _version() if place is None else _checksum(Path(place))


def _checksum(place: Path) -> str:
    files = sorted(file for file in place.rglob("*") if file.is_file()) if place.is_dir() else [place]
    return hashlib.sha256("".join(map(sha256_of, files)).encode()).hexdigest()


def _version() -> str:
    try:
        return f"tam-studio {metadata.version('tam-studio')}"
    except metadata.PackageNotFoundError:
        return "tam-studio, not installed"


def _title(row: EngineSpec, asked: str) -> str:
    _, _, file = asked.partition("=")
    return f"{row.name}={Path(file).name}" if file else row.name
