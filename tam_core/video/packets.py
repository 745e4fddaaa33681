"""The compressed side of a file: open it, find its video stream, walk its packets without tripping over damage."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition

from tam_core.errors import SourceNotFoundError, VideoError

VideoPacket: TypeAlias = "av.Packet[av.VideoStream]"

# FFmpeg shows any text file as a film of its letters.
TEXT_FORMATS = frozenset({"tty", "bin", "adf", "idf", "xbin"})
DEMUX_RETRIES = 100


def open_container(path: Path) -> InputContainer:
    """Open a media file. Raises SourceNotFoundError or VideoError."""
    if not path.exists():
        raise SourceNotFoundError(f"{path}: no such file")
    if path.is_dir():
        raise VideoError(f"{path} is a folder, not a video file")
    try:
        container = av.open(f"file:{path}", "r")
    except (FFmpegError, OSError) as error:
        raise VideoError(f"{path} is not a video: {error.strerror}") from error
    if container.format.name in TEXT_FORMATS:
        container.close()
        raise VideoError(f"{path} is not a video: it is text")
    return container


def video_stream(container: InputContainer, path: Path) -> av.VideoStream:
    """The video stream that players show; a cover picture is none. Raises VideoError if there is none."""
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    best = container.streams.best("video")
    stream = best if best in streams else next(iter(streams), None)
    if not isinstance(stream, av.VideoStream):
        raise VideoError(f"{path} is not a video: no video stream")
    if stream.codec_context is None:
        raise VideoError(f"{path} cannot be decoded: this FFmpeg does not know its codec")
    return stream


def packets(container: InputContainer, stream: av.VideoStream) -> Iterator[VideoPacket]:
    """The whole packets of one stream in file order. Damage that the demuxer can step over is stepped over."""
    failures = 0
    while failures < DEMUX_RETRIES:
        try:
            for packet in container.demux(stream):
                failures = 0
                if packet.size and not is_cut(packet, container):
                    yield packet
            return
        except FFmpegError:
            failures += 1


def is_cut(packet: VideoPacket, container: InputContainer) -> bool:
    """Is it the torn last packet of a file that was cut short? (In a transport stream the mark means less.)"""
    return packet.is_corrupt and container.format.name != "mpegts"


def decode(stream: av.VideoStream, compressed: Iterator[VideoPacket], strict: bool) -> Iterator[av.VideoFrame]:
    """Decode packets to frames. A packet that cannot be decoded is left out or, if ``strict``, raises FFmpegError."""
    for packet in compressed:
        try:
            yield from stream.decode(packet)
        except FFmpegError:
            if strict:
                raise
    try:
        yield from stream.decode(None)
    except FFmpegError:
        if strict:
            raise


def first_decoded(container: InputContainer, stream: av.VideoStream, path: Path) -> av.VideoFrame:
    """The first frame of a newly opened file that can be decoded. Raises VideoError if none can."""
    stream.thread_type = "NONE"
    for frame in decode(stream, packets(container, stream), strict=False):
        return frame
    raise VideoError(f"{path} is not a video: none of its frames can be decoded")
