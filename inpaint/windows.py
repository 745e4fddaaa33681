"""Windows: which frames are filled together, how neighbouring windows fade into each other, what else they look at."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from inpaint.base import WindowSpec
from inpaint.holes import Box
from tam_core.types import FloatMap, Pixels
from tam_core.video.source import FrameSource


def spans(start: int, stop: int, spec: WindowSpec) -> Iterator[range]:
    """Frames start ... stop - 1 in windows of at most ``spec.length``, each ``spec.overlap`` frames into the next."""
    step = spec.length - spec.overlap
    if step < 1 or spec.overlap * 2 > spec.length:
        raise ValueError(f"windows of {spec.length} frames cannot overlap by {spec.overlap}")
    first = start
    while first < stop:
        last = min(first + spec.length, stop)
        yield range(first, last)
        if last == stop:
            return
        first += step


def weights(span: range, start: int, stop: int, spec: WindowSpec) -> FloatMap:
    """The window's share of each of its frames, (T,) float32; over all windows the shares of a frame sum to 1."""
    share = np.ones(len(span), np.float32)
    ramp = np.arange(1, spec.overlap + 1, dtype=np.float32) / (spec.overlap + 1)
    if span.start > start:
        share[: spec.overlap] = ramp[: len(span)]
    if span.stop < stop:
        share[len(share) - spec.overlap :] = 1 - ramp
    return share


@dataclass(frozen=True)
class ReferenceRule:
    """Which frames outside a window are worth a look. On each side: one ``nearest`` frames away, then at distances
    growing by ``ratio``. ``grid``: far references lie on multiples of it, so that neighbouring windows share them;
    ``candidates`` positions are compared for each."""

    nearest: int = 8
    ratio: float = 2.6
    grid: int = 16
    candidates: int = 4


def references(
    span: range, video: range, count: int, box: Callable[[int], Box | None], rule: ReferenceRule = ReferenceRule()
) -> list[int]:
    """Up to ``count`` frames of ``video`` outside ``span``, ascending: from both sides, near and far.

    Of several frames at about the same distance the one is taken whose hole (``box``) covers least of the window's.
    """
    target = [found for frame in span if (found := box(frame)) is not None]
    chosen: set[int] = set()
    for rank in range(-(-count // 2)):
        near, far = rule.nearest * rule.ratio**rank, rule.nearest * rule.ratio ** (rank + 1)
        for side in ((span.start, -1), (span.stop - 1, 1)):
            offered = [frame for frame in _candidates(side, near, far, rule) if frame in video and frame not in chosen]
            if offered and len(chosen) < count:
                chosen.add(min(offered, key=lambda frame: _covered(box(frame), target)))
    return sorted(chosen)


def _candidates(side: tuple[int, int], near: float, far: float, rule: ReferenceRule) -> Iterator[int]:
    """Frames between ``near`` and ``far`` away from one end of a window, nearest first; the far ones on the grid."""
    edge, direction = side
    for distance in np.linspace(near, far, rule.candidates, endpoint=False):
        frame = edge + direction * round(distance)
        wide = far - near > 2 * rule.grid
        yield frame // rule.grid * rule.grid if wide else frame


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
