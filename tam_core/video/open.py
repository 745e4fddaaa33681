"""One call for everything that can be a video."""

import os
from pathlib import Path

import numpy as np

from tam_core.errors import RequestError, SourceNotFoundError
from tam_core.types import Pixels
from tam_core.video.colour import PLAIN_BITS
from tam_core.video.deep import deepened_pixels
from tam_core.video.file import FileSource
from tam_core.video.images import ImageFolderSource
from tam_core.video.memory import ArraySource
from tam_core.video.source import FrameSource


def open_video(source: str | os.PathLike[str] | Pixels, *, deep: bool = False) -> FrameSource:
    """A video file, a folder of pictures, or frames in memory: (T, H, W, 3) uint8 RGB, or uint16.

    ``deep``: pixels are uint16, 0..65535, at the precision of the source; otherwise uint8, however deep the file is;
    uint16 frames in memory stay what they are. Raises SourceNotFoundError if nothing is there and VideoError if what
    is there is no video.
    """
    if isinstance(source, np.ndarray):
        return ArraySource(deepened_pixels(source) if deep and source.dtype == np.uint8 else source)
    if not isinstance(source, str | os.PathLike):
        raise RequestError(f"a video is a path or an array of frames, not {type(source).__name__}")
    path = Path(source)
    if not os.fspath(source) or not path.exists():
        raise SourceNotFoundError(f"{str(source)!r}: no such file or folder")
    return ImageFolderSource(path, deep=deep) if path.is_dir() else FileSource(path, deep)


def deepened(source: FrameSource) -> FrameSource:
    """The same video with uint16 pixels, if more than 8 bits are stored; otherwise ``source`` itself."""
    if source.info.bit_depth > PLAIN_BITS and isinstance(source, FileSource | ImageFolderSource):
        return source.deepened()
    return source
