"""The worker: whether one runs or would start, where it keeps its data, and whether hosts find it."""

import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from plugin.doctor.finding import Finding, ok, problem, warning
from plugin.link import launch
from plugin.link.errors import LinkError
from plugin.link.private import POSIX

USUAL_PORT = 7411
START_SECONDS, END_SECONDS = 60, 10


def check_service(data: Path | None, device: str) -> Iterator[Finding]:
    """All about the worker. One that does not run is started for a moment, with a data folder of its own."""
    folder = data or launch.data_folder()
    kept = check_data_folder(folder)
    yield kept
    yield find_command()
    running = check_running(folder) if kept.level == "ok" else None
    if running is not None:
        yield running
        return
    yield check_port(USUAL_PORT)
    yield check_start(device)


def check_data_folder(folder: Path) -> Finding:
    """Whether projects and uploads can be kept; makes the folder, as the worker would."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        said = f"{folder} cannot be written: {error.strerror or error}"
        return problem("data folder", said, "make it yours, or choose another: tam serve --data DIR")
    return ok("data folder", f"{folder} can be written")


def find_command() -> Finding:
    """Whether a host that is started from a desktop finds ``tam``: it has hardly any PATH."""
    places = os.pathsep.join(str(Path(place).expanduser()) for place in launch.USUAL_PLACES)
    found = shutil.which("tam", path=f"{os.defpath}{os.pathsep}{places}")
    if found:
        return ok("tam", f"{found}; hosts find it by themselves")
    ours = Path(sys.executable)
    return warning(
        "tam",
        f"it belongs to {ours}, where hosts do not look",
        f"say in their settings that the worker is {ours}, or: ln -s {ours.with_name('tam')} ~/.local/bin/tam",
    )


def check_running(folder: Path) -> Finding | None:
    """The worker that uses the folder; None if there is none."""
    try:
        client = launch.find(folder)
        if client is None:
            return None
        health = client.health()
    except LinkError as error:
        return problem("worker", str(error), "end it and remove worker.json of the data folder")
    ours = metadata.version("tam-studio")
    minutes = health.uptime / 60
    said = f"runs for {minutes:.0f} minutes at {client.url}, version {health.version}, on {health.device}"
    if health.version != ours:
        return warning("worker", said, f"tam is version {ours}: end the worker (process {health.pid}), it starts again")
    return ok("worker", said)


def check_port(port: int) -> Finding:
    """Whether the usual address is free. Another one does as well, but bookmarks miss it."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            return ok("port", f"{port} is free")
    except OSError as error:
        said = f"{port} is taken ({os.strerror(error.errno or 0)}): the worker takes any that is free"
        return warning("port", said, "end that program if the page shall always have the same address")


def check_start(device: str) -> Finding:
    """Start the worker as a host does, ask it, and end it."""
    begin = time.monotonic()
    command = [sys.executable, "-c", "from plugin.cli import main; main()", "serve", "--device", device]
    with tempfile.TemporaryDirectory(prefix="tam-doctor-") as folder:
        try:
            client = launch.find_or_start(command=command, data=Path(folder), timeout=START_SECONDS)
            health = client.health()
        except LinkError as error:
            return problem("worker", str(error), "see what it says when you start it yourself: tam serve")
        seconds = time.monotonic() - begin
        _end(health.pid, Path(folder))
    return ok("worker", f"not running; it starts in {seconds:.1f} s")


def _end(pid: int, folder: Path) -> None:
    """Tell the worker to stop, and wait until it has: its folder is removed next."""
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + END_SECONDS
    while (_alive(pid) if POSIX else (folder / launch.ADDRESS).exists()) and time.monotonic() < deadline:
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
