"""Frames in, a finished video out."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path

from av.error import FFmpegError

from tam_core.atomic import atomic_file, atomic_folder, naming_the_cause
from tam_core.errors import OutputError
from tam_core.types import Pixels
from tam_core.video.codecs import Codec, choose_codec
from tam_core.video.containers import check_sound
from tam_core.video.encoder import PictureFolder, Sink, VideoFile, depth_to_write
from tam_core.video.source import Frame, FrameSource
from tam_core.video.timing import check_request, clock_for, timed


def write_video(
    frames: Iterable[Frame | Pixels],
    path: str | os.PathLike[str],
    *,
    like: FrameSource | None = None,
    codec: str | None = None,
    rate: Fraction | None = None,
    timecode: str | None = None,
) -> int:
    """Write ``frames``, one at a time, to ``path`` and return how many there were.

    ``frames``: Frames, or (H, W, 3) RGB or (H, W, 4) RGBA pictures, uint8 or uint16, all of one size. uint16 is written
    at the depth of ``like`` if the codec has it (VP9 and H.264 keep 8 bits, dithered, ProRes 10); PNG and FFV1 keep
    every value of it.
    ``codec``: a name from the table in codecs.py; None: by the suffix of ``path`` (.mp4 H.264, .mov ProRes 4444,
    .mkv FFV1, .webm VP9, no suffix a folder of PNG pictures, numbered as the Frames are; where these numbers do not
    rise, counted on).
    ``like``: the source that the frames were made from. The output takes its time stamps, colour tags and pixel aspect
    and, if it is a file, its sound and subtitles, copied byte by byte.
    ``rate``: frames a second, instead of any time stamps; a picture without any has 24.
    ``timecode``: of the first frame, such as "01:00:00:00", for files that keep one.

    Time stamps are those of the Frames, or else those of ``like``: exact in .mp4 and .mov, to the nearest millisecond
    in .mkv and .webm. (Frames without ``like``: exact for the usual rates, to 1/720000 s for others.) The first frame
    gets the time at which the source begins: frames from the middle of a source move there, and the sound is cut to the
    same span and moves with them.

    The output appears under its name when it is complete. Whatever goes wrong before, nothing is left behind and an
    older output stays as it was. Raises OutputError if it cannot be written, before the first frame is taken if it
    cannot hold the sound; RequestError for an unknown codec.
    """
    path = Path(path)
    chosen = choose_codec(path, codec)
    check_request(like, rate)
    if chosen.encoder and path.is_dir():
        raise OutputError(f"{path} cannot be written: a folder has that name")
    check_sound(path, like)
    coming = timed(frames, like, rate)
    with (atomic_file if chosen.encoder else atomic_folder)(path) as temporary:
        first = next(coming, None)
        if first is None:
            raise OutputError(f"no frames to write to {path}")
        with writing_to(path):
            sink = open_sink(temporary, chosen, first, like, rate, timecode)
        return write_all(chain((first,), coming), sink, path)


def open_sink(
    temporary: Path,
    codec: Codec,
    first: Frame,
    like: FrameSource | None,
    rate: Fraction | None,
    timecode: str | None,
) -> Sink:
    if codec.encoder is None:
        return PictureFolder(temporary, depth_to_write(first, codec, like.info if like else None))
    return VideoFile(temporary, codec, first, like, clock_for(first, like, rate), timecode)


def write_all(frames: Iterator[Frame], sink: Sink, path: Path) -> int:
    """Write every frame and complete the output; let go of it if anything fails, the maker of the frames included."""
    count = 0
    try:
        for frame in frames:
            with writing_to(path):
                sink.write(frame)
            count += 1
        with writing_to(path):
            sink.finish()
    except BaseException:
        sink.abandon()
        raise
    return count


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """FFmpeg's failures to write are the system's, but not all of its errors are OSErrors to Python."""
    with naming_the_cause(path):
        try:
            yield
        except FFmpegError as error:
            raise OSError(error.errno, error.strerror) from error
