"""Frames into one file or folder, one at a time. Targets, time stamps and errors are the writer's concern."""

import warnings
from collections import deque
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Protocol, cast

import av
import numpy as np

from tam_core.errors import OutputError
from tam_core.video.codecs import CODECS, Codec
from tam_core.video.colour import PLAIN_BITS, FromRgb, tags_for
from tam_core.video.deep import DEEPEST_BITS, FromDeepRgb, dithered
from tam_core.video.file import FileSource
from tam_core.video.passthrough import Passthrough
from tam_core.video.pictures import write_picture
from tam_core.video.source import ColourTags, Frame, FrameSource, VideoInfo, VideoWarning
from tam_core.video.timing import MOV_TICKS, REORDERED, Clock

MOV_SUFFIXES = frozenset({".mp4", ".m4v", ".mov"})
LONG_AGO = 3600
"""Seconds: no encoder decodes a frame so much earlier than it is shown, and twice the length of the video besides."""
CAMERA_BITS = 10


class Sink(Protocol):
    """Takes frames in order. finish() completes the output; abandon() lets go of it, whatever state it is in."""

    def write(self, frame: Frame) -> None: ...

    def finish(self) -> None: ...

    def abandon(self) -> None: ...


class PictureFolder:
    """PNG pictures in an empty folder, each named by its frame index: 00000.png. ``depth`` 8 narrows uint16 frames.

    Where an index does not rise (a second source's frames, or frames backwards) the pictures are counted on: all of
    them are there, in the order in which they came.
    """

    def __init__(self, folder: Path, depth: int) -> None:
        self._folder = folder
        self._depth = depth
        self._number = -1

    def write(self, frame: Frame) -> None:
        plain = self._depth == PLAIN_BITS and frame.pixels.dtype == np.uint16
        self._number = max(frame.index, self._number + 1)
        write_picture(self._folder / f"{self._number:05d}.png", dithered(frame.pixels) if plain else frame.pixels)

    def finish(self) -> None:
        """Every picture is complete already."""

    def abandon(self) -> None:
        """No picture is open."""


def _decoded_in_time(packet: "av.Packet[av.VideoStream]", length: Fraction) -> None:
    """x265 gives the packets of a video of one or two frames decoding times that it never set: centuries ago."""
    if packet.pts is not None and packet.dts is not None and packet.time_base is not None:
        early = (packet.pts - packet.dts) * packet.time_base
        if early > LONG_AGO + 2 * length:
            packet.dts = packet.pts


class VideoFile:
    """A video file with the sound, subtitles, colour tags and pixel aspect of ``like``.

    ``first``: the first frame to come, which settles size and alpha. Raises OutputError for what the codec or the
    container cannot hold, and FFmpegError as it comes.
    """

    def __init__(
        self,
        path: Path,
        codec: Codec,
        first: Frame,
        like: FrameSource | None,
        clock: Clock,
        timecode: str | None = None,
    ) -> None:
        self._clock = clock
        self._first = self._last = first
        self._recent: deque[tuple[int, int]] = deque(maxlen=REORDERED)
        self._most_ticks = MOV_TICKS if path.suffix.lower() in MOV_SUFFIXES else None
        self._held: av.Packet[av.VideoStream] | None = None
        self._first_dts = 0
        self._sound: Passthrough | None = None
        self._container = av.open(f"file:{path}", "w", options=container_options(path, clock))
        try:
            self._container.metadata.update({"timecode": timecode} if timecode else {})
            if first.pixels.shape[2] == 4 and not codec.holds_alpha(path):
                able = "choose prores, ffv1 or png, or vp9 in a .webm file"
                raise OutputError(f"{codec.name} has no alpha for RGBA frames in {path.suffix} files; {able}")
            self._add_stream(codec, first, like.info if like else None)
            if isinstance(like, FileSource):
                self._sound = Passthrough(like, self._container, first.time, clock.shift)
            self._container.start_encoding()
        except BaseException:
            self.abandon()
            raise

    def write(self, frame: Frame) -> None:
        """Encode a frame and copy the sound up to it."""
        picture = self._from_rgb(frame.pixels)
        picture.pts, picture.time_base = self._clock.ticks(frame.time), self._clock.tick
        self._check_time(frame.index, picture.pts)
        self._last = frame
        if self._sound:
            self._sound.copy_until(frame.time)
        self._mux(self._stream.encode(picture))

    def finish(self) -> None:
        self._mux(self._stream.encode(None))
        self._mux_last()
        if self._sound:
            following = self._clock.following(self._last)
            self._sound.copy_until(None if following is None else self._clock.end_of(self._last))
            self._sound.close()
        self._container.close()

    def abandon(self) -> None:
        if self._sound:
            self._sound.close()
        with suppress(Exception):  # the trailer of a file that is thrown away may fail like the rest of it
            self._container.close()

    def _check_time(self, index: int, ticks: int) -> None:
        """Raise OutputError for a frame too near to the last one, or too far from the few that it is encoded with."""
        if self._recent and ticks <= self._recent[-1][1]:
            raise OutputError(f"frames {self._recent[-1][0]} and {index} are too close in time to be told apart")
        if self._recent and self._most_ticks and ticks - self._recent[0][1] >= self._most_ticks:
            apart = float((ticks - self._recent[0][1]) * self._clock.tick)
            frames = f"frames {self._recent[0][0]} and {index} are {apart:.0f} s apart"
            raise OutputError(f"{frames}: too far for .mp4 and .mov files; write .mkv")
        self._recent.append((index, ticks))

    def _mux(self, packets: list["av.Packet[av.VideoStream]"]) -> None:
        """Write packets, but always hold one back: the last one's duration settles how long the video is."""
        for packet in packets:
            _decoded_in_time(packet, self._last.time - self._first.time)
            if self._held is None:
                self._first_dts = packet.dts or 0
            else:
                self._container.mux(self._held)
            self._held = packet

    def _mux_last(self) -> None:
        """The file's length is counted from the first decoding time to the end of the last packet."""
        if self._held is None:
            return
        length = self._clock.ticks(self._clock.end_of(self._last)) - self._clock.ticks(self._first.time)
        self._held.duration = max(1, length - ((self._held.dts or 0) - self._first_dts))
        self._container.mux(self._held)

    def _add_stream(self, codec: Codec, first: Frame, info: VideoInfo | None) -> None:
        height, width, channels = first.pixels.shape
        if codec.even_width and width % 2:
            raise OutputError(f"{codec.name} needs an even width, and the frames are {width} wide; prores takes any")
        warn_of_lost_depth(first, codec, info)
        depth = depth_to_write(first, codec, info)
        pixel_format = codec.format_for(height, width, alpha=channels == 4, depth=depth)
        assert pixel_format is not None and codec.encoder is not None, "what has no alpha was refused"
        tags = tags_for(pixel_format, info.colour if info else ColourTags(), codec.limited_only)
        options = dict(codec.options)
        stream = self._container.add_stream(codec.encoder, rate=self._clock.rate, options=options)
        context = cast(av.VideoStream, stream).codec_context
        context.width, context.height, context.pix_fmt = width, height, pixel_format
        stream.time_base = context.time_base = self._clock.tick
        if channels == 4 and codec.alpha_suffixes:
            stream.metadata["alpha_mode"] = "1"  # WebM keeps alpha beside the pictures; players look for this word
        context.sample_aspect_ratio = info.pixel_aspect if info else Fraction(1)
        context.color_primaries, context.color_trc = tags.primaries, tags.transfer
        context.colorspace, context.color_range = tags.matrix, tags.range
        self._stream = cast(av.VideoStream, stream)
        deep = first.pixels.dtype == np.uint16
        self._from_rgb = FromDeepRgb(pixel_format, tags) if deep else FromRgb(pixel_format, tags)


def depth_to_write(first: Frame, codec: Codec, info: VideoInfo | None) -> int:
    """Bits of a channel that frames like ``first`` are worth: the source's, if they are uint16.

    RGB that was made of YUV of more than 8 bits needs 16 to come back exactly, which a lossless codec promises.
    """
    if first.pixels.dtype == np.uint8:
        return PLAIN_BITS
    if info is None:
        return DEEPEST_BITS if codec.lossless else CAMERA_BITS
    return DEEPEST_BITS if codec.lossless and not info.is_rgb and info.bit_depth > PLAIN_BITS else info.bit_depth


def warn_of_lost_depth(first: Frame, codec: Codec, info: VideoInfo | None) -> None:
    """Say so if uint16 frames hold more than the codec; what has no source is as deep as a good camera's video."""
    depth = info.bit_depth if info else CAMERA_BITS
    if first.pixels.dtype == np.uint16 and depth > codec.deepest:
        able = ", ".join(row.name for row in CODECS if row.deepest >= depth)
        lost = f"{codec.name} keeps {codec.deepest} of {depth} bits a channel; all are kept by {able}"
        warnings.warn(VideoWarning(lost), stacklevel=2)


def container_options(path: Path, clock: Clock) -> dict[str, str]:
    """What keeps time stamps where they are.

    Sound may begin before 0, with the encoder's run-up: pictures must not move because of it. QuickTime notes where a
    stream begins in a clock of its own, which must be as fine as ours.
    """
    options = {"avoid_negative_ts": "disabled"}
    if path.suffix.lower() in MOV_SUFFIXES:
        options["movie_timescale"] = str(max(1000, clock.tick.denominator))
    return options
