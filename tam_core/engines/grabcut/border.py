"""From a rough mask at working size to an exact one at source size: GrabCut in a band, then a guided filter.

Knows one mask and its picture; knows nothing of prompts.
"""

import cv2
import numpy as np

from tam_core.types import FloatMap, Mask, Pixels, Size

_BAND = 4
"""Pixels at working size on either side of a border within which GrabCut may move it."""
_MARGIN = 24
_SEED = 7
_FILTER_RADIUS = 4
_FILTER_NOISE = 1e-3
_LEAST = 40
"""Colour models need some pixels of each side."""


def settle(working: Pixels, mask: Mask) -> Mask:
    """Move the border of ``mask`` (h, w) onto the contours of ``working`` (h, w, 3); far from it nothing changes."""
    rows, columns = _around(mask, _MARGIN)
    inside, picture = (mask[rows, columns].astype(np.uint8), np.ascontiguousarray(working[rows, columns]))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _BAND + 1, 2 * _BAND + 1))
    known_in, known_out = cv2.erode(inside, kernel) > 0, cv2.dilate(inside, kernel) == 0
    if min(known_out.sum(), inside.sum()) < _LEAST:
        return mask
    trimap = np.where(inside > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    trimap[known_in], trimap[known_out] = cv2.GC_FGD, cv2.GC_BGD
    cv2.setRNGSeed(_SEED)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    trimap, *_ = cv2.grabCut(picture, trimap, None, *models, 1, cv2.GC_INIT_WITH_MASK)
    settled = mask.copy()
    settled[rows, columns] = (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)
    return settled


def enlarge(mask: Mask, working: Pixels, pixels: Pixels) -> Mask:
    """``mask`` (h, w) at the size of ``pixels`` (H, W, 3), its border on the edges of ``pixels``.

    Fast guided filter: local lines from colour to mask are fitted at working size and drawn at source size. The colour
    is one number, along the direction in which the inside differs most from the outside.
    """
    result = np.zeros(pixels.shape[:2], bool)
    if not mask.any() or mask.shape == result.shape:
        return mask if mask.shape == result.shape else result
    small = _around(mask, _MARGIN)
    large = _scaled(small, (mask.shape[0], mask.shape[1]), (pixels.shape[0], pixels.shape[1]))
    direction = _contrast(working[small], mask[small])
    lines = _fit_lines(_project(working[small], direction), mask[small].astype(np.float32))
    guide = _project(pixels[large], direction)
    slope, offset = (cv2.resize(line, guide.shape[::-1], interpolation=cv2.INTER_LINEAR) for line in lines)
    result[large] = slope * guide + offset > 0.5
    return result


def _contrast(picture: Pixels, mask: Mask) -> FloatMap:
    """The direction (1, 3) in RGB, for values 0..1, from the mean colour outside the mask to that inside."""
    inside = picture[mask].mean(axis=0)
    outside = picture[~mask].mean(axis=0) if not mask.all() else np.zeros(3)
    length = max(float(np.linalg.norm(inside - outside)), 1.0)
    direction: FloatMap = ((inside - outside) / length / 255).astype(np.float32)[None]
    return direction


def _project(picture: Pixels, direction: FloatMap) -> FloatMap:
    """Colours (h, w, 3) as numbers (h, w) along a direction (1, 3)."""
    along: FloatMap = cv2.transform(picture.astype(np.float32), direction).reshape(picture.shape[:2])
    return along


def _fit_lines(guide: FloatMap, value: FloatMap) -> tuple[FloatMap, FloatMap]:
    """Slope and offset (h, w) of ``value`` over ``guide`` around every pixel (guided filter, eq. 5, 6 and 8)."""
    side = (2 * _FILTER_RADIUS + 1,) * 2
    mean, level = cv2.blur(guide, side), cv2.blur(value, side)
    together = cv2.blur(guide * value, side) - mean * level
    slope = together / (cv2.blur(guide * guide, side) - mean * mean + _FILTER_NOISE)
    return cv2.blur(slope, side), cv2.blur(level - slope * mean, side)


def _around(mask: Mask, margin: int) -> tuple[slice, slice]:
    """Rows and columns of the mask and a margin around it."""
    height, width = mask.shape
    x, y, across, down = cv2.boundingRect(mask.astype(np.uint8))
    rows = slice(max(0, y - margin), min(height, y + down + margin))
    return rows, slice(max(0, x - margin), min(width, x + across + margin))


def _scaled(part: tuple[slice, slice], small: Size, large: Size) -> tuple[slice, slice]:
    """The same part of a larger picture."""
    rows, columns = (
        slice(int(cut.start * big / little), min(big, -int(-cut.stop * big // little)))
        for cut, little, big in zip(part, small, large, strict=True)
    )
    return rows, columns
