"""What the worker tells while it happens, kept for a host until it looks."""

import contextlib
import http.client
import json
import socket
import threading
from collections import deque
from collections.abc import Iterator

from .errors import LinkError
from .transport import Transport
from .wire import Event, StateEvent, from_data

SILENCE = 45.0
"""Seconds without a word after which the connection is dead: the worker says something every 15."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
MOST = 10_000
"""Events kept for a host that does not look; from then on the oldest are forgotten."""
ALL_ANEW = StateEvent(revision=-1)
"""Stands for events that were forgotten: no state has this revision, so the host asks for everything."""


class Mailbox:
    """Events of one session or live stream, in order. A host takes them from its timer and closes it in the end.

    When the connection breaks, a new one goes on where the old one ended.
    """

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport, self._path = transport, path
        self._waiting: deque[Event] = deque(maxlen=MOST)
        self._lost = False
        self._last_id = ""
        self._problem: LinkError | None = None
        self._closed = threading.Event()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._listen, name="tam-events", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> LinkError | None:
        """Why nothing comes at the moment, None if all is well. After a WorkerGone it is tried again."""
        return self._problem

    @property
    def listening(self) -> bool:
        """False after ``close``, and after a refusal that is final (see ``problem``)."""
        return self._thread.is_alive()

    def take(self) -> list[Event]:
        """What came since the last time. Never waits."""
        events: list[Event] = [ALL_ANEW] if self._lost else []
        self._lost = False
        with contextlib.suppress(IndexError):
            while True:
                events.append(self._waiting.popleft())
        return events

    def close(self) -> None:
        """No more events; the connection ends."""
        self._closed.set()
        connection = self._socket
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        pause = FIRST_PAUSE
        while not self._closed.is_set():
            try:
                for event in self._events():
                    pause = FIRST_PAUSE
                    self._put(event)
            except LinkError as error:
                self._problem = error
                if 400 <= error.problem.status < 500:
                    return
            self._closed.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _events(self) -> Iterator[Event]:
        """Of one connection, until it ends."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self._last_id} if self._last_id else {})
        with contextlib.closing(self._transport.connect(SILENCE)) as connection:
            self._socket = connection.sock
            response = self._transport.ask(connection, "GET", self._path, headers=headers)
            self._problem = None
            with self._transport.naming_the_cause():
                for number, data in _messages(response):
                    if self._closed.is_set():
                        return
                    self._last_id = number
                    with contextlib.suppress(ValueError):  # a kind of event that only a newer worker knows
                        yield from_data(Event, json.loads(data))

    def _put(self, event: Event) -> None:
        self._lost = self._lost or len(self._waiting) == MOST
        self._waiting.append(event)


def _messages(response: http.client.HTTPResponse) -> Iterator[tuple[str, str]]:
    """(id, data) of every server-sent event; what is cut off at the end is none."""
    number, data = "", list[str]()
    while line := response.readline():
        name, _, value = line.decode("utf-8", "replace").rstrip("\r\n").partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
        elif name == "id":
            number = value.removeprefix(" ")
        elif not line.strip() and data:
            yield number, "\n".join(data)
            data = []
