"""Where files lie: on this machine, or behind an address such as s3://bucket/folder, by fsspec.

A file appears whole or not at all: on this machine it is renamed into its place; an object store shows an object when
it is complete. It knows paths and bytes, not what they are.
"""

import glob
import hashlib
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from tam_core.atomic import atomic_file, check_folder, naming_the_cause
from tam_core.errors import EngineNotReadyError, OutputError, SourceNotFoundError
from tam_core.project.identity import identify

CACHE = "TAM_BATCH_CACHE"
"""Environment variable: the folder in which a machine keeps what it fetched."""

KEPT = 6 * 3600
"""Seconds that a fetched file is kept after it was used last."""


def is_remote(path: str) -> bool:
    """Is it an address, such as s3://bucket/clip.mp4?"""
    return "://" in path


def joined(folder: str, name: str) -> str:
    """``name`` in ``folder``; an absolute path or an address stays as it is."""
    if is_remote(name) or Path(name).is_absolute():
        return name
    return f"{folder.rstrip('/')}/{name}" if is_remote(folder) else str(Path(folder) / name)


def exists(path: str) -> bool:
    """Is a file or folder there?"""
    if not is_remote(path):
        return Path(path).exists()
    system, place = _system(path)
    return bool(system.exists(place))


def fingerprint(path: str) -> str:
    """What tells a file from its next version: of its content here, of what the store says of it elsewhere.

    Raises SourceNotFoundError if nothing is there.
    """
    if not is_remote(path):
        return _local_fingerprint(Path(path))
    system, place = _system(path)
    try:
        system.invalidate_cache()
        if system.isdir(place):
            files = [(name, _version(info)) for name, info in sorted(system.find(place, detail=True).items())]
            return hashlib.sha256(repr(files).encode()).hexdigest()
        return hashlib.sha256(repr(_version(system.info(place))).encode()).hexdigest()
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"no such file: {path}") from error


def _version(info: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a store says of a file that changes with it."""
    return [(word, str(info.get(word))) for word in ("ETag", "created", "etag", "md5Hash", "mtime", "size")]


def read_text(path: str) -> str | None:
    """The text of a small file; None if it is not there."""
    try:
        if not is_remote(path):
            return Path(path).read_text(encoding="utf-8")
        system, place = _system(path)
        system.invalidate_cache()
        return bytes(system.cat_file(place)).decode("utf-8")
    except FileNotFoundError:
        return None


def write_text(path: str, text: str) -> None:
    """Write a small file, whole or not at all. Raises OutputError."""
    if is_remote(path):
        system, place = _system(path)
        with naming_the_cause(Path(path)):
            system.makedirs(str(PurePosixPath(place).parent), exist_ok=True)
            system.pipe_file(place, text.encode("utf-8"))
        return
    make_folder(Path(path).parent)
    with atomic_file(Path(path)) as temporary, naming_the_cause(Path(path)):
        temporary.write_text(text, encoding="utf-8")


def fetch(path: str) -> Path:
    """A file or folder as one of this machine; one from elsewhere is kept in a cache for the next unit.

    Raises SourceNotFoundError.
    """
    if not is_remote(path):
        return Path(path)
    folder = _cache() / hashlib.sha256(f"{path}\0{fingerprint(path)}".encode()).hexdigest()[:24]
    kept = folder / PurePosixPath(path).name
    if not kept.exists():
        _forget_old(folder.parent)
        make_folder(folder)
        system, place = _system(path)
        temporary = folder / f"{uuid.uuid4().hex[:8]}.part"
        try:
            system.get(place, str(temporary), recursive=bool(system.isdir(place)))
            if not kept.exists():  # another worker may have been faster
                temporary.replace(kept)
        finally:
            forget(temporary)
    os.utime(folder)
    return kept


def work_folder(target: str) -> Path:
    """A new folder of this machine to make ``target`` in: beside it, where renaming is at once, if that is here."""
    if is_remote(target):
        return Path(tempfile.mkdtemp(prefix="tam-batch-"))
    folder = Path(target).parent / f".{Path(target).name}.{os.getpid()}-{uuid.uuid4().hex[:6]}.part"
    make_folder(folder)
    return folder


def forget_begun(target: str) -> None:
    """Let go of what ``work_folder`` gave to one that died. Elsewhere the system clears its temporary folder."""
    if not is_remote(target):
        for folder in Path(target).parent.glob(f".{glob.escape(Path(target).name)}.*.part"):
            forget(folder)


def check_not_strange(target: str) -> None:
    """Raise OutputError if a folder is there that may be somebody's own: with other files than numbered pictures."""
    if not is_remote(target) and Path(target).is_dir():
        check_folder(Path(target))


def put(made: Path, target: str) -> None:
    """Bring a finished file or folder of numbered files to its place; what was there goes. Raises OutputError."""
    if not is_remote(target):
        with naming_the_cause(Path(target)):
            if Path(target).is_dir():
                forget(Path(target))
            made.replace(target)
        return
    system, place = _system(target)
    with naming_the_cause(Path(target)):
        if made.is_dir():
            if system.exists(place):
                system.rm(place, recursive=True)
            system.put(f"{made}/", f"{place}/", recursive=True)
        else:
            system.makedirs(str(PurePosixPath(place).parent), exist_ok=True)
            system.put_file(str(made), place)


def remove(path: str) -> None:
    """Let a file or folder go, if it is there."""
    if not is_remote(path):
        forget(Path(path))
        return
    system, place = _system(path)
    if system.exists(place):
        system.rm(place, recursive=True)


def forget(path: Path) -> None:
    """The same on this machine."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder and those above it. Raises OutputError."""
    with naming_the_cause(path):
        path.mkdir(parents=True, exist_ok=True)


def check_storage(path: str) -> None:
    """Find out before the work whether that kind of address can be used, and written at. Raises TamError."""
    if not is_remote(path):
        make_folder(Path(path))
        return
    probe = joined(path, f".probe-{uuid.uuid4().hex[:8]}")
    try:
        write_text(probe, "")
        remove(probe)
    except (OSError, ValueError) as error:
        raise OutputError(f"{path} cannot be written: {error}") from error


def _system(path: str) -> tuple[Any, str]:
    """fsspec's file system for an address, and the path in it. Raises EngineNotReadyError without its package."""
    try:
        from fsspec.core import url_to_fs

        system, place = url_to_fs(path)
    except ImportError as error:
        raise EngineNotReadyError(
            f"{path}: {error}. pip install 'tam-studio[cluster]' for s3://, gcsfs for gs://"
        ) from error
    except ValueError as error:
        raise SourceNotFoundError(f"{path}: {error}") from error
    return system, place


def _local_fingerprint(path: Path) -> str:
    if path.is_dir():
        files = [one for one in sorted(path.rglob("*")) if one.is_file()]
        lines = [f"{one.relative_to(path)}\0{one.stat().st_size}\0{identify(one).digest}" for one in files]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return identify(path).digest


def _cache() -> Path:
    return Path(os.environ.get(CACHE) or Path(tempfile.gettempdir()) / "tam-batch-cache")


def _forget_old(cache: Path) -> None:
    for folder in cache.iterdir() if cache.is_dir() else ():
        try:
            if time.time() - folder.stat().st_mtime > KEPT:
                forget(folder)
        except FileNotFoundError:
            continue  # another worker was faster
