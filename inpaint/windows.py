"""Windows: which frames are filled together, how neighbouring windows fade into each other, what else they look at."""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from inpaint.holes import Box
from tam_core.types import FloatMap, Pixels
from tam_core.video.source import FrameSource


@dataclass(frozen=True)
class Span:
    """Frames ``start`` ... ``stop`` - 1, filled together.

    The first ``fade_in`` and the last ``fade_out`` of them are in a neighbouring window too; one fades into the next.
    """

    start: int
    stop: int
    fade_in: int = 0
    fade_out: int = 0

    @property
    def frames(self) -> range:
        return range(self.start, self.stop)

    @property
    def final(self) -> int:
        """The first frame that the next window may still change."""
        return self.stop - self.fade_out

    @property
    def shares(self) -> FloatMap:
        """The window's share of each of its frames, (T,) float32; over all windows the shares of a frame sum to 1."""
        share = np.ones(self.stop - self.start, np.float32)
        share[: self.fade_in] = _ramp(self.fade_in)
        share[len(share) - self.fade_out :] *= 1 - _ramp(self.fade_out)
        return share


def _ramp(count: int) -> FloatMap:
    return np.arange(1, count + 1, dtype=np.float32) / np.float32(count + 1)


def next_span(before: Span | None, start: int, stop: int, length: int, overlap: int) -> Span:
    """The window after ``before``, of at most ``length`` frames, in a shot that goes from ``start`` to ``stop``.

    It shares ``overlap`` frames with the next one, if there is one; what it shares with ``before`` is settled. Where
    ``before`` ended for good, or there is none, the window begins at ``start``.
    """
    if length < 1 or overlap * 2 > length:
        raise ValueError(f"windows of {length} frames cannot overlap by {overlap}")
    fade_in = before.fade_out if before is not None else 0
    first = before.final if before is not None and fade_in else start
    last = min(max(first + length, first + fade_in + 1), stop)
    return Span(first, last, fade_in, 0 if last == stop else min(overlap, last - first - fade_in))


@dataclass(frozen=True)
class ReferenceRule:
    """Which frames outside a window are worth a look. On each side: one ``nearest`` frames away, or nearer where the
    shot ends before that, then at distances growing by ``ratio``. ``grid``: far references lie on multiples of it, so
    that neighbouring windows share them; ``candidates`` positions are compared for each."""

    nearest: int = 8
    ratio: float = 2.6
    grid: int = 16
    candidates: int = 4

    def reach(self, count: int) -> int:
        """How far away the farthest of ``count`` references may lie."""
        return math.ceil(self.nearest * self.ratio ** -(-count // 2)) if count else 0


def references(
    span: range,
    usable: Callable[[int], bool],
    count: int,
    box: Callable[[int], Box | None],
    rule: ReferenceRule = ReferenceRule(),
) -> list[int]:
    """Up to ``count`` ``usable`` frames outside ``span``, nearest first: from both sides, near and far.

    Of several frames at about the same distance the one is taken whose hole (``box``) covers least of the window's.
    """
    target = [found for frame in span if (found := box(frame)) is not None]
    chosen: list[int] = []
    for rank in range(-(-count // 2)):
        near, far = rule.nearest * rule.ratio**rank, rule.nearest * rule.ratio ** (rank + 1)
        for side in ((span.start, -1), (span.stop - 1, 1)):
            offered = [frame for frame in _candidates(side, near, far, rule) if usable(frame) and frame not in chosen]
            if not offered and rank == 0:
                offered = [frame for frame in _remainder(side, rule) if usable(frame)]
            if offered and len(chosen) < count:
                chosen.append(min(offered, key=lambda frame: _covered(box(frame), target)))
    return chosen


def _candidates(side: tuple[int, int], near: float, far: float, rule: ReferenceRule) -> Iterator[int]:
    """Frames between ``near`` and ``far`` away from one end of a window, nearest first; the far ones on the grid."""
    edge, direction = side
    for distance in np.linspace(near, far, rule.candidates, endpoint=False):
        frame = edge + direction * round(distance)
        wide = far - near > 2 * rule.grid
        yield frame // rule.grid * rule.grid if wide else frame


def _remainder(side: tuple[int, int], rule: ReferenceRule) -> Iterator[int]:
    """Frames nearer than the nearest reference, farthest first: all that is left of a shot that ends soon."""
    edge, direction = side
    for distance in range(rule.nearest - 1, 0, -1):
        yield edge + direction * distance


def _covered(hole: Box | None, target: Sequence[Box]) -> float:
    """How much of the window's boxes a reference's box covers, 0..1 per frame of the window."""
    if hole is None:
        return 0.0
    total = 0.0
    for box in target:
        width = min(hole[2], box[2]) - max(hole[0], box[0])
        height = min(hole[3], box[3]) - max(hole[1], box[1])
        total += max(width, 0) * max(height, 0) / ((box[2] - box[0]) * (box[3] - box[1]))
    return total / max(len(target), 1)


class FrameCache:
    """Frames of a source by index, read once while they are in use: at most ``limit`` are held."""

    def __init__(self, source: FrameSource, limit: int) -> None:
        self._source = source
        self._limit = limit
        self._held: OrderedDict[int, Pixels] = OrderedDict()

    def keep(self, index: int, pixels: Pixels) -> None:
        """Hold a frame that has been decoded anyway."""
        self._held[index] = pixels
        self._held.move_to_end(index)
        while len(self._held) > self._limit:
            self._held.popitem(last=False)

    def read(self, index: int) -> Pixels:
        """The pixels (H, W, 3) of a frame."""
        if index in self._held:
            self._held.move_to_end(index)
            return self._held[index]
        pixels = self._source.read(index).pixels
        self.keep(index, pixels)
        return pixels
