"""How the camera moved between two frames, seen by the background alone. Knows nothing of depth or moving things.

A homography is exact for a turning or zooming camera and for a flat scene; what remains is left to ``flow``.
"""

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.types import Mask

Gray = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]
"""(N, 2) float32, (x, y) in pixels of the picture at hand."""

Matrix = npt.NDArray[np.float64]
"""(3, 3) homography: takes (x, y, 1) of the one frame to the other, in pixels of the pictures it was measured on."""

FEATURES = 400
FEWEST = 12
"""With fewer agreeing points than this, a homography is not believed."""

WINDOW = (15, 15)
"""What is compared around a corner, in pixels."""

STILL = 0.08
"""If the median point moves by less than this many pixels, the camera is taken to be on a tripod: no drift at all."""

NOWHERE: Points = np.zeros((0, 2), np.float32)

INLIER = 1.0
"""Points within this many pixels of the homography agree with it."""


def camera_motion(target: Gray, source: Gray, target_free: Mask, source_free: Mask) -> Matrix:
    """The homography from ``target`` (H, W) uint8 to ``source``; ``*_free`` (H, W) bool, True = background.

    Identity where the background gives no answer (too little texture, or all of it hidden).
    """
    start, end = tracked(target, source, target_free, source_free)
    if _agreement(start, end) < FEWEST:
        start, end = _matched(target, source, target_free, source_free)
    if len(start) < 4 or np.median(np.linalg.norm(end - start, axis=1)) < STILL:
        return np.eye(3)
    matrix = _homography(start, end)
    if matrix is None or not _plausible(matrix, target.shape):
        return _shift(start, end)
    return matrix


def tracked(
    target: Gray, source: Gray, target_free: Mask, source_free: Mask, corners: int = FEATURES
) -> tuple[Points, Points]:
    """Corners of ``target`` followed into ``source`` and back again (KLT): two arrays (N, 2)."""
    points = cv2.goodFeaturesToTrack(target, corners, 0.002, 4, mask=target_free.astype(np.uint8))
    if points is None:
        return NOWHERE, NOWHERE
    there, found, _ = cv2.calcOpticalFlowPyrLK(target, source, points, None, winSize=WINDOW, maxLevel=4)
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(source, target, there, None, winSize=WINDOW, maxLevel=4)
    start, end, back = (found_at.reshape(-1, 2) for found_at in (points, there, back))
    good = (found.ravel() > 0) & (found_back.ravel() > 0) & (np.abs(back - start).max(1) < 0.3)
    good &= _inside(end, source_free)
    return start[good], end[good]


def _matched(target: Gray, source: Gray, target_free: Mask, source_free: Mask) -> tuple[Points, Points]:
    """Corners matched by their look (ORB), for frames that are far apart: two arrays (N, 2)."""
    orb = cv2.ORB.create(2 * FEATURES)
    points_a, looks_a = orb.detectAndCompute(target, target_free.astype(np.uint8))
    points_b, looks_b = orb.detectAndCompute(source, source_free.astype(np.uint8))
    if looks_a is None or looks_b is None:
        return NOWHERE, NOWHERE
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(looks_a, looks_b)
    start = np.array([points_a[pair.queryIdx].pt for pair in pairs], np.float32).reshape(-1, 2)
    end = np.array([points_b[pair.trainIdx].pt for pair in pairs], np.float32).reshape(-1, 2)
    return (start, end) if _agreement(start, end) >= FEWEST else (start[:0], end[:0])


def _agreement(start: Points, end: Points) -> int:
    """How many of the points follow one homography."""
    if len(start) < FEWEST:
        return 0
    _, inliers = cv2.findHomography(start, end, cv2.RANSAC, 2 * INLIER)
    return 0 if inliers is None else int(inliers.sum())


def _homography(start: Points, end: Points) -> Matrix | None:
    """The homography that most points follow, or a similarity if they are few."""
    if len(start) >= FEWEST:
        matrix, _ = cv2.findHomography(start, end, cv2.RANSAC, INLIER)
        return None if matrix is None else np.asarray(matrix, np.float64)
    partial, _ = cv2.estimateAffinePartial2D(start, end)
    return None if partial is None else np.vstack([partial, [0, 0, 1]])


def _shift(start: Points, end: Points) -> Matrix:
    """The median movement as a matrix."""
    matrix = np.eye(3)
    matrix[:2, 2] = np.median(end - start, axis=0)
    return matrix


def _plausible(matrix: Matrix, shape: tuple[int, ...]) -> bool:
    """A camera neither mirrors the scene nor doubles its size from one frame to the next."""
    height, width = shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = apply(matrix, corners)
    area = cv2.contourArea(moved, oriented=True)
    return bool(np.isfinite(moved).all() and 0.4 < area / (height * width) < 2.5)


def _inside(points: Points, free: Mask) -> Mask:
    """Which points (N, 2) lie in the picture on a True pixel."""
    x, y = np.rint(points).astype(int).T
    height, width = free.shape
    good = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    good[good] = free[y[good], x[good]]
    return np.asarray(good, bool)


def apply(matrix: Matrix, points: Points) -> Points:
    """Points (N, 2) through a homography."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved[:, :2] / moved[:, 2:], np.float32)
