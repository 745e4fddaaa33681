"""Which files a client may name: those in folders that the person opened on this machine.

HTTP alone never opens a folder: whoever may write to the data folder may, and that is the person's own programs.
"""

import logging
import stat
from collections.abc import Iterable
from pathlib import Path

from plugin.link import launch
from plugin.link.errors import LinkError
from plugin.worker.problems import ForbiddenError, MalformedError

_LOG = logging.getLogger("tam.worker")


class Folders:
    """The opened folders: given at the start, or listed in ``folders.json``, which is read again when it is needed."""

    def __init__(self, data: Path, given: Iterable[Path] = ()) -> None:
        self.data = data.resolve()
        self._given = [folder.resolve() for folder in given]

    def opened(self) -> list[Path]:
        """All of them, and the worker's own projects and uploads."""
        own = [self.data / "projects", self.data / "uploads"]
        return [*self._given, *own, *self._listed()]

    def check(self, path: str | Path) -> Path:
        """The path with every link followed, there or not yet. Raises ForbiddenError if it is in no opened folder."""
        try:
            asked = Path(path).expanduser()
            resolved = asked.resolve()
            strange = _is_strange(resolved)
        except (OSError, ValueError, RuntimeError) as error:  # a NUL, a loop of links, a name too long, no home
            raise MalformedError(f"{str(path)[:200]!r} is not a path: {error}") from error
        if not asked.is_absolute():
            raise MalformedError(f"{str(path)[:200]!r} is not a full path: begin with the root of the disk")
        if not any(resolved.is_relative_to(folder) for folder in self.opened()):
            raise ForbiddenError(
                f"{resolved} is in no folder that you opened; there are: {', '.join(map(str, self.opened()))}. "
                f"Open its folder with: tam serve --open '{resolved.parent}'"
            )
        if strange:
            raise MalformedError(f"{resolved} is neither a file nor a folder")
        return resolved

    def _listed(self) -> list[Path]:
        try:
            return [folder.resolve() for folder in launch.opened_folders(self.data)]
        except LinkError as error:
            _LOG.warning("%s", error)
            return []


def _is_strange(path: Path) -> bool:
    """Whether something is there that waits or never ends when it is read, such as a pipe. Raises OSError."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
