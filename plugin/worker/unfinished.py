"""Jobs that are not done, on disk, so that they are known after a crash. The file also keeps a second worker away.

The lock is the operating system's: it goes when the process does, however it ends.
"""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tam_core.errors import RequestError


class WorkerRunningError(RequestError):
    """Another worker uses the data folder."""


@dataclass(frozen=True)
class Unfinished:
    """A job as it was asked for. ``request`` is the message, as ``wire.from_data(wire.TrackRequest, ...)`` reads it."""

    id: str
    kind: str
    title: str
    session_id: str | None
    project: str
    request: dict[str, Any]


class UnfinishedJobs:
    """A table of them, oldest first. One thread at a time."""

    def __init__(self, file: Path) -> None:
        self._rows = sqlite3.connect(file, timeout=0.2, isolation_level=None, check_same_thread=False)
        try:
            self._rows.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._rows.execute("BEGIN EXCLUSIVE")
            self._rows.execute("CREATE TABLE IF NOT EXISTS jobs (number INTEGER PRIMARY KEY, id TEXT UNIQUE, job TEXT)")
            self._rows.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._rows.close()
            raise WorkerRunningError(
                f"{file.parent} cannot be used ({error}): another worker is probably running on it. Its address is in "
                f"{file.parent / 'worker.json'}; stop it, or give another folder with --data"
            ) from error

    def all(self) -> list[Unfinished]:
        """Oldest first."""
        return [
            Unfinished(**json.loads(text)) for (text,) in self._rows.execute("SELECT job FROM jobs ORDER BY number")
        ]

    def add(self, job: Unfinished) -> None:
        """On disk when this returns."""
        self._rows.execute("INSERT INTO jobs (id, job) VALUES (?, ?)", (job.id, json.dumps(job.__dict__)))

    def forget(self, job_id: str) -> None:
        """It is done, or nobody wants it any more."""
        self._rows.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def close(self) -> None:
        """Lets another worker in."""
        self._rows.close()
