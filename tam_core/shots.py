"""Where one shot ends and the next begins: cuts, found while the frames go by, in either direction.

It sees pictures, not objects. A cut is a sudden change (the score of PySceneDetect's content detector) that no motion
and no change of light explains. Dissolves have no such frame and are not found.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.motion import dense_motion, warp
from tam_core.types import FloatMap, Pixels
from tam_core.video.source import FrameSource

_SMALL = (128, 72)
"""Width and height at which pictures are compared, whatever their shape."""

_SUSPICIOUS = 9.0
"""Mean change of hue, saturation and value (0..255) that deserves a closer look; across cuts >= 11, in colour >= 33."""

_SAME = 0.5
"""Correlation of structure above which two pictures show the same; real neighbours: >= 0.57, across cuts: <= 0.45."""

_LEAST_OVERLAP = 0.3
"""Share of the picture that must still be seen after a swing of the camera."""

_BLANK = 4.0
"""Standard deviation (grey levels) below which a picture shows nothing."""


@dataclass(frozen=True)
class Shot:
    """Frames ``start`` .. ``stop`` (exclusive) without a cut between them."""

    start: int
    stop: int


def find_shots(source: FrameSource, start: int = 0, stop: int | None = None) -> Iterator[Shot]:
    """The shots of the frames ``start`` .. ``stop`` (exclusive), each as soon as its end is seen."""
    cuts = CutDetector()
    begin = last = start
    for frame in source.frames(start, stop):
        if cuts.cut_before(frame.pixels):
            yield Shot(begin, frame.index)
            begin = frame.index
        last = frame.index
    yield Shot(begin, last + 1)


class CutDetector:
    """Says of each picture of a walk, forwards or backwards, whether a cut lies between it and the one before.

    A blank picture (a fade to black, a white flash) belongs to what was seen before it. Of the past, one small picture
    is kept.
    """

    def __init__(self) -> None:
        from scenedetect.detectors import ContentDetector

        self._content = ContentDetector(threshold=_SUSPICIOUS, min_scene_len=0)
        self._last: npt.NDArray[np.uint8] | None = None
        self._count = 0

    def cut_before(self, pixels: Pixels) -> bool:
        """Take the next picture (H, W, 3) uint8 RGB of the walk; the first one follows no cut."""
        from scenedetect.common import FrameTimecode

        small = cv2.resize(pixels, _SMALL, interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        if grey.std() < _BLANK:
            return False
        self._count += 1
        changed = self._content.process_frame(FrameTimecode(self._count, 1.0), cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        last, self._last = self._last, grey
        return bool(changed) and last is not None and not _show_the_same(last, grey)


def _show_the_same(old: npt.NDArray[np.uint8], new: npt.NDArray[np.uint8]) -> bool:
    """Whether motion, of the whole picture or of its parts, turns one grey picture into the other.

    Each way counts, so that a walk backwards finds the same cuts.
    """
    before, after = _structure(old), _structure(new)
    panned = max(_panned(before, after), _panned(after, before))
    return panned > _SAME or _flowed(before, after) > _SAME


def _panned(before: FloatMap, after: FloatMap) -> float:
    """How alike two structures are where they overlap, once the camera's swing between them is undone: -1..1."""
    height, width = before.shape
    (x, y), _ = cv2.phaseCorrelate(before, after, cv2.createHanningWindow((width, height), cv2.CV_32F))
    x, y = round(x), round(y)
    if max(height - abs(y), 0) * max(width - abs(x), 0) < _LEAST_OVERLAP * height * width:
        return 0.0
    here = before[max(-y, 0) : height - max(y, 0), max(-x, 0) : width - max(x, 0)]
    there = after[max(y, 0) : height - max(-y, 0), max(x, 0) : width - max(-x, 0)]
    return _correlation(here, there)


def _flowed(before: FloatMap, after: FloatMap) -> float:
    """How alike two structures are once every part has moved to where it looks most alike: -1..1."""
    motion = dense_motion(_visible(before), _visible(after))
    there = _correlation(warp(before, motion.backward), after)
    back = _correlation(warp(after, motion.forward), before)
    return (there + back) / 2


def _structure(grey: npt.NDArray[np.uint8]) -> FloatMap:
    """Each pixel against its surroundings, in standard deviations: the same in sun, in shade and in a flash."""
    detail = grey.astype(np.float32)
    detail -= cv2.GaussianBlur(detail, (0, 0), 6)
    spread = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 6) + 25)
    result: FloatMap = detail / spread
    return result


def _visible(structure: FloatMap) -> npt.NDArray[np.uint8]:
    """Structure as a grey picture, for the optical flow."""
    return np.clip(structure * 40 + 128, 0, 255).astype(np.uint8)


def _correlation(a: FloatMap, b: FloatMap) -> float:
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-6))
