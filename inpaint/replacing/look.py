"""A look at an object on a frame, made small, and points of it followed from one look to another (KLT)."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from inpaint.camera import Gray, Matrix, Points, apply
from tam_core.masklet import Masklet
from tam_core.types import XYXY, Mask
from tam_core.video.source import Frame

POINTS = 300
WINDOW = (17, 17)
RETURN = 0.6
"""A point that comes back this far from where it set out, in pixels, was not followed."""


@dataclass(frozen=True)
class Look:
    """An object on a frame: the grey picture around it, made small. ``matrix`` takes source pixels into ``gray``."""

    gray: Gray = field(repr=False)
    mask: Mask = field(repr=False)
    matrix: Matrix


def box_of(masklet: Masklet, frame: int) -> XYXY | None:
    """The object's box on a frame, in source pixels; None where it is not seen."""
    code = masklet.rles.get(frame)
    box = None if code is None else code.box
    return None if box is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3]))


def look_at(frame: Frame, masklet: Masklet, scale: float) -> Look | None:
    """An object and its surroundings on a frame, ``scale`` times their size; None where it is not seen."""
    box, mask = box_of(masklet, frame.index), masklet.mask(frame.index)
    if box is None or mask is None:
        return None
    height, width = mask.shape
    margin = 12 / scale + 0.3 * max(box[2] - box[0], box[3] - box[1])
    x0, y0 = (int(max(0, side - margin)) for side in box[:2])
    x1, y1 = (int(min(limit, side + margin)) for limit, side in zip((width, height), box[2:], strict=True))
    part = frame.pixels[y0:y1, x0:x1]
    if part.dtype != np.uint8:
        part = (part >> 8).astype(np.uint8)
    size = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    across, down = size[0] / (x1 - x0), size[1] / (y1 - y0)
    matrix = np.array(
        [[across, 0, (0.5 - x0) * across - 0.5], [0, down, (0.5 - y0) * down - 0.5], [0, 0, 1]], np.float64
    )
    small = cv2.resize(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(mask[y0:y1, x0:x1].astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return Look(small, inside > 0, matrix)


def corners(look: Look) -> Points:
    """Points of the object that can be followed, (N, 2) in the look's pixels."""
    inner = cv2.erode(look.mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    found = cv2.goodFeaturesToTrack(look.gray, POINTS, 0.003, 4, mask=inner)
    return np.zeros((0, 2), np.float32) if found is None else np.asarray(found.reshape(-1, 2), np.float32)


def followed(there: Look, here: Look, points: Points, onto: Matrix) -> tuple[Points, Points]:
    """Points of ``there`` that are found ``here``: two arrays (N, 2). ``onto`` takes here to there, about.

    The picture is brought over first, so that only what ``onto`` is wrong by has to be found, forwards and back.
    """
    if not len(points):
        return points, points
    size = (there.gray.shape[1], there.gray.shape[0])
    warped = cv2.warpPerspective(here.gray, onto, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    moved, good, _ = cv2.calcOpticalFlowPyrLK(there.gray, warped, points[:, None], None, winSize=WINDOW, maxLevel=3)
    back, good_back, _ = cv2.calcOpticalFlowPyrLK(warped, there.gray, moved, None, winSize=WINDOW, maxLevel=3)
    good = (good.ravel() > 0) & (good_back.ravel() > 0)
    good &= np.linalg.norm(back.reshape(-1, 2) - points, axis=1) < RETURN
    end = apply(np.asarray(np.linalg.inv(onto)), moved.reshape(-1, 2))
    good &= _on(here.mask, end)
    return points[good], end[good]


def seen(points: Points, here: Look, matrix: Matrix) -> int:
    """How many of the points should lie on the object's mask here; ``matrix`` takes them here."""
    return int(_on(here.mask, apply(matrix, points)).sum()) if len(points) else 0


def _on(mask: Mask, points: Points) -> Mask:
    x, y = np.rint(np.clip(points, -1e6, 1e6)).astype(int).T
    good = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
    good[good] = mask[y[good], x[good]]
    return np.asarray(good, bool)
