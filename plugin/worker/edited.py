"""A finished edit on disk: the pixels that it changed, and nothing else. It knows no sessions.

Black in the file means "as in the source". So a minute of video takes megabytes, not gigabytes, where an edit changed
little; every other pixel stays the source's own bit for bit, and of those that were changed only a pure black is told
by one level of blue. Where an edit changed whole frames, the file holds whole frames.
"""

import secrets
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from inpaint.holes import Holes
from plugin.stepwise import Pace, stepwise
from tam_core.history import Command, Removed
from tam_core.types import Mask, Pixels
from tam_core.video import FileSource, Frame, FrameSource, VideoInfo, open_video, write_video

FILE = "file"
"""The parameter of a Removed command that says which file of the project is the result."""
OPERATION = "operation"
"""The one that says which edit it is; without it, a removal."""

_NAMES = ("edit-*", "removal-*")
"""Files of edits and what belongs to them; the second are of older projects."""


def new_file(folder: Path) -> Path:
    """A name for the result of an edit; .mkv for FFV1, which keeps every RGB value."""
    return folder / f"edit-{secrets.token_hex(4)}.mkv"


def forget_others(folder: Path, commands: Iterable[Command]) -> None:
    """Delete the results that no command names any more, neither to be shown nor to be undone to."""
    named = {str(command.parameters.get(FILE)) for command in commands if isinstance(command, Removed)}
    stems = {name.partition(".")[0] for name in named}
    files = [file for pattern in _NAMES for file in folder.glob(pattern)]
    _delete(file for file in files if file.name.partition(".")[0] not in stems)


def forget_unfinished(folder: Path) -> None:
    """Delete what a worker was writing when it was killed."""
    _delete(folder.glob(".*.part.*"))


def _delete(files: Iterable[Path]) -> None:
    for file in files:
        with suppress(OSError):  # on Windows, one that is being shown: the next time will do it
            file.unlink()


def write_changes(
    frames: Iterable[Frame], holes: Holes, file: Path, pace: Pace | None = None
) -> Generator[None, None, None]:
    """Write what ``frames`` have inside the holes, outside of which they are the source's.

    A step for each frame or more.
    """
    return write_pictures((_change(frame.pixels, holes.hole(frame.index)) for frame in frames), file, pace)


def write_differences(
    frames: Iterable[Frame], sources: Iterable[Frame], file: Path, pace: Pace | None = None
) -> Generator[None, None, None]:
    """Write the pixels of ``frames`` that differ from those of the source's same frames, wherever they are."""
    pairs = zip(frames, sources, strict=True)
    changes = (_change(new.pixels, (new.pixels != old.pixels).any(axis=2)) for new, old in pairs)
    return write_pictures(changes, file, pace)


def write_pictures(pictures: Iterable[Pixels], file: Path, pace: Pace | None = None) -> Generator[None, None, None]:
    """Write pictures so that every value comes back, in a file that appears when it is whole."""
    return stepwise(lambda items: write_video(items, file, rate=Fraction(24), codec="ffv1"), pictures, pace)


def _change(pixels: Pixels, changed: Mask) -> Pixels:
    picture = np.zeros_like(pixels)
    inside = pixels[changed]
    least = 1 if pixels.dtype == np.uint8 else 257  # a level of 8 bits, as which it is read again
    inside[(inside < least).all(1), 2] = least
    picture[changed] = inside
    return picture


class EditedSource:
    """The source with an edit's file over its frames ``span``: a FrameSource like any other."""

    def __init__(self, source: FrameSource, file: Path, span: range) -> None:
        self._source, self._changes, self._span = source, open_video(file), span

    @property
    def info(self) -> VideoInfo:
        return self._source.info

    def way_to(self, index: int) -> int:
        """See FileSource. In the edit's file every frame can be decoded alone."""
        return self._source.way_to(index) if isinstance(self._source, FileSource) else index

    def rest(self) -> None:
        """See FileSource."""
        for source in (self._source, self._changes):
            if isinstance(source, FileSource):
                source.rest()

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[Frame]:
        for frame in self._source.frames(start, stop, step):
            yield self._with_changes(frame)

    def read(self, index: int) -> Frame:
        return self._with_changes(self._source.read(index))

    def hole(self, frame: int) -> Mask:
        """What the edit changed of a frame, (H, W) bool."""
        if frame not in self._span:
            return np.zeros(self.info.size, bool)
        return np.asarray(self._changes.read(frame - self._span.start).pixels.any(axis=2))

    def _with_changes(self, frame: Frame) -> Frame:
        if frame.index not in self._span:
            return frame
        change = self._changes.read(frame.index - self._span.start).pixels
        same = cv2.inRange(change, (0, 0, 0), (0, 0, 0))
        return Frame(frame.index, frame.time, cv2.copyTo(frame.pixels, same, change.copy()))
