"""What a backend is: workers that do units. It knows no order, no retries and no results."""

from collections.abc import Iterable
from typing import Protocol

from plugin.batch.unit import Outcome, Unit


class Backend(Protocol):
    """Units in, outcomes out, in whatever order they end. Used as a context: leaving it ends the workers."""

    @property
    def slots(self) -> int:
        """How many units it does at a time."""
        ...

    def takes(self, unit: Unit) -> bool:
        """Whether a worker that can do this unit is free."""
        ...

    def start(self, unit: Unit, attempt: int) -> None:
        """Begin with it; only if it ``takes`` it."""
        ...

    def wait(self, seconds: float) -> Iterable[Outcome]:
        """What ended, as soon as something has, or nothing after so long. A unit whose worker died is "lost"."""
        ...

    def __enter__(self) -> "Backend": ...

    def __exit__(self, *error: object) -> None: ...
