"""What an effect is: a frame and the mask of its layer in, a frame out. It sees no file, no masklet and no host."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import cv2
import numpy as np

from tam_core.types import FloatMap, Mask, Pixels

Layer: TypeAlias = Literal["object", "background"]

Coverage: TypeAlias = Mask | FloatMap
"""(H, W): how much of each pixel belongs to the layer that an effect is given to; bool, or float32 0..1."""

LINES = 720
"""Lengths of effects count pixels of a picture with so many lines, so that they look the same at every size."""


@dataclass(frozen=True)
class Target:
    """An object's box (x0, y0, x1, y1) in pixels, and how much it is there, 0..1: what follows it fades with it."""

    x0: float
    y0: float
    x1: float
    y1: float
    presence: float = 1.0

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def size(self) -> tuple[float, float]:
        """(width, height) in pixels."""
        return self.x1 - self.x0, self.y1 - self.y0


@dataclass(frozen=True)
class Moment:
    """When and where: ``time`` in seconds, and the objects, each a box that moves smoothly.

    ``targets`` None: the box of the mask that is given is the one object.
    """

    time: float = 0.0
    targets: Sequence[Target] | None = None


STILL = Moment()


class Effect(Protocol):
    """A small frozen dataclass. The same frame, mask and moment give the same pixels."""

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        """``frame``: (H, W, 3) RGB uint8 or uint16; ``mask``: (H, W) bool or float32 0..1, the effect's own layer.

        Returns a new frame of the same shape and type. ``frame`` is left as it is.
        """
        ...


@dataclass(frozen=True)
class Original:
    """Nothing: the layer stays as it is."""

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        return frame.copy()


def coverage(mask: Coverage) -> FloatMap:
    """The mask as float32, 0..1."""
    return mask.astype(np.float32) if mask.dtype == np.bool_ else np.asarray(mask, np.float32)


def box_of(mask: Coverage, margin: int = 0) -> tuple[slice, slice] | None:
    """Rows and columns around all of the mask, and ``margin`` pixels more; None if it is empty."""
    height, width = mask.shape
    x, y, w, h = cv2.boundingRect((mask > 0).view(np.uint8))
    if not w:
        return None
    rows = slice(max(y - margin, 0), min(y + h + margin, height))
    return rows, slice(max(x - margin, 0), min(x + w + margin, width))


def targets_of(mask: Coverage, moment: Moment) -> Sequence[Target]:
    """The objects of the moment, or the mask's own box."""
    if moment.targets is not None:
        return moment.targets
    box = box_of(mask)
    if box is None:
        return ()
    rows, columns = box
    return (Target(columns.start, rows.start, columns.stop, rows.stop),)


def scaled(length: float, frame: Pixels) -> float:
    """A length of an effect in pixels of this frame."""
    return length * int(frame.shape[0]) / LINES
