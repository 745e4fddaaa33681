"""Smooth continuation: given values on some pixels, what a stretched rubber sheet would have on all the others.

Flow inside holes, light corrections and the first guess for patches all come from here. Coarse to fine, so that a large
hole costs no more than a small one per pixel; the result nearly solves Laplace's equation.
"""

import cv2
import numpy as np

from tam_core.types import FloatMap, Mask

SWEEPS = 6
"""Jacobi sweeps per pyramid level; with them the error is a few per cent of the values' range."""

COARSEST = 3
"""A pyramid level with a side this short is filled with its mean."""


def extend(values: FloatMap, known: Mask) -> FloatMap:
    """Continue ``values`` (H, W, C) float32 from where ``known`` (H, W) is True to everywhere; known values stay."""
    values = np.where(known[..., None], values, np.float32(0)).astype(np.float32)
    return _extend(values, known.astype(np.float32))


def _extend(values: FloatMap, weight: FloatMap) -> FloatMap:
    """One level: ``weight`` (H, W) is 0 where unknown; ``values`` are 0 there."""
    height, width = weight.shape
    unknown = weight <= 0
    if not unknown.any():
        return values
    if min(height, width) <= COARSEST:
        return _with_mean(values, unknown)
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse_weight = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    coarse = _channels(cv2.resize(values * weight[..., None], half, interpolation=cv2.INTER_AREA))
    coarse = coarse / np.maximum(coarse_weight, 1e-6)[..., None]
    guess = _channels(cv2.resize(_extend(coarse, coarse_weight), (width, height), interpolation=cv2.INTER_LINEAR))
    return _relax(np.where(unknown[..., None], guess, values), unknown)


def _relax(values: FloatMap, unknown: Mask) -> FloatMap:
    """Replace unknown values by the mean of their four neighbours, a few times, inside their bounding box only."""
    rows, columns = np.flatnonzero(unknown.any(1)), np.flatnonzero(unknown.any(0))
    box = (slice(max(rows[0] - 1, 0), rows[-1] + 2), slice(max(columns[0] - 1, 0), columns[-1] + 2))
    part, free = values[box], unknown[box].astype(np.uint8)
    cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    for _ in range(SWEEPS):
        mean = cv2.filter2D(part, cv2.CV_32F, cross, borderType=cv2.BORDER_REPLICATE)
        part = part.copy()
        cv2.copyTo(mean, free, part)
        part = _channels(part)
    values[box] = part
    return values


def _with_mean(values: FloatMap, unknown: Mask) -> FloatMap:
    """Unknown pixels get the mean of the known ones, or 0 where nothing is known."""
    known = values[~unknown]
    mean = known.mean(0) if len(known) else np.zeros(values.shape[2], np.float32)
    return np.where(unknown[..., None], mean, values).astype(np.float32)


def _channels(values: FloatMap) -> FloatMap:
    """OpenCV drops a last axis of length 1; put it back."""
    return values if values.ndim == 3 else values[..., None]
