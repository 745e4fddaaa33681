"""What happens, told to whoever listens: a bounded memory of events for each topic, read as server-sent events.

Numbers of events begin at the time of day, so a number from an earlier life of the worker is never taken for a new one.
A listener is a place in that memory and nothing more: however slow it is, nothing piles up for it.
"""

import asyncio
import contextlib
import itertools
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import StreamingResponse

from plugin.link import wire
from tam_core.errors import TamError

KEPT_EVENTS = 1024
KEPT_CHARACTERS = 1_000_000
HEARTBEAT_SECONDS = 15.0

Greeting = Callable[[], wire.Event]


@dataclass(frozen=True)
class _Told:
    number: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"event: {self.kind}\nid: {self.number}\ndata: {self.text}\n\n"


@dataclass
class _Topic:
    """``newest``: the number of the last event. ``lost``: events up to this number are not remembered."""

    newest: int
    lost: int
    told: deque[_Told] = field(default_factory=deque)
    characters: int = 0

    def add(self, event: _Told) -> None:
        self.told.append(event)
        self.newest = event.number
        self.characters += len(event.text)
        while len(self.told) > KEPT_EVENTS or self.characters > KEPT_CHARACTERS:
            oldest = self.told.popleft()
            self.lost = oldest.number
            self.characters -= len(oldest.text)


class Events:
    """A topic is the id of a session or of a live stream; remembered from its first listener or ``begin`` on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(time.time_ns() // 1_000_000)
        self._topics: dict[str, _Topic] = {}
        self._bells: dict[str, set[_Bell]] = {}
        self._closed = False

    def begin(self, topic: str) -> None:
        """Remember from now on what is told, for listeners to come."""
        with self._lock:
            self._remember(topic)

    def publish(self, topic: str, event: wire.Event) -> None:
        """Tell all that listen to the topic, or did and may come back, from any thread. Never waits for them."""
        text = wire.to_json(event)
        with self._lock:
            if known := self._topics.get(topic):
                known.add(_Told(next(self._numbers), event.kind, text))
                self._ring(topic)

    def forget_unheard(self, topic: str) -> None:
        """What was told is forgotten if nobody listens now; who comes back is told to ask anew."""
        with self._lock:
            if topic not in self._bells:
                self._topics.pop(topic, None)

    def forget(self, topic: str) -> None:
        """The topic is over: its streams end."""
        with self._lock:
            self._topics.pop(topic, None)
            self._ring(topic)

    def close(self) -> None:
        """All streams end, and new ones end at once."""
        with self._lock:
            self._closed = True
            for topic in self._bells:
                self._ring(topic)

    async def listen(
        self, topic: str, after: int | None = None, greeting: Greeting | None = None
    ) -> AsyncIterator[str]:
        """The topic's events behind number ``after``, as text/event-stream, until it is forgotten.

        Where that number is not remembered, or none is given, the stream begins with the ``greeting``, and so it does
        again for a listener that was too slow. Without a greeting it begins with all that is remembered.
        """
        with self._listening(topic) as bell:
            place = -1 if after is None else after
            while True:
                bell.rung.clear()
                with self._lock:
                    known = None if self._closed else self._topics.get(topic)
                    if known is None:
                        return
                    if after is None and greeting is None and place < 0:
                        place = known.lost  # nobody can be asked for what was told before
                    missed = not known.lost <= place <= known.newest
                    place = known.newest if missed else place
                    news = [event for event in known.told if event.number > place]
                if missed and greeting:
                    try:
                        event = await asyncio.to_thread(greeting)
                    except TamError:  # what the topic is about has just gone
                        return
                    yield str(_Told(place, event.kind, wire.to_json(event)))
                for told in news:
                    yield str(told)
                    place = told.number
                if not missed and not news and not await bell.wait():
                    yield ": still here\n\n"

    @contextlib.contextmanager
    def _listening(self, topic: str) -> Iterator["_Bell"]:
        bell = _Bell(asyncio.get_running_loop())
        with self._lock:
            self._remember(topic)
            self._bells.setdefault(topic, set()).add(bell)
        try:
            yield bell
        finally:
            with self._lock:
                self._bells[topic].discard(bell)
                if not self._bells[topic]:
                    del self._bells[topic]

    def _remember(self, topic: str) -> None:
        if topic not in self._topics:
            now = next(self._numbers)
            self._topics[topic] = _Topic(newest=now, lost=now)

    def _ring(self, topic: str) -> None:
        for bell in self._bells.get(topic, ()):
            bell.ring()


class _Bell:
    """Wakes one listener in its event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.rung = asyncio.Event()
        self._loop = loop

    def ring(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self.rung.set)

    async def wait(self) -> bool:
        """True when something happened, False when it is time for a sign of life."""
        try:
            await asyncio.wait_for(self.rung.wait(), HEARTBEAT_SECONDS)
        except TimeoutError:
            return False
        return True


def event_stream(request: Request, events: Events, topic: str, greeting: Greeting | None = None) -> StreamingResponse:
    """The answer of a route that tells a topic's events; the client's Last-Event-ID says where it was."""
    given = request.headers.get("last-event-id", "")
    after = int(given) if given.isascii() and given.isdecimal() and len(given) < 20 else None
    return StreamingResponse(
        events.listen(topic, after, greeting),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
