"""Which projects there are: those of the worker's own folder, and those that were opened elsewhere. It opens none."""

import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

from plugin.worker.folders import Folders
from plugin.worker.problems import UnknownIdError
from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.project import Project
from tam_core.project.database import FILE_NAME
from tam_core.project.project import SUFFIX

MOST = 100
"""Projects elsewhere that are remembered, and lines in a list."""


class KnownProjects:
    """The list of projects elsewhere is ``recent.json`` in the data folder, the newest first."""

    def __init__(self, data: Path, folders: Folders) -> None:
        self._own, self._list, self._folders = data / "projects", data / "recent.json", folders
        self._lock = threading.Lock()

    def default_folders(self, source: Path) -> Iterator[Path]:
        """Where the project of a video is; the next one if that is of another video that had this path before."""
        mark = hashlib.sha256(str(source).encode()).hexdigest()[:8]
        stem = source.stem.encode()[:120].decode(errors="ignore")
        yield self._own / f"{stem}-{mark}{SUFFIX}"
        for number in range(2, 1000):
            yield self._own / f"{stem}-{mark}-{number}{SUFFIX}"

    def remember(self, folder: Path) -> None:
        """A project was opened."""
        if folder.parent == self._own:
            return
        with self._lock:
            others = [other for other in self._elsewhere() if other != folder]
            with atomic_file(self._list) as temporary, naming_the_cause(self._list):
                temporary.write_text(json.dumps([str(path) for path in [folder, *others][:MOST]]), encoding="utf-8")

    def find(self, session_id: str) -> Path:
        """The project of a session that is not open. Raises UnknownIdError, ForbiddenError."""
        for folder in self._all():
            if id_of(folder) == session_id:
                return self._folders.check(folder)
        raise UnknownIdError(f"no session {session_id[:32]!r}: open the video or the project again")

    def recent(self) -> list[tuple[Path, float]]:
        """Projects and when they were changed (seconds since 1970), the newest first."""
        found = [(folder, changed) for folder in self._all() if (changed := _changed(folder))]
        return sorted(found, key=lambda one: one[1], reverse=True)[:MOST]

    def sources(self) -> list[Path]:
        """Where the projects that are there have their videos. Raises ProjectError where one does not say."""
        return [Project.source_of(folder) for folder in self._all() if folder.exists()]

    def _all(self) -> list[Path]:
        with self._lock:
            return list(dict.fromkeys([*self._own.glob(f"*{SUFFIX}"), *self._elsewhere()]))

    def _elsewhere(self) -> list[Path]:
        """What is no longer there, or no longer open to us, may be so again."""
        try:
            return [Path(str(path)) for path in json.loads(self._list.read_text(encoding="utf-8"))]
        except (OSError, ValueError, TypeError):
            return []


def id_of(folder: Path) -> str:
    """The id of a project's session: the same whenever it is opened."""
    return hashlib.sha256(str(folder).encode()).hexdigest()[:12]


def _changed(folder: Path) -> float:
    """When the project was changed last; 0 if it is not there."""
    times = []
    for name in (FILE_NAME, f"{FILE_NAME}-wal"):
        try:
            times.append((folder / name).stat().st_mtime)
        except OSError:
            continue
    return max(times, default=0.0)
