"""A picture through a homography onto a frame, as light: no jagged edge, no shimmer, blurred by its own motion.

What is drawn is premultiplied by its alpha and in amounts of light, so that means over a pixel and over the time that a
shutter is open are the means that a camera makes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from inpaint.camera import Matrix, apply
from inpaint.holes import Box
from inpaint.replacing.linear import to_light, units
from tam_core.types import FloatMap, Pixels, Size

BORDER = 2
"""Transparent pixels around a picture, so that its edge is as soft as any other."""

LARGEST = 8192
"""Pictures are not enlarged beyond so many pixels a side."""

LONGEST_STRIDE = 1.0
"""Pictures that make up a blur lie at most so many pixels apart ..."""

MOST_PICTURES = 24
"""... and are at most so many."""


@dataclass(frozen=True)
class Layer:
    """What was drawn inside ``box`` of a frame: ``light`` (h, w, 3) premultiplied and ``alpha`` (h, w), 0..1."""

    box: Box
    light: FloatMap = field(repr=False)
    alpha: FloatMap = field(repr=False)

    def times(self, share: FloatMap) -> "Layer":
        """The same, let through by a share (h, w)."""
        return replace(self, light=self.light * share[..., None], alpha=self.alpha * share)

    def over(self, under: "Layer | None") -> "Layer":
        """This upon another layer of the same box."""
        if under is None:
            return self
        rest = 1 - self.alpha
        return Layer(self.box, self.light + under.light * rest[..., None], self.alpha + under.alpha * rest)


class Card:
    """A picture (h, w, 4) RGBA uint8 as light, in halves of its size, made when they are needed."""

    def __init__(self, picture: Pixels) -> None:
        values = units(picture)
        alpha = values[..., 3:]
        framed = np.concatenate([to_light(values[..., :3]) * alpha, alpha], 2)
        self._levels = [framed]
        self.size: Size = (picture.shape[0], picture.shape[1])

    def scaled(self, scale: float) -> tuple[FloatMap, Matrix]:
        """The picture for being shown ``scale`` times its size, framed, and the matrix from its own pixels to that.

        Enlarged ones are framed after that, so that their edges are as sharp as any other's.
        """
        level = 0
        while scale <= 0.5 and min(self._levels[level].shape[:2]) >= 2:
            level, scale = level + 1, scale * 2
            if level == len(self._levels):
                height, width = (max(1, side // 2) for side in self._levels[-1].shape[:2])
                self._levels.append(cv2.resize(self._levels[-1], (width, height), interpolation=cv2.INTER_AREA))
        picture = self._levels[level]
        scale = min(scale, LARGEST / max(picture.shape[:2]))
        if scale != 1:
            size = [max(1, round(side * scale)) for side in picture.shape[1::-1]]
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        across, down = picture.shape[1] / self.size[1], picture.shape[0] / self.size[0]
        edge = (BORDER,) * 4
        matrix = np.array([[across, 0, (across - 1) / 2 + BORDER], [0, down, (down - 1) / 2 + BORDER], [0, 0, 1]])
        return cv2.copyMakeBorder(picture, *edge, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0)), matrix


def draw(card: Card, matrices: Sequence[Matrix], size: Size, margin: int = 2) -> Layer | None:
    """The mean of a picture drawn through each of the ``matrices``, from its pixels to the frame's (``size``).

    None where nothing of it is in the frame. ``margin``: pixels around it that the layer has, for later blurs.
    """
    box = covered(card.size, matrices, size, margin)
    if box is None:
        return None
    x0, y0, x1, y1 = box
    finer = 2 if len(matrices) < 4 else 1
    scale = _scale(matrices[len(matrices) // 2], card.size)
    picture, into = card.scaled(min(finer * scale, max(1.0, scale)))
    zoom = np.array([[finer, 0, finer * (0.5 - x0) - 0.5], [0, finer, finer * (0.5 - y0) - 0.5], [0, 0, 1]])
    total = np.zeros((y1 - y0, x1 - x0, 4), np.float32)
    for matrix in matrices:
        fine = cv2.warpPerspective(
            picture,
            zoom @ matrix @ np.linalg.inv(into),
            (finer * (x1 - x0), finer * (y1 - y0)),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
        )
        total += cv2.resize(fine, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA) if finer > 1 else fine
    total /= len(matrices)
    return Layer(box, total[..., :3], total[..., 3])


def _quad(size: Size) -> FloatMap:
    height, width = size
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - np.float32(0.5)


def covered(card: Size, matrices: Sequence[Matrix], size: Size, margin: int) -> Box | None:
    """The part of a frame that a picture comes to lie on, through any of the matrices."""
    quad = _quad(card)
    for matrix in matrices:
        if (quad @ matrix[2, :2] + matrix[2, 2] <= 1e-6).any() or not np.isfinite(matrix).all():
            return None  # part of the plane lies behind the camera
    corners = np.concatenate([apply(matrix, quad) for matrix in matrices])
    height, width = size
    x0, y0 = (int(side) for side in np.floor(np.clip(corners.min(0) - margin, 0, 1e6)))
    x1, y1 = (int(side) for side in np.ceil(np.clip(corners.max(0) + margin + 1, 0, 1e6)))
    box = x0, y0, min(x1, width), min(y1, height)
    return box if box[0] < box[2] and box[1] < box[3] else None


def _scale(matrix: Matrix, card: Size) -> float:
    """How many times its own size a picture is shown."""
    shown = cv2.contourArea(apply(matrix, _quad(card)))
    return float(np.sqrt(max(shown, 1e-6) / (card[0] * card[1])))


def blurred(layer: Layer, sigma: float) -> Layer:
    """The layer seen less sharply. Its margin has to be three times as wide."""
    if sigma < 0.15:
        return layer
    light = cv2.GaussianBlur(layer.light, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    alpha = cv2.GaussianBlur(layer.alpha, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return Layer(layer.box, light, alpha)
