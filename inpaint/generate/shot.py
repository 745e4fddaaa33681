"""What generation works on: the frames of a source and the holes in them, in runs of frames that show the objects."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inpaint.base import Check
from inpaint.holes import Box, Holes, crop_box
from tam_core.types import Pixels
from tam_core.video.source import FrameSource


@dataclass(frozen=True)
class Shot:
    """``span``: the frames that are wanted. ``check`` counts frames from its start."""

    source: FrameSource
    holes: Holes
    span: range
    check: Check

    def runs(self) -> Iterator[tuple[bool, range]]:
        """The span in ranges of frames that all show the objects (True) or all do not, in order."""
        begin = self.span.start
        for index in self.span[1:]:
            if self.holes.visible(index) != self.holes.visible(begin):
                yield self.holes.visible(begin), range(begin, index)
                begin = index
        if self.span:
            yield self.holes.visible(begin), range(begin, self.span.stop)

    def box(self, frames: range, margin: int) -> Box:
        """The part of the picture with the holes of these frames and so many pixels around them."""
        boxes = [box for index in frames if (box := self.holes.box(index)) is not None]
        return crop_box(boxes, self.holes.size, margin)

    def tell(self, frames: float) -> None:
        """So many frames from the span's start are as good as done."""
        self.check(frames - self.span.start)


def eight_bits(pixels: Pixels) -> Pixels:
    """A picture as models take it, uint8."""
    return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
