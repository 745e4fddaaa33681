"""What a shutter sees: where an object was while it was open, and for how long it seems to have been.

An exposure is centred on its frame. A shutter of 180 degrees is open for half the time from one frame to the next.
"""

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np

from inpaint.camera import Matrix, apply
from inpaint.replacing.look import Look
from inpaint.replacing.render import LONGEST_STRIDE, MOST_PICTURES
from tam_core.types import FloatMap, Mask

USUAL = 180.0
"""Degrees, where nothing tells."""

TRIED = (0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0, 360.0)

CLEARLY = 1.05
"""The usual shutter has to explain the pictures this many times worse than another for that to be believed."""

FAST = 3.0
"""Pixels a frame (of the looks) from which on a blur can be measured ..."""

SLOW = 0.4
"""... against a frame on which the object is at most this many times as fast."""


def corner_tracks(matrices: Sequence[Matrix], corners: FloatMap) -> FloatMap:
    """(T, 4, 2): where the corners are on each frame."""
    return np.stack([apply(matrix, corners) for matrix in matrices])


def between(tracks: FloatMap, position: int, moment: float) -> FloatMap:
    """The corners ``moment`` frames (-0.5 .. 0.5) after a frame, on a parabola through its neighbours."""
    here = tracks[position]
    before = tracks[position - 1] if position else 2 * here - tracks[min(1, len(tracks) - 1)]
    after = tracks[position + 1] if position + 1 < len(tracks) else 2 * here - before
    return np.asarray(here + moment * (after - before) / 2 + moment**2 / 2 * (after - 2 * here + before))


def exposure(
    tracks: FloatMap, corners: FloatMap, position: int, degrees: float, most: int = MOST_PICTURES
) -> list[Matrix]:
    """The matrices of the moments whose mean is what the shutter sees; ``tracks`` (T, 4, 2) of ``corners`` (4, 2)."""
    share = degrees / 360
    ends = between(tracks, position, -share / 2), between(tracks, position, share / 2)
    travel = float(np.abs(ends[1] - ends[0]).max())
    count = int(np.clip(np.ceil(travel / LONGEST_STRIDE), 1, MOST_PICTURES))
    moments = [((k + 0.5) / count - 0.5) * share for k in range(count)]
    quads = [between(tracks, position, moment).astype(np.float32) for moment in moments]
    start = np.asarray(corners, np.float32)
    return [np.asarray(cv2.getPerspectiveTransform(start, quad), np.float64) for quad in quads]


def speeds(tracks: FloatMap) -> FloatMap:
    """(T,): by how many pixels a frame the middle of the corners moves, relative to the picture."""
    middle = tracks.mean(1)
    step = np.linalg.norm(np.gradient(middle, axis=0), axis=1) if len(middle) > 1 else np.zeros(1)
    return np.asarray(step, np.float32)


def fast_and_slow(tracks: FloatMap, scale: float, usable: Mask, most: int = 5) -> tuple[list[int], int] | None:
    """Positions of fast frames that a blur can be measured on, and of the slow one to measure against; None if none."""
    speed = speeds(tracks) * scale
    if not usable.any():
        return None
    known = np.flatnonzero(usable)
    slow = int(known[speed[known].argmin()])
    fast = [int(p) for p in known[np.argsort(-speed[known])] if speed[p] > max(FAST, speed[slow] / SLOW)]
    return (fast[:most], slow) if fast else None


def measure_shutter(
    looks: Mapping[int, Look], tracks: FloatMap, corners: FloatMap, fast: Sequence[int], slow: int
) -> float:
    """Degrees: how long the exposure is that, given the object as it is on the slow frame, best explains the fast ones.

    ``looks`` by position; the slow one's is the sharp picture, and it is moved as the object moves while it is exposed.
    """
    sharp = looks[slow]
    to_slow = cv2.getPerspectiveTransform(corners.astype(np.float32), tracks[slow].astype(np.float32))
    totals = np.zeros(len(TRIED))
    for position in fast:
        here = looks[position]
        inside = cv2.erode(here.mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        if inside.sum() < 100:
            continue

        def seen(degrees: float, position: int = position, here: Look = here) -> FloatMap:
            ways = [
                here.matrix @ way @ np.linalg.inv(to_slow) @ np.linalg.inv(sharp.matrix)
                for way in exposure(tracks, corners, position, degrees)
            ]
            return _mean(sharp, ways, here)

        left = _misfits(seen, here, inside)
        totals += left / max(left.min(), 1e-3)
    if not totals.any():
        return USUAL
    best = int(totals.argmin())
    if totals[TRIED.index(USUAL)] < CLEARLY * totals[best]:
        return USUAL
    if 0 < best < len(TRIED) - 1:
        before, here_, after = totals[best - 1 : best + 2]
        bend = before - 2 * here_ + after
        return TRIED[best] + (TRIED[1] - TRIED[0]) * float((before - after) / (2 * bend) if bend > 0 else 0)
    return TRIED[best]


def _mean(sharp: Look, ways: Sequence[Matrix], here: Look) -> FloatMap:
    size = (here.gray.shape[1], here.gray.shape[0])
    picture = sharp.gray.astype(np.float32)
    return np.asarray(
        np.mean([cv2.warpPerspective(picture, way, size, borderMode=cv2.BORDER_REPLICATE) for way in ways], axis=0)
    )


def _misfits(seen: Callable[[float], FloatMap], here: Look, inside: Mask) -> FloatMap:
    """(len(TRIED),): what each shutter leaves, as a standard deviation in levels; light may have changed."""
    truth = here.gray[inside].astype(np.float32)
    left = []
    for degrees in TRIED:
        guess = seen(degrees)[inside]
        spread = float(guess.var())
        gain = float(np.mean((guess - guess.mean()) * (truth - truth.mean()))) / spread if spread > 1 else 0.0
        left.append(float(np.std(truth - np.clip(gain, 0.5, 2) * guess)))
    return np.array(left, np.float32)
