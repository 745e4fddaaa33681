"""Where else was this seen? Follows every hidden pixel along the background to the nearest frame that shows it.

Coordinates are handed on from frame to frame, never colours, so however long the way, a pixel is resampled once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inpaint.camera import Points
from inpaint.flow import Link, sample
from tam_core.types import FloatMap, Mask

FrameMap = npt.NDArray[np.int16]
"""(H, W) int16: position of a frame in the window, or NONE."""

NONE = -1

DOUBT = 0.3
"""Share of the background's own motion, beside the camera's, that is feared to be wrong in the hole."""


@dataclass(frozen=True)
class Trace:
    """For each pixel of frame ``frame``: it is shown by ``source`` (H, W) at ``place`` (H, W, 2), (x, y) in pixels.

    ``source`` is NONE where no frame on this side shows it. ``drift`` (H, W), in pixels: how far off the place may be,
    because on the way the background did not move as the camera says.
    """

    frame: int
    source: FrameMap
    place: FloatMap
    drift: FloatMap


def trace(hidden: Mask, shown: Mask, links: Sequence[Link], order: Sequence[int]) -> Iterator[Trace]:
    """Walk through a window in ``order`` (0, 1, 2 ... or ... 2, 1, 0, or a part of it) and yield each frame's trace.

    ``hidden``: (T, H, W) bool, True = has to be looked up; ``shown``: (T, H, W) bool, True = may be copied from.
    A pixel that is neither is a dead end. ``links[i]`` joins frames i and i + 1.
    """
    before: Trace | None = None
    for frame in order:
        now = _own(frame, shown[frame])
        if before is not None:
            way = links[min(frame, before.frame)]
            if not way.broken:
                _hand_on(before, now, hidden[frame] & ~shown[frame], way)
        yield now
        before = now


def _own(frame: int, shown: Mask) -> Trace:
    """A frame that has only what it shows itself."""
    height, width = shown.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return Trace(frame, np.where(shown, frame, NONE).astype(np.int16), np.stack([x, y], 2), np.zeros_like(x))


def _hand_on(before: Trace, now: Trace, wanted: Mask, way: Link) -> None:
    """Give ``wanted`` pixels (H, W) of ``now`` what the frame ``before`` knows of the place they come from."""
    y, x = np.nonzero(wanted)
    points = np.stack([x, y], 1).astype(np.float32)
    there = way.to_earlier(points) if before.frame < now.frame else way.to_later(points)
    now.source[y, x], now.place[y, x], drift = _look_up(before, there)
    parallax = np.linalg.norm(sample(way.residual, points, way.scale), axis=1)
    now.drift[y, x] = drift + DOUBT * parallax


def _look_up(trace: Trace, points: Points) -> tuple[npt.NDArray[np.int16], Points, FloatMap]:
    """Source (N,), place (N, 2) and drift (N,) for points (N, 2) between the pixels of a traced frame.

    Where all four neighbours come from one frame the place is interpolated; at the border between sources it is taken
    from the nearest pixel, so that the border neither grows nor shrinks from frame to frame.
    """
    height, width = trace.source.shape
    inside = (points > -0.5).all(1) & (points[:, 0] < width - 0.5) & (points[:, 1] < height - 0.5)
    limit = np.array([width - 1, height - 1], np.float32)
    points = np.where(inside[:, None], points, 0).clip(0, limit).astype(np.float32)
    near = np.rint(points).astype(np.intp)
    source = np.where(inside, trace.source[near[:, 1], near[:, 0]], NONE).astype(np.int16)
    place = trace.place[near[:, 1], near[:, 0]] + (points - near)
    x, y = np.minimum(points, limit - 1).clip(0).astype(np.intp).T
    corners = [trace.source[np.minimum(y + dy, height - 1), np.minimum(x + dx, width - 1)]
               for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1))]  # fmt: skip
    smooth = np.all([corner == source for corner in corners], axis=0)
    place[smooth] = sample(trace.place, points[smooth])
    return source, np.asarray(place, np.float32), trace.drift[near[:, 1], near[:, 0]]
