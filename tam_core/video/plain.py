"""A source as engines see it: 8 bits a channel, however deep it was opened."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tam_core.video.deep import plain_pixels
from tam_core.video.source import Frame, FrameSource, VideoInfo


class PlainSource:
    """The frames of ``source``; uint16 pixels are rounded to uint8, others are handed on as they are."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source

    @property
    def info(self) -> VideoInfo:
        return self._source.info

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[Frame]:
        """Frames start, start + step, ... before ``stop``; see FrameSource."""
        return _plain_frames(self._source.frames(start, stop, step))

    def read(self, index: int) -> Frame:
        """One frame. Raises FrameRangeError if there is no such frame."""
        return plain_frame(self._source.read(index))


def plain_frame(frame: Frame) -> Frame:
    """The same frame with uint8 pixels."""
    return replace(frame, pixels=plain_pixels(frame.pixels)) if frame.pixels.dtype == np.uint16 else frame


def _plain_frames(frames: Iterator[Frame]) -> Iterator[Frame]:
    try:
        yield from map(plain_frame, frames)
    finally:
        close = getattr(frames, "close", None)
        if close:
            close()
