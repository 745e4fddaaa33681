"""A worker of its own for a benchmark: a real ``tam serve``, asked through the link as a host asks."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from plugin.link import wire
from plugin.link.client import Client
from plugin.link.launch import find_or_start, open_folder, read_address

SERVE = (sys.executable, "-c", "from plugin.cli import main; main()", "serve")
ENDED = ("done", "cancelled", "failed")
STARTS_WITHIN = STOPS_WITHIN = 120
"""Seconds. A worker that is told to stop ends the step of a job that it is at."""


@contextlib.contextmanager
def serving(data: Path, folders: Sequence[Path]) -> Iterator[Client]:
    """A worker for the data folder that may use the folders; it is told to stop in the end."""
    with stopping(data):
        for folder in folders:
            open_folder(folder, data)
        yield find_or_start(command=SERVE, data=data, timeout=STARTS_WITHIN)


@contextlib.contextmanager
def stopping(data: Path) -> Iterator[None]:
    """However the block ends, also when the benchmark is told to stop: no worker is left behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            pid = worker_pid(data)
            os.kill(pid, signal.SIGTERM)
            wait_until_gone(pid, STOPS_WITHIN)


def worker_pid(data: Path) -> int:
    """The process that serves the data folder."""
    address = read_address(data)
    if address is None:
        raise ProcessLookupError(f"no worker serves {data}")
    return address.pid


def wait_until_gone(pid: int, seconds: float = 30) -> None:
    """The process has ended; whoever started it has asked what became of it."""
    deadline = time.monotonic() + seconds
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.02)
        raise TimeoutError(f"process {pid} has not ended after {seconds:.0f} seconds")


def ended(client: Client, job: wire.Job, seconds: float = 600) -> wire.Job:
    """The job when it is over. Raises RuntimeError unless it did what it should."""
    deadline = time.monotonic() + seconds
    while job.status not in ENDED and time.monotonic() < deadline:
        time.sleep(0.05)
        job = client.job(job.id)
    if job.status != "done":
        raise RuntimeError(f"job '{job.title}' is {job.status}: {job.problem.message if job.problem else job.result}")
    return job
