"""A first look at the video, small and once: where the camera goes and where shots end. Nothing is filled here."""

from collections.abc import Collection, Iterator

import cv2
import numpy as np

from inpaint.base import Check, unchecked
from inpaint.camera import Matrix, camera_motion
from inpaint.flow import View
from inpaint.holes import Box, Holes
from tam_core.shots import CutDetector
from tam_core.types import Mask, Pixels
from tam_core.video.source import Frame, FrameSource

SIDE = 200
"""The longer side of the pictures that are looked at, in pixels: enough to see where the camera goes."""

NEAR = 100
"""Frames that are rather looked at than jumped over."""


class Survey:
    """What is known of frames that were looked at: ``look`` does so once for each, in one walk through the video.

    ``cuts``: first frames of shots where they are known already; None: they are looked for.
    """

    def __init__(self, source: FrameSource, holes: Holes, cuts: Collection[int] | None = None) -> None:
        self._source, self._holes, self._cuts = source, holes, cuts
        self._detector = CutDetector()
        self._coming: Iterator[Frame] | None = None
        self._before: tuple[int, View] | None = None
        self._shots: dict[int, int] = {}
        self._ways: dict[int, Matrix] = {}

    def look(self, first: int, stop: int, check: Check = unchecked) -> None:
        """See the frames ``first`` .. ``stop`` - 1, as far as they were not seen. Small gaps are walked through."""
        here = 0 if self._before is None else self._before[0] + 1
        if first not in self._shots and not 0 <= first - here <= NEAR:
            self.close()
        if (first if self._before is None else here) >= stop:
            return
        self._coming = self._coming or self._source.frames(first)
        for frame in self._coming:
            self.see(frame)
            check(0)
            if frame.index + 1 >= stop:
                return

    def see(self, frame: Frame) -> None:
        """Take the next frame of the walk."""
        scale = min(1.0, SIDE / max(self._holes.size))
        small = shrunk(frame.pixels, scale)
        gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        now = View(gray, small, ~self._covered(frame.index, gray.shape, scale), scale)
        cut = self._cut_before(frame.index, small)
        if self._before is None or cut:
            self._shots[frame.index], self._ways[frame.index] = frame.index, np.eye(3)
        else:
            index, before = self._before
            zoom = np.diag([scale, scale, 1.0])
            step = camera_motion(before.gray, now.gray, before.free, now.free)
            self._shots[frame.index] = self._shots[index]
            self._ways[frame.index] = np.linalg.inv(zoom) @ step @ zoom @ self._ways[index]
        self._before = frame.index, now

    def same_shot(self, a: int, b: int) -> bool:
        """Whether there is no cut between two frames that were looked at; False for frames that were not."""
        return a in self._shots and self._shots.get(b) == self._shots[a]

    def shot_end(self, frame: int, stop: int) -> int:
        """The first frame after ``frame``, and before ``stop``, that is of another shot; ``stop`` if there is none."""
        return next((i for i in range(frame + 1, stop) if not self.same_shot(frame, i)), stop)

    def way(self, start: int, end: int) -> Matrix:
        """The homography from one frame to another of the same shot, in the source's pixels."""
        return self._ways[end] @ np.linalg.inv(self._ways[start])

    def close(self) -> None:
        """End the walk; another may begin elsewhere. What was seen stays known."""
        close = getattr(self._coming, "close", None)
        if close is not None:
            close()
        self._coming = None
        self._before, self._detector = None, CutDetector()

    def _cut_before(self, index: int, small: Pixels) -> bool:
        return index in self._cuts if self._cuts is not None else self._detector.cut_before(small)

    def _covered(self, index: int, shape: tuple[int, ...], scale: float) -> Mask:
        """The hole on the small picture, (h, w) bool, never too small; only its box is looked at in full size."""
        covered = np.zeros(shape, bool)
        box = self._holes.box(index)
        if box is not None:
            hole = self._holes.hole(index, box)
            x0, y0, x1, y1 = small_box(box, scale, shape)
            size = (x1 - x0, y1 - y0)
            covered[y0:y1, x0:x1] = cv2.resize(hole.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 0
        return covered


def small_box(box: Box, scale: float, shape: tuple[int, ...]) -> Box:
    """The box on a picture of ``shape`` (h, w), ``scale`` times as large, with all pixels that it touches."""
    low, high = np.floor(np.multiply(box[:2], scale)), np.ceil(np.multiply(box[2:], scale))
    x0, y0 = (int(value) for value in np.minimum(low, (shape[1] - 1, shape[0] - 1)))
    return x0, y0, min(max(int(high[0]), x0 + 1), shape[1]), min(max(int(high[1]), y0 + 1), shape[0])


def shrunk(pixels: Pixels, scale: float) -> Pixels:
    """A picture (H, W, 3) made ``scale`` times as large, 8 bit; of a large one not every pixel is read."""
    height, width = pixels.shape[:2]
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    stride = max(1, int(0.5 / scale))
    small = cv2.resize(np.ascontiguousarray(pixels[::stride, ::stride]), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small >> 8, np.uint8) if small.dtype == np.uint16 else np.asarray(small, np.uint8)
