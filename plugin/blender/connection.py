"""The worker as Blender uses it: found or started and asked beside the main thread, and begun again when it ended.

Nothing here waits but the functions that the threads run, and nothing here knows Blender.
"""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..link import launch, wire
from ..link.client import Client
from ..link.errors import LinkError, WorkerGone
from ..link.pending import Line, Pending

BESIDE = frozenset({"masks", "preview", "state", "frame", "filmstrip", "times", "job", "jobs"})
"""Asked on a second thread: what is only looked at does not wait for a click, nor a click for it."""
ENDED = "The worker has ended, or no longer answers. Nothing is lost: press Restart Worker to go on"
ENDING_SECONDS = 15.0
LEAST_MEMORY = 0.5
"""Gigabytes; the worker takes no lower budget."""


@dataclass(frozen=True)
class Settings:
    """How the worker is started. ``worker``: a Python or a ``tam``; "" searches. ``device``: as for ``tam serve``.

    ``memory``: gigabytes beyond which it lets go of engines that nobody uses; 0: as it was told before.
    """

    worker: str = ""
    device: str = "auto"
    memory: float = 0.0

    def command(self) -> list[str]:
        """What starts the worker. Raises LinkError, which says what to change."""
        given = Path(self.worker).expanduser()
        found = self._tam(given) if self.worker else _search()
        if found is None:
            what = f"there is no 'tam' at or beside {given}" if self.worker else "no worker was found on this computer"
            raise LinkError(f"{what}: install tam-studio, then choose its Python in the add-on's preferences")
        device = ["--device", self.device] if self.device != "auto" else []
        memory = ["--memory", f"{max(self.memory, LEAST_MEMORY):g}"] if self.memory else []
        return [found, "serve", *device, *memory]

    def _tam(self, given: Path) -> str | None:
        if given.stem == "tam" and given.is_file():
            return str(given)
        folder = given if given.is_dir() else given.parent
        places = [folder, folder / "bin", folder / "Scripts"]
        return shutil.which("tam", path=os.pathsep.join(map(str, places)))


class Connection:
    """One worker. ``state``: "off" until somebody asks; "gone" when it ended, until ``restart``."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        """``settings`` is asked on the main thread."""
        self.state: Literal["off", "starting", "ready", "gone"] = "off"
        self.health: wire.Health | None = None
        self.catalogue: wire.Catalogue | None = None
        self._settings = settings
        self._client: Client | None = None
        self._door = threading.Lock()
        self._words, self._looks = Line(), Line()

    def later(self, method: str | Callable[..., Any], *arguments: Any) -> Pending[Any]:
        """Ask the client's method of that name, or a function that is given the client first. The worker is started
        for the first that asks. Never waits; errors are LinkError."""
        settings = self._settings()
        line = self._looks if method in BESIDE else self._words
        return line.later(self._ask, settings, method, arguments)

    def restart(self) -> Pending[Any]:
        """End the worker if it is there, and start it with the settings of now."""
        settings = self._settings()
        return self._words.later(self._restart, settings)

    def lost(self) -> None:
        """Somebody found out that it has ended."""
        self._client, self.state, self.health = None, "gone", None

    def close(self) -> None:
        """The worker itself goes on."""
        self._words.close()
        self._looks.close()

    # On the threads beside

    def _ask(self, settings: Settings, method: str | Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        client = self._found(settings)
        try:
            return method(client, *arguments) if callable(method) else getattr(client, method)(*arguments)
        except WorkerGone:
            if client is self._client:
                self.lost()
            raise

    def _found(self, settings: Settings) -> Client:
        with self._door:
            if self.state == "gone":
                raise WorkerGone(ENDED)
            if self._client is None:
                self._connect(settings)
            assert self._client is not None
            return self._client

    def _connect(self, settings: Settings) -> None:
        self.state = "starting"
        try:
            client = launch.find(None) or launch.find_or_start(command=settings.command())
            self.health, self.catalogue = client.check(), client.catalogue()
        except BaseException:
            self.state = "off"
            raise
        self._client, self.state = client, "ready"

    def _restart(self, settings: Settings) -> None:
        with self._door:
            self._client, self.health = None, None
            _end_worker()
            self._connect(settings)


def share_folder_of(path: str) -> None:
    """Let the worker read and write beside a video, or in an image folder. Waits; raises LinkError."""
    place = Path(path)
    launch.open_folder(place if place.is_dir() else place.parent)


def share_folder(folder: Path) -> None:
    """Make a folder for results, and let the worker write there. Waits; raises LinkError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LinkError(f"the folder {folder} cannot be made: {error.strerror}. Choose another cache folder") from error
    launch.open_folder(folder)


def _search() -> str | None:
    places = [os.environ.get("PATH", ""), *(str(Path(place).expanduser()) for place in launch.USUAL_PLACES)]
    return shutil.which("tam", path=os.pathsep.join(places))


def _end_worker() -> None:
    """Ask it to stop, and wait until it has; its jobs are there, paused, when the next one starts."""
    address = launch.read_address(launch.data_folder())
    if address is None or not _uses(address.pid):
        return
    os.kill(address.pid, signal.SIGTERM)
    deadline = time.monotonic() + ENDING_SECONDS
    while _is_there(address.pid):
        if time.monotonic() > deadline:
            raise LinkError(f"the worker (process {address.pid}) does not stop: end it, and try again")
        time.sleep(0.1)


def _uses(pid: int) -> bool:
    """Whether that process is our worker: it says so itself, or hangs where the worker was."""
    try:
        found = launch.find()
    except WorkerGone:
        return _is_there(pid)
    return found is not None


def _is_there(pid: int) -> bool:
    if os.name != "posix":
        return launch.find() is not None
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
