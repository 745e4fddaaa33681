"""Finds the worker on this machine, or starts it.

Whoever can read the data folder's ``worker.json`` may use the worker; ``folders.json`` (a list of paths) names the
folders that it may touch, ``worker.log`` is what it says. The functions here wait: a host calls them through
``pending.later``.
"""

import contextlib
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .client import Client
from .errors import LinkError, WorkerGone
from .private import POSIX, TRY_EVERY, alone, make_private_folder, open_private, read_private, write_private
from .wire import WireError, from_json

ADDRESS, FOLDERS, LOG, LOCK = "worker.json", "folders.json", "worker.log", "starting.lock"
USUAL_PLACES = ("~/.local/bin", "/opt/homebrew/bin", "/usr/local/bin")
"""Searched after PATH, which is nearly empty in a program that was started from a desktop."""
DETACHED_ON_WINDOWS = 0x00000008 | 0x00000200  # DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP


@dataclass(frozen=True)
class Address:
    """What ``worker.json`` says. One that a killed worker left behind is told by its ``pid``."""

    url: str
    token: str
    pid: int
    protocol: int
    version: str


def data_folder() -> Path:
    """Where the worker keeps everything, unless it is told otherwise."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "tam-studio"


def find_or_start(
    *, command: Sequence[str] = (), python: Path | None = None, data: Path | None = None, timeout: float = 60
) -> Client:
    """A client of the user's worker. If none runs, one is started, which goes on when this program ends.

    ``command`` starts it, such as ``("/opt/tam/bin/tam", "serve")``; or ``python`` is the Python that tam-studio was
    installed for; without both, ``tam`` is searched on PATH. Raises LinkError, which says what the worker said.
    """
    folder = data or data_folder()
    found = find(folder)
    if found is not None:
        return found
    with alone(folder / LOCK, timeout):
        return find(folder) or _start([*(command or _tam_serve(python)), "--data", str(folder)], folder, timeout)


def find(data: Path | None = None) -> Client | None:
    """A client of the worker that runs, None if none does. Raises LinkError if it is there but cannot be used."""
    address = read_address(data or data_folder())
    if address is None or not alive(address.pid):
        return None
    try:
        health = Client(address.url, address.token, timeout=10).check()
    except WorkerGone as error:
        if isinstance(error.__cause__, TimeoutError):
            raise  # it is there, but too busy to answer: a second one would not help
        return None
    return Client(address.url, address.token) if health.pid == address.pid else None


def read_address(data: Path) -> Address | None:
    """What ``worker.json`` says, None if there is none. Raises LinkError if it is not the user's own secret."""
    address: Address | None = _read(Address, data / ADDRESS)
    return address


def write_address(address: Address, data: Path) -> None:
    """For the worker, once it listens."""
    write_private(data / ADDRESS, json.dumps(dataclasses.asdict(address)))


def opened_folders(data: Path) -> list[Path]:
    """What ``folders.json`` says; none if it is not there. Raises LinkError if somebody else could have written it."""
    return [Path(one) for one in _read(list[str], data / FOLDERS) or []]


def open_folder(path: Path, data: Path | None = None) -> None:
    """Let the worker read and write in a folder, also one that runs already: the user chose it, or a file in it."""
    if not path.is_dir():
        raise LinkError(f"there is no folder {path}")
    folder = data or data_folder()
    with alone(folder / f"{FOLDERS}.lock", timeout=10):
        folders = [str(one) for one in opened_folders(folder)]
        if str(path.resolve()) not in folders:
            write_private(folder / FOLDERS, json.dumps([*folders, str(path.resolve())]))


def _read(kind: Any, path: Path) -> Any:
    text = read_private(path)
    try:
        return None if text is None else from_json(kind, text)
    except WireError as error:
        raise LinkError(f"{path} is not what it should be ({error}): remove it, and try again") from error


def alive(pid: int) -> bool:
    """Whether a process of this user has that number. Windows cannot be asked so: there the worker itself is."""
    if not POSIX:
        return True
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _tam_serve(python: Path | None) -> list[str]:
    """Never by ``sys.executable``: inside a host that is the host."""
    if python is None:
        places = [os.environ.get("PATH", ""), *(str(Path(place).expanduser()) for place in USUAL_PLACES)]
    else:
        places = [str(python.parent), str(python.parent / "Scripts")]
    found = shutil.which("tam", path=os.pathsep.join(places))
    if found is None:
        where = "on PATH" if python is None else f"beside {python}"
        raise LinkError(f"there is no 'tam' {where}: install tam-studio, or say in the settings where its Python is")
    return [found, "serve"]


def _start(command: list[str], data: Path, timeout: float) -> Client:
    process = _launched(command, data / LOG)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        found = find(data)
        if found is not None:
            return found
        if ended:
            raise LinkError(f"the worker did not start: {_last_words(data / LOG)}")
        time.sleep(TRY_EVERY)
    with contextlib.suppress(OSError):
        process.terminate()
    raise WorkerGone(f"the worker was not ready after {timeout:.0f} seconds: {_last_words(data / LOG)}")


def _launched(command: list[str], log: Path) -> "subprocess.Popen[bytes]":
    """A process that survives this one and does not see the Python settings of a host."""
    make_private_folder(log.parent)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        with open_private(log) as said:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=environment,
                start_new_session=POSIX,
                creationflags=0 if POSIX else DETACHED_ON_WINDOWS,
            )
    except OSError as error:
        raise LinkError(f"the worker cannot be started with '{command[0]}': {error.strerror or error}") from error
    threading.Thread(target=process.wait, name="tam-worker", daemon=True).start()  # no zombie is left when it ends
    return process


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return f"{' '.join(lines[-3:]) or 'it said nothing'} (see {log})"
