"""Orders, one after the other on a thread beside, so that OBS never waits. What came of them is taken from a timer."""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..link.client import Client
from ..link.errors import LinkError
from .work import Order, Stopped, carry_out


@dataclass(frozen=True)
class Outcome:
    """``path`` is what was made; without, ``problem`` says why nothing was ("" when the user stopped it)."""

    order: Order
    path: Path | None = None
    problem: str = ""


class Orders:
    """``connect`` gives a client of the worker, and may take long."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._connect = connect
        self._waiting: queue.SimpleQueue[tuple[int, Order] | None] = queue.SimpleQueue()
        self._over: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._asked = self._ended = self._unwanted = 0
        self._closed = False
        self.progress = ""
        """What happens now, in words; "" when nothing does."""
        self._thread = threading.Thread(target=self._work, name="tam-orders", daemon=True)
        self._thread.start()

    @property
    def count(self) -> int:
        """Of those that are not over."""
        return self._asked - self._ended

    def add(self, order: Order) -> None:
        self._asked += 1
        self._waiting.put((self._asked, order))

    def stop(self) -> None:
        """Give up what is under way, and what waits. What the worker has done so far is kept in its project."""
        self._unwanted = self._asked

    def take(self) -> list[Outcome]:
        """What is over since the last time. Never waits."""
        over = []
        with suppress(queue.Empty):
            while True:
                over.append(self._over.get_nowait())
        return over

    def close(self) -> None:
        """The thread ends by itself soon; the worker goes on with its job, whose result is then only a file."""
        self._closed = True
        self._waiting.put(None)

    def _work(self) -> None:
        while (given := self._waiting.get()) is not None and not self._closed:
            self._over.put(self._outcome(*given))
            self._ended += 1
            self.progress = ""

    def _outcome(self, number: int, order: Order) -> Outcome:
        try:
            self._say("looking for the worker")
            client = self._connect()
            return Outcome(order, carry_out(client, order, self._say, lambda: number <= self._unwanted))
        except Stopped:
            return Outcome(order)
        except (LinkError, OSError) as error:  # a disk that is asleep or full
            return Outcome(order, problem=str(error))
        except Exception as error:  # whatever it was: the orders behind it are still to be done
            return Outcome(order, problem=f"a fault of tam-studio: {type(error).__name__}: {error}")

    def _say(self, text: str) -> None:
        if self._closed:
            raise Stopped
        self.progress = text
