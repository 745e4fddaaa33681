"""Who may use the engines now. Clicks go before steps of long jobs.

Locks are taken in one order everywhere: the gate first, a session's lock inside it. The gate is not reentrant.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """A lock with two priorities."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held = False
        self._urgent = 0
        """Clicks that wait for the gate or hold it."""

    @contextmanager
    def now(self) -> Iterator[None]:
        """For what a person waits for: before every step of a long job, first come first served."""
        with self._changed:
            self._urgent += 1
            self._changed.wait_for(lambda: not self._held)
            self._held = True
        try:
            yield
        finally:
            with self._changed:
                self._urgent -= 1
                self._held = False
                self._changed.notify_all()

    @contextmanager
    def step(self) -> Iterator[None]:
        """For one step of a long job: when no click waits."""
        with self._changed:
            self._changed.wait_for(lambda: not self._held and not self._urgent)
            self._held = True
        try:
            yield
        finally:
            with self._changed:
                self._held = False
                self._changed.notify_all()

    def give_way(self) -> None:
        """For jobs that use no engine: wait until no click needs the processor, without taking the gate."""
        with self._changed:
            self._changed.wait_for(lambda: not self._urgent)
