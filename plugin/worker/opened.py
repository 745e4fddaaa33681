"""One open session: its project, what clients are told of it, and its pictures."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from plugin.link import wire
from plugin.worker.edited import FILE, OPERATION, EditedSource
from plugin.worker.media import Media
from plugin.worker.origins import Origins, pictures_of
from plugin.worker.problems import UnknownIdError
from plugin.worker.reel import Reel
from plugin.worker.state import Lanes, cuts_of, objects_of, proposals_of, video_of
from tam_core.errors import SourceNotFoundError
from tam_core.project import Project
from tam_core.session import Session
from tam_core.video import FrameSource, open_video

Of = Literal["source", "removal"]
"""What pictures are asked for: of the video, or of the edited one, which began as one without the objects."""


@dataclass
class OpenSession:
    """A session in memory.

    ``lock`` is for every touch of ``session``; where an engine is used, the gate is taken before it. ``users`` are the
    requests that use it now; ``used`` is when the last one ended.
    """

    id: str
    project: Project
    session: Session
    lock: threading.RLock = field(default_factory=threading.RLock)
    users: int = 0
    used: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._lanes = Lanes(self.count)
        self._reels: dict[Of, Reel] = {}
        self._reels_lock = threading.Lock()
        self._origins: Origins | None = None

    @property
    def count(self) -> int:
        """Frames of the video."""
        return self.session.source.info.frame_count or 0

    def state(self, jobs: Sequence[wire.Job]) -> wire.SessionState:
        """All that a client shows of it; ``jobs`` are its own."""
        with self.lock:
            session = self.session
            return wire.SessionState(
                self.id,
                str(self.project.folder),
                video_of(session, self.project.source_path),
                session.engines.tracker,
                session.engines.segmenter,
                session.revision,
                session.undo_title,
                session.redo_title,
                objects_of(session, self._lanes),
                cuts_of(self.project),
                proposals_of(session),
                self._removal(),
                list(jobs),
                len(session.commands),
            )

    def open_source(self) -> FrameSource:
        """The video once more, for a reader of its own."""
        return open_video(self.project.source_path)

    def removed(self) -> tuple[Path, range] | None:
        """The file of the edit and the frames that it is for, if there is one."""
        with self.lock:
            removal = self.session.removal
        if removal is None or FILE not in removal.parameters:
            return None
        file = self.project.files() / Path(str(removal.parameters[FILE])).name
        return (file, range(removal.start, removal.stop)) if file.is_file() else None

    def require_removed(self) -> tuple[Path, range]:
        """The same, or UnknownIdError."""
        found = self.removed()
        if found is None:
            raise UnknownIdError("nothing was removed or edited yet, or its pictures were deleted: do that first")
        return found

    def open_removed(self) -> EditedSource:
        """The edited video, for a reader of its own. Raises UnknownIdError."""
        return EditedSource(self.open_source(), *self.require_removed())

    def origins(self) -> Origins:
        """Where the edit's pixels are from. Raises UnknownIdError where there is no edit, or it is not known."""
        file, span = self.require_removed()
        if not pictures_of(file).is_file():
            raise UnknownIdError("it is not known where the pixels of this edit are from: only of a removal it is")
        with self._reels_lock:
            if self._origins is None or self._origins.file != file:
                self._origins = Origins(file, span)
            return self._origins

    def reel(self, of: Of, media: Media) -> Reel:
        """Its pictures as JPEG. Raises UnknownIdError where there is no removal."""
        tag, open_source = self._picture_tag(of), self.open_source if of == "source" else self.open_removed
        with self._reels_lock:
            reel = self._reels.get(of)
            if reel is None or reel.tag != tag:
                if reel is not None:
                    reel.close()
                reel = self._reels[of] = media.reel(open_source, self.count, tag)
            return reel

    def close(self, media: Media) -> None:
        """Let go of everything. All is on disk already."""
        with self._reels_lock:
            for reel in self._reels.values():
                reel.close()
                media.forget(reel.tag)
        with self.lock:
            self.project.close()

    def _picture_tag(self, of: Of) -> str:
        """Changes whenever the pictures do."""
        if of == "source":
            try:
                found = self.project.source_path.stat()
            except OSError as error:
                raise SourceNotFoundError(f"{self.project.source_path}: {error.strerror}") from error
            return f"{self.id}-{found.st_mtime_ns:x}-{found.st_size:x}"
        file, _ = self.require_removed()
        return f"{self.id}-{file.stem}"

    def _removal(self) -> wire.Removal | None:
        removal, found = self.session.removal, self.removed()
        if removal is None or found is None:
            return None
        return wire.Removal(
            removal.inpainter,
            list(removal.objects),
            removal.start,
            removal.stop,
            self.session.removal_outdated,
            str(removal.parameters.get(OPERATION, "remove")),
            pictures_of(found[0]).is_file(),
            found[0].stem,
        )
