"""Where a thing is, how large, how turned and how bent, in every frame of a clip.

Knows how things move: with a velocity that wanders, bouncing, shaking, going away and coming back.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from tam_core.training.warps import enlarged, smooth_field
from tam_core.types import FloatMap, Size

FARTHEST = 40
"""Frames between the first one that a distant clip shows and the next, at most."""

Series = npt.NDArray[np.float64]
"""One value, or one (x, y), for every frame."""


@dataclass(frozen=True)
class Liveliness:
    """Spread of each kind of motion: ``speed`` in pixels, ``zoom`` relative and ``turn`` in radians, all per frame.

    ``bend`` is the deformation in pixels that eight frames reach; one that kept growing would fold the thing over.
    """

    speed: float
    zoom: float
    turn: float
    bend: float


@dataclass(frozen=True)
class Trajectory:
    """``centres`` (T, 2) as (x, y) in pixels, ``scales`` (T,), ``angles`` (T,) in radians.

    ``bend`` (r, c, 2) pixels are the control points of a smooth deformation, ``bends`` (T,) in -1..1 how much of it
    there is at each frame.
    """

    centres: Series = field(repr=False)
    scales: Series = field(repr=False)
    angles: Series = field(repr=False)
    bend: FloatMap = field(repr=False)
    bends: Series = field(repr=False)

    def __len__(self) -> int:
        return len(self.centres)

    def moved(self, offsets: Series) -> "Trajectory":
        """The same with ``offsets`` (T, 2) or (2,) added."""
        return replace(self, centres=self.centres + offsets)

    def velocity(self, t: int) -> Series:
        """(2,) pixels from the frame before to frame index ``t``; at frame 0, to the one after it."""
        if len(self) == 1:
            return np.zeros(2)
        later = max(t, 1)
        return np.asarray(self.centres[later] - self.centres[later - 1])

    def deformation(self, t: int, size: Size) -> FloatMap | None:
        """(H, W, 2) pixels at frame index ``t``, None where nothing bends."""
        if self.bends[t] == 0 or not self.bend.any():
            return None
        return enlarged(self.bend * np.float32(self.bends[t]), size)


def moments(rng: np.random.Generator, length: int, distant: bool) -> list[int]:
    """Which frames of a scene a clip of ``length`` shows: from 0 on or, if ``distant``, 0 and later ones in a row."""
    if not distant:
        return list(range(length))
    begin = int(rng.integers(1, FARTHEST))
    return [0, *range(begin, begin + length - 1)]


def wandering(rng: np.random.Generator, length: int, start: Series, lively: Liveliness) -> Trajectory:
    """From ``start`` (x, y), at scale 1, angle 0 and unbent, with velocities that change slowly."""
    bends = np.cumsum(_velocities(rng, length, 1)[:, 0])
    return Trajectory(
        centres=start + np.cumsum(_velocities(rng, length, 2) * lively.speed, axis=0),
        scales=np.exp(np.clip(np.cumsum(_velocities(rng, length, 1)[:, 0] * lively.zoom), -0.7, 0.7)),
        angles=np.cumsum(_velocities(rng, length, 1)[:, 0] * lively.turn),
        bend=smooth_field(rng, lively.bend),
        bends=bends / max(np.abs(bends).max(), 1e-6) * min(length / 8, 1),
    )


def shaken(rng: np.random.Generator, path: Trajectory, amplitude: float) -> Trajectory:
    """As held in a hand: each frame is off by about ``amplitude`` pixels."""
    return path.moved(rng.standard_normal((len(path), 2)) * amplitude)


def bounced(path: Trajectory, size: Size) -> Trajectory:
    """Turned back where the centre would leave the picture of ``size`` (H, W)."""
    span = np.array(size[::-1], dtype=np.float64)
    folded = np.mod(path.centres, 2 * span)
    return replace(path, centres=np.minimum(folded, 2 * span - folded))


def there_and_back(rng: np.random.Generator, length: int) -> Series:
    """(T,) in 0..1, at least 3 frames: here (0) at frame 0, away (1) for a while, and on the way back or here again."""
    leave = int(rng.integers(1, max(2, length // 2)))
    travel = int(rng.integers(1, 4))
    stay = int(rng.integers(1, max(2, length - leave - travel)))
    t = np.arange(length)
    beyond = np.maximum(np.maximum(leave - t, t - (leave + stay - 1)), 0)
    return np.clip(1 - beyond / travel, 0, 1) * (t > 0)


def _velocities(rng: np.random.Generator, length: int, axes: int) -> Series:
    """(T, axes) of about 1, with random accelerations; 0 at frame 0, where a thing stands where it was put."""
    noise = rng.standard_normal((length, axes))
    velocities = noise[0] + 0.3 * np.cumsum(noise, axis=0)
    velocities[0] = 0
    return np.asarray(velocities)
