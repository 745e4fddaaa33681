"""How an object moves between two neighbouring frames, and how what was painted on it at one frame is carried on.

The motion is measured inside the object only and continued smoothly around it. Displacements are composed and the
painted picture is looked up once, so that nothing is softened by being carried far.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from inpaint.generate.shot import eight_bits
from inpaint.membrane import extend
from tam_core.types import FloatMap, Mask, Pixels

SIDE = 480
"""The longer side of the pictures that motion is measured on, in pixels."""

AGREEMENT = 1.5
"""Motion that does not come back to within so many of those pixels is not believed."""

LOST = 0.05
"""With less than this share of believed pixels, the object is not the same on both frames."""

MISFIT = 0.5
"""Nor is it where what is left of a difference is more than this share of the object's contrast ..."""

GRAIN = 6.0
"""... and more than so many levels, if there are ..."""

FEWEST = 64
"""... so many pixels to tell it by."""

SLACK = 5
"""A rim of unseen pixels that is thinner than this is a matter of measuring."""

EDGE = 3
"""Motion so close to the object's edge, in pixels, may be that of what is beside it."""


@dataclass(frozen=True)
class Step:
    """The motion between two frames, (h, w, 2) float32 in pixels (x, y), everywhere.

    ``to_earlier``: from the later frame's pixels; ``to_later``: from the earlier one's. ``lost``: nothing agrees.
    """

    to_earlier: FloatMap
    to_later: FloatMap
    lost: bool


def step(earlier: Pixels, later: Pixels, was: Mask, now: Mask) -> Step:
    """Measure the motion of an object between two crops (h, w, 3) of the same place; ``was`` and ``now``: its masks."""
    height, width = was.shape
    scale = min(1.0, SIDE / max(height, width))
    size = (max(round(width * scale), 16), max(round(height * scale), 16))
    grays = [_gray(picture, size) for picture in (earlier, later)]
    masks = [cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0 for mask in (was, now)]
    shift = _centre(masks[1]) - _centre(masks[0])
    alone = [_alone(gray, mask) for gray, mask in zip(grays, masks, strict=True)]
    back = _flow(alone[1], alone[0], -shift)
    forth = _flow(alone[0], alone[1], shift)
    sure = [_sure(forth, back, masks[0], masks[1]), _sure(back, forth, masks[1], masks[0])]
    few = any(good.sum() <= LOST * max(mask.sum(), 1) for good, mask in zip(sure, masks, strict=True))
    lost = few or _differs(grays[1], grays[0], back, sure[1])
    enlarge = np.array([width / size[0], height / size[1]], np.float32)
    fields = [_continued(flow, good, shift * sign) for flow, good, sign in ((back, sure[1], -1), (forth, sure[0], 1))]
    to_earlier, to_later = (cv2.resize(field, (width, height)) * enlarge for field in fields)
    return Step(to_earlier, to_later, lost)


def onwards(field: FloatMap, displacement: FloatMap) -> FloatMap:
    """A ``field`` (h, w, 2) to a neighbouring frame, followed by that frame's ``displacement`` to a key frame."""
    return np.asarray(field + looked_up(displacement, field), np.float32)


def looked_up(values: FloatMap, displacement: FloatMap) -> FloatMap:
    """What ``values`` (h, w, C) are at each pixel moved by ``displacement`` (h, w, 2); the border goes on outside."""
    height, width = displacement.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    place = displacement + np.dstack([x, y])
    found = cv2.remap(values, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found)


def carried(painted: FloatMap, hole: Mask, displacement: FloatMap, wanted: Mask) -> tuple[FloatMap, Mask]:
    """What was ``painted`` (h, w, 3) float32 in the ``hole`` of a key frame, as seen from a frame moved from it.

    Returns colours (h, w, 3), good where ``wanted``, and a mask of the wanted pixels that the key frame does not show,
    but for a few at the rim. Colours of pixels that it does not show are continued from the others.
    """
    colours = looked_up(painted, displacement)
    seen = looked_up(hole.astype(np.float32)[..., None], displacement) > 0.5
    known = wanted & seen.reshape(hole.shape)
    unseen = wanted & ~known
    if unseen.any() and known.any():
        colours = np.where(unseen[..., None], extend(colours, known), colours)
    thick = cv2.morphologyEx(unseen.astype(np.uint8), cv2.MORPH_OPEN, np.ones((SLACK, SLACK), np.uint8))
    return colours, np.asarray(thick > 0)


def _gray(picture: Pixels, size: tuple[int, int]) -> Pixels:
    small = cv2.resize(eight_bits(picture), size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def _centre(mask: Mask) -> FloatMap:
    """(x, y) of a mask's middle; 0 where it is empty."""
    y, x = np.nonzero(mask)
    return np.array([x.mean(), y.mean()] if len(x) else [0, 0], np.float32)


def _flow(target: Pixels, source: Pixels, guess: FloatMap) -> FloatMap:
    """Dense motion (h, w, 2) from ``target`` to ``source``; ``guess`` (2,): a shift to begin with."""
    height, width = target.shape
    matrix = np.array([[1, 0, guess[0]], [0, 1, guess[1]]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(source, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    dense = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(dense.calc(target, moved, None) + guess, np.float32)


def _alone(gray: Pixels, mask: Mask) -> Pixels:
    """The object with its colours continued around it, so that no motion is measured on what is beside it."""
    if not mask.any():
        return gray
    smooth = extend(gray.astype(np.float32)[..., None], mask)[..., 0]
    return np.asarray(np.rint(smooth).clip(0, 255), np.uint8)


def _inside(mask: Mask) -> Mask:
    """A mask without its edge, unless nothing is left of it."""
    width = 2 * EDGE + 1
    inner = cv2.erode(mask.astype(np.uint8), np.ones((width, width), np.uint8), borderValue=1) > 0
    return np.asarray(inner if inner.any() else mask)


def _differs(target: Pixels, source: Pixels, flow: FloatMap, mask: Mask) -> bool:
    """Whether ``source``, moved, does not look like ``target`` in a mask, whatever the light."""
    if mask.sum() < FEWEST:
        return False
    ours, theirs = looked_up(source.astype(np.float32), flow)[mask], target[mask].astype(np.float32)
    left = np.abs((theirs - theirs.mean()) - (ours - ours.mean())).mean()
    return bool(left > max(GRAIN, MISFIT * np.abs(theirs - theirs.mean()).mean()))


def _sure(one: FloatMap, other: FloatMap, mask: Mask, there: Mask) -> Mask:
    """Pixels inside ``mask`` whose motion ``one`` leads into the mask ``there`` and is undone by the ``other``."""
    undone = np.linalg.norm(one + looked_up(other, one), axis=2) < AGREEMENT
    arrives = looked_up(there.astype(np.float32), one) > 0.5
    return np.asarray(_inside(mask) & undone & arrives)


def _continued(flow: FloatMap, sure: Mask, otherwise: FloatMap) -> FloatMap:
    """The motion where it is ``sure``, smoothed, and continued to everywhere; ``otherwise`` (2,) where none is."""
    if not sure.any():
        return np.broadcast_to(otherwise, flow.shape).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(extend(flow, sure), (0, 0), 2.0), np.float32)
