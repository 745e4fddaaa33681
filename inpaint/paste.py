"""Copied pixels into a frame, so that no seam is seen.

Both sides of time are cross-faded, and what is left of a step at the rim of the hole (light, vignetting, a fraction of
a pixel) is spread smoothly over its inside (membrane, Farbman 2009).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inpaint.camera import Points
from inpaint.flow import sample
from inpaint.light import Light
from inpaint.membrane import extend
from inpaint.propagate import NONE, Trace
from tam_core.types import FloatMap, Mask, Pixels

Index = npt.NDArray[np.intp]

SOFTEST = 2.0
"""Copies are never blurred by more than this many pixels."""


@dataclass(frozen=True)
class PasteSettings:
    """``rim``: pixels around the region on which copy and truth are compared. ``step``: a local difference above it,
    in levels, is a misplaced edge and not light. ``coarse``: the membrane is solved at 1/coarse of the size.
    ``haste``: how steeply the weight of a copy falls with its distance in time. ``calm``: share of a
    frame's correction that is the last frame's."""

    rim: int = 4
    step: float = 5.0
    coarse: int = 2
    haste: float = 1.0
    calm: float = 0.8


@dataclass(frozen=True)
class Region:
    """The pixels of one frame that want filling, followed by those of the rim around them.

    ``y``, ``x``: (N + M,) both; ``inner``: N; ``nearest``: (M,) the inner pixel each rim pixel is closest to.
    """

    y: Index
    x: Index
    inner: int
    nearest: Index


@dataclass(frozen=True)
class Copy:
    """What one side of time has for a region: ``colours`` (N + M, 3) float16; ``source`` (N + M,) int16 or NONE."""

    colours: npt.NDArray[np.float16]
    source: npt.NDArray[np.int16]


def region(wanted: Mask, rim: int) -> Region:
    """The region of the True pixels of ``wanted`` (H, W)."""
    distance, labels = cv2.distanceTransformWithLabels(
        (~wanted).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    y, x = np.nonzero(wanted)
    rim_y, rim_x = np.nonzero((distance > 0) & (distance <= rim))
    position = np.zeros(labels.max() + 1, np.intp)
    position[labels[y, x]] = np.arange(len(y))
    nearest = position[labels[rim_y, rim_x]]
    return Region(np.concatenate([y, rim_y]), np.concatenate([x, rim_x]), len(y), nearest)


def copy(
    trace: Trace, area: Region, pictures: Pixels, soft: Mapping[int, Pixels], shown: Mask, lights: Sequence[Light]
) -> Copy:
    """Fetch a region's colours from where the trace says they are, in the light of the trace's own frame.

    A rim pixel is fetched from beside its nearest inner pixel's place, so that it shows the step at that very seam.
    """
    y, x = area.y[: area.inner], area.x[: area.inner]
    source, place, drift = trace.source[y, x], trace.place[y, x], trace.drift[y, x]
    beside = np.stack([area.x[area.inner :] - x[area.nearest], area.y[area.inner :] - y[area.nearest]], 1)
    source = np.concatenate([source, source[area.nearest]])
    place = np.concatenate([place, place[area.nearest] + beside]).astype(np.float32)
    drift = np.concatenate([drift, drift[area.nearest]])
    colours = np.zeros((len(source), 3), np.float16)
    for other in np.unique(source[source != NONE]):
        chosen = np.flatnonzero(source == other)
        chosen = chosen[on(shown[other], place[chosen])]
        source[source == other] = NONE
        source[chosen] = other
        change = lights[other].then(lights[trace.frame].inverse())
        colours[chosen] = change.apply(_fetch(pictures[other], soft[other], place[chosen], drift[chosen])).clip(0, 255)
    return Copy(colours, source)


def _fetch(picture: Pixels, soft_picture: Pixels, place: Points, drift: FloatMap) -> FloatMap:
    """Colours (N, 3) at ``place``; softer where detail would probably be in the wrong position."""
    sharp = sample(picture, place)
    soft = drift > SOFTEST / 8
    if not soft.any():
        return sharp
    share = np.minimum(drift[soft] / SOFTEST, 1)[:, None]
    sharp[soft] += share * (sample(soft_picture, place[soft]) - sharp[soft])
    return sharp


def softened(picture: Pixels, shown: Mask) -> Pixels:
    """A picture (H, W, 3), blurred as far as copies may be.

    Only what is ``shown`` (H, W) takes part: the object's colours do not leak out of its hole.
    """
    weight = cv2.GaussianBlur(shown.astype(np.float32), (0, 0), SOFTEST)[..., None]
    total = cv2.GaussianBlur(picture * shown[..., None].astype(np.float32), (0, 0), SOFTEST)
    return np.asarray(np.rint(total / np.maximum(weight, 1e-3)).clip(0, 255), np.uint8)


def paste(
    picture: Pixels,
    area: Region,
    copies: Sequence[Copy],
    frame: int,
    settings: PasteSettings,
    before: FloatMap | None = None,
) -> tuple[Mask, FloatMap]:
    """Write the copies into ``picture`` (H, W, 3), in place.

    Returns which inner pixels got a colour, (N,) bool, and the correction (H, W, 3) that took the seam away; give it to
    the next frame as ``before``, so that corrections do not flicker.
    """
    colours, found = _blend(copies, frame, settings)
    rim = slice(area.inner, None)
    known = np.zeros(picture.shape[:2], bool)
    known[area.y[rim], area.x[rim]] = found[rim]
    step = np.zeros(picture.shape, np.float32)
    step[area.y[rim], area.x[rim]] = picture[area.y[rim], area.x[rim]] - colours[rim]
    correction = _membrane(step, known, settings) if known.any() else np.zeros_like(step)
    if before is not None:
        correction += settings.calm * (before - correction)
    inner = np.flatnonzero(found[: area.inner])
    y, x = area.y[inner], area.x[inner]
    picture[y, x] = np.rint(colours[inner] + correction[y, x]).clip(0, 255)
    return found[: area.inner], correction


def _blend(copies: Sequence[Copy], frame: int, settings: PasteSettings) -> tuple[FloatMap, Mask]:
    """Cross-fade copies, nearest in time first: colours (K, 3), and which of them exist (K,)."""
    total = np.zeros(copies[0].colours.shape, np.float32)
    weights = np.zeros(len(total), np.float32)
    for one in copies:
        distance = np.abs(one.source.astype(np.float32) - frame)
        weight = np.where(one.source == NONE, 0, (1 / np.maximum(distance, 1)) ** settings.haste).astype(np.float32)
        total += weight[:, None] * one.colours
        weights += weight
    return np.asarray(total / np.maximum(weights, 1e-12)[:, None], np.float32), weights > 0


def _membrane(step: FloatMap, known: Mask, settings: PasteSettings) -> FloatMap:
    """The steps on the ``known`` rim, (H, W, 3), spread smoothly over the picture.

    Their median is believed, it is light. What single stretches of the rim add to it is believed the less the larger it
    is: large and local means an edge that is a little out of place, and would smear.
    """
    height, width = known.shape
    size = (max(1, width // settings.coarse), max(1, height // settings.coarse))
    median = np.median(step[known], axis=0)
    local = step - median
    trust = known / (1 + (np.abs(local).max(2) / settings.step) ** 4)
    weight = cv2.blur(cv2.resize(trust.astype(np.float32), size, interpolation=cv2.INTER_AREA), (5, 5))
    local = cv2.blur(
        cv2.resize((local * trust[..., None]).astype(np.float32), size, interpolation=cv2.INTER_AREA), (5, 5)
    )
    rim = cv2.blur(cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA), (5, 5))
    smooth = local / np.maximum(weight + 0.25 * (rim - weight), 1e-6)[..., None]
    return np.asarray(cv2.resize(extend(smooth, rim > 1e-3), (width, height)) + median, np.float32)


def on(mask: Mask, points: FloatMap) -> Mask:
    """Which points (N, 2) lie on a True pixel of ``mask`` (H, W)."""
    x, y = np.rint(points).astype(np.intp).T
    height, width = mask.shape
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    return np.asarray(inside & mask[y.clip(0, height - 1), x.clip(0, width - 1)], bool)
