"""What removal is compared with: the methods that need no more than a few lines of OpenCV and NumPy.

None of them knows how the camera moves. What no frame shows, the copying ones leave to cv2.inpaint (Telea).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from tam_core.types import Mask, Pixels

RADIUS = 5
"""Pixels around a hole that cv2.inpaint looks at."""


@dataclass(frozen=True)
class Baseline:
    """One row. ``fill``: frames (T, H, W, 3) uint8 and holes (T, H, W) bool -> filled frames, one by one.

    ``copies``: it takes pixels from other frames, at the same place; where a hole stands still it finds none.
    """

    name: str
    summary: str
    fill: Callable[[Pixels, Mask], Iterator[Pixels]]
    copies: bool = False


def telea(frames: Pixels, holes: Mask) -> Iterator[Pixels]:
    """Every frame on its own, by fast marching (Telea 2004)."""
    for frame, hole in zip(frames, holes, strict=True):
        yield inpainted(frame, hole, cv2.INPAINT_TELEA)


def navier_stokes(frames: Pixels, holes: Mask) -> Iterator[Pixels]:
    """Every frame on its own, along the lines of equal brightness (Bertalmio 2001)."""
    for frame, hole in zip(frames, holes, strict=True):
        yield inpainted(frame, hole, cv2.INPAINT_NS)


def median(frames: Pixels, holes: Mask) -> Iterator[Pixels]:
    """At every pixel the median of all frames that show it."""
    y, x = np.nonzero(holes.any(0))
    plate, seen = np.zeros(frames.shape[1:], np.uint8), np.ones(frames.shape[1:3], bool)
    for some in np.array_split(np.arange(len(y)), len(y) // 20_000 + 1):  # bounded memory
        shown = ~holes[:, y[some], x[some]]
        values = np.where(shown[..., None], frames[:, y[some], x[some]].astype(np.float32), np.nan)
        seen[y[some], x[some]] = shown.any(0)
        plate[y[some[shown.any(0)]], x[some[shown.any(0)]]] = np.rint(np.nanmedian(values[:, shown.any(0)], axis=0))
    for frame, hole in zip(frames, holes, strict=True):
        result = frame.copy()
        result[hole & seen] = plate[hole & seen]
        yield inpainted(result, hole & ~seen, cv2.INPAINT_TELEA)


def nearest(frames: Pixels, holes: Mask) -> Iterator[Pixels]:
    """Every pixel from the frame nearest in time that shows it, the earlier one of two."""
    for index, (frame, hole) in enumerate(zip(frames, holes, strict=True)):
        result, missing = frame.copy(), hole.copy()
        for step in range(1, len(frames)):
            for other in (index - step, index + step):
                if 0 <= other < len(frames) and missing.any():
                    taken = missing & ~holes[other]
                    result[taken] = frames[other][taken]
                    missing &= ~taken
        yield inpainted(result, missing, cv2.INPAINT_TELEA)


def inpainted(frame: Pixels, hole: Mask, how: int) -> Pixels:
    """cv2.inpaint on the part of the picture around the hole; outside of it nothing changes."""
    if not hole.any():
        return frame
    y, x = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    margin = 4 * RADIUS
    here = np.s_[max(y[0] - margin, 0) : y[-1] + 1 + margin, max(x[0] - margin, 0) : x[-1] + 1 + margin]
    result = frame.copy()
    filled = cv2.inpaint(np.ascontiguousarray(frame[here]), hole[here].astype(np.uint8), RADIUS, how)
    result[here][hole[here]] = filled[hole[here]]
    return result


BASELINES = (
    Baseline("telea", "cv2.inpaint, Telea", telea),
    Baseline("ns", "cv2.inpaint, Navier-Stokes", navier_stokes),
    Baseline("median", "temporal median", median, copies=True),
    Baseline("nearest", "nearest frame's pixel", nearest, copies=True),
)
