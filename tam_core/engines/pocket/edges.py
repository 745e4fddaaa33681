"""Masks at source resolution: the network's soft mask, its edge moved onto the edges of the picture.

As in a guided filter (He et al. 2010; fast form: He and Sun 2015), the mask around each place is explained as a linear
function of the picture's brightness. That function is fitted small; what the full-size picture shows beyond the small
one is then added through it, and only that: where the picture is smooth, the mask stays what it was.
"""

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.types import FloatMap, Mask, Pixels

RADIUS, SOFTNESS = 1, 5e-4
FAINT = 0.02
"""Where the soft mask is below this nothing is enlarged."""

Grey = npt.NDArray[np.uint8]


def sharpened(share: FloatMap, small: Pixels, guide: Grey) -> Mask:
    """The mask (H, W) bool of a soft mask ``share`` (h, w), 0..1, found on a picture ``small`` (h, w, 3) uint8 RGB.

    ``guide`` is the same picture's brightness at source size, (H, W) uint8.
    """
    result = np.zeros(guide.shape, bool)
    columns, rows = enlarged_box(share, guide.shape)
    if columns.start == columns.stop:
        return result
    seen = brightness(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    maps = enlarged(np.dstack([share, gain(seen, share), seen]), guide.shape, columns, rows)
    detail = brightness(guide[rows, columns]) - maps[..., 2]
    result[rows, columns] = maps[..., 0] + maps[..., 1] * detail > 0.5
    return result


def gain(guide: FloatMap, share: FloatMap) -> FloatMap:
    """How much more mask (h, w) there is per brightness around each place."""
    mean, mean_share = blurred(guide), blurred(share)
    covariance = blurred(guide * share) - mean * mean_share
    variance = blurred(guide * guide) - mean * mean
    return blurred(np.divide(covariance, variance + SOFTNESS, dtype=np.float32))


def enlarged_box(share: FloatMap, size: tuple[int, ...]) -> tuple[slice, slice]:
    """The columns and rows of a picture of ``size`` (H, W) that a soft mask (h, w) can reach."""
    x, y, width, height = cv2.boundingRect((share > FAINT).astype(np.uint8))
    across, down = size[1] / share.shape[1], size[0] / share.shape[0]
    columns = slice(max(0, int((x - 2) * across)), min(size[1], int((x + width + 2) * across)) if width else 0)
    rows = slice(max(0, int((y - 2) * down)), min(size[0], int((y + height + 2) * down)) if height else 0)
    return columns, rows


def enlarged(maps: FloatMap, size: tuple[int, ...], columns: slice, rows: slice) -> FloatMap:
    """A part of maps (h, w, C) enlarged to ``size`` (H, W), pixel centres kept as ``cv2.resize`` has them."""
    across, down = maps.shape[1] / size[1], maps.shape[0] / size[0]
    back = np.array(
        [
            [across, 0, (columns.start + 0.5) * across - 0.5],
            [0, down, (rows.start + 0.5) * down - 0.5],
        ]
    )
    extent = (columns.stop - columns.start, rows.stop - rows.start)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(maps, back, extent, flags=how, borderMode=cv2.BORDER_REPLICATE), np.float32)


def brightness(grey: Grey) -> FloatMap:
    """0..1."""
    return np.multiply(grey, np.float32(1 / 255), dtype=np.float32)


def blurred(values: FloatMap) -> FloatMap:
    """The mean over a square."""
    side = 2 * RADIUS + 1
    return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT))
