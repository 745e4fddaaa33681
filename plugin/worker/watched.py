"""A source that tells how it is read, so that work which only reads can be told how far it is, paused and cancelled."""

from collections.abc import Iterator

from inpaint.base import Check
from tam_core.video import Frame, FrameSource, VideoInfo


class WatchedSource:
    """``check`` is told how many frames have been read so far."""

    def __init__(self, source: FrameSource, check: Check) -> None:
        self._source, self._check, self._read = source, check, 0

    @property
    def info(self) -> VideoInfo:
        return self._source.info

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[Frame]:
        for frame in self._source.frames(start, stop, step):
            self._tell()
            yield frame

    def read(self, index: int) -> Frame:
        self._tell()
        return self._source.read(index)

    def _tell(self) -> None:
        self._read += 1
        self._check(self._read)
