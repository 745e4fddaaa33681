"""Which sound and subtitles each kind of file can hold as they are.

FFmpeg's own list is not to be trusted: .mov refuses Opus only when the file is begun. So one is begun, in memory.
"""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import av
from av.error import FFmpegError
from av.stream import Stream

from tam_core.errors import OutputError
from tam_core.video.file import FileSource
from tam_core.video.packets import open_container
from tam_core.video.source import FrameSource

CONTAINERS = {".mp4": "mp4", ".m4v": "ipod", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""Suffix -> FFmpeg's name of the container."""


def can_hold(container: str, stream: Stream) -> bool:
    """Whether a stream of another file can be copied into a ``container``."""
    try:
        with av.open(BytesIO(), "w", format=container) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (ValueError, FFmpegError):
        return False
    return True


def check_sound(output: Path, like: FrameSource | None) -> None:
    """Find out before the work whether ``output`` can hold the sound of ``like``. Raises OutputError."""
    container = CONTAINERS.get(output.suffix.lower())
    if container is None or not isinstance(like, FileSource):
        return
    with open_container(like.path) as source:
        sound = [stream for stream in source.streams.audio if stream.codec_context]
        for stream in sound:
            if not can_hold(container, stream):
                codec = stream.codec_context.codec.canonical_name
                raise OutputError(f"{output.name} cannot hold the {codec} sound of {like.path}; {way_out(sound)}")


def way_out(sound: Sequence[Stream]) -> str:
    """What to do about ``sound`` that a file cannot hold."""
    able = [suffix for suffix, container in CONTAINERS.items() if all(can_hold(container, one) for one in sound)]
    write = f"write {' or '.join(able)}, which can, or " if able else ""
    return f"{write}take the sound off first"
