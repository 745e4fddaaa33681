"""Frames that arrive while we work: a camera, a host that pushes pixels. Nothing but the last few is kept."""

from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import count

import numpy as np

from tam_core.errors import FrameRangeError, VideoError
from tam_core.types import Pixels
from tam_core.video.source import Frame, VideoInfo

KEPT_FRAMES = 8


class LiveSource:
    """``frames``: any iterable of (H, W, 3) uint8 RGB pictures of one size, taken one by one as they are asked for.

    Frame ``i`` has the time ``i / rate``. The length is not known: ``info.frame_count`` is None. Raises VideoError for
    a stream that ends before its first picture and, when it comes, for a picture of another shape than the first.
    """

    def __init__(self, frames: Iterable[Pixels], rate: Fraction = Fraction(30)) -> None:
        self._stream = iter(frames)
        self._rate = Fraction(rate)
        self._kept: deque[Frame] = deque(maxlen=KEPT_FRAMES)
        self._arrived = 0
        self._next = 0
        first = self._arrive()
        if first is None:
            raise VideoError("the live stream ended before its first frame")
        height, width = first.pixels.shape[:2]
        self._info = VideoInfo(width=width, height=height, rate=self._rate)

    @property
    def info(self) -> VideoInfo:
        return self._info

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[Frame]:
        """Go on where the last call stopped: every ``step``-th frame from ``start`` that was not yielded yet.

        A live stream only runs forwards: raises FrameRangeError for a ``step`` below 1.
        """
        if step < 1:
            raise FrameRangeError(f"step {step}: a live stream only runs forwards")
        return self._forward(max(start, self._next), stop, step)

    def read(self, index: int) -> Frame:
        """One of the last few frames, or the next one. Raises FrameRangeError for any other."""
        if index == self._arrived:
            self._arrive()
        for frame in self._kept:
            if frame.index == index:
                return frame
        held = f"{self._kept[0].index} to {self._kept[-1].index}"
        raise FrameRangeError(f"frame {index} of a live stream, which only holds frames {held}")

    def _forward(self, start: int, stop: int | None, step: int) -> Iterator[Frame]:
        for index in count(start, step):
            if stop is not None and index >= stop:
                return
            while self._arrived <= index:
                if self._arrive() is None:
                    return
            self._next = index + 1
            yield self.read(index)

    def _arrive(self) -> Frame | None:
        """Take one picture off the stream, or None at its end."""
        pixels = next(self._stream, None)
        if pixels is None:
            return None
        self._check(pixels)
        frame = Frame(self._arrived, self._arrived / self._rate, pixels)
        self._kept.append(frame)
        self._arrived += 1
        return frame

    def _check(self, pixels: Pixels) -> None:
        wanted = self._kept[-1].pixels.shape if self._kept else (*pixels.shape[:2], 3)
        if pixels.shape != wanted or pixels.ndim != 3 or pixels.dtype != np.uint8:
            raise VideoError(f"frame {self._arrived}: need {wanted} uint8 RGB, got {pixels.shape} {pixels.dtype}")
