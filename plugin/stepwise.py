"""Work that pulls its items, such as writing a video, as a generator: progress is the next step, cancel is close()."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_BREATH_SECONDS = 0.1
"""Between two steps that are not items, at least."""


class Pace:
    """Where an item takes long, those who make it call this often: it is a step as well, a few times a second.

    ``done`` is the number that it was called with last.
    """

    def __init__(self) -> None:
        self.done = 0.0
        self._work: _Work[Any] | None = None
        self._last = 0.0

    def __call__(self, done: float) -> None:
        self.done = done
        if self._work is not None and time.monotonic() - self._last > _BREATH_SECONDS:
            self._work.breathe()
            self._last = time.monotonic()

    def keep(self, work: "_Work[Any]") -> None:
        """This is the work whose pace it is."""
        self._work = work


def stepwise(
    consume: Callable[[Iterator[T]], Any], items: Iterable[T], pace: Pace | None = None
) -> Generator[None, None, None]:
    """Do ``consume(items)``, yielding once for each item that it has pulled, and whenever the ``pace`` says so.

    It runs in a thread of its own, but only while the next step is asked for. Closing the generator stops it between
    two steps: ``consume`` sees an exception there, as if the items had failed, and cleans up. So are ``items`` closed.
    """
    work = _Work(consume, items)
    if pace is not None:
        pace.keep(work)
    try:
        while work.goes_on():
            yield
    finally:
        work.stop()
    if work.failure is not None:
        raise work.failure


class _Stopped(BaseException):
    """Nobody asks for the next step. Not an Exception, so that nothing handles it as a failure."""


class _Work(Generic[T]):
    """The thread and whose turn it is."""

    def __init__(self, consume: Callable[[Iterator[T]], Any], items: Iterable[T]) -> None:
        self._consume, self._items = consume, items
        self._ours, self._theirs = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, name="tam-stepwise", daemon=True)
        self._ended = self._stopped = False
        self.failure: BaseException | None = None

    def goes_on(self) -> bool:
        """Let it come to the next step; False when it is done."""
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._theirs.release()
        self._ours.acquire()
        return not self._ended

    def stop(self) -> None:
        """End it, if it has not ended by itself."""
        if self._thread.ident is not None:
            self._stopped = True
            self._theirs.release()
            self._thread.join()
        close = getattr(self._items, "close", None)
        if close:
            close()

    def breathe(self) -> None:
        """Inside the work: wait until the next step is asked for."""
        self._ours.release()
        self._theirs.acquire()
        if self._stopped:
            raise _Stopped

    def _run(self) -> None:
        try:
            self._consume(self._handed())
        except _Stopped:
            pass
        except BaseException as failure:
            self.failure = failure
        finally:
            self._ended = True
            self._ours.release()

    def _handed(self) -> Iterator[T]:
        for item in self._items:
            self.breathe()
            yield item
