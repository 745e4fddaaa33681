"""Holes: what has to be filled on each frame, how far the fill reaches over the source, and which part to work on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from tam_core import rle
from tam_core.errors import MaskletError, NotVisibleError
from tam_core.masklet import Masklet
from tam_core.types import FloatMap, Mask, Pixels, Size

Pixel = TypeVar("Pixel", bound=np.generic)

BY_SIZE = -1
"""In place of a number of pixels by which masks are widened: what suits the size of the picture."""

Box = tuple[int, int, int, int]
"""(x0, y0, x1, y1) in whole pixels; x1 and y1 are exclusive."""


@dataclass(frozen=True)
class Holes:
    """The holes of a video, made from its masklets when they are asked for.

    ``grow``: pixels by which the objects are widened, for soft edges and loose masks. ``feather``: over so many of the
    outermost pixels the fill fades into the source; never over the object itself.
    """

    masklets: tuple[Masklet, ...]
    size: Size
    grow: int = 4
    feather: int = 2

    def visible(self, frame: int) -> bool:
        """Whether any object is seen on the frame; decodes nothing."""
        return any(frame in masklet.rles and masklet.rles[frame].area for masklet in self.masklets)

    def tracked(self, frame: int) -> bool:
        """Whether every object was looked for on the frame: only then is all that no mask covers background."""
        return all(frame in masklet.rles for masklet in self.masklets)

    def objects(self, frame: int, box: Box | None = None) -> Mask:
        """The objects of a frame together, (H, W) bool, or the part of it in a ``box``."""
        x0, y0, x1, y1 = box or self._everything
        codes = [masklet.rles[frame] for masklet in self.masklets if frame in masklet.rles]
        return rle.merge(codes).decode((x0, y0, x1, y1)) if codes else np.zeros((y1 - y0, x1 - x0), bool)

    def hole(self, frame: int, box: Box | None = None) -> Mask:
        """What has to be filled: the objects grown by a disc, (H, W) bool, or the part of it in a ``box``."""
        wanted, own = box or self._everything, self.box(frame)
        result = np.zeros((wanted[3] - wanted[1], wanted[2] - wanted[0]), bool)
        shared = None if own is None else overlap(wanted, own)
        if own is not None and shared is not None:
            crop(result, shared, wanted)[:] = crop(grown(self.objects(frame, own), self.grow), shared, own)
        return result

    def box(self, frame: int) -> Box | None:
        """The hole's box, from the run-length codes; None where nothing is seen."""
        boxes = [masklet.rles[frame].box for masklet in self.masklets if frame in masklet.rles]
        found = [box for box in boxes if box is not None]
        return None if not found else crop_box(found, self.size, self.grow)

    def alpha(self, frame: int, box: Box | None = None) -> FloatMap:
        """How much of the fill is shown, (H, W) float32: 1 on the objects, 0 outside the hole, a ramp at its rim.

        In steps of 1/255, so that a picture with 8 bits of alpha says the same. ``box``: the part of it to return.
        """
        wanted, own = box or self._everything, self.box(frame)
        result = np.zeros((wanted[3] - wanted[1], wanted[2] - wanted[0]), np.float32)
        if own is None:
            return result
        around = crop_box([own], self.size, 1)
        shared = overlap(wanted, around)
        if shared is not None:
            crop(result, shared, wanted)[:] = crop(self._ramp(self.objects(frame, around)), shared, around)
        return result

    def _ramp(self, objects: Mask) -> FloatMap:
        hole = grown(objects, self.grow).astype(np.uint8)
        if not self.feather:
            return hole.astype(np.float32)
        framed = cv2.copyMakeBorder(hole, 1, 1, 1, 1, cv2.BORDER_REPLICATE)  # no ramp along the picture's edge
        depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1]
        ramp = np.maximum(np.minimum(depth / (self.feather + 1), 1), objects)
        return np.asarray(np.rint(ramp * 255) / 255, np.float32)

    @property
    def _everything(self) -> Box:
        return 0, 0, self.size[1], self.size[0]


def crop(picture: npt.NDArray[Pixel], box: Box, frame: Box) -> npt.NDArray[Pixel]:
    """The part ``box`` of a picture (h, w, ...) that shows the part ``frame``; a view."""
    x0, y0, x1, y1 = box
    return picture[y0 - frame[1] : y1 - frame[1], x0 - frame[0] : x1 - frame[0]]


def overlap(a: Box, b: Box) -> Box | None:
    """What two boxes have in common."""
    x0, y0, x1, y1 = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def holes_of(masklets: Iterable[Masklet], size: Size, grow: int = BY_SIZE, feather: int = 2) -> Holes:
    """The holes of a video of ``size`` (H, W). Raises MaskletError if a masklet belongs to a video of another size."""
    chosen = tuple(masklets)
    for masklet in chosen:
        if masklet.size != size:
            raise MaskletError(
                f"masklet {masklet.object_id} is {masklet.size[1]}x{masklet.size[0]}, "
                f"the video is {size[1]}x{size[0]}; "
                "track the object on this video, or scale its masks first"
            )
    return Holes(chosen, size, growth(grow, size), feather)


def growth(grow: int, size: Size) -> int:
    """``grow``, or for BY_SIZE 4 pixels of a picture 854 wide, 9 of full HD, 18 of 4K, never less than 4.

    A network looks at every picture at about the same size, so its masks are the coarser the larger the picture is.
    """
    return grow if grow >= 0 else max(4, round(max(size) * 4 / 854))


def require_visible(holes: Holes, frames: range) -> None:
    """Raises NotVisibleError if there is nothing to remove on any of the frames."""
    if not any(holes.visible(frame) for frame in frames):
        ids = ", ".join(str(masklet.object_id) for masklet in holes.masklets) or "none"
        raise NotVisibleError(
            f"nothing to remove on frames {frames.start} to {frames.stop - 1} (objects: {ids}); "
            "track the object there, or choose frames that show it"
        )


def grown(mask: Mask, radius: int) -> Mask:
    """A mask (H, W) widened by a disc."""
    if radius <= 0 or not mask.any():
        return mask
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc) > 0)


def composite(source: Pixels, fill: Pixels, alpha: FloatMap) -> Pixels:
    """``fill`` (H, W, 3), in the source's levels, over ``source``, uint8 or uint16.

    Where ``alpha`` (H, W) is 0 the source's pixels stay bit for bit.
    """
    result = source.copy()
    inside = alpha > 0
    share = alpha[inside][:, None]
    mixed = np.rint(fill[inside] * share + source[inside] * (1 - share))
    result[inside] = mixed.clip(0, np.iinfo(source.dtype).max).astype(source.dtype)
    return result


def crop_box(boxes: Sequence[tuple[float, float, float, float]], size: Size, margin: int) -> Box:
    """The smallest box around all ``boxes`` and ``margin`` pixels more, inside a picture of ``size`` (H, W)."""
    x0, y0 = np.min(boxes, 0)[:2] - margin
    x1, y1 = np.max(boxes, 0)[2:] + margin
    return max(int(x0), 0), max(int(y0), 0), min(int(x1), size[1]), min(int(y1), size[0])
