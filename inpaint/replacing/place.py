"""Where a picture goes on the anchor frame: into the object's box, so that everything after is the object's motion."""

import numpy as np

from inpaint.camera import Matrix
from tam_core.types import XYXY, Pixels, Size

FITS = ("contain", "cover", "stretch", "height")
"""All of the picture in the box; all of the box covered, the rest cut off; both, out of shape; as high as the box."""


def placed(picture: Size, box: XYXY, fit: str, scale: float, offset: tuple[float, float]) -> tuple[Matrix, XYXY]:
    """The matrix from a picture's pixels (h, w) to the anchor frame's, and the part of the picture that is shown.

    "height" stands on the box's lower edge, the others are in its middle. ``scale`` times that size then, about the
    same point, and moved by ``offset`` (x, y) in the anchor frame's pixels.
    """
    height, width = picture
    x0, y0, x1, y1 = box
    across, down = (x1 - x0) / width, (y1 - y0) / height
    if fit != "stretch":
        across = down = {"contain": min(across, down), "cover": max(across, down), "height": down}[fit]
    crop = (0.0, 0.0, float(width), float(height))
    if fit == "cover":
        shown = (x1 - x0) / across, (y1 - y0) / down
        crop = _middle(width, shown[0]) + _middle(height, shown[1])
        crop = crop[0], crop[2], crop[1], crop[3]
    across, down = across * scale, down * scale
    left = (x0 + x1) / 2 - across * width / 2 + offset[0]
    middle = (y0 + y1) / 2 - down * height / 2
    top = (y1 - down * height if fit == "height" else middle) + offset[1]
    matrix = [[across, 0, left + across / 2 - 0.5], [0, down, top + down / 2 - 0.5], [0, 0, 1]]
    return np.array(matrix, np.float64), crop


def cropped(picture: Pixels, crop: XYXY) -> Pixels:
    """The picture (h, w, 4), transparent outside the crop; its size stays, and so does the matrix."""
    x0, y0, x1, y1 = (round(side) for side in crop)
    if (x0, y0, x1, y1) == (0, 0, picture.shape[1], picture.shape[0]):
        return picture
    result = np.zeros_like(picture)
    result[y0:y1, x0:x1] = picture[y0:y1, x0:x1]
    return result


def _middle(length: float, part: float) -> tuple[float, float]:
    return (length - part) / 2, (length + part) / 2
