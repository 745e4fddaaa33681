"""What speaks for and against each pixel, as log-odds (positive = object). Everything is at working size."""

import cv2
import numpy as np

from tam_core.engines.flow.memory import REGION, blurred_along
from tam_core.engines.flow.view import COARSE, Bins, View
from tam_core.motion import DenseMotion, camera_motion, pixel_grid
from tam_core.types import FloatMap

SMEAR = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
"""DIS flow smears an object's motion about two pixels over its outline."""


def prior_evidence(carried: FloatMap, motion: DenseMotion, region: REGION, blur: float) -> FloatMap:
    """The last soft mask (h, w) carried here by the flow; less sure where the flow contradicts itself."""
    soft = np.clip(cv2.GaussianBlur(carried, (0, 0), blur)[region], 0.01, 0.99)
    trust = cv2.GaussianBlur(motion.agreement[region], (0, 0), 2.0)
    result: FloatMap = np.log(soft / (1 - soft)) * (0.3 + 0.7 * trust)
    return result


def motion_evidence(carried: FloatMap, motion: DenseMotion, region: REGION) -> FloatMap:
    """Moves like the object's median rather than like the camera, -2..2; near 0 if these two move alike."""
    flow, soft = motion.backward[region], carried[region]
    camera = camera_motion(motion.backward, carried < 0.05)[region]
    core = soft > 0.8
    if np.count_nonzero(core) < 20:
        return np.zeros_like(soft)
    off_camera = np.linalg.norm(flow - camera, axis=2)
    off_object = np.linalg.norm(flow - np.median(flow[core], axis=0), axis=2)
    noise = 0.5 + (np.median(off_camera[soft < 0.1]) if (soft < 0.1).any() else 0.5)
    gain = np.minimum(off_camera / noise, 6) - np.minimum(off_object / noise, 6)
    result: FloatMap = cv2.erode(np.clip(gain, -2, 2).astype(np.float32), SMEAR)
    return result


def local_evidence(last: View, soft: FloatMap, view: View, motion: DenseMotion, region: REGION) -> FloatMap:
    """Colours that stood near the same place on the last frame, -4..4: a bilateral grid (Maerki et al. 2016).

    The last frame's pixels, moved by the flow, are counted by place and colour, once as object and once as not; the
    blurred counts are read at this frame's pixels.
    """
    side = max(6.0, float(np.sqrt(soft.sum())) / 10)
    corner = np.array([region[1].start, region[0].start], np.float32)
    grid = pixel_grid((view.grey.shape[0], view.grey.shape[1]))
    moved = (grid + motion.forward - corner) / side + 1
    here = (grid[region] - corner) / side + 1
    shape = (int(here[-1, -1, 1]) + 3, int(here[-1, -1, 0]) + 3)
    inside = (moved >= 0).all(axis=2) & (moved[..., 0] < shape[1] - 1) & (moved[..., 1] < shape[0] - 1)
    nearest = np.rint(moved[inside]).astype(np.int32)
    bins = (nearest[:, 1] * shape[1] + nearest[:, 0]) * COARSE**3 + last.coarse[inside]
    weights = soft[inside]
    floor = np.float32(0.002 * side * side)
    ratio = np.log((counted(bins, weights, shape) + floor) / (counted(bins, 1 - weights, shape) + floor))
    return np.clip(read_between(ratio.reshape(*shape, -1), here, view.coarse[region]), -4, 4)


def counted(bins: Bins, weights: FloatMap, shape: tuple[int, int]) -> FloatMap:
    """Weights summed by place and colour, (rows, columns, 8, 8, 8) float32, blurred along each axis."""
    counts = np.bincount(bins, weights, shape[0] * shape[1] * COARSE**3)
    grid = counts.astype(np.float32).reshape(*shape, COARSE, COARSE, COARSE)
    for axis in range(5):
        grid = blurred_along(grid, axis)
    return grid


def read_between(grid: FloatMap, where: FloatMap, colours: Bins) -> FloatMap:
    """Values of ``grid`` (rows, columns, colours) at (x, y) places (h, w, 2), linear between places."""
    corner = where.astype(np.int32)
    x, y = corner[..., 0], corner[..., 1]
    right, down = where[..., 0] - x, where[..., 1] - y
    above = (1 - right) * grid[y, x, colours] + right * grid[y, x + 1, colours]
    below = (1 - right) * grid[y + 1, x, colours] + right * grid[y + 1, x + 1, colours]
    result: FloatMap = (1 - down) * above + down * below
    return result
