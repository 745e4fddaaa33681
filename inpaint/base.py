"""What an inpainter is: frames and holes in, frames out. It sees no file, no masklet and no host."""

from dataclasses import dataclass
from typing import Protocol

from tam_core.types import Mask, Pixels


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

    window: WindowSpec

    def fill(self, frames: Pixels, holes: Mask) -> Pixels:
        """Frames (T, H, W, 3) uint8 in order of time, holes (T, H, W) bool, True = to be filled.

        Returns new frames of the same shape, equal to the input wherever ``holes`` is False.
        """
        ...
