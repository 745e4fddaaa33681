"""Work that must not hold up a host's main thread: it is done on a thread beside, and the host asks how far it is."""

import queue
import threading
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Pending(Generic[T]):
    """An answer that is on its way. A host looks at ``done`` from its timer and then takes the ``result``."""

    def __init__(self) -> None:
        self._finished = threading.Event()
        self._value: list[T] = []
        self._error: BaseException | None = None
        self.cancelled = False

    @property
    def done(self) -> bool:
        """Never waits."""
        return self._finished.is_set()

    def result(self) -> T:
        """The answer, or the error that came instead of it, raised. Never waits: ask ``done`` first."""
        if not self.done:
            raise RuntimeError("there is no answer yet: ask 'done' first")
        if self._error is not None:
            raise self._error
        return self._value[0]

    def wait(self, seconds: float) -> bool:
        """Wait for the answer; for scripts and tests, not for the main thread of a host. False when none came."""
        return self._finished.wait(seconds)

    def cancel(self) -> None:
        """Nobody wants the answer any more. What has not begun is never begun; ``done`` stays False."""
        self.cancelled = True

    def _run(self, work: Callable[[], T]) -> None:
        if self.cancelled:
            return
        try:
            self._value.append(work())
        except Exception as error:
            self._error = error
        if not self.cancelled:
            self._finished.set()


class Line:
    """Does what it is given, one after the other in the order of asking, on a thread of its own.

    The thread starts with the first work and never keeps a host from ending.
    """

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def later(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Pending[T]:
        pending: Pending[T] = Pending()
        self._waiting.put(lambda: pending._run(lambda: work(*args, **kwargs)))
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="tam-link", daemon=True)
                self._thread.start()
        return pending

    def close(self) -> None:
        """End the thread after what was asked before. More work starts another one."""
        with self._lock:
            if self._thread is not None:
                self._waiting.put(None)
                self._thread = None

    def _work(self) -> None:
        while (work := self._waiting.get()) is not None:
            work()


def later(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Pending[T]:
    """The same for one thing, such as ``later(find_or_start)``."""
    line = Line()
    pending = line.later(work, *args, **kwargs)
    line.close()
    return pending
