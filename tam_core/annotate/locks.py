"""Who is at a video: numbered lock files in a folder that several machines may share.

The highest number counts. A lock is taken by creating the next number, which a file system grants to one only, also
over a network. A holder touches its file now and then; one that was not touched for EXPIRES_SECONDS is nobody's any
more. Numbers never go back, so a taker with an old view of the folder finds its number used, or a higher one there.
Ages are told by the clock of the file system alone: those of the machines may differ.
"""

import contextlib
import json
import os
import socket
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.errors import RequestError

EXPIRES_SECONDS = 90.0


class LockedError(RequestError):
    """Somebody else is at the video, or has taken it over."""


@dataclass(frozen=True)
class Holder:
    """A person at a program: the process ``process`` of the machine ``host``."""

    annotator: str
    host: str
    process: int

    @classmethod
    def here(cls, annotator: str) -> "Holder":
        """The annotator at this process."""
        return cls(annotator, socket.gethostname(), os.getpid())


class Lock:
    """A lock that was taken, until it is released or lost."""

    def __init__(self, file: Path, holder: Holder) -> None:
        self._file, self.holder = file, holder

    def beat(self) -> None:
        """Say that the holder is still there. Raises LockedError if it was taken over meanwhile."""
        newest = _newest(self._file.parent)
        if newest != self._file or _holder(newest) != self.holder:
            raise LockedError(f"{self._file.parent.name} was taken by {_told(newest)} while you were away")
        with naming_the_cause(self._file):
            os.utime(self._file)

    def release(self) -> None:
        """Let others have it. Its number stays used."""
        if _newest(self._file.parent) == self._file and _holder(self._file) == self.holder:
            _write(self._file, None)


def take(folder: Path, holder: Holder, expires: float = EXPIRES_SECONDS) -> Lock | None:
    """The lock of a folder, or None where somebody has it, or was quicker."""
    newest = _newest(folder)
    if newest is not None and _held(newest, expires):
        return None
    number = 1 if newest is None else _number(newest) + 1
    file = folder / f"lock.{number}"
    with naming_the_cause(folder):
        try:
            with file.open("x", encoding="utf-8") as opened:
                opened.write(json.dumps(asdict(holder)))
        except FileExistsError:  # somebody was quicker
            return None
    if _newest(folder) != file:
        file.unlink(missing_ok=True)
        return None
    for older in folder.glob("lock.*"):
        if _number(older) < number:
            older.unlink(missing_ok=True)
    return Lock(file, holder)


def holder_of(folder: Path, expires: float = EXPIRES_SECONDS) -> Holder | None:
    """Who has the lock of a folder now."""
    newest = _newest(folder)
    return _holder(newest) if newest is not None and _held(newest, expires) else None


def _held(file: Path, expires: float) -> bool:
    """A file that cannot be read yet is being written: somebody's."""
    try:
        text = file.read_text(encoding="utf-8")
        if text == "null":
            return False
        holder = _holder(file)
        if holder and holder.host == socket.gethostname() and not _runs(holder.process):
            return False
        return _age(file) < expires
    except FileNotFoundError:  # taken over in between
        return True


def _holder(file: Path | None) -> Holder | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8")) if file else None
        return Holder(str(found["annotator"]), str(found["host"]), int(found["process"])) if found else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _told(file: Path | None) -> str:
    holder = _holder(file)
    return holder.annotator if holder else "somebody else"


def _newest(folder: Path) -> Path | None:
    return max(folder.glob("lock.*"), key=_number, default=None)


def _number(file: Path) -> int:
    text = file.suffix[1:]
    return int(text) if text.isdecimal() else 0


def _age(file: Path) -> float:
    """Seconds since the file was touched, by the clock of its file system; by ours where it cannot be asked."""
    probe = file.with_name(f".clock-{uuid.uuid4().hex}")
    now = time.time()
    with contextlib.suppress(OSError):
        probe.touch()
        now = probe.stat().st_mtime
        probe.unlink()
    return now - file.stat().st_mtime


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _write(file: Path, holder: Holder | None) -> None:
    with atomic_file(file) as temporary, naming_the_cause(file):
        temporary.write_text(json.dumps(None if holder is None else asdict(holder)), encoding="utf-8")
