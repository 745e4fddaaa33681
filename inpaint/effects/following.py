"""Boxes that follow objects smoothly, from the boxes of all their masks; nothing is decoded."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inpaint.effects.base import Target
from tam_core.masklet import Masklet

SMOOTH = 0.3
"""Seconds over which a box is averaged: shorter than a step, longer than the jitter of a mask."""

FADE = 0.25
"""Seconds in which what follows an object comes and goes with it."""

_REACH = 3
"""Of a gaussian, in its widths."""


@dataclass(frozen=True)
class Follower:
    """Where each object is on each frame."""

    paths: tuple[dict[int, Target], ...]

    def at(self, frame: int) -> tuple[Target, ...]:
        """The objects that are there, in the order of their masklets."""
        return tuple(path[frame] for path in self.paths if frame in path)


def follower(masklets: Iterable[Masklet], rate: float) -> Follower:
    """Of a video with ``rate`` frames a second."""
    return Follower(tuple(_path(masklet, rate) for masklet in masklets))


def _path(masklet: Masklet, rate: float) -> dict[int, Target]:
    """The box of an object on every frame that it is there, and on those on which it fades."""
    seen = {frame: box for frame, code in masklet.rles.items() if (box := code.box) is not None}
    if not seen:
        return {}
    frames = np.array(sorted(seen))
    fade = max(1, round(FADE * rate))
    span = np.arange(frames[0] - fade, frames[-1] + fade + 1)
    sides = np.stack([np.interp(span, frames, [seen[int(f)][side] for f in frames]) for side in range(4)], axis=1)
    smooth = _uncrossed(_smoothed(sides, np.isin(span, frames), SMOOTH * rate))
    presence = np.clip(1 - _away(span, frames) / fade, 0, 1)
    return {
        int(frame): Target(float(box[0]), float(box[1]), float(box[2]), float(box[3]), float(there))
        for frame, box, there in zip(span, smooth, presence, strict=True)
        if there > 0
    }


def _smoothed(sides: npt.NDArray[np.float64], known: npt.NDArray[np.bool_], sigma: float) -> npt.NDArray[np.float64]:
    """A gaussian mean over time in which frames without a mask count for little; (N, 4).

    Lines are carried on by it without a lag: at both ends the mean is taken of a straight line through what is there.
    """
    reach = max(1, round(_REACH * sigma))
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (offsets / max(sigma, 0.3)) ** 2)
    padded = np.pad(sides, ((reach, reach), (0, 0)), mode="edge")
    weights = np.pad(np.where(known, 1.0, 1e-3), reach)
    result = np.empty_like(sides)
    for index in range(len(sides)):
        part = slice(index, index + 2 * reach + 1)
        weight = kernel * weights[part]
        total = weight.sum()
        mean_t, mean = (weight * offsets).sum() / total, weight @ padded[part] / total
        spread = (weight * (offsets - mean_t) ** 2).sum()
        slope = (weight * (offsets - mean_t)) @ (padded[part] - mean) / spread if spread > 1e-9 else 0.0
        result[index] = mean - slope * mean_t
    return result


def _uncrossed(sides: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Boxes of at least a pixel, (N, 4): as an object leaves the picture, lines through its sides may cross."""
    centre, half = (sides[:, 2:] + sides[:, :2]) / 2, np.maximum((sides[:, 2:] - sides[:, :2]) / 2, 0.5)
    return np.concatenate([centre - half, centre + half], axis=1)


def _away(span: npt.NDArray[np.int_], frames: npt.NDArray[np.int_]) -> npt.NDArray[np.int_]:
    """Frames to the nearest one with a mask."""
    place = np.searchsorted(frames, span)
    before, after = frames[np.maximum(place - 1, 0)], frames[np.minimum(place, len(frames) - 1)]
    return np.asarray(np.minimum(np.abs(span - before), np.abs(after - span)))
