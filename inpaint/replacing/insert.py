"""What is put in: a picture, a folder of pictures or a clip, with its alpha, asked for by time.

Knows files and time, and nothing of where in a shot it goes.
"""

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Protocol, TypeAlias

import av
import numpy as np

from tam_core.errors import RequestError, SourceNotFoundError, VideoError
from tam_core.types import Pixels, Size
from tam_core.video import ArraySource, FileSource, FrameSource, VideoInfo
from tam_core.video.colour import ToRgb
from tam_core.video.images import SUFFIXES, list_pictures
from tam_core.video.pictures import grey_levels

REPEATS = ("loop", "hold")
"""What a clip does that is shorter than the shot: begin again, or stay on its last picture."""

FOLDER_RATE = Fraction(24)

Given: TypeAlias = str | os.PathLike[str] | Pixels | FrameSource
"""A file, a folder of pictures, frames of a source, or a picture: (h, w, 3) RGB or (h, w, 4) RGBA uint8."""


class Insert(Protocol):
    """Pictures by time, all of one ``size`` (h, w)."""

    @property
    def size(self) -> Size: ...

    @property
    def still(self) -> bool:
        """Whether it is the same picture at any time."""
        ...

    def at(self, seconds: Fraction) -> Pixels:
        """(h, w, 4) uint8 RGBA, straight alpha, ``seconds`` >= 0 after the insert's beginning."""
        ...


def open_insert(given: Given, repeat: str = "loop") -> Insert:
    """``repeat``: one of REPEATS. Raises SourceNotFoundError, VideoError, RequestError."""
    if repeat not in REPEATS:
        raise RequestError(f"a clip cannot {repeat!r}; it can: {', '.join(REPEATS)}")
    if isinstance(given, np.ndarray):
        return Still(given) if given.ndim == 3 else Clip(ArraySource(given), repeat)
    if not isinstance(given, str | os.PathLike):
        return Clip(given, repeat)
    path = Path(given)
    if not os.fspath(given) or not path.exists():
        raise SourceNotFoundError(f"{os.fspath(given)!r} to put in: no such picture, clip or folder")
    if path.is_dir():
        return Folder(path, repeat)
    if path.suffix.lower() in SUFFIXES:
        return Still(read_rgba(path))
    film = FileSource(path)
    return AlphaClip(path, film.info, repeat) if film.info.alpha else Clip(film, repeat)


class Still:
    """One picture, for all of the time."""

    still = True

    def __init__(self, picture: Pixels) -> None:
        if picture.ndim != 3 or picture.shape[2] not in (3, 4) or picture.dtype != np.uint8 or 0 in picture.shape:
            raise RequestError(f"a picture is (h, w, 3) or (h, w, 4) uint8, not {picture.shape} {picture.dtype}")
        self._picture = with_alpha(picture)

    @property
    def size(self) -> Size:
        return self._picture.shape[0], self._picture.shape[1]

    def at(self, seconds: Fraction) -> Pixels:
        del seconds
        return self._picture


class Clip:
    """The frames of a source, by their time stamps, opaque."""

    still = False

    def __init__(self, source: FrameSource, repeat: str) -> None:
        if source.info.times is None:
            raise RequestError("a live source cannot be put in: it has no length; record it first")
        self._source, self._repeat, self._times = source, repeat, source.info.times
        self._length = _length(source.info)

    @property
    def size(self) -> Size:
        return self._source.info.size

    def at(self, seconds: Fraction) -> Pixels:
        when = self._times[0] + _folded(seconds, self._length, self._repeat)
        pixels = self._source.read(max(0, bisect_right(self._times, when) - 1)).pixels
        return with_alpha(pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8))


class AlphaClip:
    """A film file with alpha: ProRes 4444, FFV1, VP9 and whatever else FFmpeg reads with it."""

    still = False

    def __init__(self, path: Path, info: VideoInfo, repeat: str) -> None:
        self._path, self._info, self._repeat = path, info, repeat
        assert self._info.times is not None
        self._times, self._length = self._info.times, _length(self._info)
        self._coming: Iterator[Pixels] = iter(())
        self._index, self._shown = -1, np.zeros((*self.size, 4), np.uint8)

    @property
    def size(self) -> Size:
        return self._info.size

    def at(self, seconds: Fraction) -> Pixels:
        when = self._times[0] + _folded(seconds, self._length, self._repeat)
        wanted = max(0, bisect_right(self._times, when) - 1)
        if wanted < self._index or self._index < 0:
            self._coming, self._index = rgba_pictures(self._path, self._info), -1
        while self._index < wanted:
            self._shown = next(self._coming, self._shown)
            self._index += 1
        return self._shown


class Folder:
    """A folder of pictures with or without alpha, 24 a second."""

    still = False

    def __init__(self, path: Path, repeat: str) -> None:
        self._files = list_pictures(path)
        self._repeat, self._length = repeat, len(self._files) / FOLDER_RATE
        self._size = read_rgba(self._files[0]).shape[:2]

    @property
    def size(self) -> Size:
        return self._size[0], self._size[1]

    def at(self, seconds: Fraction) -> Pixels:
        when = _folded(seconds, self._length, self._repeat)
        file = self._files[min(int(when * FOLDER_RATE), len(self._files) - 1)]
        picture = read_rgba(file)
        if picture.shape[:2] != self._size:
            raise VideoError(f"{file} has another size than the first picture of its folder; make all of one size")
        return picture


def read_rgba(path: Path) -> Pixels:
    """(h, w, 4) uint8 RGBA of a picture file, straight alpha, upright. Raises VideoError if it is not a picture."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            deep = picture.mode.startswith("I")
            whole = Image.fromarray(grey_levels(picture)) if deep else ImageOps.exif_transpose(picture)
            return np.array(whole.convert("RGBA"), np.uint8)
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise VideoError(f"{path} is not a picture, or it is damaged") from error


def with_alpha(pixels: Pixels) -> Pixels:
    """(h, w, 4): opaque where there is no alpha."""
    if pixels.shape[2] == 4:
        return pixels
    return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])


def rgba_pictures(path: Path, info: VideoInfo) -> Iterator[Pixels]:
    """All pictures of a film with alpha, in order, (h, w, 4) uint8, straight alpha, upright."""
    to_rgb = ToRgb(info)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        decode = _decoder(stream)
        for packet in container.demux(stream):
            for picture in decode(packet):
                alpha = picture.to_ndarray(format="rgba")[..., 3]
                yield np.dstack([to_rgb(picture), np.rot90(alpha, -info.rotation // 90)])


def _decoder(stream: "av.VideoStream") -> "Callable[[av.Packet[av.VideoStream]], list[av.VideoFrame]]":
    """FFmpeg's own decoder leaves the alpha of VP8 and VP9 out; libvpx's does not."""
    name = stream.codec_context.name
    if name not in ("vp8", "vp9"):
        return stream.codec_context.decode
    return av.CodecContext.create("libvpx" if name == "vp8" else "libvpx-vp9", "r").decode


def _length(info: VideoInfo) -> Fraction:
    """Seconds from the first picture's beginning to the last one's end."""
    assert info.times is not None
    return info.times[-1] - info.times[0] + 1 / info.rate


def _folded(seconds: Fraction, length: Fraction, repeat: str) -> Fraction:
    """A time of the shot as a time of a clip of that length."""
    if seconds < length:
        return max(seconds, Fraction(0))
    return seconds % length if repeat == "loop" else length
