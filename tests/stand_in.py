"""A worker in name only: answers what a test tells it to, and remembers what it was asked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "a secret"


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class StandIn:
    """``answers``: per "METHOD /path" (status, body), or a list of them for one request after the other.

    A body that is a list is sent block after block, as a stream that then ends.
    """

    port: int
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    """Set it to let a stream that ends in ``None`` end."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Serves on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    worker = StandIn(server.server_port)
    server.worker = worker  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield worker
    finally:
        worker.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        worker: StandIn = self.server.worker  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        worker.asked.append(Asked(self.command, self.path, dict(self.headers), body))
        answer = worker.answers.get(f"{self.command} {self.path}", (404, b"nothing here"))
        status, said = answer.pop(0) if isinstance(answer, list) else answer
        self.send_response(status)
        self.end_headers()
        for block in said if isinstance(said, list) else [said]:
            if block is None:
                worker.released.wait(10)
            else:
                self.wfile.write(block)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        pass
