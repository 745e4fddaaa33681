"""What a video is to the rest of tam-studio: frames with exact times, and facts about them. No file is opened here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

from tam_core.types import Pixels, Size


class VideoWarning(UserWarning):
    """The video can be used, but not all of it is there: cut short, damaged, or a stream that was left behind."""


@dataclass(frozen=True)
class Frame:
    """One picture. ``time`` is its exact presentation time in seconds; ``pixels`` is (H, W, 3) uint8 RGB.

    Pixels of a source that was opened deep are uint16, 0..65535.
    """

    index: int
    time: Fraction
    pixels: Pixels = field(repr=False)


@dataclass(frozen=True)
class ColourTags:
    """How YUV becomes RGB, as the numbers of ITU-T H.273; 2 = not said. ``range``: 0 not said, 1 limited, 2 full."""

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    range: int = 0


@dataclass(frozen=True)
class AudioInfo:
    """The first audio stream of a file whose codec is known."""

    codec: str
    rate: int
    channels: int


@dataclass(frozen=True)
class VideoInfo:
    """Facts about a video, as it is shown: size after rotation, exact rate, every time stamp.

    ``rate`` is the average number of frames a second; ``times`` has each frame's exact time in seconds, also where the
    rate varies (None for a live source, whose length is not known). ``bit_depth`` and ``pixel_format`` (FFmpeg's name)
    are those of the stored pictures, whatever depth they are shown in. ``alpha``: these have an alpha channel, which
    frames have not.
    """

    width: int
    height: int
    rate: Fraction
    times: tuple[Fraction, ...] | None = field(default=None, repr=False)
    colour: ColourTags = ColourTags()
    bit_depth: int = 8
    pixel_format: str | None = None
    pixel_aspect: Fraction = Fraction(1)
    rotation: int = 0
    codec: str | None = None
    audio: AudioInfo | None = None
    alpha: bool = False

    @property
    def size(self) -> Size:
        """(height, width) in pixels."""
        return self.height, self.width

    @property
    def is_rgb(self) -> bool:
        """Are red, green and blue stored as they are, or grey, so that each value can be given back exactly?"""
        return (self.pixel_format or "").startswith(("rgb", "bgr", "gbr", "gray"))

    @property
    def frame_count(self) -> int | None:
        """Number of frames, or None for a live source."""
        return None if self.times is None else len(self.times)


class FrameSource(Protocol):
    """Anything with frames: a file, a folder, an array, a camera."""

    @property
    def info(self) -> VideoInfo: ...

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[Frame]:
        """Frames start, start + step, ... before ``stop``. A negative step walks backwards (stop None = to frame 0).

        Frames are decoded as they are asked for; raises FrameRangeError if ``start`` is not in the video.
        """
        ...

    def read(self, index: int) -> Frame:
        """One frame, exactly. Raises FrameRangeError if the video has no such frame."""
        ...
