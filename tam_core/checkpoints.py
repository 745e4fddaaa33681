"""Model weights on disk: where they come from, where they lie, how they are fetched and checked. Imports no torch.

Files lie in the folder named by the environment variable ``TAM_MODELS`` or in ``~/.cache/tam-studio/models``. On a
machine without a network, copy the file there under its own name. A file is never used before its size and, where one
is published, its SHA-256 are right, whoever put it there; what a person put there is never deleted.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tam_core.errors import DownloadError, EngineNotReadyError

_BLOCK = 1 << 20
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Checkpoint:
    """A published weight file: its address, exact size in bytes, and SHA-256, or None where none is published."""

    file_name: str
    url: str
    size: int
    sha256: str | None

    @property
    def path(self) -> Path:
        """Where the file lies, or will."""
        return models_folder() / self.file_name

    def describe(self) -> str:
        """Name and size for a person."""
        return f"{self.file_name}, {megabytes(self.size)}"

    def find(self) -> Path | None:
        """The file on this machine, or None. A file of another size is not it."""
        return self.path if self.path.is_file() and self.path.stat().st_size == self.size else None

    def wrong_size(self) -> str | None:
        """What to tell a person about a file of this name and another size, or None."""
        if not self.path.is_file() or self.find() is not None:
            return None
        return (
            f"{self.path.name} in {self.path.parent} has {self.path.stat().st_size} bytes, expected {self.size}: it is "
            "not the published file, or not all of it. Move it away"
        )

    def checked(self) -> Path:
        """The file, which is here, after a look at all of its bytes. Raises EngineNotReadyError for another file."""
        found = None if self.sha256 is None else sha256_of(self.path)
        if found != self.sha256:
            raise EngineNotReadyError(
                f"{self.path.name} in {self.path.parent} is damaged or not the published file: its SHA-256 is {found}, "
                f"expected {self.sha256}. Move it away and fetch it again"
            )
        return self.path

    def fetch(self) -> Iterator[int]:
        """Download, continuing an earlier attempt; yields the number of bytes that are here.

        A file that is here already is not fetched again. It gets its name only after size and SHA-256 are right. Raises
        DownloadError; a wrong download is deleted, a partial one is kept for the next attempt.
        """
        if self.find() is not None:
            yield self.size
            return
        if wrong := self.wrong_size():
            raise DownloadError(f"{wrong} and run it again")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DownloadError(
                f"{self.path.parent} cannot be made ({error.strerror}): set TAM_MODELS to a folder for weights"
            ) from error
        partial = self.path.with_name(f"{self.path.name}.part")
        yield from self._download(partial)
        self._verify(partial)
        partial.replace(self.path)

    def _download(self, partial: Path) -> Iterator[int]:
        import http.client
        import urllib.error
        import urllib.request

        here = partial.stat().st_size if partial.exists() else 0
        if here >= self.size:
            yield here
            return
        request = urllib.request.Request(self.url, headers={"Range": f"bytes={here}-"} if here else {})
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
                resumed = answer.status == 206
                here = here if resumed else 0
                with partial.open("ab" if resumed else "wb") as file:
                    while block := answer.read(_BLOCK):
                        file.write(block)
                        here += len(block)
                        yield here
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            raise DownloadError(
                f"{self.url} could not be fetched ({error}). {here} of {self.size} bytes are kept; run it again to go "
                f"on, or copy the file to {partial.parent} by hand"
            ) from error
        if here < self.size:
            raise DownloadError(f"{self.url} stopped after {here} of {self.size} bytes; run it again to go on")

    def _verify(self, partial: Path) -> None:
        size, found = partial.stat().st_size, sha256_of(partial)
        if size != self.size or self.sha256 not in (None, found):
            partial.unlink()
            raise DownloadError(
                f"{self.url} is not the published file: {size} bytes with SHA-256 {found}, expected {self.size} bytes "
                f"with {self.sha256 or 'any'}. It was deleted; run it again"
            )


@dataclass(frozen=True)
class CheckpointFolder:
    """A model published as several files. Answers like a Checkpoint; its path is the folder they share."""

    folder_name: str
    files: tuple[Checkpoint, ...]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    def describe(self) -> str:
        """Name and size for a person."""
        return f"{self.folder_name}, {megabytes(self.size)}"

    def find(self) -> Path | None:
        """The folder on this machine when all files are there, or None."""
        here = all(file.find() is not None for file in self.files)
        return models_folder() / self.folder_name if here else None

    def wrong_size(self) -> str | None:
        """What to tell a person about a file of another size, or None."""
        return next((wrong for file in self.files if (wrong := file.wrong_size())), None)

    def checked(self) -> Path:
        """The folder after a look at all files. Raises EngineNotReadyError for another file."""
        for file in self.files:
            file.checked()
        return models_folder() / self.folder_name

    def fetch(self) -> Iterator[int]:
        """Download one file after the other; yields the number of bytes that are here. Raises DownloadError."""
        before = 0
        for file in self.files:
            for here in file.fetch():
                yield before + here
            before += file.size


@dataclass(frozen=True)
class OwnCheckpoint:
    """A weight file of the person's own. Answers like a Checkpoint; there is nothing to fetch or compare."""

    path: Path

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    def describe(self) -> str:
        """Name and size for a person."""
        return f"{self.path.name}, {megabytes(self.size)}"

    def find(self) -> Path:
        """The file."""
        return self.path

    def wrong_size(self) -> None:
        """Any size is right."""

    def checked(self) -> Path:
        """The file. Whether it fits is found when it is loaded."""
        return self.path

    def fetch(self) -> Iterator[int]:
        """It is here."""
        yield self.size


def models_folder() -> Path:
    """Where weight files lie."""
    named = os.environ.get("TAM_MODELS")
    return Path(named) if named else Path.home() / ".cache" / "tam-studio" / "models"


def megabytes(size: int) -> str:
    """A number of bytes for a person."""
    return f"{size / 1e6:.0f} MB"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
