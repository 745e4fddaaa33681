"""Holes: what has to be filled on each frame, how far the fill reaches over the source, and which part to work on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tam_core.errors import MaskletError, NotVisibleError
from tam_core.masklet import Masklet, union_mask
from tam_core.types import FloatMap, Mask, Pixels, Size

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

    def objects(self, frame: int) -> Mask:
        """The objects of a frame together, (H, W) bool."""
        mask = union_mask(self.masklets, frame)
        return np.zeros(self.size, bool) if mask is None else mask

    def hole(self, frame: int) -> Mask:
        """What has to be filled: the objects grown by a disc, (H, W) bool."""
        return grown(self.objects(frame), self.grow)

    def box(self, frame: int) -> Box | None:
        """The hole's box, from the run-length codes; None where nothing is seen."""
        boxes = [masklet.rles[frame].box for masklet in self.masklets if frame in masklet.rles]
        found = [box for box in boxes if box is not None]
        if not found:
            return None
        x0, y0, x1, y1 = (int(side) for side in (*np.min(found, 0)[:2], *np.max(found, 0)[2:]))
        height, width = self.size
        grow = self.grow
        return max(x0 - grow, 0), max(y0 - grow, 0), min(x1 + grow, width), min(y1 + grow, height)

    def alpha(self, frame: int) -> FloatMap:
        """How much of the fill is shown, (H, W) float32: 1 on the objects, 0 outside the hole, a ramp at its rim."""
        objects = self.objects(frame)
        hole = grown(objects, self.grow).astype(np.uint8)
        if not self.feather or not hole.any():
            return hole.astype(np.float32)
        framed = cv2.copyMakeBorder(hole, 1, 1, 1, 1, cv2.BORDER_REPLICATE)  # no ramp along the picture's edge
        depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1]
        ramp = np.minimum(depth / (self.feather + 1), 1)
        return np.asarray(np.maximum(ramp, objects), np.float32)


def holes_of(masklets: Iterable[Masklet], size: Size, grow: int = 4, feather: int = 2) -> Holes:
    """The holes of a video of ``size`` (H, W). Raises MaskletError if a masklet belongs to a video of another size."""
    chosen = tuple(masklets)
    for masklet in chosen:
        if masklet.size != size:
            raise MaskletError(
                f"masklet {masklet.object_id} is {masklet.size[1]}x{masklet.size[0]}, "
                f"the video is {size[1]}x{size[0]}; "
                "track the object on this video, or scale its masks first"
            )
    return Holes(chosen, size, grow, feather)


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


def composite(source: Pixels, fill: FloatMap, alpha: FloatMap) -> Pixels:
    """``fill`` (H, W, 3), 0..255, over ``source``; where ``alpha`` (H, W) is 0 the source's pixels stay bit for bit."""
    result = source.copy()
    inside = alpha > 0
    share = alpha[inside][:, None]
    result[inside] = np.rint(fill[inside] * share + source[inside] * (1 - share)).clip(0, 255).astype(np.uint8)
    return result


def crop_box(boxes: Sequence[tuple[float, float, float, float]], size: Size, margin: int) -> Box:
    """The smallest box around all ``boxes`` and ``margin`` pixels more, inside a picture of ``size`` (H, W)."""
    x0, y0 = np.min(boxes, 0)[:2] - margin
    x1, y1 = np.max(boxes, 0)[2:] + margin
    return max(int(x0), 0), max(int(y0), 0), min(int(x1), size[1]), min(int(y1), size[0])
