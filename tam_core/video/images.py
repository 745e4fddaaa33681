"""A folder of pictures as a video, in the order a person would count them: img2 before img10."""

import os
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from threading import Lock

from tam_core.errors import SourceNotFoundError, VideoError
from tam_core.types import Pixels
from tam_core.video.deep import deepened_pixels
from tam_core.video.pictures import has_alpha, read_picture
from tam_core.video.source import Frame, VideoInfo
from tam_core.video.span import check_index, frame_range

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})
KEPT_PICTURES = 8


class ImageFolderSource:
    """The pictures of ``folder``, all of one size, shown ``rate`` times a second. Other files there are ignored.

    ``files``: those of its pictures to show, in order; None: all of them. ``deep``: as uint16, also those of 8 bits.
    Several threads may read at once.

    Raises SourceNotFoundError if there is no such folder and VideoError if it holds no picture; a picture of another
    size than the first raises VideoError when it is read.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        rate: Fraction = Fraction(24),
        files: Sequence[Path] | None = None,
        deep: bool = False,
    ) -> None:
        self.path = Path(folder)
        self._deep = deep
        self._files = list_pictures(self.path) if files is None else list(files)
        self._kept: OrderedDict[int, Pixels] = OrderedDict()
        self._lock = Lock()
        first = read_picture(self._files[0], deep=True)
        height, width = first.shape[:2]
        self._info = VideoInfo(
            width=width,
            height=height,
            rate=Fraction(rate),
            times=tuple(index / Fraction(rate) for index in range(len(self._files))),
            bit_depth=8 * first.itemsize,
            pixel_format="rgb24" if first.itemsize == 1 else "rgb48le",
            alpha=has_alpha(self._files[0]),
        )

    @property
    def info(self) -> VideoInfo:
        return self._info

    def deepened(self) -> "ImageFolderSource":
        """The same pictures as uint16."""
        return ImageFolderSource(self.path, self._info.rate, self._files, deep=True)

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[Frame]:
        """Frames start, start + step, ... before ``stop``; see FrameSource."""
        return map(self.read, frame_range(len(self._files), start, stop, step))

    def read(self, index: int) -> Frame:
        """One frame. Raises FrameRangeError if there is no such frame."""
        check_index(index, len(self._files))
        return Frame(index, index / self._info.rate, self._pixels(index).copy())

    def _pixels(self, index: int) -> Pixels:
        """The picture, from the few that are kept if it is among them; callers get a copy, so that ours stays whole."""
        with self._lock:
            kept = self._kept.pop(index, None)
            if kept is not None:
                self._kept[index] = kept
                return kept
        loaded = self._load(self._files[index])
        with self._lock:
            self._kept[index] = loaded
            if len(self._kept) > KEPT_PICTURES:
                self._kept.popitem(last=False)
        return loaded

    def _load(self, file: Path) -> Pixels:
        pixels = read_picture(file, self._deep)
        if pixels.shape[:2] != self._info.size:
            height, width = pixels.shape[:2]
            raise VideoError(
                f"{file} is {width}x{height}, but the first picture of the folder is "
                f"{self._info.width}x{self._info.height}; make all of one size"
            )
        return deepened_pixels(pixels) if self._deep and pixels.itemsize == 1 else pixels


def list_pictures(folder: Path) -> list[Path]:
    """The picture files of a folder in natural order. Raises as ImageFolderSource does."""
    if not folder.exists():
        raise SourceNotFoundError(f"{folder}: no such folder")
    if not folder.is_dir():
        raise VideoError(f"{folder} is a file, not a folder of pictures")
    files = [file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and file.name[0] != "."]
    if not files:
        raise VideoError(f"{folder} holds no picture ({', '.join(sorted(SUFFIXES))})")
    return sorted(files, key=lambda file: natural_key(file.name))


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sorts img2 before img10: runs of digits compare as numbers, the rest as text."""
    parts = re.split(r"(\d+)", name.lower())
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts]
