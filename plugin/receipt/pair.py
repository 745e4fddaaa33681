"""The source and the output side by side, and which frame of the one stands for which of the other."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from tam_core.errors import RequestError
from tam_core.types import Mask
from tam_core.video import FileSource, FrameSource, ImageFolderSource, VideoInfo, open_video
from tam_core.video.codecs import CODECS, PNG, Codec


class ChangedPart(Protocol):
    """What an edit was allowed to change. ``inpaint.holes.Holes`` is one."""

    def hole(self, frame: int) -> Mask:
        """(H, W) bool of a frame of the source, by its index there."""
        ...


@dataclass(frozen=True)
class Pair:
    """Output frame number i was made of the source's frame ``frames[i]``."""

    source: FrameSource
    output: FrameSource
    output_path: Path
    frames: range
    holes: ChangedPart | None

    @property
    def given(self) -> VideoInfo:
        """Facts about the source."""
        return self.source.info

    @property
    def written(self) -> VideoInfo:
        """Facts about the output."""
        return self.output.info

    @property
    def pictures(self) -> bool:
        """Is the output a folder of pictures? Those have no time, no sound and no tags."""
        return isinstance(self.output, ImageFolderSource)

    @property
    def source_file(self) -> FileSource | None:
        """The source, where it is a video file."""
        return self.source if isinstance(self.source, FileSource) else None

    @property
    def source_name(self) -> str:
        path = self.source.path if isinstance(self.source, FileSource | ImageFolderSource) else None
        return str(path) if path else type(self.source).__name__

    @property
    def codec(self) -> Codec | None:
        """The row of the output's codec, where it is one of ours."""
        name = PNG if self.pictures else self.written.codec
        return next((row for row in CODECS if row.name == name), None)

    @property
    def times(self) -> tuple[Fraction, ...]:
        """The time stamps that the output's frames should have: the first one gets that of the source's first."""
        known = self.given.times
        assert known is not None, "a file or folder knows its times"
        shift = known[self.frames.start] - known[0]
        return tuple(known[index] - shift for index in self.frames)


def open_pair(source: FrameSource | Path, output: Path, holes: ChangedPart | None, frames: range | None) -> Pair:
    """Open what is to be compared. Raises RequestError, SourceNotFoundError and VideoError."""
    path = source if isinstance(source, Path) else source.path if isinstance(source, FileSource) else None
    given = source if path is None else open_video(path)  # anew, and not in 16 bits
    assert not isinstance(given, Path), "every path was opened"
    count = given.info.frame_count
    if count is None:
        raise RequestError("a live source is gone when the output is examined: there is nothing to compare it with")
    return Pair(given, open_video(output), output, range(count) if frames is None else frames, holes)
