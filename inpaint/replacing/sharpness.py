"""How sharp edges are: the blur of a picture, measured at its sharpest edges."""

import cv2
import numpy as np

from tam_core.types import FloatMap, Mask

SECOND = 1.2
"""Standard deviation in pixels of the blur that is added to see how much it changes."""

BEFORE = 0.8
"""Standard deviation in pixels of a blur that keeps grain from passing for sharp edges."""

STRONG = 0.35
"""Edges with this share of the strongest gradient are looked at."""

SHARPEST = 25
"""Percentile of the edges' blurs: edges across a motion are blurred by it, and some are soft by nature."""

FEWEST = 12


def edge_blur(gray: FloatMap, where: Mask, noise: float = 0.0) -> float | None:
    """Standard deviation in pixels of the blur of the sharpest edges of ``gray`` (H, W) float32 on ``where``.

    From how much less steep edges become by a second blur (Zhuo and Sim 2011). None where there is no clear edge;
    ``noise`` in levels of ``gray``.
    """
    calm = cv2.GaussianBlur(gray, (0, 0), BEFORE)
    first = _steepness(calm)
    inside = first[where]
    if inside.size < 4 * FEWEST:
        return None
    floor = max(STRONG * float(np.quantile(inside, 0.995)), 2 + 3 * noise)
    edges = where & (first > floor) & (first >= cv2.dilate(first, np.ones((3, 3), np.uint8)) - 1e-3)
    if edges.sum() < FEWEST:
        return None
    second = _steepness(cv2.GaussianBlur(calm, (0, 0), SECOND))
    ratio = np.maximum(first[edges] / np.maximum(second[edges], 1e-3), 1.001)
    blur = float(np.percentile(SECOND / np.sqrt(ratio**2 - 1), SHARPEST))
    return float(np.sqrt(max(blur**2 - BEFORE**2, 0)))


def _steepness(gray: FloatMap) -> FloatMap:
    across, down = (cv2.Scharr(gray, cv2.CV_32F, *order, scale=1 / 32) for order in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(across, down), np.float32)
