"""One call for everything that can be a video."""

import os
from pathlib import Path

import numpy as np

from tam_core.errors import RequestError, SourceNotFoundError
from tam_core.types import Pixels
from tam_core.video.file import FileSource
from tam_core.video.images import ImageFolderSource
from tam_core.video.memory import ArraySource
from tam_core.video.source import FrameSource


def open_video(source: str | os.PathLike[str] | Pixels) -> FrameSource:
    """A video file, a folder of pictures, or frames in memory: (T, H, W, 3) uint8 RGB.

    Raises SourceNotFoundError if nothing is there and VideoError if what is there is no video.
    """
    if isinstance(source, np.ndarray):
        return ArraySource(source)
    if not isinstance(source, str | os.PathLike):
        raise RequestError(f"a video is a path or an array of frames, not {type(source).__name__}")
    path = Path(source)
    if not os.fspath(source) or not path.exists():
        raise SourceNotFoundError(f"{str(source)!r}: no such file or folder")
    return ImageFolderSource(path) if path.is_dir() else FileSource(path)
