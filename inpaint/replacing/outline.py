"""The object's whole outline, and what of it a mask lacks.

The whole outline is what most of the frames show that show the object whole, each brought back to the anchor frame. A
leg that swings is in few of them and does not count. Knows no pictures.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from inpaint.camera import Matrix, apply
from inpaint.holes import Box
from inpaint.replacing.look import box_of
from tam_core.masklet import Masklet
from tam_core.types import FloatMap, Mask

SIDE = 256
"""The longer side of the outline's picture."""

FRAMES = 80
"""At most so many frames are looked at for the outline."""

WHOLE = 0.9
"""A mask that has this share of the area that the object has mostly, in the anchor's measure, shows it whole."""

SHARE = 0.75
"""What this share of the whole masks have belongs to the outline."""

THICK = 0.05
"""What is missing has to be at least so thick, as a share of the object's size ..."""

LARGE = 0.015
"""... and to have at least this share of its area: the rest is the outline's own error."""


@dataclass(frozen=True)
class Outline:
    """``core`` (h, w) float32, 0..1: the whole object, ``matrix`` from the anchor frame's pixels to it.

    ``whole``: the frames whose masks show all of it.
    """

    core: FloatMap = field(repr=False)
    matrix: Matrix
    whole: frozenset[int]

    def on(self, matrix: Matrix, box: Box) -> Mask:
        """The whole object inside the ``box`` of a frame, (h, w) bool; ``matrix`` is from the anchor frame to it."""
        x0, y0, x1, y1 = box
        shift = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1]], np.float64)
        onto = shift @ matrix @ np.linalg.inv(self.matrix)
        return np.asarray(cv2.warpPerspective(self.core, onto, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR) > SHARE)


def whole_frames(masklet: Masklet, matrices: dict[int, Matrix], anchor: int) -> frozenset[int]:
    """The frames that show the object whole: as large, in the anchor's measure, as it mostly is, and off the edges."""
    height, width = masklet.size
    areas = {}
    for frame, matrix in matrices.items():
        box = box_of(masklet, frame)
        if box is None or box[0] <= 0 or box[1] <= 0 or box[2] >= width or box[3] >= height:
            continue
        areas[frame] = masklet.rles[frame].area / _magnification(matrix, box_of(masklet, anchor))
    if not areas:
        return frozenset()
    mostly = float(np.percentile(list(areas.values()), 75))
    return frozenset(frame for frame, area in areas.items() if area >= WHOLE * mostly)


def _magnification(matrix: Matrix, box: tuple[float, float, float, float] | None) -> float:
    assert box is not None
    x0, y0, x1, y1 = box
    quad = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    return float(max(cv2.contourArea(apply(matrix, quad)), 1) / max(cv2.contourArea(quad), 1))


def outline_of(masklet: Masklet, matrices: dict[int, Matrix], anchor: int) -> Outline:
    """The whole outline, from the masks of frames that show the object whole, or else from the anchor's alone."""
    whole = whole_frames(masklet, matrices, anchor)
    box = box_of(masklet, anchor)
    assert box is not None
    x0, y0, x1, y1 = box
    edge = 0.25 * max(x1 - x0, y1 - y0)
    scale = min(1.0, SIDE / (max(x1 - x0, y1 - y0) + 2 * edge))
    onto = np.array([[scale, 0, scale * (edge - x0)], [0, scale, scale * (edge - y0)], [0, 0, 1]], np.float64)
    size = (int(np.ceil(scale * (x1 - x0 + 2 * edge))), int(np.ceil(scale * (y1 - y0 + 2 * edge))))
    chosen = sorted(whole) or [anchor]
    chosen = chosen[:: max(1, len(chosen) // FRAMES)]
    total = np.zeros((size[1], size[0]), np.float32)
    for frame in chosen:
        mask = masklet.mask(frame)
        assert mask is not None
        back = onto @ np.linalg.inv(matrices[frame])
        total += cv2.warpPerspective(mask.astype(np.float32), back, size, flags=cv2.INTER_LINEAR)
    return Outline(np.asarray(total / len(chosen), np.float32), onto, whole)


def missing_parts(there: Mask, mask: Mask) -> list[Mask]:
    """The parts of an outline (h, w) that a mask lacks, each (h, w) bool, without thin rims and crumbs."""
    area = float(there.sum())
    missing = there & ~mask
    radius = max(1, round(THICK * np.sqrt(area) / 2))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    opened = cv2.morphologyEx(missing.astype(np.uint8), cv2.MORPH_OPEN, disc)
    count, labels, facts, _ = cv2.connectedComponentsWithStats(opened)
    large = [label for label in range(1, count) if facts[label, cv2.CC_STAT_AREA] >= LARGE * area]
    return [np.asarray((cv2.dilate((labels == label).astype(np.uint8), disc) > 0) & missing) for label in large]
