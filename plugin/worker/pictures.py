"""A picture that a client sent -> pixels. Its size is read before anything is decoded."""

import io

import numpy as np
from PIL import Image

from plugin.worker.problems import MalformedError, TooLargeError
from tam_core.types import Pixels, Size

LIMIT = 64 * 1024 * 1024
"""Bytes of a picture."""


def decode(data: bytes, size: Size) -> Pixels:
    """(H, W, 3) uint8 RGB of a JPEG or PNG of that (height, width). Raises MalformedError, TooLargeError."""
    try:
        picture = Image.open(io.BytesIO(data), formats=["JPEG", "PNG"])
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        raise MalformedError(f"this is not a JPEG or PNG: {str(error)[:100]}") from error
    if (picture.height, picture.width) != size:
        given, wanted = f"{picture.width}x{picture.height}", f"{size[1]}x{size[0]}"
        raise TooLargeError(f"a picture of {given} in a stream of {wanted}: a stream keeps its size")
    try:
        return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise MalformedError(f"this picture is damaged: {str(error)[:100]}") from error
