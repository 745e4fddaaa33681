"""Words and emoji: a label that follows the object, words that stand behind it, a face in front of it."""

from dataclasses import dataclass
from typing import Literal

from inpaint.effects.base import STILL, Coverage, Moment, Target, coverage, scaled, targets_of
from inpaint.effects.blend import tinted
from inpaint.effects.emoji import emoji
from inpaint.effects.stamps import Stamp, stamped, words
from tam_core.types import Pixels


@dataclass(frozen=True)
class Label:
    """``text`` above the object, or ``on`` the middle of it, in letters of ``size`` px, with a rim or on a plate."""

    text: str = "LOOK"
    colour: str = "#ffffff"
    rim: str = "#000000"
    plate: str = ""
    size: float = 42
    place: Literal["above", "on"] = "above"

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        result = frame.copy()
        if not self.text.strip():
            return result
        stamp = words(self.text, max(6, round(scaled(self.size, frame))), self.colour, self.rim, self.plate)
        for target in targets_of(mask, moment):
            x, y = target.centre
            if self.place == "above":
                x, y = _inside(x, target.y0 - 0.4 * stamp.size[1], stamp, frame)
            result = stamped(result, stamp, (x, y), 1.0, target.presence)
        return result


@dataclass(frozen=True)
class Poster:
    """``text`` over the whole width behind the object, each word a line; or ``rows`` of it that run past.

    ``speed``: widths of the picture a minute.
    """

    text: str = "WOW"
    colour: str = "#ffffff"
    amount: float = 0.92
    rows: int = 0
    speed: float = 6.0
    paper: str = ""

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        share = coverage(mask)
        result = tinted(frame, self.paper, share) if self.paper else frame.copy()
        if not self.text.strip():
            return result
        height, width = mask.shape
        lines = [self.text] * self.rows if self.rows else self.text.split()
        room = height * 0.92 / len(lines)
        for row, line in enumerate(lines):
            stamp = words(line, max(6, round(room * (0.72 if self.rows else 0.95))), self.colour)
            y = height * 0.04 + room * (row + 0.5)
            if not self.rows:
                scale = min(width / stamp.size[0], room * 2.2 / stamp.size[1])
                result = stamped(result, stamp, (width / 2, y), scale, self.amount, share)
                continue
            step = stamp.size[0] * 0.92
            start = (moment.time * self.speed / 60 * width * (-1) ** row) % step - step
            for count in range(int(width / step) + 3):
                result = stamped(result, stamp, (start + step * count, y), 1.0, self.amount, share)
        return result


@dataclass(frozen=True)
class Emoji:
    """A face or sign that follows the object: ``on`` its upper part, over all of it (``cover``), or ``above`` it.

    ``shape``: a name from our own drawings, or any emoji that a colour font of the system has.
    """

    shape: str = "smile"
    place: Literal["on", "cover", "above"] = "on"
    size: float = 1.15

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        stamp, result = emoji(self.shape), frame.copy()
        for target in targets_of(mask, moment):
            centre, side = self._spot(target)
            result = stamped(result, stamp, centre, side / max(stamp.size), target.presence)
        return result

    def _spot(self, target: Target) -> tuple[tuple[float, float], float]:
        """Where it stands, and how wide it is, in pixels."""
        (x, y), (width, height) = target.centre, target.size
        short = min(width, height)
        if self.place == "cover":
            return (x, y), max(width, height) * self.size
        if self.place == "above":
            side = short * 0.7 * self.size
            return (x, max(target.y0 - side * 0.6, side / 2)), side
        return (x, target.y0 + short / 2), short * self.size


def _inside(x: float, y: float, stamp: Stamp, frame: Pixels) -> tuple[float, float]:
    """The nearest place at which all of the stamp is in the picture, where it fits at all."""
    places = []
    for place, side, room in zip((x, y), stamp.size, frame.shape[1::-1], strict=True):
        places.append(min(max(place, side / 2), max(room - side / 2, side / 2)))
    return places[0], places[1]
