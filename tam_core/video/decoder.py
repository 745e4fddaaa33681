"""One open file and its decoder: numbered pictures from any keyframe on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.error import FFmpegError

from tam_core.video.index import FrameIndex, Keyframe
from tam_core.video.packets import VideoPacket, decode, open_container, packets, video_stream


@dataclass(frozen=True)
class Decoded:
    """A decoded picture, not yet RGB, and the index of the frame that it is."""

    index: int
    picture: av.VideoFrame = field(repr=False)


class Decoder:
    """Decodes ``path``, whose frames ``index`` knows. It has one position: a new decode_from() ends the one before.

    Many threads decode until damage is met. Then it is one thread for good, because a decoder with many loses healthy
    pictures together with a broken one.
    """

    def __init__(self, path: Path, index: FrameIndex) -> None:
        self._path = path
        self._index = index
        self._threads = "AUTO"
        self._open()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. (Container and streams of PyAV refer to each other: unclosed, they would linger.)"""
        if hasattr(self, "_container"):
            self._container.close()

    def decode_from(self, keyframe: Keyframe | None) -> Iterator[Decoded]:
        """The pictures from ``keyframe`` on (None: from the start), in order; broken ones are left out."""
        following = keyframe.first if keyframe else 0
        try:
            for decoded in self._numbered(keyframe, following):
                yield decoded
                following = decoded.index + 1
        except FFmpegError:
            pass
        if following < len(self._index.times) and self._threads != "NONE":
            self._threads = "NONE"
            self._open()
            yield from self._numbered(self._index.keyframe_before(following), following)

    def _numbered(self, keyframe: Keyframe | None, following: int) -> Iterator[Decoded]:
        """Pictures from frame ``following`` on with their frame index, by time stamp or else by counting."""
        positions = self._index.positions
        strict = self._threads != "NONE"
        for count, picture in enumerate(decode(self._stream, self._packets_from(keyframe), strict)):
            index = count if positions is None else positions.get(picture.pts or 0, -1)
            if index >= following:
                yield Decoded(index, picture)
                following = index + 1

    def _packets_from(self, keyframe: Keyframe | None) -> Iterator[VideoPacket]:
        """The packets from ``keyframe`` on. Where seeking misses it, the file is walked from its start."""
        if keyframe is None:
            self._open()
            yield from packets(self._container, self._stream)
            return
        self._seek(keyframe)
        found = skip_to(packets(self._container, self._stream), keyframe)
        first = next(found, None)
        if first is None:
            self._open()
            found = skip_to(packets(self._container, self._stream), keyframe)
        else:
            yield first
        yield from found

    def _open(self) -> None:
        """Open the file anew, at its start."""
        self.close()
        self._container = open_container(self._path)
        self._stream = video_stream(self._container, self._path)
        self._stream.thread_type = self._threads

    def _seek(self, keyframe: Keyframe) -> None:
        try:
            self._container.seek(keyframe.pts if keyframe.dts is None else keyframe.dts, stream=self._stream)
        except FFmpegError:
            self._open()


def skip_to(compressed: Iterator[VideoPacket], keyframe: Keyframe) -> Iterator[VideoPacket]:
    """The packets from ``keyframe`` on; none if a seek landed behind it."""
    for packet in compressed:
        if packet.is_keyframe and packet.pts == keyframe.pts:
            yield packet
            yield from compressed
        elif packet.dts is not None and keyframe.dts is not None and packet.dts > keyframe.dts:
            return
