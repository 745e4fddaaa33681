"""Painting a sprite into a frame and into its labels: one warp over the rectangle that it reaches."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.training.library import Labels
from tam_core.training.sprites import Sprite
from tam_core.training.trajectories import Trajectory
from tam_core.training.warps import affine_map, inverse, similarity
from tam_core.types import Pixels

BLUR_SAMPLES = 7
"""Copies that make up a motion blur."""

LONGEST_BLUR = 16
"""Pixels: with longer ones the copies would be seen apart."""


@dataclass(frozen=True)
class Actor:
    """A sprite on its way.

    ``label`` is what it writes into the labels: 1..k for an object, 0 for an occluder, None for a shadow, which hides
    nothing. ``shutter`` is the part of the time between two frames that is exposed: 0 = no motion blur.
    """

    sprite: Sprite
    path: Trajectory
    label: int | None
    shutter: float = 0.0


def draw(actor: Actor, t: int, frame: Pixels, labels: Labels) -> None:
    """Paint the actor as it is at frame index ``t`` onto ``frame`` (H, W, 3) and ``labels`` (H, W), both in place."""
    path, (h, w) = actor.path, actor.sprite.rgba.shape[:2]
    forward = similarity(path.centres[t], np.array([w - 1, h - 1]) / 2, path.scales[t], path.angles[t])
    left, top, right, bottom = _reach(actor, t, forward)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, frame.shape[1]), min(bottom, frame.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    where = affine_map(inverse(forward), (x0, y0), (y1 - y0, x1 - x0))
    bent = path.deformation(t, (bottom - top, right - left))
    if bent is not None:
        where += bent[y0 - top : y1 - top, x0 - left : x1 - left]
    rgba = cv2.remap(actor.sprite.rgba, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    rgba = streaked(rgba, path.velocity(t) * actor.shutter)
    _lay_over(frame[y0:y1, x0:x1], rgba)
    if actor.label is not None:
        np.copyto(labels[y0:y1, x0:x1], np.uint8(actor.label), where=rgba[..., 3] > 127)


def streaked(image: Pixels, blur: npt.NDArray[np.float64]) -> Pixels:
    """``image`` (H, W, C) uint8 blurred along ``blur`` (x, y) pixels; less than 1.5 pixels is none."""
    length = float(np.abs(blur).max())
    if length < 1.5:
        return image
    steps = np.linspace(-0.5, 0.5, BLUR_SAMPLES)[:, None] * min(1.0, LONGEST_BLUR / length)
    offsets = np.round(steps * blur).astype(int)
    margin = int(np.abs(offsets).max())
    padded = cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    total = np.zeros(image.shape, np.float32)
    for x, y in offsets + margin:
        cv2.accumulate(padded[y : y + image.shape[0], x : x + image.shape[1]], total)
    return np.asarray(cv2.convertScaleAbs(total, alpha=1 / BLUR_SAMPLES), np.uint8)


def _lay_over(frame: Pixels, rgba: Pixels) -> None:
    """Premultiplied ``rgba`` (h, w, 4) onto ``frame`` (h, w, 3), in place; all in bytes, for speed."""
    through = 255 - cv2.extractChannel(rgba, 3)
    behind = cv2.multiply(np.ascontiguousarray(frame), cv2.merge([through] * 3), scale=1 / 255)
    frame[:] = cv2.add(behind, np.ascontiguousarray(rgba[..., :3]))


def _reach(actor: Actor, t: int, forward: npt.NDArray[np.float64]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom that the bent, blurred sprite does not leave."""
    path, (h, w) = actor.path, actor.sprite.rgba.shape[:2]
    corners = forward @ np.array([[0, w, 0, w], [0, 0, h, h], [1, 1, 1, 1]])
    room = 2 + LONGEST_BLUR / 2 + float(np.abs(path.bend).max() * abs(path.bends[t]) * path.scales[t])
    low, high = np.floor(corners.min(axis=1) - room), np.ceil(corners.max(axis=1) + room)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
