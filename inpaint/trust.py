"""How far to believe what was copied: estimates of the same pixels, mixed by the error that is expected of each.

The estimates are the copies from the past and from the future and the smooth continuation of what is around the hole.
Each is weighed by the inverse of its expected squared error, which is a product of powers of what can be seen: how
wrong the copy is on the rim, how far past and future differ, how far copy and continuation differ, the copy's age and
the depth in the hole. Where something moves behind the object the rim is wrong and the sides of time differ, and the
continuation wins. Knows nothing of how the copies were found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inpaint.membrane import extend
from tam_core.types import FloatMap, Mask


@dataclass(frozen=True)
class ErrorModel:
    """Powers: the expected squared error is exp(``constant``) times each of these measures to its power.

    ``rim``: mean square difference of copy and truth on the rim; ``between``: of past and future, where there are
    ``both`` (a constant more); ``plain``: of copy and smooth continuation; ``age`` in frames; ``depth`` in pixels.
    """

    constant: float
    rim: float
    between: float
    both: float
    age: float
    plain: float
    depth: float


@dataclass(frozen=True)
class TrustSettings:
    """``reach``: differences are averaged over squares of so many pixels; below ``floor``, in squared levels, they are
    noise, and a copy without any is flawless. The models were fitted to a keyed dancer and to his cut-out over nine
    other clips: mean logarithm of the clips' mean square errors. Only the difference of the two counts."""

    reach: int = 9
    floor: float = 4.0
    copy: ErrorModel = ErrorModel(-1.071, rim=0.776, between=0.161, both=-0.83, age=0.564, plain=0.203, depth=-0.339)
    smooth: ErrorModel = ErrorModel(1.071, rim=0, between=-0.121, both=0.83, age=0, plain=0.582, depth=0.339)


@dataclass(frozen=True)
class Candidate:
    """``colours`` (h, w, 3) float32, 0..255, where ``known`` (h, w); ``age`` (h, w): frames from here to its source."""

    colours: FloatMap
    age: FloatMap
    known: Mask


@dataclass(frozen=True)
class Hole:
    """What is to be filled in a ``picture`` (h, w, 3) float32, 0..255: ``unknown`` (h, w).

    ``rim`` (h, w): known pixels around it where the candidates say something too; ``depth`` (h, w), in pixels.
    """

    picture: FloatMap
    unknown: Mask
    rim: Mask
    depth: FloatMap


@dataclass(frozen=True)
class Mixed:
    """``colours`` (h, w, 3), right where ``Hole.unknown`` and a candidate is known; ``main`` (h, w): the number of the
    candidate with the largest share, as many as there are candidates if that is the smooth continuation."""

    colours: FloatMap
    main: npt.NDArray[np.intp]


def mixed(hole: Hole, candidates: Sequence[Candidate], settings: TrustSettings) -> Mixed:
    """The candidates and the smooth continuation of the surroundings, mixed."""
    smooth = extend(hole.picture, ~hole.unknown)
    both = np.all([one.known for one in candidates], axis=0) & (len(candidates) > 1)
    between = np.zeros(both.shape, np.float32)
    if both.any():
        between = _mean(candidates[0].colours - candidates[1].colours, both & hole.unknown, settings.reach)
    seen = _Seen(both, np.where(both, _log(between, settings), 0), np.log(np.maximum(hole.depth, 1)))
    plain, weights = np.zeros_like(between), []
    for one in candidates:
        far = _mean(one.colours - smooth, one.known & hole.unknown, settings.reach)
        rim = _rim_error(hole, one, settings.reach)
        error = seen.expected(settings.copy, _log(rim, settings), _log(far, settings), np.log(np.maximum(one.age, 1)))
        flawless = settings.floor / (rim + np.where(both, between, 0) + np.float32(1e-3))
        weights.append(np.where(one.known, np.exp(-error) * (1 + flawless), 0))
        plain += far
    plain /= np.maximum(np.sum([one.known for one in candidates], axis=0), 1)
    nothing = np.zeros_like(plain)
    weights.append(np.exp(-seen.expected(settings.smooth, nothing, _log(plain, settings), nothing)))
    total = np.zeros_like(smooth)
    for weight, colours in zip(weights, [*(one.colours for one in candidates), smooth], strict=True):
        total += weight[..., None] * colours
    return Mixed(total / np.sum(weights, axis=0)[..., None], np.argmax(weights, axis=0))


@dataclass(frozen=True)
class _Seen:
    """What all estimates share: ``both`` (h, w) and the logarithms of ``between`` and ``depth`` (h, w)."""

    both: Mask
    between: FloatMap
    depth: FloatMap

    def expected(self, model: ErrorModel, rim: FloatMap, plain: FloatMap, age: FloatMap) -> FloatMap:
        """Logarithm of the squared error (h, w) from the logarithms of what is seen."""
        error = model.constant + model.between * self.between + model.both * self.both + model.depth * self.depth
        return np.asarray(error + model.rim * rim + model.plain * plain + model.age * age, np.float32)


def _log(squares: FloatMap, settings: TrustSettings) -> FloatMap:
    return np.asarray(np.log(squares + np.float32(settings.floor)), np.float32)


def _mean(difference: FloatMap, where: Mask, reach: int) -> FloatMap:
    """Mean square of a ``difference`` (h, w, 3) around every pixel, (h, w), over those ``where`` it is defined."""
    red, green, blue = (difference[..., channel] for channel in range(3))
    square = (red * red + green * green + blue * blue) * where / np.float32(3)
    count = cv2.blur(where.astype(np.float32), (reach, reach))
    return np.asarray(cv2.blur(square, (reach, reach)) / np.maximum(count, np.float32(1e-6)), np.float32)


def _rim_error(hole: Hole, one: Candidate, reach: int) -> FloatMap:
    """The squared error on the rim, (h, w), continued smoothly over the hole; solved at half the size."""
    rim = hole.rim & one.known
    height, width = rim.shape
    if not rim.any():
        return np.zeros((height, width), np.float32)
    half = (max(1, width // 2), max(1, height // 2))
    square = cv2.resize(_mean(hole.picture - one.colours, rim, reach), half, interpolation=cv2.INTER_NEAREST)
    near = cv2.blur(rim.astype(np.float32), (reach, reach)) > 1e-6
    known = cv2.resize(near.astype(np.uint8), half, interpolation=cv2.INTER_NEAREST) > 0
    return np.asarray(cv2.resize(extend(square[..., None], known)[..., 0], (width, height)), np.float32).clip(0)
