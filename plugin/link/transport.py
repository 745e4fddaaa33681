"""One HTTP exchange with the worker: the token goes along, failures become LinkError. It knows no message but Problem.

``http.client`` asks no proxy, whatever the environment says: what goes to this machine stays on it.
"""

import contextlib
import http.client
from collections.abc import Iterator, Mapping
from typing import BinaryIO
from urllib.parse import quote, urlencode, urlsplit

from .errors import LinkError, WorkerGone
from .wire import Problem, WireError, from_json

BLOCK = 1 << 20
Body = bytes | BinaryIO | None


class Transport:
    """Where the worker is. Has no open connection, so any number of threads can use it."""

    def __init__(self, url: str, token: str, timeout: float) -> None:
        """``timeout``: seconds without a sign of life after which the worker counts as gone."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise LinkError(f"'{url}' is no address of a worker, such as http://127.0.0.1:7860")
        self._url, self._host, self._port = url, parts.hostname, parts.port or 80
        self._token = token
        self._timeout = timeout

    def connect(self, timeout: float | None = None) -> http.client.HTTPConnection:
        """A connection for one exchange; close it. Raises WorkerGone."""
        connection = http.client.HTTPConnection(
            self._host, self._port, timeout=timeout or self._timeout, blocksize=BLOCK
        )
        with self.naming_the_cause():
            connection.connect()
        return connection

    def ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Body = None,
        headers: Mapping[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        """The answer, not yet read. Raises WorkerGone, or LinkError with what the worker refused it for."""
        with self.naming_the_cause():
            # A refused upload is answered before all of it is sent.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, {"Authorization": f"Bearer {self._token}", **(headers or {})})
            response = connection.getresponse()
            if response.status >= 400:
                raise LinkError(self._problem(response.status, response.read()))
            return response

    def exchange(self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None) -> bytes:
        """The whole answer."""
        with contextlib.closing(self.connect()) as connection:
            response = self.ask(connection, method, path, body, headers)
            with self.naming_the_cause():
                return response.read()

    def blocks(self, path: str) -> Iterator[bytes]:
        """The answer to a GET in blocks, for what may be large."""
        with contextlib.closing(self.connect()) as connection:
            response = self.ask(connection, "GET", path)
            while True:
                with self.naming_the_cause():
                    block = response.read(BLOCK)
                if not block:
                    return
                yield block

    @contextlib.contextmanager
    def naming_the_cause(self) -> Iterator[None]:
        """What the network raises becomes WorkerGone."""
        try:
            yield
        except TimeoutError as error:
            raise WorkerGone(f"the worker at {self._url} has not answered for a long time") from error
        except (OSError, http.client.HTTPException) as error:
            raise WorkerGone(f"no worker answers at {self._url} ({error or type(error).__name__})") from error

    def _problem(self, status: int, body: bytes) -> Problem:
        try:
            return from_json(Problem, body)
        except WireError:
            said = body[:200].decode("utf-8", "replace")
            return Problem("LinkError", f"{self._url} answered {status}, and not as a worker does: {said!r}", status)


def address(*steps: object, **query: object) -> str:
    """``/api/...`` of the steps, and of what is not None of the query."""
    given = urlencode({name: str(value) for name, value in query.items() if value is not None})
    return "/api/" + "/".join(quote(str(step), safe="") for step in steps) + (f"?{given}" if given else "")
