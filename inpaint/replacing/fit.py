"""Planar motion models through pairs of points, and which of them is enough. Knows no pictures.

Similarity (4 numbers), affine map (6) and homography (8), each by RANSAC and least squares on what agrees
(Hartley and Zisserman 2004, sections 2.4, 4.7 and 4.8).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from inpaint.camera import Matrix, Points, apply
from tam_core.types import Mask

MODELS = ("similarity", "affine", "homography")
"""From few numbers to many."""

FEWEST = {"similarity": 6, "affine": 10, "homography": 20}
"""With fewer pairs than this a model is not fitted: the next simpler one is."""

INLIER = 1.5
"""Pairs within so many pixels of a model agree with it."""

ENOUGH = 1.4
"""A model is enough if no richer one leaves less than 1 / ``ENOUGH`` of its error ..."""

NOISE = 0.1
"""... or if it leaves less than this many pixels: points are not followed any better."""


@dataclass(frozen=True)
class Fit:
    """A fitted ``matrix``: takes start points to end points. ``agree`` (N,) bool: the pairs that follow it.

    ``error``: how well the matrix is known, in pixels: the root mean square of what the agreeing pairs leave, shared
    among the numbers of the model.
    """

    matrix: Matrix
    agree: Mask = field(repr=False)
    error: float


def fit(start: Points, end: Points, model: str, inlier: float = INLIER) -> Fit | None:
    """The ``model``, or the richest simpler one that the pairs (N, 2), (N, 2) are enough for; None if none is."""
    for name in reversed(MODELS[: MODELS.index(model) + 1]):
        if len(start) < FEWEST[name]:
            continue
        matrix, inliers = _robust(start, end, name, inlier)
        if matrix is None or inliers is None or not _sound(matrix, start):
            continue
        agree = inliers.ravel() > 0
        count = int(agree.sum())
        if count < FEWEST[name]:
            continue
        left = np.linalg.norm(apply(matrix, start[agree]) - end[agree], axis=1)
        numbers = 4 + 2 * MODELS.index(name)
        error = float(np.sqrt(np.mean(left**2) * numbers / max(count, 1)))
        return Fit(matrix, agree, error)
    return None


def shift(start: Points, end: Points) -> Fit:
    """The median way from start to end points, N >= 1."""
    matrix = np.eye(3)
    matrix[:2, 2] = np.median(end - start, axis=0)
    far = np.linalg.norm(end - start - matrix[:2, 2], axis=1)
    return Fit(matrix, far < 2 * INLIER, float(np.median(far)))


def _robust(start: Points, end: Points, name: str, inlier: float) -> tuple[Matrix | None, Mask | None]:
    if name == "homography":
        matrix, inliers = cv2.findHomography(start, end, cv2.RANSAC, inlier, maxIters=500)
        return (None if matrix is None else np.asarray(matrix, np.float64)), inliers
    estimate = cv2.estimateAffinePartial2D if name == "similarity" else cv2.estimateAffine2D
    half, inliers = estimate(start, end, method=cv2.RANSAC, ransacReprojThreshold=inlier, maxIters=500)
    return (None if half is None else np.vstack([half, [0, 0, 1]])), inliers


def _sound(matrix: Matrix, points: Points) -> bool:
    """Whether it neither mirrors nor explodes the points' surroundings."""
    (x0, y0), (x1, y1) = points.min(0), points.max(0)
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    if not np.isfinite(matrix).all() or (corners @ matrix[2, :2] + matrix[2, 2] <= 0).any():
        return False
    before, after = (cv2.contourArea(quad, oriented=True) for quad in (corners, apply(matrix, corners)))
    return bool(before > 0 and 1 / 16 < after / before < 16)


def misfit(start: Points, end: Points, model: str) -> float | None:
    """The median distance in pixels that a model leaves, over all pairs; None where there are too few for it."""
    if len(start) < FEWEST[model]:
        return None
    matrix, _ = _robust(start, end, model, INLIER)
    if matrix is None:
        return None
    return float(np.median(np.linalg.norm(apply(matrix, start) - end, axis=1)))


def choose_model(pairs: Sequence[tuple[Points, Points]]) -> str:
    """The simplest model that is enough for three quarters of the frames, given each frame's pairs."""
    left = [[misfit(start, end, model) for model in MODELS] for start, end in pairs]
    known = [[value for value in row if value is not None] for row in left if row[-1] is not None]
    if not known:
        return MODELS[0]
    table = np.array(known)
    for position, model in enumerate(MODELS[:-1]):
        best = table[:, position + 1 :].min(1)
        enough = (table[:, position] <= NOISE) | (table[:, position] <= ENOUGH * best)
        if enough.mean() >= 0.75:
            return model
    return MODELS[-1]
