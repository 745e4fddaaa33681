"""Mattes of a video that do not flicker: in the band, alpha is averaged with that of the neighbouring frames.

A neighbour counts as far as the pixel that the flow leads to has the same colour: what looks the same has the same
alpha. Both neighbours count alike, so nothing lags. Across a cut nothing counts. Three frames are kept.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.masklet import Masklet
from tam_core.matte.alpha import AnyPixels, MatteSettings, soft_alpha
from tam_core.shots import CutDetector
from tam_core.types import FloatMap, ObjectId, Pixels
from tam_core.video.source import Frame, FrameSource

_SIDE = 480
"""Longest side of the pictures that flow is measured on, in pixels."""

_MARGIN = 16
"""Pixels around the band's box that flow looks at."""

_ALIKE = 0.04
"""Difference of a colour (0..1, root of the mean square) at which a neighbour counts e times less."""

_NEIGHBOUR = 0.5
"""Weight of a neighbour that looks exactly alike; the frame itself has 1. More of it blurs mattes that were exact."""

Grey = npt.NDArray[np.uint8]
Box = tuple[slice, slice]


@dataclass(frozen=True)
class SoftFrame:
    """A frame and the soft mattes (H, W) float32 0..1 of the objects that were tracked on it."""

    frame: Frame
    alphas: Mapping[ObjectId, FloatMap] = field(repr=False)
    after_cut: bool = False


def soft_alphas(
    source: FrameSource,
    masklets: Iterable[Masklet],
    start: int = 0,
    stop: int | None = None,
    settings: MatteSettings | None = None,
) -> Iterator[SoftFrame]:
    """The frames ``start`` .. ``stop`` (exclusive), each with its objects' mattes, smoothed over three frames.

    One frame is read ahead. Raises EngineNotReadyError like ``soft_alpha``.
    """
    earlier: SoftFrame | None = None
    now: SoftFrame | None = None
    for later in _each(source, tuple(masklets), start, stop, settings or MatteSettings()):
        if now is not None:
            yield _steadied(now, earlier, later)
        earlier, now = now, later
    if now is not None:
        yield _steadied(now, earlier, None)


def _each(
    source: FrameSource, masklets: Sequence[Masklet], start: int, stop: int | None, settings: MatteSettings
) -> Iterator[SoftFrame]:
    """The frames with their mattes, every one for itself."""
    cuts = CutDetector()
    for frame in source.frames(start, stop):
        alphas = {}
        for masklet in masklets:
            mask = masklet.mask(frame.index)
            if mask is not None:
                score = masklet.scores.get(frame.index, 1.0)
                alphas[masklet.object_id] = soft_alpha(frame.pixels, mask, score, settings)
        yield SoftFrame(frame, alphas, cuts.cut_before(_plain(frame.pixels)))


def _steadied(now: SoftFrame, earlier: SoftFrame | None, later: SoftFrame | None) -> SoftFrame:
    neighbours = []
    if earlier is not None and not now.after_cut:
        neighbours.append(earlier)
    if later is not None and not later.after_cut:
        neighbours.append(later)
    alphas = {object_id: _averaged(object_id, alpha, now, neighbours) for object_id, alpha in now.alphas.items()}
    return SoftFrame(now.frame, alphas, now.after_cut)


def _averaged(object_id: ObjectId, alpha: FloatMap, now: SoftFrame, neighbours: Sequence[SoftFrame]) -> FloatMap:
    """One object's matte with its neighbours', inside its band."""
    box = _band_box(alpha)
    if box is None:
        return alpha
    here = alpha[box]
    band = (here > 0) & (here < 1)
    rows, columns = np.nonzero(band)
    total, weight = here[band].copy(), np.ones(len(rows), np.float32)
    for other in neighbours:
        if object_id in other.alphas:
            flow = _flow(now.frame, other.frame, box)
            where = np.stack([columns, rows], 1).astype(np.float32) + flow[rows, columns]
            share = _likeness(now.frame, other.frame, box, where, band)
            total += share * _at(other.alphas[object_id][box], where)
            weight += share
    result = alpha.copy()
    result[box][band] = total / weight
    return result


def _band_box(alpha: FloatMap) -> Box | None:
    """The box of what is neither 0 nor 1, and a margin."""
    mixed = (alpha > 0) & (alpha < 1)
    rows, columns = np.flatnonzero(mixed.any(1)), np.flatnonzero(mixed.any(0))
    if not len(rows):
        return None
    return (
        slice(max(int(rows[0]) - _MARGIN, 0), int(rows[-1]) + _MARGIN),
        slice(max(int(columns[0]) - _MARGIN, 0), int(columns[-1]) + _MARGIN),
    )


def _flow(now: Frame, other: Frame, box: Box) -> FloatMap:
    """Where the box's pixels are in the other frame: displacements (h, w, 2), DIS flow (Kroeger et al. 2016)."""
    here, there = _grey(now, box), _grey(other, box)
    height, width = here.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(16, round(width * scale)), max(16, round(height * scale)))
    small, moved = (cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (here, there))
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = cv2.resize(dis.calc(small, moved, None), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(flow * np.array([width / size[0], height / size[1]], np.float32), np.float32)


def _grey(frame: Frame, box: Box) -> Grey:
    return np.asarray(_plain(cv2.cvtColor(frame.pixels[box], cv2.COLOR_RGB2GRAY)), np.uint8)


def _plain(values: AnyPixels) -> Pixels:
    """8 bits of what may have 16: enough to tell motion and cuts."""
    return np.asarray(values if values.dtype == np.uint8 else values >> 8, np.uint8)


def _likeness(now: Frame, other: Frame, box: Box, where: FloatMap, band: npt.NDArray[np.bool_]) -> FloatMap:
    """Weights (N,): how alike the band's pixels and those that the flow leads to look."""
    top = np.float32(np.iinfo(now.pixels.dtype).max)
    difference = (now.pixels[box][band] - _at(other.pixels[box], where)) / top
    return np.asarray(_NEIGHBOUR * np.exp(-np.square(difference).mean(1) / _ALIKE**2), np.float32)


def _at(picture: npt.NDArray[np.generic], where: FloatMap) -> FloatMap:
    """A picture's values at points (N, 2) of (x, y): (N,) or (N, C)."""
    row = 1024  # OpenCV takes no map longer than 32767 pixels
    padded = np.zeros((-(-len(where) // row) * row, 2), np.float32)
    padded[: len(where)] = where
    found = cv2.remap(picture, padded.reshape(-1, row, 2), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found.reshape(padded.shape[0], *picture.shape[2:])[: len(where)], np.float32)
