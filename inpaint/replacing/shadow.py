"""A contact shadow: the dark rim under something that stands on the ground. Not a cast shadow: no lamp is known."""

import cv2
import numpy as np

from inpaint.camera import Matrix
from tam_core.types import FloatMap, Pixels

SIDE = 256
"""The longer side of a shadow's picture in pixels: it is soft anyway."""

FLAT = 0.1
"""How deep the ground under the thing is seen, as a share of its width."""

SOFT, TIGHT = 0.05, 0.015
"""How far the wide and the narrow part of it fade, as shares of its width."""


def contact_shadow(picture: Pixels, strength: float) -> tuple[Pixels, Matrix]:
    """The shadow of a picture (h, w, 4) RGBA that stands on its lowest opaque row, black with alpha, (h', w', 4).

    ``strength`` 0..1: the darkest it gets. The matrix takes the shadow's pixels to the picture's.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    alpha = cv2.resize(picture[..., 3], size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    rows, columns = np.flatnonzero(alpha.max(1) > 0.5), np.flatnonzero(alpha.max(0) > 0.5)
    if not len(rows):
        return np.zeros((1, 1, 4), np.uint8), np.eye(3)
    foot, wide = int(rows[-1]), int(columns[-1] - columns[0] + 1)
    edge = int(np.ceil(wide * (FLAT + 3 * SOFT)))
    ground = np.zeros((2 * edge + 1, size[0] + 2 * edge), np.float32)
    _stand(ground, alpha, foot, edge, max(1, round(wide * FLAT)))
    dark = 0.6 * cv2.GaussianBlur(ground, (0, 0), max(0.5, wide * SOFT))
    dark += 0.6 * cv2.GaussianBlur(ground, (0, 0), max(0.5, wide * TIGHT))
    shadow = np.zeros((*ground.shape, 4), np.uint8)
    shadow[..., 3] = np.rint(255 * np.clip(strength * np.minimum(dark, 1), 0, 1))
    across, down = width / size[0], height / size[1]
    matrix = np.array(
        [
            [across, 0, (0.5 - edge) * across - 0.5],
            [0, down, (foot - edge + 0.5) * down - 0.5],
            [0, 0, 1],
        ]
    )
    return shadow, matrix


def _stand(ground: FloatMap, alpha: FloatMap, foot: int, edge: int, deep: int) -> None:
    """Draw into ``ground`` what is near it: the lower a part hangs, the deeper is its ellipse."""
    reach = max(1, 3 * deep)
    near = alpha[max(0, foot - reach) : foot + 1]
    above = np.arange(len(near))[::-1, None] / reach
    weight = (near * (1 - above)).max(0)
    for column in np.flatnonzero(weight > 0.02):
        half = deep * weight[column] / 2
        lo, hi = round(float(edge - half)), round(float(edge + half)) + 1
        ground[lo:hi, column + edge] = weight[column]
