"""When each written frame is shown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from tam_core.errors import OutputError, RequestError
from tam_core.types import Pixels
from tam_core.video.source import Frame, FrameSource

DEFAULT_RATE = Fraction(24)
# For time stamps that are not known beforehand. Whole multiples of it are the frames of 24, 25, 30, 48, 50, 60, 120 and
# 240 a second, of 23.976, 29.97 and their multiples, milliseconds, and the 90 kHz of transport streams.
USUAL_TICK = Fraction(1, 720_000)
LONGEST_TICK = Fraction(1, 1000)
FINEST = 705_600_000
"""Ticks a second: the most of any clock that is taken over."""
MOV_TICKS = 2**30
"""A packet of .mp4 and .mov is decoded less than 2^31 ticks after the last one and before it is shown. The first frames
are decoded earlier by as much as they are apart: this is half of it."""
REORDERED = 8
"""An encoder changes the order of frames that are fewer steps apart."""


def timed(frames: Iterable[Frame | Pixels], like: FrameSource | None, rate: Fraction | None) -> Iterator[Frame]:
    """Every picture as a Frame with its time stamp, as write_video() states it. Checks shapes and order of times.

    Raises OutputError for a picture that does not fit the first, and for one with no time stamp of its own.
    """
    first: Frame | None = None
    before: Frame | None = None
    for count, item in enumerate(frames):
        frame = item if isinstance(item, Frame) and rate is None else stamped(item, count, like, rate)
        first = first or frame
        check_follows(frame, before, first)
        before = frame
        yield frame


def stamped(item: Frame | Pixels, count: int, like: FrameSource | None, rate: Fraction | None) -> Frame:
    """Picture number ``count`` with the time that the source or the rate gives it."""
    index, pixels = (item.index, item.pixels) if isinstance(item, Frame) else (count, item)
    times = like.info.times if like is not None else None
    if times is None:
        return Frame(index, count / (rate or (like.info.rate if like else DEFAULT_RATE)), pixels)
    if count >= len(times):
        raise OutputError(f"frame {count} has no time stamp: the source has {len(times)} frames; pass Frame objects")
    return Frame(index, times[count], pixels)


def check_follows(frame: Frame, before: Frame | None, first: Frame) -> None:
    shape, dtype = frame.pixels.shape, frame.pixels.dtype
    if len(shape) != 3 or shape[2] not in (3, 4) or dtype not in (np.uint8, np.uint16):
        needed = "(H, W, 3) RGB or (H, W, 4) RGBA, uint8 or uint16"
        raise OutputError(f"frame {frame.index}: need {needed}, got {shape} {dtype}")
    if dtype != first.pixels.dtype:
        raise OutputError(f"frame {frame.index} is {dtype}, the frames before it {first.pixels.dtype}; one depth only")
    if shape != first.pixels.shape:
        raise OutputError(f"frame {frame.index} is {shape}, the frames before it {first.pixels.shape}; one size only")
    if before is not None and frame.time <= before.time:
        raise OutputError(f"frame {frame.index} at {frame.time} s comes after frame {before.index} at {before.time} s")


def check_request(like: FrameSource | None, rate: Fraction | None) -> None:
    if rate is not None and rate <= 0:
        raise RequestError(f"rate {rate}: need more than 0 frames a second")
    if rate is not None and like is not None and like.info.times is not None:
        raise RequestError("like= and rate= both say when frames are shown; pass one of them")


@dataclass(frozen=True)
class Clock:
    """Seconds of the source -> ticks of the output.

    ``tick``: seconds; ``shift``: seconds that everything moves towards 0, because the first written frame stands later
    in the source than the source's first one; ``times``: of the source's frames, if they are known.
    """

    tick: Fraction
    shift: Fraction
    rate: Fraction
    times: tuple[Fraction, ...] | None

    def ticks(self, time: Fraction) -> int:
        return round((time - self.shift) / self.tick)

    def following(self, frame: Frame) -> Fraction | None:
        """When the source's next frame comes; None after its last one."""
        beyond = frame.index + 1
        return self.times[beyond] if self.times and 0 <= beyond < len(self.times) else None

    def end_of(self, frame: Frame) -> Fraction:
        """When ``frame`` ends: with the next one, or with the source, whose length its rate tells."""
        following = self.following(frame)
        if following is None and self.times:
            following = self.times[0] + len(self.times) / self.rate
        return following if following and following > frame.time else frame.time + 1 / self.rate


def clock_for(first: Frame, like: FrameSource | None, rate: Fraction | None) -> Clock:
    """The clock of an output whose first frame is ``first``; that frame gets the time at which the source begins."""
    times = like.info.times if like else None
    average = rate or (like.info.rate if like else DEFAULT_RATE)
    tick = USUAL_TICK if like is None and rate is None else common_tick(times or (1 / average,))
    return Clock(tick, first.time - (times[0] if times else 0), average, times)


def common_tick(times: Sequence[Fraction]) -> Fraction:
    """The longest tick that all ``times`` are whole multiples of, or a usual one where that is too fine for a file."""
    apart = max(
        (later - earlier for earlier, later in zip(times, times[REORDERED:], strict=False)),
        default=times[-1] - times[0],
    )
    for tick in (exact_tick(times), USUAL_TICK):
        if tick is not None and apart / tick < MOV_TICKS:
            return tick
    return LONGEST_TICK


def exact_tick(times: Sequence[Fraction]) -> Fraction | None:
    """The longest tick that all ``times`` are whole multiples of; None if it is too fine for any file."""
    ticks = 1
    for time in times:
        ticks = lcm(ticks, time.denominator)
        if ticks > FINEST:
            return None
    return Fraction(1, ticks)
