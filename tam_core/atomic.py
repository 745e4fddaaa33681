"""Results appear whole or not at all: write beside the target under a temporary name, then rename."""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tam_core.errors import OutputError

PICTURES = frozenset({".png", ".exr"})
"""What folders of results hold. Others with a number for a name are somebody's footage."""


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary path with the same suffix; it becomes ``path`` when the block ends without an exception.

    What was at ``path`` stays until then. Raises OutputError when nothing can be written there; what the block itself
    writes is its own to explain, see ``naming_the_cause``.
    """
    temporary = _beside(path)
    with naming_the_cause(path):
        temporary.touch()
    try:
        yield temporary
        with naming_the_cause(path):
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """The same for a folder of numbered pictures; one that is already there is replaced when the block ends well.

    Raises OutputError when a folder is there that holds anything but such files: nobody's work is thrown away. A link
    to a folder stays one.
    """
    check_folder(path)
    path = path.resolve()
    temporary = _beside(path)
    with naming_the_cause(path):
        temporary.mkdir()
    try:
        yield temporary
        with naming_the_cause(path):
            _exchange(path, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_folder(path: Path) -> None:
    """Raise OutputError if a folder at ``path`` could not be replaced without loss, or if a file is there."""
    if path.exists() and not path.is_dir():
        raise OutputError(f"{path} is a file; give the name of a folder")
    if path.is_dir() and (path.resolve() == Path.cwd() or path.is_mount()):
        raise OutputError(f"{path} cannot be replaced where it is: give the name of a new folder in it")
    strange = _not_a_numbered_picture(path) if path.is_dir() else None
    if strange:
        raise OutputError(f"{path} holds {strange.name}, which is not a numbered picture: give a new or empty folder")


def check_writable(path: Path) -> None:
    """Raise OutputError now rather than after the work if nothing can be written at ``path``."""
    with naming_the_cause(path):
        probe = _beside(path)
        probe.touch()
        probe.unlink()


@contextmanager
def naming_the_cause(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into an OutputError that says what is wrong with writing ``path``."""
    try:
        yield
    except OSError as error:
        raise OutputError(_explain(path, error)) from error


def _explain(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        free = shutil.disk_usage(path.parent).free
        return f"{path}: the disk is full ({free / 1e6:.0f} MB free). Make room or write elsewhere"
    if error.errno == errno.ENOENT and not path.parent.exists():
        return f"{path}: there is no folder {path.parent}. Make it first"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path}: no permission to write in {path.parent}. Choose another place"
    return f"{path} cannot be written: {error.strerror or error}"


def _exchange(path: Path, new: Path) -> None:
    """``new`` takes the place of a folder, which is only then deleted; if it cannot, that stays."""
    if not path.exists():
        new.replace(path)
        return
    old = _beside(path)
    path.replace(old)
    try:
        new.replace(path)
    except OSError:
        old.replace(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _beside(path: Path) -> Path:
    path = path.absolute()
    return path.with_name(f".{path.stem}.{os.getpid()}-{uuid.uuid4().hex[:6]}.part{path.suffix}")


def _not_a_numbered_picture(folder: Path) -> Path | None:
    return next((entry for entry in folder.iterdir() if not _is_numbered_picture(entry)), None)


def _is_numbered_picture(path: Path) -> bool:
    return path.stem.isdecimal() and path.suffix.lower() in PICTURES and path.is_file()
