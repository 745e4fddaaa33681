"""Who may speak to the worker: programs of this machine that know the token, and pages of this very origin.

A web page elsewhere can send requests here from the person's own browser. It cannot know the token; it cannot hide its
Origin; and if it pretends to be this machine by its name (DNS rebinding), the Host gives it away.
"""

import hmac
import ipaddress
import logging
import secrets
import socket
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plugin.link import wire
from plugin.worker.problems import answer

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
EVERYWHERE = ("0.0.0.0", "::")
OPEN_PATHS = ("/", "/health", "/openapi.json", "/favicon.ico")
"""What needs no token: it holds no secret."""
OPEN_FOLDER = "/static/"

_LOG = logging.getLogger("tam.worker")
_CONTENT = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _CONTENT.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


@dataclass(frozen=True)
class Access:
    """Where the worker listens, and the secret that lets a client in."""

    host: str = "127.0.0.1"
    port: int = 7411
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def url(self) -> str:
        """The origin of the page, for a browser on this machine."""
        host = "127.0.0.1" if self.host in EVERYWHERE else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def is_ours(self, host: str) -> bool:
        """Whether a Host header names this worker. Nobody can make a foreign name of a bare address."""
        name, separator, port = host.rpartition(":")
        if not separator or "]" in port:
            name, port = host, "80"
        if port != str(self.port):
            return False
        name = name.lower()
        if self.host in EVERYWHERE:
            return name in (*LOOPBACK, socket.gethostname().lower()) or _is_address(name)
        return name in (*LOOPBACK, self.host.lower(), f"[{self.host.lower()}]")

    def refusal(self, path: str, headers: Headers) -> tuple[int, str, str] | None:
        """Why a request is refused (status, type, message), or None if it is not."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self.is_ours(host):
            return 403, "HostError", f"this worker is not {host[:200]!r}: ask for {self.url}"
        if origin is not None and not (origin.startswith("http://") and self.is_ours(origin[len("http://") :])):
            return 403, "OriginError", f"a page of {origin[:200]!r} may not use this worker: use the page at {self.url}"
        if path in OPEN_PATHS or path.startswith(OPEN_FOLDER):
            return None
        if not hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {self.token}".encode()):
            return 401, "TokenError", "the token is missing or wrong: send 'Authorization: Bearer ...', see worker.json"
        return None


class Guard:
    """Lets in what ``access`` lets in, says no to the rest and to the log, and sends safe headers with everything."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._request(scope, receive, _with_headers(scope["path"], send))

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._access.refusal(scope["path"], Headers(scope=scope))
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            refused = refused or (400, "MalformedError", "there is a NUL in the address")
        if refused is None:
            try:
                await self._app(scope, receive, send)
            except Exception:  # the client has its answer, see problems.py
                _LOG.exception("%s %r failed", scope["method"], scope["path"][:200])
            return
        status, kind, message = refused
        client = (scope.get("client") or ("?",))[0]
        _LOG.warning("refused %s %r from %s: %s", scope["method"], scope["path"][:200], client, message)
        await answer(wire.Problem(kind, message, status))(scope, receive, send)


def _with_headers(path: str, send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = message.setdefault("headers", [])
            names = {name for name, _ in there}
            if b"cache-control" not in names:
                there.append((b"cache-control", b"no-store" if path.startswith("/api/") else b"no-cache"))
            there.extend(_HEADERS)
        await send(message)

    return sending


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
