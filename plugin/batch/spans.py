"""How a long clip is cut into spans that overlap, and how much of each of two neighbours counts where they do."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tam_core.errors import RequestError


@dataclass(frozen=True)
class Span:
    """Frames ``start`` .. ``stop`` (exclusive) are its own; it is worked out up to ``end``, into the next one."""

    start: int
    stop: int
    end: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Cutting:
    """``length`` of a span and ``overlap`` with the next one, in frames."""

    length: int
    overlap: int

    def __post_init__(self) -> None:
        if self.length < 2:
            raise RequestError(f"--span {self.length}: a span has at least 2 frames")
        if not 0 <= self.overlap <= self.length // 2:
            raise RequestError(
                f"--overlap {self.overlap}: from 0 to half of a span, which is {self.length // 2} frames"
            )


def spans_of(frames: range, cutting: Cutting) -> list[Span]:
    """Spans of equal length, to a frame, and none longer than asked; one if the frames are no more."""
    count = max(1, -(-len(frames) // cutting.length))
    edges = [frames.start + len(frames) * number // count for number in range(count + 1)]
    return [Span(start, stop, min(stop + cutting.overlap, frames.stop)) for start, stop in pairwise(edges)]


def shares(before: Span, frame: int) -> float:
    """How much of a frame is still the span's ``before``, once the next one has begun: 1 .. 0, evenly less."""
    length = before.end - before.stop
    return 1 - (frame - before.stop + 1) / (length + 1)


def parts(spans: list[Span]) -> Iterator[tuple[int, int, float]]:
    """For each frame: its number, the number of its span, and the share of the span before it (0: none)."""
    for number, span in enumerate(spans):
        for frame in range(span.start, span.stop):
            earlier = spans[number - 1] if number else None
            yield frame, number, shares(earlier, frame) if earlier and frame < earlier.end else 0.0
