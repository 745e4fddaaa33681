"""The field's protocol for video completion: real sequences behind a random shape that stands still.

What is behind the shape is the sequence itself, its moving object included, so nothing is removed: something is made up
for what the shape hides. The papers' set of masks is not public with a licence of its own; these are drawn by the same
law from fixed seeds.
"""

from pathlib import Path
from zlib import crc32

import cv2
import numpy as np

from inpaint.evaluation.footage import davis_footage
from inpaint.evaluation.scenes import Scene
from tam_core.types import Mask, Size

AXES = (0.775, 0.77)
"""The share of a figure's width and height that its axes take: the law was written as a drawing of a plotting library,
whose margins make every shape smaller than the size that was drawn for it."""

ROOM = 1.1
"""The axes reach beyond the control points by this factor."""


def static_scene(name: str, data: Path, size: Size) -> Scene:
    """A DAVIS sequence behind its shape. Raises SourceNotFoundError without the data."""
    clean = np.stack(list(davis_footage(data, name).frames(data, size)))
    shape = random_shape(np.random.default_rng(crc32(name.encode())), size)
    masks = np.repeat(shape[None], len(clean), 0)
    frames = clean.copy()
    frames[masks] = 127
    return Scene(name, frames, clean, masks, grow=0)


def random_shape(random: np.random.Generator, size: Size) -> Mask:
    """A shape with 6 to 8 curved edges somewhere in a picture of ``size`` (H, W), (H, W) bool.

    After the generator that FuseFormer, E2FGVI and ProPainter share (their core/utils.py): a closed path of cubic
    Bezier curves whose control points depart from a circle by 60 to 80 %, in a box of a third to all of each side.
    """
    height, width = size
    box = np.array([random.integers(width // 3, width), random.integers(height // 3, height)])
    edges, rough = int(random.integers(6, 9)), random.integers(6, 9) / 10
    outline = curve(control_points(random, edges, rough)) * box
    outline -= outline.min(0)
    spare = np.maximum(np.array([width, height]) - np.ceil(outline.max(0)) - 1, 0)
    drawn = np.zeros(size, np.uint8)
    corners = np.rint(outline + random.integers(0, spare.astype(int) + 1)).astype(np.int32)
    return np.asarray(cv2.fillPoly(drawn, [corners], 1) > 0)


def control_points(random: np.random.Generator, edges: int, rough: float) -> np.ndarray:
    """(3 * edges + 1, 2), closed, in shares of the box that the shape is drawn for."""
    angles = np.linspace(0, 2 * np.pi, 3 * edges + 1)
    radii = 1 - rough + 2 * rough * random.random(3 * edges + 1)
    points = np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None]
    points[-1] = points[0]
    low, high = ROOM * points.min(), ROOM * points.max()
    return np.asarray((points - low) / (high - low) * AXES)


def curve(points: np.ndarray) -> np.ndarray:
    """The path (N, 2) of cubic Bezier curves through every third of the control points."""
    t = np.linspace(0, 1, 32)[:, None]
    parts = [
        (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d
        for a, b, c, d in zip(points[:-1:3], points[1::3], points[2::3], points[3::3], strict=True)
    ]
    return np.concatenate(parts)
