"""Copied pixels into a frame, so that no seam is seen.

What is left of a step at the rim of the hole (light, vignetting, a fraction of a pixel) is spread smoothly over its
inside (membrane, Farbman 2009); then the copies of both sides of time and the smooth continuation of the surroundings
are mixed by how far each of them is to be trusted (``trust``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inpaint.camera import Points
from inpaint.flow import sample
from inpaint.levels import levels, stored, unit
from inpaint.light import Light
from inpaint.membrane import extend
from inpaint.propagate import NONE, Trace
from inpaint.trust import Candidate, Hole, Mixed, TrustSettings, mixed
from tam_core.types import FloatMap, Mask, Pixels

Index = npt.NDArray[np.intp]

SOFTEST = 2.0
"""Copies are never blurred by more than this many pixels."""

PAD = 6
"""Pixels around a region's rim that are looked at with it."""


@dataclass(frozen=True)
class PasteSettings:
    """``rim``: pixels around the region on which copy and truth are compared. ``step``: a local difference above it,
    in levels, is a misplaced edge and not light. ``coarse``: the membrane is solved at 1/coarse of the size.
    ``calm``: share of a frame's correction that is the last frame's. ``local``: whether anything is corrected.
    ``trust``: how copies and the smooth continuation of the surroundings are weighed; None where the copies are all
    there is to be said."""

    rim: int = 4
    step: float = 5.0
    coarse: int = 2
    calm: float = 0.8
    local: bool = True
    trust: TrustSettings | None = None


@dataclass(frozen=True)
class Region:
    """The pixels of one frame that want filling, followed by those of the rim around them.

    ``y``, ``x``: (N + M,) both; ``inner``: N; ``nearest``: (M,) the inner pixel each rim pixel is closest to; ``box``:
    rows and columns of the part of the frame that holds them all; ``depth`` (h, w) float32: how far inside, in pixels.
    """

    y: Index
    x: Index
    inner: int
    nearest: Index
    box: tuple[slice, slice]
    depth: FloatMap

    @property
    def here(self) -> tuple[Index, Index]:
        """Row and column in the box of every pixel."""
        return self.y - self.box[0].start, self.x - self.box[1].start


@dataclass(frozen=True)
class Copy:
    """What one side of time has for a region: ``colours`` (N + M, 3), 0..255; ``source`` (N + M,) int16 or NONE.

    ``place`` (N + M, 2): where in ``source`` it was found, (x, y) in pixels.
    """

    colours: npt.NDArray[np.floating]
    source: npt.NDArray[np.int16]
    place: Points


@dataclass(frozen=True)
class Correction:
    """What was added to the copies in a part of a frame: ``values`` (h, w, 3) in the ``box``."""

    box: tuple[slice, slice]
    values: FloatMap

    def calmed(self, now: "Correction", share: float) -> "Correction":
        """``now``, of the next frame, with ``share`` of this one where the two overlap."""
        values = now.values.copy()
        rows, columns = ((max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(self.box, now.box, strict=True))
        if rows[0] < rows[1] and columns[0] < columns[1]:
            mine, theirs = (
                np.s_[
                    rows[0] - box[0].start : rows[1] - box[0].start,
                    columns[0] - box[1].start : columns[1] - box[1].start,
                ]
                for box in (self.box, now.box)
            )
            values[theirs] += share * (self.values[mine] - values[theirs])
        return Correction(now.box, values)


def region(wanted: Mask, rim: int) -> Region:
    """The region of the True pixels of ``wanted`` (H, W), of which there is one at least."""
    box = _box(wanted, rim + PAD)
    part = wanted[box]
    distance, labels = cv2.distanceTransformWithLabels(
        (~part).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    y, x = np.nonzero(part)
    rim_y, rim_x = np.nonzero((distance > 0) & (distance <= rim))
    position = np.zeros(labels.max() + 1, np.intp)
    position[labels[y, x]] = np.arange(len(y))
    nearest = position[labels[rim_y, rim_x]]
    depth = cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
    top, left = box[0].start, box[1].start
    return Region(np.concatenate([y, rim_y]) + top, np.concatenate([x, rim_x]) + left, len(y), nearest, box, depth)


def _box(wanted: Mask, margin: int) -> tuple[slice, slice]:
    """The rows and columns of the True pixels and of ``margin`` pixels around them."""
    rows, columns = np.flatnonzero(wanted.any(1)), np.flatnonzero(wanted.any(0))
    height, width = wanted.shape
    return (
        slice(max(int(rows[0]) - margin, 0), min(int(rows[-1]) + 1 + margin, height)),
        slice(max(int(columns[0]) - margin, 0), min(int(columns[-1]) + 1 + margin, width)),
    )


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
    kind = np.float16 if pictures.dtype == np.uint8 else np.float32
    colours = np.zeros((len(source), 3), kind)
    for other in np.unique(source[source != NONE]):
        chosen = np.flatnonzero(source == other)
        chosen = chosen[on(shown[other], place[chosen])]
        source[source == other] = NONE
        source[chosen] = other
        change = lights[other].then(lights[trace.frame].inverse())
        colours[chosen] = change.apply(_fetch(pictures[other], soft[other], place[chosen], drift[chosen])).clip(0, 255)
    return Copy(colours, source, place)


def _fetch(picture: Pixels, soft_picture: Pixels, place: Points, drift: FloatMap) -> FloatMap:
    """Colours (N, 3), 0..255, at ``place``; softer where detail would probably be in the wrong position."""
    scale = np.float32(1 / unit(picture.dtype))
    sharp = sample(picture, place) * scale
    soft = drift > SOFTEST / 8
    if not soft.any():
        return sharp
    share = np.minimum(drift[soft] / SOFTEST, 1)[:, None]
    sharp[soft] += share * (sample(soft_picture, place[soft]) * scale - sharp[soft])
    return sharp


def softened(picture: Pixels, shown: Mask) -> Pixels:
    """A picture (H, W, 3), blurred as far as copies may be.

    Only what is ``shown`` (H, W) takes part: the object's colours do not leak out of its hole.
    """
    weight = cv2.GaussianBlur(shown.astype(np.float32), (0, 0), SOFTEST)[..., None]
    total = cv2.GaussianBlur(levels(picture) * shown[..., None], (0, 0), SOFTEST)
    return stored(total / np.maximum(weight, 1e-3), picture.dtype)


@dataclass(frozen=True)
class Pasted:
    """What came of pasting: for the inner pixels which got a colour, ``found`` (N,) bool, and ``main`` (N,), the number
    of the copy that is the largest part of it, or how many copies there are if it is the surroundings' continuation.

    ``correction``: what took the seam away; give it to the next frame, so that corrections do not flicker.
    """

    found: npt.NDArray[np.bool_]
    main: Index
    correction: Correction


def paste(
    picture: Pixels,
    area: Region,
    copies: Sequence[Copy],
    frame: int,
    settings: PasteSettings,
    before: Correction | None = None,
) -> Pasted:
    """Write the copies into ``picture`` (H, W, 3), in place. ``before``: the last frame's correction."""
    candidates = [_candidate(one, area, frame) for one in copies]
    known = np.any([one.known for one in candidates], axis=0)
    correction = _correction(picture, area, _even(candidates), known, settings)
    if before is not None:
        correction = before.calmed(correction, settings.calm)
    y, x = (positions[: area.inner] for positions in area.here)
    found = known[y, x]
    result = _mixed(picture, area, candidates, correction, settings)
    picture[area.box][y[found], x[found]] = stored(result.colours[y[found], x[found]], picture.dtype)
    return Pasted(found, result.main[y, x], correction)


def _candidate(one: Copy, area: Region, frame: int) -> Candidate:
    """A copy as a picture of the region's box."""
    height, width = area.depth.shape
    y, x = area.here
    colours, age = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    known = np.zeros((height, width), bool)
    colours[y, x] = one.colours
    age[y, x] = np.maximum(np.abs(one.source.astype(np.float32) - frame), 1)
    known[y, x] = one.source != NONE
    return Candidate(colours, age, known)


def _even(candidates: Sequence[Candidate]) -> FloatMap:
    """The candidates cross-faded, nearest in time first, (h, w, 3)."""
    total, weights = np.zeros_like(candidates[0].colours), np.zeros_like(candidates[0].age)
    for one in candidates:
        weight = one.known / np.maximum(one.age, 1)
        total += weight[..., None] * one.colours
        weights += weight
    return np.asarray(total / np.maximum(weights, 1e-12)[..., None], np.float32)


def _correction(picture: Pixels, area: Region, copied: FloatMap, known: Mask, settings: PasteSettings) -> Correction:
    """What takes the steps away that ``copied`` (h, w, 3), where ``known``, makes at the rim of the region."""
    y, x = (positions[area.inner :] for positions in area.here)
    rim = np.zeros_like(known)
    rim[y, x] = known[y, x]
    if not rim.any() or not settings.local:
        return Correction(area.box, np.zeros_like(copied))
    step = np.where(rim[..., None], levels(picture[area.box]) - copied, np.float32(0))
    return Correction(area.box, _membrane(step, rim, settings))


def _mixed(
    picture: Pixels, area: Region, candidates: Sequence[Candidate], correction: Correction, settings: PasteSettings
) -> Mixed:
    """The colours of the region's inner pixels."""
    if settings.trust is None:
        youngest = np.argmin([np.where(one.known, one.age, np.inf) for one in candidates], axis=0)
        return Mixed(_even(candidates) + correction.values, youngest)
    unknown, rim = np.zeros(area.depth.shape, bool), np.zeros(area.depth.shape, bool)
    y, x = area.here
    unknown[y[: area.inner], x[: area.inner]] = True
    rim[y[area.inner :], x[area.inner :]] = True
    corrected = [Candidate(one.colours + correction.values, one.age, one.known) for one in candidates]
    return mixed(Hole(levels(picture[area.box]), unknown, rim, area.depth), corrected, settings.trust)


def _membrane(step: FloatMap, known: Mask, settings: PasteSettings) -> FloatMap:
    """The steps on the ``known`` rim, (h, w, 3), spread smoothly over the picture.

    Their median is believed, it is light. What single stretches of the rim add to it is believed the less the larger it
    is: large and local means an edge that is a little out of place, and would smear.
    """
    height, width = known.shape
    size = (max(1, width // settings.coarse), max(1, height // settings.coarse))
    median = np.median(step[known], axis=0)
    local = step - median
    worst = np.maximum(np.maximum(np.abs(local[..., 0]), np.abs(local[..., 1])), np.abs(local[..., 2]))
    trust = known / (1 + (worst / settings.step) ** 4)
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
