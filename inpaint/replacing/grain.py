"""Grain: measured on the flat parts of a frame, made again for what is put in. Same seed, same grain."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.types import FloatMap, Mask, Pixels

BLOCK = 8
"""Side of the blocks that are looked at. Each is freed of a parabola first: shading is not grain."""

FLAT_SHARE = 0.1
TENTH = 0.77
"""The flattest tenth of equally noisy blocks has at most this share of their mean variance (chi square, 58 values)."""

MOST = 15.0
"""More levels of noise than this are texture."""

FEWEST = 12
SOFTNESSES = tuple(step / 10 for step in range(21))
DARKEST, BRIGHTEST = 6, 249
"""Levels beyond which a camera has cut the grain off."""


@dataclass(frozen=True)
class Grain:
    """``mixing`` (3, 3): white noise times this is the noise of R, G and B, in levels of 255.

    ``softness``: standard deviation in pixels of the blur that makes neighbouring pixels alike.
    """

    mixing: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros((3, 3), np.float32))
    softness: float = 0.0

    @property
    def level(self) -> float:
        """Standard deviation of the green channel, in levels."""
        return float(np.sqrt((self.mixing[1] ** 2).sum()))

    def field(self, height: int, width: int, seed: int | tuple[int, ...]) -> FloatMap:
        """(height, width, 3) noise in levels."""
        rng = np.random.default_rng(seed)
        white = rng.standard_normal((height, width, 3), np.float32)
        if self.softness > 0.2:
            white = cv2.GaussianBlur(white, (0, 0), self.softness)
            white /= _kept(self.softness)
        return np.asarray(white @ self.mixing.T, np.float32)


def measure_grain(pixels: Pixels, free: Mask, before: Pixels | None = None) -> Grain | None:
    """The grain of a frame (H, W, 3) where ``free`` (H, W) is True; None where nothing is flat enough to tell.

    The variance is that of the flattest blocks, as in Liu, Tanaka and Okutomi (2013), allowing for their selection.
    ``before``: the frame before it, brought onto it. What both show alike is fine texture, not grain, and is left out.
    """
    height, width = (side // BLOCK * BLOCK for side in free.shape)
    blocks = _blocks(_levels(pixels)[:height, :width])
    usable = _blocks(free[:height, :width, None]).all((1, 2))
    usable &= (blocks.min((1, 2)) > DARKEST) & (blocks.max((1, 2)) < BRIGHTEST)
    if usable.sum() < FEWEST / FLAT_SHARE:
        return None
    left = _without_parabola(blocks[usable])
    variance = (left**2).mean(2).sum(1)
    chosen = variance <= 1.25 * float(np.quantile(variance, FLAT_SHARE)) / TENTH
    if chosen.sum() < FEWEST:
        return None
    left = left[chosen]
    other = np.zeros_like(left)
    if before is not None:
        other = _without_parabola(_blocks(_levels(before)[:height, :width])[usable][chosen])
    return _grain_of(left, other)


def _grain_of(left: FloatMap, other: FloatMap) -> Grain | None:
    """The grain in blocks (N, 3, pixels) without what the same blocks of another frame have in common with them."""
    shape = (len(left), 3, BLOCK, BLOCK)
    softness = _softness(left.reshape(shape), other.reshape(shape))
    shared = np.einsum("nip,njp->ij", left, other)
    total = np.einsum("nip,njp->ij", left, left) - (shared + shared.T) / 2
    values, vectors = np.linalg.eigh(total / (len(left) * BLOCK**2 * _expected(softness)[0]))
    values = np.maximum(values, 0)
    if values.sum() / 3 > MOST**2:
        return None
    return Grain(np.asarray(vectors * np.sqrt(values) @ vectors.T, np.float32), softness)


def median_grain(found: list[Grain]) -> Grain:
    """What several frames say together; none at all if there are none."""
    if not found:
        return Grain()
    mixing = np.median([grain.mixing for grain in found], axis=0).astype(np.float32)
    return Grain(mixing, float(np.median([grain.softness for grain in found])))


def _levels(pixels: Pixels) -> FloatMap:
    return np.asarray(pixels, np.float32) / np.float32(1 if pixels.dtype == np.uint8 else 257)


def _blocks(picture: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(N, channels, pixels)."""
    height, width, channels = picture.shape
    cut = picture.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK, channels)
    return cut.transpose(0, 2, 4, 1, 3).reshape(-1, channels, BLOCK * BLOCK)


def _without_parabola(blocks: FloatMap) -> FloatMap:
    base = _parabolas()
    return np.asarray(blocks - (blocks @ base) @ base.T, np.float32)


@cache
def _parabolas() -> npt.NDArray[np.float64]:
    """(pixels, 6): an orthonormal base of the parabolas on a block."""
    y, x = np.mgrid[:BLOCK, :BLOCK].reshape(2, -1).astype(np.float64)
    base, _ = np.linalg.qr(np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], 1))
    return np.asarray(base, np.float64)


@cache
def _expected(softness: float) -> tuple[float, float]:
    """What a block of unit noise of that softness shows when it is freed from its parabola.

    The share of its power that is left, and how alike neighbours are in what is left.
    """
    kernel = cv2.getGaussianKernel(2 * max(1, round(4 * softness)) + 1, softness or 1e-3)[:, 0]
    line = np.convolve(kernel, kernel)
    line = np.pad(line / line.max(), BLOCK)[len(line) // 2 + BLOCK :][:BLOCK]
    line = line[np.abs(np.subtract.outer(np.arange(BLOCK), np.arange(BLOCK)))]
    free = np.eye(BLOCK**2) - _parabolas() @ _parabolas().T
    left = (free @ np.kron(line, line) @ free).reshape((BLOCK,) * 4)
    power = np.einsum("yxyx->", left) / BLOCK**2
    alike = np.einsum("yxyx->", left[:, :-1, :, 1:]) / (BLOCK * (BLOCK - 1))
    return float(power), float(alike / power)


def _softness(left: FloatMap, other: FloatMap) -> float:
    """Of noise in blocks (N, 3, BLOCK, BLOCK) that are free of parabolas, from how alike neighbours are."""
    power = float((left * (left - other)).mean())
    if power <= 1e-6:
        return 0.0
    across = float((left[..., 1:] * (left - other)[..., :-1]).mean())
    down = float((left[..., 1:, :] * (left - other)[..., :-1, :]).mean())
    return min(SOFTNESSES, key=lambda softness: abs(_expected(softness)[1] - (across + down) / 2 / power))


def _kept(softness: float) -> float:
    """The standard deviation that white noise is left with after the blur."""
    size = 2 * max(1, round(4 * softness)) + 1
    return float((cv2.getGaussianKernel(size, softness) ** 2).sum())
