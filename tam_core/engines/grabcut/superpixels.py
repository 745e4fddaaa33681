"""Cutting a picture into superpixels (SLIC, Achanta et al. 2012) and measuring the contours between them."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.engines.grabcut.coefficients import Measurements
from tam_core.engines.grabcut.regions import Indices, Regions
from tam_core.types import FloatMap, Pixels

_REGIONS = 1000
_COMPACTNESS = 8.0
_ROUNDS = 4


def find_regions(pixels: Pixels) -> Regions:
    """Cut a small picture (H, W, 3) into superpixels of about equal size."""
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    smooth = cv2.bilateralFilter(lab, 5, 12.0, 3.0)
    labels = _superpixels(smooth)
    areas = np.bincount(labels.ravel()).astype(np.float32)
    texture = [_energy(lab, sigma) for sigma in (1.0, 3.0)]
    colours = _means(labels, areas, [*np.moveaxis(smooth, 2, 0) / 10, *texture])
    height, width = labels.shape
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    pairs, edges = _edges(labels, lab, colours)
    return Regions(labels, colours, _means(labels, areas, [columns, rows]), areas, pairs, edges)


def _superpixels(lab: FloatMap) -> npt.NDArray[np.int32]:
    """SLIC over Lab (H, W, 3): k-means in colour and place, each pixel among the 9 centres around its cell."""
    height, width = lab.shape[:2]
    side = max(2.0, (height * width / _REGIONS) ** 0.5)
    rows, columns = max(1, round(height / side)), max(1, round(width / side))
    y, x = np.indices((height, width), dtype=np.float32)
    cell_y, cell_x = ((y * rows / height).astype(np.int64), (x * columns / width).astype(np.int64))
    points = np.dstack([lab, x * (_COMPACTNESS / side), y * (_COMPACTNESS / side)])
    labels, channels = (cell_y * columns + cell_x, [points[..., index] for index in range(5)])
    centres = np.zeros((rows * columns, 5), np.float32)
    for _ in range(_ROUNDS):
        sizes = np.bincount(labels.ravel(), minlength=rows * columns)
        means = _means(labels, np.maximum(sizes, 1), channels)
        centres = np.where(sizes[:, None] > 0, means, centres)
        step_y, step_x = _nearest(points, centres.reshape(rows, columns, 5))
        labels = np.clip(cell_y + step_y, 0, rows - 1) * columns + np.clip(cell_x + step_x, 0, columns - 1)
    return np.unique(labels, return_inverse=True)[1].reshape(height, width).astype(np.int32)


def _nearest(points: FloatMap, centres: FloatMap) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """Steps (H, W) in rows and columns from each pixel's cell to the nearest of the 9 centres around it.

    ``points`` is (H, W, 5), ``centres`` (rows, columns, 5).
    """
    height, width = points.shape[:2]
    padded = np.pad(centres, ((1, 1), (1, 1), (0, 0)), mode="edge")
    best = np.full((height, width), np.inf, np.float32)
    step_y, step_x = np.zeros((2, height, width), np.int8)
    for dy, dx in np.ndindex(3, 3):
        shifted = padded[dy : dy + len(centres), dx : dx + centres.shape[1]]
        apart = points - cv2.resize(np.ascontiguousarray(shifted), (width, height), interpolation=cv2.INTER_NEAREST)
        distance = cv2.transform(apart * apart, np.ones((1, 5), np.float32)).reshape(height, width)
        closer = distance < best
        np.copyto(best, distance, where=closer)
        np.copyto(step_y, dy - 1, where=closer)
        np.copyto(step_x, dx - 1, where=closer)
    return step_y, step_x


def _means(labels: npt.NDArray[Any], sizes: npt.NDArray[Any], channels: Sequence[npt.NDArray[Any]]) -> FloatMap:
    """The mean (N, C) of each channel (H, W) in each region."""
    flat = labels.ravel()
    sums = [np.bincount(flat, weights=channel.ravel(), minlength=len(sizes)) for channel in channels]
    means: FloatMap = (np.stack(sums, axis=1) / sizes[:, None]).astype(np.float32)
    return means


def _gradient(lab: FloatMap, sigma: float) -> FloatMap:
    """The strength (H, W) of colour change at a scale of ``sigma`` pixels, in Lab / 10 across the edge."""
    smooth = cv2.GaussianBlur(lab, (0, 0), sigma)
    dx, dy = (cv2.Sobel(smooth, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(smooth, cv2.CV_32F, 0, 1) / 8)
    strength: FloatMap = np.sqrt((dx**2 + dy**2).sum(axis=2)) * (sigma * 0.25)
    return strength


def _energy(lab: FloatMap, sigma: float) -> FloatMap:
    """Texture (H, W): how much the lightness varies around a pixel, in Lab / 10."""
    light = lab[:, :, 0] / 10
    mean, square = (cv2.GaussianBlur(image, (0, 0), sigma * 2) for image in (light, light**2))
    energy: FloatMap = np.sqrt(np.maximum(square - mean**2, 0))
    return energy


def _edges(labels: npt.NDArray[np.int32], lab: FloatMap, colours: FloatMap) -> tuple[Indices, Measurements]:
    """Neighbouring pairs (E, 2), and between them: steps of colour and texture, near and wide, and the gradient."""
    gradient = _gradient(lab, 2.5)
    count, codes, values = len(colours), [], []
    for here, there in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        first, second = labels[here].astype(np.int64), labels[there].astype(np.int64)
        apart = first != second
        low, high = np.minimum(first, second)[apart], np.maximum(first, second)[apart]
        codes.append(low * count + high)
        values.append(np.maximum(gradient[here], gradient[there])[apart])
    unique, index = np.unique(np.concatenate(codes), return_inverse=True)
    pairs = np.stack([unique // count, unique % count], axis=1)
    step = colours[pairs[:, 0]] - colours[pairs[:, 1]]
    wide = _neighbour_means(colours, pairs)
    step_wide = wide[pairs[:, 0]] - wide[pairs[:, 1]]
    return pairs, {
        "step": np.linalg.norm(step, axis=1),
        "step_wide": np.linalg.norm(step_wide, axis=1),
        "texture": np.abs(step_wide[:, 3:]).sum(axis=1),
        "gradient": _means(index, np.bincount(index), [np.concatenate(values)])[:, 0],
    }


def _neighbour_means(colours: FloatMap, pairs: Indices) -> FloatMap:
    """Each region's colour (N, C) averaged with its neighbours'."""
    total, number = colours.copy(), np.ones(len(colours), np.float32)
    for first, second in (pairs.T, pairs.T[::-1]):
        np.add.at(total, first, colours[second])
        np.add.at(number, first, 1)
    return total / number[:, None]
