"""Where a mask can be believed and where not: inside, outside, and the band along the outline between them."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.types import FloatMap, Mask

_NARROWEST, _WIDEST = 2.0, 32.0
"""Half the band's width in pixels, at least and at most."""

_SHARE = 0.02
"""Half the band's width over the square root of the object's area: 3 px for a person of 640x360, 9 px of 1080p."""

_CORE = 0.5
"""Of a part thinner than the band, this share of its depth is believed: fingers keep a core."""

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Trimap:
    """A mask's surroundings. ``box``: the part of the picture that everything else here is in, as two slices.

    ``inside`` and ``outside`` (h, w) bool: surely object, surely not. ``rows`` and ``columns`` (N,): the pixels
    between, ``depth`` (N,) float32 how far inside the outline they are, in pixels. ``radius``: half the band's width.
    """

    box: tuple[slice, slice]
    mask: Mask
    inside: Mask
    outside: Mask
    rows: Indices
    columns: Indices
    depth: FloatMap
    radius: float


def band_radius(mask: Mask, score: float) -> float:
    """Half the band's width in pixels for a mask that is trusted by ``score`` 0..1: up to three times as wide at 0."""
    wanted = _SHARE * float(np.sqrt(np.count_nonzero(mask))) * (1 + 2 * (1 - score))
    return float(np.clip(wanted, _NARROWEST, _WIDEST))


def trimap_of(mask: Mask, radius: float) -> Trimap | None:
    """The trimap of a mask (H, W) around its outline; None where there is no outline: empty, or all of the picture."""
    box = _box(mask, 4 * int(np.ceil(radius)) + 2)
    if box is None:
        return None
    here = mask[box]
    depth = _signed_depth(here)
    width = 2 * int(np.ceil(2 * radius)) + 1
    thickness = cv2.dilate(np.maximum(depth, 0), np.ones((width, width), np.uint8))
    inside = depth > np.minimum(radius, _CORE * thickness)
    outside = depth < -radius
    rows, columns = np.nonzero(~(inside | outside))
    if not len(rows):
        return None
    return Trimap(box, here, inside, outside, rows, columns, depth[rows, columns], radius)


def _signed_depth(mask: Mask) -> FloatMap:
    """Distance to the outline in pixels, positive inside. The picture's edge is no outline."""
    inner = mask.astype(np.uint8)
    if inner.all():
        return np.full(mask.shape, np.inf, np.float32)
    depth = cv2.distanceTransform(inner, cv2.DIST_L2, cv2.DIST_MASK_5)
    height = cv2.distanceTransform(1 - inner, cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(np.where(mask, depth - 0.5, 0.5 - height), np.float32)


def _box(mask: Mask, margin: int) -> tuple[slice, slice] | None:
    """The mask's box and ``margin`` pixels around it, inside the picture."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return (
        slice(max(int(rows[0]) - margin, 0), int(rows[-1]) + 1 + margin),
        slice(max(int(columns[0]) - margin, 0), int(columns[-1]) + 1 + margin),
    )
