"""The shadow that goes with an object: the dark region beside it that moves as it does, as a masklet of its own.

A shadow dims what is known to lie there and leaves its colour (Prati et al. 2003): each frame is divided by the
background that other frames show at the same place, once the camera's motion is undone. Dark regions count that touch
an object, and that were at the same place beside it on the frames around. An object that never moves away from its
shadow hides what is under it: no shadow is found there, nor a reflection, nor a light that the object casts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from tam_core import rle
from tam_core.geometry import fit_long_side
from tam_core.masklet import Masklet, union_mask
from tam_core.rle import RLE
from tam_core.types import XYXY, FloatMap, Mask, Pixels, Size
from tam_core.video.source import Frame, FrameSource

LONG_SIDE = 480
"""Shadows are soft: they are looked for on pictures of this size."""

SAMPLES = 48
"""Frames, spread over the span, that the background is taken from. All of them are kept, small."""

REFERENCES = 13
"""Of these, the nearest in time are asked about each frame."""

DARK = (0.3, 0.88)
"""What a shadow leaves of the background's values: less is another thing, more is noise."""

COLOUR_SHIFT = 0.28
"""How far the logarithms of what is left of red, green and blue may lie apart: shade is blue, but not a colour."""

SLACK = 5
"""Side in pixels of the square in which the background may be out of place: what stands nearer than the rest moves
otherwise than the camera's motion says. Of a dark region, ``SURE`` has to be darker than all that lies there."""

SURE = 0.3

BLACK = 0.3
"""Share of a region that may be darker than shadows are."""

AROUND = 5
"""A region counts if it is dark on most of so many frames before and after, carried along with the object."""

LEAST_AREA = 0.02
"""Of the object's area."""

LEAST_FRAMES = 0.4
"""Of the frames that show the object: an object with a shadow on fewer has none."""

Matrix = npt.NDArray[np.float64]


def shadow_masklets(
    source: FrameSource, masklets: Iterable[Masklet], start: int = 0, stop: int | None = None
) -> list[Masklet]:
    """The shadows of the objects on frames ``start`` .. ``stop`` (exclusive): a proposal, to be looked at.

    Each has the ``object_id`` of the object that it belongs to, masks on the frames on which it was found, and scores
    0..1 that say how well it goes with the object. Objects without a shadow have no masklet here. The video is read
    twice, a frame at a time.
    """
    objects = [masklet for masklet in masklets if masklet.visible_frames]
    if not objects:
        return []
    samples = _sampled(source, objects, start, stop)
    dark: list[dict[int, RLE]] = [{} for _ in objects]
    for look in _looks(source, objects, start, stop):
        shade = _shade(look, samples)
        for masklet, found in zip(objects, dark, strict=True):
            mask = _small(masklet, look.index, look.hidden.shape)
            if mask is not None:
                found[look.index] = rle.encode(_beside(shade, mask))
    paired = zip(objects, dark, strict=True)
    return [shadow for masklet, found in paired if (shadow := _comoving(masklet, found)) is not None]


@dataclass(frozen=True)
class _Look:
    """A frame made small. ``pixels`` (h, w, 3) float32 0..1; ``hidden`` (h, w): objects and a rim; ``way`` to frame 0.

    ``way`` takes points of this frame to where they were on the first one.
    """

    index: int
    pixels: FloatMap = field(repr=False)
    hidden: Mask = field(repr=False)
    way: Matrix = field(repr=False)


def _looks(source: FrameSource, objects: Sequence[Masklet], start: int, stop: int | None) -> Iterator[_Look]:
    """Every frame with the camera's way to it."""
    size = fit_long_side(source.info.size, LONG_SIDE).working
    way, before = np.eye(3), None
    for frame in source.frames(start, stop):
        pixels, hidden = _shrunk(frame, size), _hidden(objects, frame.index, size)
        grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
        if before is not None:
            way = way @ _camera(grey, before[0], ~hidden, ~before[1])
        before = grey, hidden
        yield _Look(frame.index, np.asarray(pixels / np.float32(255)), hidden, way)


def _shrunk(frame: Frame, size: Size) -> Pixels:
    small = cv2.resize(frame.pixels, size[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small if small.dtype == np.uint8 else small >> 8, np.uint8)


def _hidden(objects: Sequence[Masklet], index: int, size: Size) -> Mask:
    """The objects and what is so near that it is mixed with them, on a small picture."""
    mask = union_mask(objects, index)
    if mask is None:
        return np.zeros(size, bool)
    share = cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.dilate((share > 0.05).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _small(masklet: Masklet, index: int, size: tuple[int, ...]) -> Mask | None:
    mask = masklet.mask(index)
    if mask is None or not mask.any():
        return None
    return np.asarray(cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA) > 0.3)


def _camera(grey: Pixels, before: Pixels, free: Mask, free_before: Mask) -> Matrix:
    """The homography from a frame to the one before, by corners of the background (KLT); none where too few agree."""
    points = cv2.goodFeaturesToTrack(grey, 300, 0.003, 5, mask=free.astype(np.uint8))
    if points is None or len(points) < 12:
        return np.eye(3)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(grey, before, points, None, winSize=(15, 15), maxLevel=4)
    start, end = points.reshape(-1, 2), moved.reshape(-1, 2)
    x, y = np.rint(end).astype(int).T.clip(0, [[grey.shape[1] - 1], [grey.shape[0] - 1]])
    good = (found.ravel() > 0) & free_before[y, x]
    if good.sum() < 12 or np.median(np.linalg.norm(end[good] - start[good], axis=1)) < 0.06:
        return np.eye(3)
    matrix, _ = cv2.findHomography(start[good], end[good], cv2.RANSAC, 0.8)
    return np.eye(3) if matrix is None else np.asarray(matrix, np.float64)


def _sampled(source: FrameSource, objects: Sequence[Masklet], start: int, stop: int | None) -> list[_Look]:
    """Frames spread over the span: at first each is kept, then every second, every fourth ..."""
    kept: list[_Look] = []
    every = 1
    for count, look in enumerate(_looks(source, objects, start, stop)):
        if count % every == 0:
            kept.append(look)
        if len(kept) > SAMPLES:
            kept, every = kept[::2], every * 2
    return kept


def _shade(look: _Look, samples: Sequence[_Look]) -> Mask:
    """Where the frame is a darkened background, (h, w) bool, around the objects."""
    shade = np.zeros_like(look.hidden)
    x, y, width, height = cv2.boundingRect(look.hidden.astype(np.uint8))
    room = max(width, height) + 16
    box = (slice(max(y - room, 0), y + height + room), slice(max(x - room, 0), x + width + room))
    if width:
        shade[box] = _shade_in(_cropped(look, box), samples)
    return shade


def _cropped(look: _Look, box: tuple[slice, slice]) -> _Look:
    """A part of a frame, which knows its way too."""
    shift = np.array([[1, 0, box[1].start], [0, 1, box[0].start], [0, 0, 1]], np.float64)
    return _Look(look.index, look.pixels[box], look.hidden[box], look.way @ shift)


def _shade_in(look: _Look, samples: Sequence[_Look]) -> Mask:
    background, known = _background(look, samples)
    known &= ~look.hidden
    if known.sum() < 0.1 * known.size:
        return np.zeros(known.shape, bool)
    left = np.log(_smooth(look.pixels) + 0.02) - np.log(_smooth(background) + 0.02)
    left -= np.median(left[known], axis=0)  # what the exposure changed everywhere
    level, spread = left.mean(2), left.max(2) - left.min(2)
    black = known & (level < np.log(DARK[0]))
    dark = (known & ~black & (level < np.log(DARK[1])) & (spread < COLOUR_SHIFT)) | black
    darkest = cv2.erode(_smooth(background.mean(2)), np.ones((SLACK, SLACK), np.uint8)) + 0.02
    sure = np.log(_smooth(look.pixels.mean(2)) + 0.02) - np.log(darkest) < np.log(DARK[1])
    opened = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    closed = np.asarray(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)) > 0)
    return _certain(closed & ~look.hidden, sure, black)


def _certain(dark: Mask, sure: Mask, black: Mask) -> Mask:
    """Those regions of ``dark`` of which ``sure`` covers enough, and of which less than ``BLACK`` is black."""
    count, labels = cv2.connectedComponents(dark.astype(np.uint8), connectivity=8)
    area = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    good = np.bincount(labels[sure], minlength=count) >= SURE * area
    good &= np.bincount(labels[black], minlength=count) < BLACK * area
    good[0] = False
    return np.asarray(good[labels])


def _smooth(pixels: FloatMap) -> FloatMap:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 2.0))


def _background(look: _Look, samples: Sequence[_Look]) -> tuple[FloatMap, Mask]:
    """What other frames show behind the objects of this one, (h, w, 3), and where three or more of them agree to it.

    Of their values the brighter ones are believed: on some of them the shadow lies here too.
    """
    height, width = look.hidden.shape
    nearest = sorted(samples, key=lambda sample: abs(sample.index - look.index))
    others = [sample for sample in nearest if sample.index != look.index][:REFERENCES]
    if len(others) < 3:
        return look.pixels, np.zeros((height, width), bool)
    seen = []
    for other in others:
        way = np.linalg.inv(other.way) @ look.way  # this frame's points on the other frame
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        free = cv2.warpPerspective((~other.hidden).astype(np.float32), way, (width, height), flags=flags) > 0.99
        moved = cv2.warpPerspective(other.pixels, way, (width, height), flags=flags)
        seen.append(np.where(free[..., None], moved, np.nan))
    stack = np.sort(np.stack(seen), axis=0)  # unseen values (nan) come last
    count = (~np.isnan(stack[..., 0])).sum(0)
    place = np.clip(np.rint((count - 1) * 0.65), 0, None).astype(np.intp)
    chosen = np.take_along_axis(stack, np.broadcast_to(place[None, ..., None], (1, height, width, 3)), axis=0)[0]
    known = count >= 3
    return np.where(known[..., None], chosen, look.pixels).astype(np.float32), known


def _beside(shade: Mask, mask: Mask) -> Mask:
    """The dark regions that touch the object, or nearly."""
    near = max(5, round(0.12 * float(np.sqrt(mask.sum()))))
    around = cv2.dilate(mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * near + 1,) * 2)) > 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats(shade.astype(np.uint8), connectivity=8)
    touching = set(np.unique(labels[around & shade])) - {0}
    large = [label for label in touching if stats[label, cv2.CC_STAT_AREA] >= LEAST_AREA * mask.sum() / 2]
    return np.isin(labels, large)


def _comoving(masklet: Masklet, found: dict[int, RLE]) -> Masklet | None:
    """What is dark at the same place beside the object on most of the frames around; None if that is too little."""
    size = next(iter(found.values())).size if found else masklet.size
    scale = fit_long_side(masklet.size, LONG_SIDE)
    centres = {index: _centre(scale.box(box)) for index in found if (box := masklet.rles[index].box) is not None}
    codes, scores = {}, {}
    for index in found:
        rate = _rate(index, found, centres, size)
        mask = (rate >= 0.5) & cv2.dilate(found[index].decode().astype(np.uint8), np.ones((9, 9), np.uint8)).astype(
            bool
        )
        area = masklet.rles[index].area * scale.x * scale.y
        if mask.sum() < max(LEAST_AREA * area, 12):
            continue
        codes[index] = rle.encode(_enlarged(mask, masklet))
        scores[index] = float(rate[mask].mean())
    if len(codes) < LEAST_FRAMES * len(found):
        return None
    return Masklet(masklet.object_id, masklet.size, codes, scores)


def _rate(index: int, found: dict[int, RLE], centres: dict[int, tuple[float, float]], size: Size) -> FloatMap:
    """On how many of the frames around each pixel is dark, 0..1, once they are laid upon the object."""
    total, count = np.zeros(size, np.float32), 0
    for other in range(index - AROUND, index + AROUND + 1):
        if other in found:
            dx, dy = (here - there for here, there in zip(centres[index], centres[other], strict=True))
            way = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
            total += cv2.warpAffine(found[other].decode().astype(np.float32), way, size[::-1])
            count += 1
    return np.asarray(total / np.float32(count))


def _centre(box: XYXY) -> tuple[float, float]:
    """Between an object's feet: where its shadow begins, mostly."""
    return (box[0] + box[2]) / 2, box[3]


def _enlarged(mask: Mask, masklet: Masklet) -> Mask:
    """The small mask, a pixel wider, at the size of the video."""
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    return np.asarray(cv2.resize(wide, masklet.size[::-1], interpolation=cv2.INTER_LINEAR) > 0.5)
