"""A part of a picture seen at a size at which the superpixels fit the object; and masks carried back to the picture."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from tam_core.engines.grabcut.border import enlarge, settle
from tam_core.engines.grabcut.regions import Regions
from tam_core.engines.grabcut.superpixels import find_regions
from tam_core.geometry import Scale, fit_long_side
from tam_core.types import XYXY, Mask, Pixels

LONG_SIDE = 360
ROOM = 2.0
"""Sides of a closer view, in sides of what is looked at."""
_CLOSE_ENOUGH = 0.7
"""A closer view is not worth its time when it has more than this share of the sides of the picture."""


@dataclass(frozen=True)
class View:
    """A part of a picture: its pixels (H, W, 3), the same at working size (h, w, 3), superpixels; and its corner."""

    pixels: Pixels = field(repr=False)
    working: Pixels = field(repr=False)
    regions: Regions = field(repr=False)
    scale: Scale
    left: int
    top: int


def look(pixels: Pixels, left: int = 0, top: int = 0) -> View:
    """See the part of a picture whose corner is at ``left``, ``top``."""
    height, width = pixels.shape[:2]
    ratio = LONG_SIDE / max(height, width)
    scale = fit_long_side((height, width), LONG_SIDE)
    if ratio > 1:
        scale = Scale((height, width), (max(1, round(height * ratio)), max(1, round(width * ratio))))
    shape = scale.working[::-1]
    working = cv2.resize(pixels, shape, interpolation=cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC)
    return View(pixels, working, find_regions(working), scale, left, top)


def closer_view(whole: View, box: XYXY) -> View | None:
    """A closer view of a box with room around it; None where that is nearly the whole picture."""
    height, width = whole.pixels.shape[:2]
    x0, y0, x1, y1 = box
    side = max(x1 - x0, y1 - y0, 24.0)
    reach_x, reach_y = (0.5 * (ROOM * 0.5 * (side + length)) for length in (x1 - x0, y1 - y0))
    centre_x, centre_y = (x0 + x1) / 2, (y0 + y1) / 2
    left, right = (max(0, int(centre_x - reach_x)), min(width, int(centre_x + reach_x) + 1))
    top, bottom = (max(0, int(centre_y - reach_y)), min(height, int(centre_y + reach_y) + 1))
    if max((right - left) / width, (bottom - top) / height) > _CLOSE_ENOUGH:
        return None
    return look(np.ascontiguousarray(whole.pixels[top:bottom, left:right]), left, top)


def paste(view: View, mask: Mask, pixels: Pixels) -> Mask:
    """A mask (h, w) of a view as one (H, W) of the picture, its border settled on the contours of the source."""
    part = enlarge(settle(view.working, mask), view.working, view.pixels)
    if part.shape == pixels.shape[:2]:
        return part
    full = np.zeros(pixels.shape[:2], bool)
    full[view.top : view.top + part.shape[0], view.left : view.left + part.shape[1]] = part
    return full
