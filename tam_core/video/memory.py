"""Frames that are already in memory."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from tam_core.errors import VideoError
from tam_core.types import Pixels
from tam_core.video.source import Frame, VideoInfo
from tam_core.video.span import check_index, frame_range


class ArraySource:
    """``frames``: (T, H, W, 3) RGB, uint8 or uint16, T >= 1, ``rate`` a second. Raises VideoError for others."""

    def __init__(self, frames: Pixels, rate: Fraction = Fraction(24)) -> None:
        if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype not in (np.uint8, np.uint16) or 0 in frames.shape:
            raise VideoError(f"need (T, H, W, 3) uint8 or uint16 RGB, got {frames.shape} {frames.dtype}")
        self._frames = frames
        count, height, width = frames.shape[:3]
        times = tuple(index / Fraction(rate) for index in range(count))
        depth, stored = (8, "rgb24") if frames.itemsize == 1 else (16, "rgb48le")
        self._info = VideoInfo(width, height, Fraction(rate), times, bit_depth=depth, pixel_format=stored)

    @property
    def info(self) -> VideoInfo:
        return self._info

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[Frame]:
        """Frames start, start + step, ... before ``stop``; see FrameSource."""
        return map(self.read, frame_range(len(self._frames), start, stop, step))

    def read(self, index: int) -> Frame:
        """One frame, a copy of the array's. Raises FrameRangeError if there is no such frame."""
        check_index(index, len(self._frames))
        return Frame(index, index / self._info.rate, self._frames[index].copy())
