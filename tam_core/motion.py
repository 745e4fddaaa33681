"""Dense motion between two pictures, and the part of it that the camera made.

Knows no objects and no video: two grey pictures in, displacement fields out. Shared by the flow tracker and by
whoever needs to carry pixels from frame to frame.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.types import FloatMap, Mask, Size

GRID_STEP = 8
"""Every eighth flow vector takes part in the camera fit: some thousand points, a millisecond."""


@dataclass(frozen=True)
class DenseMotion:
    """Motion between two neighbouring pictures, both fields (H, W, 2) float32 as (dx, dy) in pixels.

    ``backward`` is given on the new picture and points to where each pixel came from; ``forward`` is given on the old
    one and points to where each pixel went. ``agreement`` (H, W) float32 is 1 where the two undo each other, 0 where
    they do not (occlusions, failures).
    """

    backward: FloatMap = field(repr=False)
    forward: FloatMap = field(repr=False)
    agreement: FloatMap = field(repr=False)


def dense_motion(old: npt.NDArray[np.uint8], new: npt.NDArray[np.uint8]) -> DenseMotion:
    """DIS flow (Kroeger et al. 2016) both ways between two grey pictures (H, W) uint8."""
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    backward = dis.calc(new, old, None)
    forward = dis.calc(old, new, None)
    round_trip = backward + warp(forward, backward)
    length = np.linalg.norm(backward, axis=2)
    error = np.linalg.norm(round_trip, axis=2)
    agreement = np.exp(-np.square(error / (1.0 + 0.1 * length))).astype(np.float32)
    return DenseMotion(backward, forward, agreement)


def pixel_grid(size: Size) -> FloatMap:
    """(H, W, 2) float32: the (x, y) of every pixel."""
    height, width = size
    return np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=2).astype(np.float32)


def warp(image: FloatMap, displacement: FloatMap) -> FloatMap:
    """Read ``image`` (H, W[, C]) at every pixel + ``displacement`` (H, W, 2); zero from outside the picture."""
    where = pixel_grid((displacement.shape[0], displacement.shape[1])) + displacement
    result: FloatMap = cv2.remap(image, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return result


def camera_motion(displacement: FloatMap, background: Mask) -> FloatMap:
    """The displacement (H, W, 2) that the camera alone makes: a homography through the background's vectors.

    Without enough background the camera is taken to be still.
    """
    size = displacement.shape[:2]
    points = pixel_grid(size)[::GRID_STEP, ::GRID_STEP]
    chosen = background[::GRID_STEP, ::GRID_STEP]
    source = points[chosen]
    target = source + displacement[::GRID_STEP, ::GRID_STEP][chosen]
    homography = None
    if len(source) >= 16:
        homography, _ = cv2.findHomography(source, target, cv2.RANSAC, 1.0, maxIters=200)
    if homography is None:
        return np.zeros_like(displacement)
    grid = pixel_grid(size)
    moved = cv2.perspectiveTransform(grid.reshape(1, -1, 2), homography)
    result: FloatMap = moved.reshape(grid.shape) - grid
    return result
