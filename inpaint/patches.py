"""What no frame ever showed: made up from patches of the same picture (Wexler 2007, with Barnes' PatchMatch 2009).

Coarse to fine. On each level every patch that touches the unknown looks for the patch of known pixels most like it, and
every unknown pixel takes the weighted mean of what the patches over it propose.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inpaint.levels import levels, stored
from inpaint.membrane import extend
from tam_core.types import FloatMap, Mask, Pixels

Field = npt.NDArray[np.intp]
"""(N, 2) positions (y, x)."""

NEIGHBOURS = ((0, 1), (1, 0), (0, -1), (-1, 0))


@dataclass(frozen=True)
class PatchSettings:
    """``radius``: patches are 2 radius + 1 pixels wide. ``side``: larger pictures are searched at this size; only the
    last vote is at full size. ``coarsest``: the shorter side where the pyramid starts, in pixels. ``rounds`` of search
    and vote per level, with ``throws`` random guesses each. ``share``: how much of the result are
    the patches, the rest is smooth; a patch in the wrong place is worse than a smooth one. ``seed``: the same picture
    always gives the same result."""

    radius: int = 3
    side: int = 160
    coarsest: int = 24
    rounds: int = 4
    throws: int = 3
    share: float = 0.5
    seed: int = 7


def synthesise(
    picture: Pixels,
    unknown: Mask,
    settings: PatchSettings = PatchSettings(),
    check: Callable[[], None] = lambda: None,
) -> Pixels:
    """A picture (H, W, 3) with its ``unknown`` (H, W) pixels made up; the others are as they were.

    ``check`` is called after every round.
    """
    values = extend(levels(picture), ~unknown)
    matches = _search(values, unknown, settings, np.random.default_rng(settings.seed), check)
    if matches is not None:
        values += settings.share * (matches.vote(values) - values)
    return np.where(unknown[..., None], stored(values, picture.dtype), picture)


def _search(
    values: FloatMap, unknown: Mask, settings: PatchSettings, dice: np.random.Generator, check: Callable[[], None]
) -> "_Matches | None":
    """Matches at this size: those of half the size, doubled and improved. None where no patch is fully known."""
    height, width = unknown.shape
    coarse = None
    if min(height, width) > 2 * settings.coarsest:
        factor = max(2.0, max(height, width) / settings.side)
        size = (round(width / factor), round(height / factor))
        small = cv2.resize(unknown.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 0
        shrunk = extend(cv2.resize(values, size, interpolation=cv2.INTER_AREA), ~small)
        coarse = _search(shrunk, small, settings, dice, check)
    matches = _start(unknown, settings.radius, coarse, dice)
    if matches is None:
        return None
    if coarse is not None:
        values = matches.vote(values)
    for _ in range(settings.rounds if max(height, width) <= settings.side else 0):
        matches.improve(values, settings.throws, dice)
        values = matches.vote(values)
        check()
    return matches


@dataclass
class _Matches:
    """For each of ``places`` (N, 2) the centre of the patch it looks like, ``source`` (N, 2), and how unlike, ``cost``.

    ``order`` (H, W): position of a pixel in ``places``, or -1; ``allowed`` (H, W): centres of fully known patches.
    """

    places: Field
    source: Field
    cost: FloatMap
    order: npt.NDArray[np.intp]
    allowed: Mask
    unknown: Mask
    radius: int

    def improve(self, values: FloatMap, throws: int, dice: np.random.Generator) -> None:
        """Try what the neighbours have found, and random places nearer and nearer to the best so far."""
        padded = _padded(values, self.radius)
        self.cost = self._unlike(padded, self.source)
        for step in NEIGHBOURS:
            beside = self._clipped(self.places + step)
            neighbour = self.order[beside[:, 0], beside[:, 1]]
            self._offer(padded, np.where(neighbour[:, None] >= 0, self.source[neighbour] - step, self.source))
        reach = max(self.unknown.shape)
        for _ in range(throws):
            self._offer(padded, self.source + dice.integers(-reach, reach + 1, self.source.shape))
            reach = max(reach // 6, 1)

    def vote(self, values: FloatMap) -> FloatMap:
        """New values (H, W, 3): every unknown pixel is the weighted mean of the patches over it."""
        height, width = self.unknown.shape
        padded, radius = _padded(values, self.radius), self.radius
        weight = np.exp(-self.cost / max(2 * float(np.percentile(self.cost, 75)), 1.0)).astype(np.float32)
        total = np.zeros((height + 2 * radius, width + 2 * radius, 4), np.float32)
        y, x = self.places.T
        for dy, dx in _window(radius):
            colours = padded[self.source[:, 0] + dy, self.source[:, 1] + dx]
            total[y + dy, x + dx, :3] += weight[:, None] * colours
            total[y + dy, x + dx, 3] += weight
        total = total[radius : radius + height, radius : radius + width]
        mean = total[..., :3] / np.maximum(total[..., 3:], 1e-12)
        return np.where((self.unknown & (total[..., 3] > 0))[..., None], mean, values).astype(np.float32)

    def _offer(self, padded: FloatMap, candidate: Field) -> None:
        """Take over the candidates (N, 2) that are allowed and more alike."""
        candidate = self._clipped(candidate)
        cost = self._unlike(padded, candidate)
        better = self.allowed[candidate[:, 0], candidate[:, 1]] & (cost < self.cost)
        self.source[better] = candidate[better]
        self.cost[better] = cost[better]

    def _unlike(self, padded: FloatMap, candidate: Field) -> FloatMap:
        """Mean square difference (N,) between the patches at ``places`` and at ``candidate``."""
        total = np.zeros(len(self.places), np.float32)
        (y, x), (cy, cx) = self.places.T, candidate.T
        for dy, dx in _window(self.radius):
            difference = padded[y + dy, x + dx] - padded[cy + dy, cx + dx]
            total += np.einsum("nc,nc->n", difference, difference)
        return total / np.float32(3 * (2 * self.radius + 1) ** 2)

    def _clipped(self, points: Field) -> Field:
        """Points (N, 2) moved into the picture."""
        return np.clip(points, 0, np.array(self.unknown.shape) - 1)


def _start(unknown: Mask, radius: int, coarse: _Matches | None, dice: np.random.Generator) -> _Matches | None:
    """Matches to begin with: those of a smaller picture, or random ones."""
    size = 2 * radius + 1
    touched = cv2.dilate(unknown.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    allowed = ~touched
    allowed[:radius], allowed[-radius:], allowed[:, :radius], allowed[:, -radius:] = False, False, False, False
    sources = np.argwhere(allowed)
    if not len(sources):
        return None
    places = np.argwhere(touched)
    order = np.full(unknown.shape, -1, np.intp)
    order[touched] = np.arange(len(places))
    source = sources[dice.integers(0, len(sources), len(places))]
    if coarse is not None:
        guess = _enlarged(places, coarse, np.array(unknown.shape))
        good = allowed[guess[:, 0], guess[:, 1]]
        source[good] = guess[good]
    return _Matches(places, source, np.zeros(len(places), np.float32), order, allowed, unknown, radius)


def _enlarged(places: Field, coarse: _Matches, shape: Field) -> Field:
    """The coarse matches as seen by the pixels of a larger picture: the same displacement, scaled up."""
    scale = shape / np.array(coarse.unknown.shape)
    below = coarse._clipped(np.floor((places + 0.5) / scale).astype(np.intp))
    number = coarse.order[below[:, 0], below[:, 1]]
    shift = np.rint((coarse.source[number] - coarse.places[number]) * scale).astype(np.intp)
    return np.asarray(np.clip(places + shift, 0, shape - 1), np.intp)


def _window(radius: int) -> list[tuple[int, int]]:
    """Positions of a patch's pixels from its first one."""
    return [(dy, dx) for dy in range(2 * radius + 1) for dx in range(2 * radius + 1)]


def _padded(values: FloatMap, radius: int) -> FloatMap:
    framed = cv2.copyMakeBorder(values, radius, radius, radius, radius, cv2.BORDER_REFLECT)
    return np.asarray(framed, np.float32)
