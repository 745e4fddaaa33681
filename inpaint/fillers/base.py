"""What a filler is: pictures and holes in, pictures out. It sees one picture at a time and no video."""

from typing import Protocol

from inpaint.base import Check, unchecked
from tam_core.types import Mask, Pixels


class Filler(Protocol):
    """Makes up what no frame shows."""

    def fill(self, frames: Pixels, holes: Mask, check: Check = unchecked) -> Pixels:
        """Frames (T, H, W, 3) uint8 or uint16, holes (T, H, W) bool, True = to be filled; each frame is for itself.

        Returns new frames of the same shape and type, equal to the input wherever ``holes`` is False. The same input
        always gives the same output. ``check`` is told the share that is done, 0..1, and may raise.
        """
        ...
