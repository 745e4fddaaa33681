"""What the colours in the band say: every pixel is taken for a mixture of object and background, by their local means.

The position of a pixel between the two (the colour line of Levin et al. 2008) is a measurement of its alpha, with a
variance that follows from how much either colour varies there and how far apart they are. The mask's blurred outline is
a second measurement. How much that one is worth is read off the picture: where the colours are sure and contradict
the outline more than their own variance allows, the outline is off by the rest (empirical Bayes). So a mask that is
exact stays as it is, and one that wobbles gives way.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from tam_core.matte.trimap import Indices, Trimap
from tam_core.types import FloatMap, Mask

_NOISE = 0.03
"""Standard deviation of a colour through grain and compression, in units of 0..1."""

_LEAST_VARIANCE = 2e-3
"""Of a measured alpha: mixtures are never exactly linear."""

_SOFTNESS = (0.7, 1.2)
"""The outline is blurred by a third of the band's half width, but by so many pixels at least and at most (sigma)."""

_OUTLINE = 0.05
"""Standard deviation of the outline's alpha when nothing contradicts it."""

_RADIUS = 3.0
"""Band pixels at the scale at which local means are taken; wider bands are measured on smaller pictures."""

_REACH = 8.0
"""How far along the outline contradictions are averaged, in pixels of that scale."""

_SOLID = 0.7
"""Inside the outline, the doubt in it fades over this share of the band: a face next to dark hair is no mixture."""

_OVERSHOOT = 0.1
"""A measured alpha below 0 or above 1 counts up to here, so that noise at the ends has no bias."""

_ROW = 1024
"""OpenCV takes no map longer than 32767 pixels: points go in rows."""


@dataclass(frozen=True)
class Estimate:
    """Alpha of the band's pixels: ``mean`` (N,) 0..1 and ``weight`` (N,), one over its variance."""

    mean: FloatMap
    weight: FloatMap


def estimate(colours: FloatMap, trimap: Trimap) -> Estimate:
    """``colours`` (h, w, 3) float32 0..1 in the trimap's box."""
    grid = _Grid(trimap)
    position, variance = _on_the_colour_line(colours, trimap, grid)
    softness = float(np.clip(trimap.radius / 3, *_SOFTNESS))
    blurred = cv2.GaussianBlur(trimap.mask.astype(np.float32), (0, 0), softness)
    outline = blurred[trimap.rows, trimap.columns]
    within = np.exp(-np.square(np.maximum(trimap.depth, 0) / (_SOLID * trimap.radius)))
    doubt = _OUTLINE**2 + _contradiction(position, variance, outline, grid) * within
    weight = 1 / variance + 1 / doubt
    mean = (np.clip(position, -_OVERSHOOT, 1 + _OVERSHOOT) / variance + outline / doubt) / weight
    return Estimate(np.clip(mean, 0, 1).astype(np.float32), weight.astype(np.float32))


class _Grid:
    """The small picture on which local means are taken, and the band's pixels in it."""

    def __init__(self, trimap: Trimap) -> None:
        height, width = trimap.mask.shape
        self.step = max(1.0, trimap.radius / _RADIUS)
        self.size = (max(1, round(width / self.step)), max(1, round(height / self.step)))
        self.reach = trimap.radius / self.step
        self.x = ((trimap.columns + 0.5) * (self.size[0] / width) - 0.5).astype(np.float32)
        self.y = ((trimap.rows + 0.5) * (self.size[1] / height) - 0.5).astype(np.float32)

    def mean(self, values: FloatMap, sigma: float) -> FloatMap:
        """Gaussian means of a full-size picture (h, w, C), C < 5, on the grid."""
        small = cv2.resize(values, self.size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.GaussianBlur(small, (0, 0), sigma), np.float32)

    def gather(self, values: FloatMap) -> FloatMap:
        """A grid (C, h, w) at the band's pixels, (N, C)."""
        count = len(self.x)
        x, y = (np.resize(axis, -(-count // _ROW) * _ROW).reshape(-1, _ROW) for axis in (self.x, self.y))
        found = [
            cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).ravel()[:count]
            for plane in values
        ]
        return np.stack(found, 1)

    def scatter(self, *values: FloatMap) -> FloatMap:
        """Sums of the band's values (N,) in the cells of the grid, (C, h, w)."""
        width, height = self.size
        cell: Indices = np.rint(self.y).astype(np.intp).clip(0, height - 1) * width
        cell += np.rint(self.x).astype(np.intp).clip(0, width - 1)
        sums = [np.bincount(cell, one, width * height).reshape(height, width) for one in values]
        return np.asarray(np.stack(sums), np.float32)


def _on_the_colour_line(colours: FloatMap, trimap: Trimap, grid: _Grid) -> tuple[FloatMap, FloatMap]:
    """The band's alpha by colour, (N,), and its variance, (N,)."""
    front, front_spread, front_share = _local(colours, trimap.inside, grid)
    back, back_spread, back_share = _local(colours, trimap.outside, grid)
    pixels = colours[trimap.rows, trimap.columns]
    line = front - back
    length = np.square(line).sum(1) + 1e-5
    position = ((pixels - back) * line).sum(1) / length
    across = ((front_spread + back_spread) / 2 * np.square(line)).sum(1) / np.square(length)
    seen = np.minimum(front_share, back_share)  # too few pixels nearby to know a colour by
    variance = (across + _NOISE**2 / length + _LEAST_VARIANCE) * (1 + 0.01 / (seen + 1e-6))
    return position, variance


def _local(colours: FloatMap, where: Mask, grid: _Grid) -> tuple[FloatMap, FloatMap, FloatMap]:
    """Mean (N, 3), variance (N, 3) and share (N,) of the colours ``where`` (h, w) bool around the band's pixels."""
    weight = np.asarray(where, np.float32)
    chosen = colours * weight[..., None]
    share = grid.mean(weight, grid.reach)
    sums = np.dstack([grid.mean(chosen, grid.reach), grid.mean(chosen * colours, grid.reach)])
    found = grid.gather(np.concatenate([share[None], np.moveaxis(sums, 2, 0)]))
    means = found[:, 1:] / (found[:, :1] + 1e-6)
    spread = np.maximum(means[:, 3:] - np.square(means[:, :3]), 0)
    return means[:, :3], spread, found[:, 0]


def _contradiction(position: FloatMap, variance: FloatMap, outline: FloatMap, grid: _Grid) -> FloatMap:
    """Mean square, (N,), by which the colours depart from the outline beyond their own variance.

    Averaged along the outline, and no larger than half of the outline has it: a stretch where the background looks
    like the object contradicts by mistake.
    """
    trust = np.asarray(1 / variance, np.float32)
    departed = np.asarray(trust * np.square(np.clip(position - outline, -1, 1)), np.float32)
    sums = grid.scatter(trust, departed, np.ones_like(trust))
    blurred = np.stack([cv2.GaussianBlur(one, (0, 0), _REACH) for one in sums])
    found = grid.gather(blurred)
    excess = np.maximum(found[:, 1] - found[:, 2], 0) / (found[:, 0] + 1e-6)
    return np.asarray(np.minimum(excess, np.median(excess)), np.float32)
