"""Single pictures on disk. The only file of the project that knows OpenCV's BGR order."""

import os
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.errors import SourceNotFoundError, VideoError
from tam_core.types import Pixels


def read_picture(path: str | os.PathLike[str], deep: bool = False) -> Pixels:
    """(H, W, 3) uint8 RGB of a picture file; 16-bit and grey pictures become 8-bit RGB, alpha is dropped.

    ``deep``: 16-bit pictures stay uint16, those of 8 bits are uint8 all the same.

    Raises SourceNotFoundError if there is no such file, VideoError if it is not a picture.
    """
    path = Path(path)
    if not path.exists():
        raise SourceNotFoundError(f"{path}: no such picture")
    try:
        encoded = np.fromfile(path, np.uint8)  # cv2.imread cannot open every unicode path on Windows
    except OSError as error:
        raise VideoError(f"{path} cannot be read: {error.strerror}") from error
    wanted = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH if deep else cv2.IMREAD_COLOR
    bgr = cv2.imdecode(encoded, wanted) if encoded.size else None
    if bgr is None:
        raise VideoError(f"{path} is not a picture, or it is damaged")
    if bgr.dtype not in (np.uint8, np.uint16):
        raise VideoError(f"{path} has {bgr.dtype} pixels; 8 and 16 bits a channel can be read")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def grey_levels(picture: Image.Image, few: bool = False) -> npt.NDArray[np.uint8]:
    """The brightness (H, W) uint8 of an opened picture; of 16 bits the upper 8.

    ``few``: it may number objects; numbers up to 255 stay what they are, however many bits they have.
    """
    if not picture.mode.startswith("I"):
        return np.array(picture.convert("L"))
    levels = np.asarray(picture)
    return (levels if few and levels.max(initial=0) <= 255 else levels >> 8).astype(np.uint8)


def has_alpha(path: str | os.PathLike[str]) -> bool:
    """Whether a picture file, which ``read_picture`` reads, has an alpha channel."""
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    return picture is not None and picture.ndim == 3 and picture.shape[2] == 4


def write_picture(path: str | os.PathLike[str], pixels: Pixels) -> None:
    """Write (H, W, 3) RGB or (H, W, 4) RGBA, uint8 or uint16, as PNG. The file appears complete or not at all.

    Raises OutputError if it cannot be written there.
    """
    path = Path(path)
    order = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    encoded = cv2.imencode(".png", cv2.cvtColor(pixels, order))[1]
    with atomic_file(path) as temporary, naming_the_cause(path):
        temporary.write_bytes(encoded.tobytes())
