"""Moving pixels: similarity transforms, smooth random fields and the maps that cv2.remap reads.

Points are (x, y) in pixels. A map says for every pixel of the result where in the source it comes from.
"""

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.types import FloatMap, Size

FIELD_GRID = (4, 5)
"""Rows and columns of control points: few enough that fields bend things and do not tear them."""

Affine = npt.NDArray[np.float64]
"""(2, 3): the linear part and, last, the shift."""


def similarity(
    target: npt.NDArray[np.float64], source: npt.NDArray[np.float64], scale: float, angle: float, shear: float = 0.0
) -> Affine:
    """Turn by ``angle`` (radians) and enlarge around the point ``source``, which lands on ``target``."""
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    linear = np.array([[c, -s + shear * scale], [s, c]])
    return np.column_stack([linear, target - linear @ source])


def inverse(affine: Affine) -> Affine:
    """The way back."""
    return np.asarray(cv2.invertAffineTransform(affine), np.float64)


def smooth_field(rng: np.random.Generator, amplitude: float) -> FloatMap:
    """Control points (4, 5, 2) of a displacement field of about ``amplitude`` pixels."""
    return (rng.standard_normal((*FIELD_GRID, 2)) * amplitude).astype(np.float32)


def enlarged(field: FloatMap, size: Size) -> FloatMap:
    """Control points (r, c, 2) to a dense field (H, W, 2)."""
    return np.asarray(cv2.resize(field, size[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def affine_map(backward: Affine, corner: tuple[int, int], size: Size) -> FloatMap:
    """(H, W, 2): where ``backward`` takes each pixel of the rectangle of ``size`` whose first pixel is ``corner``."""
    xs = np.arange(corner[0], corner[0] + size[1], dtype=np.float32)
    ys = np.arange(corner[1], corner[1] + size[0], dtype=np.float32)
    (a, b, c), (d, e, f) = backward.astype(np.float32)
    where = np.empty((*size, 2), np.float32)
    np.add((a * xs)[None, :], (b * ys + c)[:, None], out=where[..., 0])
    np.add((d * xs)[None, :], (e * ys + f)[:, None], out=where[..., 1])
    return where
