"""Model weights on disk: where they come from, where they lie, how they are fetched and checked. Imports no torch.

Files lie in the folder named by the environment variable ``TAM_MODELS`` or in ``~/.cache/tam-studio/models``. On a
machine without a network, copy the file there under its own name.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tam_core.errors import DownloadError

_BLOCK = 1 << 20
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Checkpoint:
    """A published weight file: its address, exact size in bytes, and SHA-256."""

    file_name: str
    url: str
    size: int
    sha256: str

    def describe(self) -> str:
        """Name and size for a person."""
        return f"{self.file_name}, {self.size / 1e6:.0f} MB"

    def find(self) -> Path | None:
        """The file on this machine, or None. A file of another size counts as absent."""
        path = models_folder() / self.file_name
        return path if path.is_file() and path.stat().st_size == self.size else None

    def fetch(self) -> Iterator[int]:
        """Download, continuing an earlier attempt; yields the number of bytes that are here.

        A file that is here already is not fetched again. It gets its name only after size and SHA-256 are right. Raises
        DownloadError; a wrong file is deleted, a partial one is kept for the next attempt.
        """
        if self.find() is not None:
            yield self.size
            return
        folder = models_folder()
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{self.file_name}.part"
        yield from self._download(partial)
        self._verify(partial)
        partial.replace(folder / self.file_name)

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
        size, digest = partial.stat().st_size, hashlib.sha256()
        with partial.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        if size != self.size or digest.hexdigest() != self.sha256:
            partial.unlink()
            raise DownloadError(
                f"{self.url} is not the published file: {size} bytes with SHA-256 {digest.hexdigest()}, expected "
                f"{self.size} bytes with {self.sha256}. It was deleted; run it again"
            )


def models_folder() -> Path:
    """Where weight files lie."""
    named = os.environ.get("TAM_MODELS")
    return Path(named) if named else Path.home() / ".cache" / "tam-studio" / "models"


SAM_VIT_B = Checkpoint(
    file_name="sam_vit_b_01ec64.pth",
    url="https://dl.fbaipublicfiles.com/segment_anything/sam_vit_b_01ec64.pth",
    size=375_042_383,
    sha256="ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912",
)
