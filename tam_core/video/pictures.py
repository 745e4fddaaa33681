"""Single pictures on disk. The only file of the project that knows OpenCV's BGR order."""

import os
from pathlib import Path

import cv2
import numpy as np

from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.errors import SourceNotFoundError, VideoError
from tam_core.types import Pixels


def read_picture(path: str | os.PathLike[str]) -> Pixels:
    """(H, W, 3) uint8 RGB of a picture file; 16-bit and grey pictures become 8-bit RGB, alpha is dropped.

    Raises SourceNotFoundError if there is no such file, VideoError if it is not a picture.
    """
    path = Path(path)
    if not path.exists():
        raise SourceNotFoundError(f"{path}: no such picture")
    try:
        encoded = np.fromfile(path, np.uint8)  # cv2.imread cannot open every unicode path on Windows
    except OSError as error:
        raise VideoError(f"{path} cannot be read: {error.strerror}") from error
    bgr = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if encoded.size else None
    if bgr is None:
        raise VideoError(f"{path} is not a picture, or it is damaged")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def write_picture(path: str | os.PathLike[str], pixels: Pixels) -> None:
    """Write (H, W, 3) RGB or (H, W, 4) RGBA uint8 as PNG. The file appears complete or not at all.

    Raises OutputError if it cannot be written there.
    """
    path = Path(path)
    order = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    encoded = cv2.imencode(".png", cv2.cvtColor(pixels, order))[1]
    with atomic_file(path) as temporary, naming_the_cause(path):
        temporary.write_bytes(encoded.tobytes())
