"""Which unit is done when: what it needs comes first, what failed comes again a little later, the others go on.

It knows no files but through ``unit.finished``, and no machines.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from plugin.batch import storage
from plugin.batch.backend import Backend
from plugin.batch.unit import Outcome, Unit, finished

_LOOK = 0.2
"""Seconds between two looks at what may be begun again."""


@dataclass
class History:
    """One unit: all attempts at it. ``kept``: it was done before; ``left_out``: the unit for whose sake it was not."""

    unit: Unit
    attempts: list[Outcome] = field(default_factory=list)
    kept: Outcome | None = None
    left_out: str = ""

    @property
    def done(self) -> Outcome | None:
        """How it was done, now or before."""
        last = self.attempts[-1] if self.attempts else None
        return last if last is not None and last.state == "done" else self.kept

    @property
    def retries(self) -> int:
        """Attempts after the first."""
        return max(0, len(self.attempts) - 1)


@dataclass
class Schedule:
    """The units of a batch. ``retries``: how often one is begun again; before that, ``backoff`` seconds pass, then
    twice as long, and so on. A unit that was refused is not begun again."""

    units: Sequence[Unit]
    retries: int = 2
    backoff: float = 1.0
    histories: dict[str, History] = field(init=False)
    _waiting: list[Unit] = field(default_factory=list)
    _not_before: dict[str, float] = field(default_factory=dict)
    _running: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.histories = {unit.name: History(unit) for unit in self.units}
        rows: dict[int, list[Unit]] = {}
        for unit in self.units:
            rows.setdefault(unit.row, []).append(unit)
        self._waiting = list(chain.from_iterable(map(self._left, rows.values())))

    @property
    def waiting(self) -> int:
        """How many units are to be done."""
        return len(self._waiting)

    def run(self, backend: Backend) -> Iterator[History]:
        """Do them all. Yields each unit when it is done, or given up."""
        while self._waiting or self._running:
            yield from self._leave_out()
            self._begin(backend)
            for outcome in backend.wait(_LOOK):
                history = self.histories[outcome.unit]
                history.attempts.append(outcome)
                self._running.discard(outcome.unit)
                if outcome.state == "done":
                    self._clear(history.unit)
                    yield history
                elif self._again(history):
                    self._not_before[outcome.unit] = time.monotonic() + self.backoff * 2**history.retries
                    self._waiting.insert(0, history.unit)
                else:
                    yield history

    def _left(self, units: list[Unit]) -> list[Unit]:
        """The units of a row that are not done yet; none if its result is there."""
        result = finished(units[-1])
        if result is not None:
            self.histories[units[-1].name].kept = result
            for unit in units[:-1]:
                del self.histories[unit.name]
            return []
        for unit in units[:-1]:
            self.histories[unit.name].kept = finished(unit)
        return [unit for unit in units if self.histories[unit.name].kept is None]

    def _begin(self, backend: Backend) -> None:
        now = time.monotonic()
        for unit in list(self._waiting):
            due = self._not_before.get(unit.name, 0) <= now
            if due and self._ready(unit) and backend.takes(unit):
                self._waiting.remove(unit)
                self._running.add(unit.name)
                backend.start(unit, len(self.histories[unit.name].attempts) + 1)

    def _ready(self, unit: Unit) -> bool:
        return all(self.histories[name].done for name in unit.needs)

    def _again(self, history: History) -> bool:
        return history.attempts[-1].state != "refused" and history.retries < self.retries

    def _leave_out(self) -> Iterator[History]:
        """Give up what needs a unit that was given up."""
        for unit in list(self._waiting):
            for need in map(self.histories.__getitem__, unit.needs):
                if need.left_out or (need.attempts and self._given_up(need)):
                    self._waiting.remove(unit)
                    self.histories[unit.name].left_out = need.left_out or need.unit.name
                    yield self.histories[unit.name]
                    break

    def _given_up(self, need: History) -> bool:
        name = need.unit.name
        return not need.done and name not in self._running and all(unit.name != name for unit in self._waiting)

    def _clear(self, unit: Unit) -> None:
        """With a row's result, what its spans left for each other goes."""
        if unit.final:
            for other in self.units:
                if other.row == unit.row and not other.final:
                    storage.remove(other.output)
                    storage.remove(other.record)
