"""A finished removal on disk: the pixels that it changed, and nothing else. It knows no sessions.

Black in the file means "as in the source". So a minute of video takes megabytes, not gigabytes, every pixel outside the
holes stays the source's own bit for bit, and of those inside only a pure black is told by one level of blue.
"""

import secrets
from collections.abc import Iterable, Iterator
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


def new_file(folder: Path) -> Path:
    """A name for the result of a removal; .mkv for FFV1, which keeps every RGB value."""
    return folder / f"removal-{secrets.token_hex(4)}.mkv"


def forget_others(folder: Path, commands: Iterable[Command]) -> None:
    """Delete the results that no command names any more, neither to be shown nor to be undone to."""
    named = {command.parameters.get(FILE) for command in commands if isinstance(command, Removed)}
    _delete(file for file in folder.glob("removal-*.mkv") if file.name not in named)


def forget_unfinished(folder: Path) -> None:
    """Delete what a worker was writing when it was killed."""
    _delete(folder.glob(".*.part.*"))


def _delete(files: Iterable[Path]) -> None:
    for file in files:
        with suppress(OSError):  # on Windows, one that is being shown: the next time will do it
            file.unlink()


def write_changes(frames: Iterable[Frame], holes: Holes, file: Path, pace: Pace | None = None) -> Iterator[None]:
    """Write what ``frames``, without their objects, have inside the holes, a step for each frame or more."""
    changes = (_change(frame.pixels, holes.hole(frame.index)) for frame in frames)
    return stepwise(lambda pictures: write_video(pictures, file, rate=Fraction(24), codec="ffv1"), changes, pace)


def _change(pixels: Pixels, hole: Mask) -> Pixels:
    changed = np.zeros_like(pixels)
    inside = pixels[hole]
    inside[~inside.any(1), 2] = 1
    changed[hole] = inside
    return changed


class RemovedSource:
    """The source with a removal's file over its frames ``span``: a FrameSource like any other."""

    def __init__(self, source: FrameSource, file: Path, span: range) -> None:
        self._source, self._changes, self._span = source, open_video(file), span

    @property
    def info(self) -> VideoInfo:
        return self._source.info

    def way_to(self, index: int) -> int:
        """See FileSource. In the removal's file every frame can be decoded alone."""
        return self._source.way_to(index) if isinstance(self._source, FileSource) else index

    def rest(self) -> None:
        """See FileSource."""
        for source in (self._source, self._changes):
            if isinstance(source, FileSource):
                source.rest()

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[Frame]:
        for frame in self._source.frames(start, stop, step):
            yield self._without(frame)

    def read(self, index: int) -> Frame:
        return self._without(self._source.read(index))

    def _without(self, frame: Frame) -> Frame:
        if frame.index not in self._span:
            return frame
        change = self._changes.read(frame.index - self._span.start).pixels
        same = cv2.inRange(change, (0, 0, 0), (0, 0, 0))
        return Frame(frame.index, frame.time, cv2.copyTo(frame.pixels, same, change.copy()))
