"""``tam serve``: the worker as a process. It finds a port, tells the user where the page is, and ends without loss."""

import ipaddress
import logging
import logging.handlers
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import FrameType

import uvicorn

from plugin.link import launch, wire
from plugin.worker.app import create_app
from plugin.worker.memory import share_arenas
from plugin.worker.security import Access
from plugin.worker.worker import Worker
from tam_core.errors import RequestError, SourceNotFoundError
from tam_core.project.project import SUFFIX

USUAL_PORT = 7411
LOG = "service.log"
_LOG_BYTES, _LOG_FILES = 5_000_000, 3
_PATIENCE_SECONDS = 5
"""For requests that are being answered when the worker is told to stop."""


@dataclass(frozen=True)
class Service:
    """How to serve. ``paths`` are videos and projects that may be used with all that is in their folders.

    ``port`` None: the usual one, or any that is free. ``data`` None: the user's folder.
    """

    folders: Sequence[Path] = ()
    paths: Sequence[Path] = ()
    host: str = "127.0.0.1"
    port: int | None = None
    data: Path | None = None
    device: str = "auto"
    upload_limit: int = 20_000_000_000
    browser: bool = True
    memory: float | None = None


def serve(service: Service, prepare: Callable[[Worker], None] = lambda worker: None) -> None:
    """Serve until the process is told to stop (SIGINT, SIGTERM). Raises RequestError, WorkerRunningError.

    ``prepare`` is called with the worker before anybody else uses it.
    """
    folders = [*service.folders, *map(folder_of, service.paths)]
    for folder in folders:
        if not folder.is_dir():
            raise SourceNotFoundError(f"no folder {folder} to open")
    data = service.data or launch.data_folder()
    share_arenas()
    door = listen(service.host, service.port)
    access = Access(service.host, door.getsockname()[1])
    with (
        door,
        Worker(
            data,
            access=access,
            folders=folders,
            device=service.device,
            upload_limit=service.upload_limit,
            memory=service.memory,
        ) as worker,
    ):
        _log_to(worker.data / LOG)
        prepare(worker)
        work = [path for path in service.paths if _is_work(path)]
        session = worker.sessions.open(wire.OpenRequest(path=str(work[0].resolve()))) if work else ""
        _Server(worker, session, service.browser).run([door])


def folder_of(path: Path) -> Path:
    """The folder that a video or a project lies in, or the folder itself. Raises SourceNotFoundError."""
    if not path.exists():
        raise SourceNotFoundError(f"no such file or folder: {path}")
    return path.resolve().parent if _is_work(path) else path


def _is_work(path: Path) -> bool:
    return path.is_file() or path.suffix == SUFFIX


class _Server(uvicorn.Server):
    """Tells where it is when it listens, and ends the event streams, which would never end by themselves."""

    def __init__(self, worker: Worker, session: str, browser: bool) -> None:
        self._worker, self._session, self._browser = worker, session, browser
        super().__init__(
            uvicorn.Config(
                create_app(worker),
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_PATIENCE_SECONDS,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        access = self._worker.access
        version = metadata.version("tam-studio")
        address = launch.Address(access.url, access.token, os.getpid(), wire.PROTOCOL, version)
        launch.write_address(address, self._worker.data)
        page = f"{access.url}/#token={access.token}" + (f"&session={self._session}" if self._session else "")
        print(f"tam: the page is at {page}", flush=True)
        if not _is_loopback(access.host):
            print(
                f"tam: WARNING: listening on {access.host}: other machines reach this worker. Whoever has the token "
                "can read and write in the opened folders, and what is sent is not encrypted",
                file=sys.stderr,
            )
        if self._browser:
            threading.Thread(target=webbrowser.open, args=[page], daemon=True).start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take the address away, end the streams, and answer what was asked."""
        (self._worker.data / launch.ADDRESS).unlink(missing_ok=True)
        self._worker.events.close()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal is a wish to stop, here; it is not passed on afterwards. A second one does not wait for answers."""
        del sig, frame
        self.force_exit, self.should_exit = self.should_exit, True


def listen(host: str, port: int | None) -> socket.socket:
    """A socket on the port, or on the usual one or any other. Raises RequestError."""
    for attempt in [USUAL_PORT, 0] if port is None else [port]:
        try:
            return socket.create_server((host, attempt), family=_family(host), backlog=128)
        except OSError as error:
            if attempt == 0 or port is not None:
                where = f"{host}:{port}" if port else host
                raise RequestError(f"cannot listen on {where}: {error.strerror or error}") from error
    raise AssertionError("port 0 is always tried")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _log_to(file: Path) -> None:
    """Everything to a file that does not grow for ever, warnings to stderr as well."""
    form = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    kept = logging.handlers.RotatingFileHandler(file, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8")
    said = logging.StreamHandler()
    said.setLevel(logging.WARNING)
    for name in ("tam.worker", "uvicorn"):
        log = logging.getLogger(name)
        log.setLevel(logging.INFO)
        log.propagate = False
        for handler in (kept, said):
            handler.setFormatter(form)
            log.addHandler(handler)
