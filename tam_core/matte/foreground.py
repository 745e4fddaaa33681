"""The object's own colours where it is mixed with the background, so that no halo of the old background shows.

Blur fusion (Forte 2021): the local means of object and background, weighted by alpha, explain a pixel up to a rest; the
object gets its share of the rest. Once with wide means, then with narrow ones.
"""

import cv2
import numpy as np

from tam_core.matte.alpha import AnyPixels
from tam_core.types import FloatMap

_REACHES = (40, 4)
"""Half the sides of the boxes that means are taken over, in pixels: wide first."""


def decontaminated(pixels: AnyPixels, alpha: FloatMap) -> AnyPixels:
    """The object's colours, like ``pixels`` (H, W, 3); ``alpha`` (H, W) float32 0..1.

    Pixels that are all object keep their values bit for bit. Near the object colours go on outside of it, so that
    scaling a layer with straight alpha makes no dark edge; further away they are the picture's.
    """
    result = pixels.copy()
    margin = 2 * _REACHES[0]
    mixed = (alpha > 0) & (alpha < 1)
    rows, columns = np.flatnonzero(mixed.any(1)), np.flatnonzero(mixed.any(0))
    if not len(rows):
        return result
    box = (
        slice(max(int(rows[0]) - margin, 0), int(rows[-1]) + margin),
        slice(max(int(columns[0]) - margin, 0), int(columns[-1]) + margin),
    )
    near = cv2.dilate((alpha[box] > 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    changed = near & (alpha[box] < 1)
    top = np.iinfo(pixels.dtype).max
    colours = _foreground(np.asarray(pixels[box] / np.float32(top), np.float32), alpha[box], changed)
    result[box][changed] = np.rint(colours * top).astype(pixels.dtype)
    return result


def _foreground(colours: FloatMap, alpha: FloatMap, chosen: np.ndarray) -> FloatMap:
    """(N, 3) float32 0..1 of the ``chosen`` (h, w) pixels."""
    front = back = colours
    share = alpha[..., None]
    for reach in _REACHES:
        size = (2 * reach + 1, 2 * reach + 1)
        ahead, behind = cv2.blur(alpha, size)[..., None], cv2.blur(1 - alpha, size)[..., None]
        front = cv2.blur(front * share, size) / (ahead + 1e-5)
        back = cv2.blur(back * (1 - share), size) / (behind + 1e-5)
        front = np.clip(front + share * (colours - share * front - (1 - share) * back), 0, 1)
    return np.asarray(front[chosen], np.float32)
