"""Effects that take a layer away: the object by removal, the background by a colour or by transparency."""

from dataclasses import dataclass

from inpaint.effects.base import LINES, STILL, Coverage, Moment, coverage
from inpaint.effects.blend import tinted
from inpaint.engines import INPAINTERS
from inpaint.holes import BY_SIZE, grown, growth
from tam_core.types import Pixels, Size


@dataclass(frozen=True)
class Remove:
    """The object taken out by an ``inpainter``. ``grow``: a length, by which masks grow; BY_SIZE: as by ``remove``.

    In a video, ``inpaint.effects.with_effects`` gives the work to ``inpaint.remove``, which knows all frames. ``apply``
    sees one frame alone: all that the object hides on it is invented.
    """

    inpainter: str = "auto"
    grow: int = BY_SIZE

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        hole = grown(mask > 0, self.pixels((mask.shape[0], mask.shape[1])))
        if not hole.any():
            return frame.copy()
        engine = INPAINTERS.get(self.inpainter, "inpainter").load()
        filled: Pixels = engine.fill(frame[None], hole[None])[0]
        return filled

    def pixels(self, size: Size) -> int:
        """By how many pixels masks of a picture of ``size`` (H, W) are enlarged."""
        return growth(self.grow if self.grow < 0 else round(self.grow * size[0] / LINES), size)


@dataclass(frozen=True)
class Plain:
    """Nothing but a ``colour``."""

    colour: str = "#ffffff"

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        return tinted(frame, self.colour, coverage(mask))


@dataclass(frozen=True)
class Transparent:
    """Nothing at all where the output can be transparent, else a ``colour``, as for keying."""

    colour: str = "#00b140"

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        return tinted(frame, self.colour, coverage(mask))
