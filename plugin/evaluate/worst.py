"""The worst cases as pictures: what was found in red, the edge of what is true in yellow."""

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from plugin.evaluate.page import Picture
from tam_core.evaluate.scores import Worst
from tam_core.video.pictures import read_picture

_WIDTH = 480
SHOWN = 8
"""Of each engine."""


def draw(file: Path, worst: Worst, caption: str) -> Picture:
    """One case, on the picture of ``file``."""
    pixels = read_picture(file).copy()
    found, truth = worst.found.decode(), worst.truth.decode().astype(np.uint8)
    pixels[found] = pixels[found] // 2 + np.array([127, 0, 0], np.uint8)
    thick = max(2, round(pixels.shape[1] / 300))
    edge = truth != cv2.erode(truth, np.ones((2 * thick - 1, 2 * thick - 1), np.uint8))
    pixels[edge] = (255, 220, 0)
    picture = Image.fromarray(pixels)
    picture.thumbnail((_WIDTH, _WIDTH))
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=85)
    return Picture(caption, kept.getvalue())
