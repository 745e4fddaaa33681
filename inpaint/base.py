"""What an inpainter is: frames and holes in, frames out. It sees no file, no masklet and no host."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from tam_core.types import Mask, Pixels

Check: TypeAlias = Callable[[float], None]
"""Long work calls it several times a second with how much of it is done, in whatever it counts. It may raise."""

Origins: TypeAlias = npt.NDArray[np.int32]
"""(..., H, W) int32: the index in the video of the frame that a pixel was copied from, or UNTOUCHED or SYNTHESISED."""

UNTOUCHED = -1
"""An origin: the pixel is the source's own."""
SYNTHESISED = -2
"""An origin: no frame that was looked at shows what is there; the pixel was made up, or carried from one that was."""


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
    ``footprint``: bytes that each pixel of each of these frames takes while the window is filled, about.
    """

    length: int
    overlap: int
    references: int = 0
    footprint: int = 64


@dataclass(frozen=True)
class Window:
    """What an engine is shown, in order of time; all have the same T, H and W.

    ``indices``: (T,) int32, the frames' places in the video; ``frames``: (T, H, W, 3) uint8; ``holes``: (T, H, W) bool,
    True = to be filled; ``wanted``: (T,) bool, the frames to be filled, the others are references; ``finished``: (T,)
    bool, frames whose holes an earlier window has filled, with the ``origins`` (T, H, W) of what is there. Finished
    frames are carried on where no frame shows the truth, so that inventions do not jump.
    """

    indices: npt.NDArray[np.int32]
    frames: Pixels
    holes: Mask
    wanted: npt.NDArray[np.bool_]
    finished: npt.NDArray[np.bool_]
    origins: Origins


@dataclass(frozen=True)
class Fill:
    """A window's frames with the holes of the wanted ones filled, and where each pixel is from.

    ``frames``: like the window's; ``origins``: (T, H, W), UNTOUCHED where nothing was filled.
    """

    frames: Pixels
    origins: Origins


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
class CopyingInpainter(Inpainter, Protocol):
    """Takes holes away by what other frames show, knows where each pixel is from, and goes on from earlier windows."""

    def fill_window(self, window: Window, check: Check = unchecked) -> Fill:
        """Like ``fill``, for the frames that are wanted. ``check`` is told the share that is done, 0..1."""
        ...
