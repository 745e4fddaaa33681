"""Files that only the user can read, and a lock between programs of one user."""

import contextlib
import os
import stat
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .errors import LinkError

POSIX = os.name == "posix"
TRY_EVERY = 0.1


def make_private_folder(path: Path) -> None:
    """Make it if it is not there, for the user alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise LinkError(f"the folder {path} cannot be made: {error.strerror or error}") from error


def read_private(path: Path) -> bytes | None:
    """What the file says, None if there is none. Raises LinkError if others may read it or could have written it."""
    try:
        with open(path, "rb") as file:
            facts, text = os.fstat(file.fileno()), file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LinkError(f"{path} cannot be read: {error.strerror or error}. Remove it, and try again") from error
    if POSIX and facts.st_uid != os.getuid():
        raise LinkError(f"{path} belongs to another user, so it cannot be trusted: remove it, and try again")
    if POSIX and stat.S_IMODE(facts.st_mode) & 0o077:
        raise LinkError(f"{path} is open to other users, so it is no secret: remove it, and start the worker again")
    return text


def write_private(path: Path, text: str) -> None:
    """The whole file or, if this program ends in between, what was there before."""
    make_private_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with open_private(temporary) as file:
            file.write(text.encode())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def open_private(path: Path) -> BinaryIO:
    """A new file of that name to write to."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


@contextlib.contextmanager
def alone(lock: Path, timeout: float) -> Iterator[None]:
    """One program is inside at a time. The system frees the lock of one that dies. Raises LinkError after ``timeout``
    seconds."""
    make_private_folder(lock.parent)
    deadline = time.monotonic() + timeout
    with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        while not _locked(file):
            if time.monotonic() > deadline:
                raise LinkError(f"another program has held {lock} for {timeout:.0f} seconds: end it, and try again")
            time.sleep(TRY_EVERY)
        yield


def _locked(file: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
