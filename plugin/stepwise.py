"""Work that pulls its items, such as writing a video, as a generator: progress is the next step, cancel is close()."""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def stepwise(consume: Callable[[Iterator[T]], Any], items: Iterable[T]) -> Generator[None, None, None]:
    """Do ``consume(items)``, yielding once for each item that it has pulled.

    It runs in a thread of its own, but only while the next step is asked for. Closing the generator stops it between
    two items: ``consume`` sees an exception there, as if the items had failed, and cleans up. So are ``items`` closed.
    """
    work = _Work(consume, items)
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
        """Let it come to the next item; False when it is done."""
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
            self._ours.release()
            self._theirs.acquire()
            if self._stopped:
                raise _Stopped
            yield item
