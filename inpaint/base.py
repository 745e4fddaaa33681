"""What an inpainter is: frames and holes in, frames out. It sees no file, no masklet and no host."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from tam_core.types import Mask, Pixels

Check: TypeAlias = Callable[[float], None]
"""Long work calls it several times a second with how much of it is done, in whatever it counts. It may raise."""


def unchecked(done: float) -> None:
    """Nobody wants to know."""
    del done


def part(check: Check, start: float, stop: float) -> Check:
    """For a part of the work that counts 0..1 by itself, and is ``start`` .. ``stop`` of the whole."""
    return lambda done: check(start + done * (stop - start))


@dataclass(frozen=True)
class WindowSpec:
    """How much video an inpainter wants to see at once.

    ``length`` frames are filled together; neighbouring windows share ``overlap`` frames, over which one fades into the
    next; ``references`` further frames are shown from outside the window, from both sides, for what it has not seen.
    """

    length: int
    overlap: int
    references: int = 0


class Inpainter(Protocol):
    """Takes holes away."""

    @property
    def window(self) -> WindowSpec: ...

    def fill(self, frames: Pixels, holes: Mask) -> Pixels:
        """Frames (T, H, W, 3) uint8 in order of time, holes (T, H, W) bool, True = to be filled.

        Returns new frames of the same shape, equal to the input wherever ``holes`` is False.
        """
        ...


@runtime_checkable
class ContinuingInpainter(Inpainter, Protocol):
    """Takes holes away and can go on from what an earlier window made, so that inventions do not jump."""

    def continue_fill(
        self, frames: Pixels, holes: Mask, wanted: Mask, finished: Mask, check: Check = unchecked
    ) -> Pixels:
        """Like ``fill``, for the frames that are ``wanted`` (T,) bool; the others are references.

        ``finished`` (T,) bool: in these frames the holes are already filled, by an earlier window. They are carried on
        where no frame shows the truth. ``check`` is told the share that is done, 0..1.
        """
        ...
