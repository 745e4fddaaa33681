"""Emoji drawn from circles and polygons, the same on every machine; others are asked of the system's colour font."""

import difflib
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from inpaint.effects.stamps import Stamp, coloured_letter, stamp_of
from tam_core.errors import RequestError

_SIDE = 256
_FINER = 3
"""Drawn so much larger, then made small: that is what makes edges smooth."""

_YELLOW, _BROWN, _RED, _WHITE, _BLACK = "#ffcc33", "#6b3d05", "#e8384f", "#ffffff", "#1c1c22"


class _Pen:
    """Draws on a square of 100 x 100 units."""

    def __init__(self) -> None:
        self.picture = Image.new("RGBA", (_SIDE * _FINER,) * 2, (255, 204, 51, 0))
        self._draw = ImageDraw.Draw(self.picture)
        self._unit = _SIDE * _FINER / 100

    def disc(self, x: float, y: float, radius: float, fill: str, tall: float = 1.0) -> None:
        box = (x - radius, y - radius * tall, x + radius, y + radius * tall)
        self._draw.ellipse([side * self._unit for side in box], fill=fill)

    def shape(self, points: list[tuple[float, float]], fill: str) -> None:
        self._draw.polygon([(x * self._unit, y * self._unit) for x, y in points], fill=fill)

    def bar(self, x0: float, y0: float, x1: float, y1: float, radius: float, fill: str) -> None:
        box = [side * self._unit for side in (x0, y0, x1, y1)]
        self._draw.rounded_rectangle(box, radius * self._unit, fill=fill)

    def mouth(self, y: float, width: float, fill: str) -> None:
        """A laughing half disc."""
        box = [side * self._unit for side in (50 - width, y - width, 50 + width, y + width)]
        self._draw.chord(box, 0, 180, fill=fill)


def _face(pen: _Pen, colour: str = _YELLOW, shade: str = "#e9a51f") -> None:
    pen.disc(50, 50, 48, shade)
    pen.disc(50, 48.5, 46, colour)


def _smile(pen: _Pen) -> None:
    _face(pen)
    for x in (34, 66):
        pen.disc(x, 38, 6, _BROWN, 1.5)
    pen.mouth(55, 25, _BROWN)
    pen.bar(31, 55, 69, 61, 2.5, _WHITE)


def _cool(pen: _Pen) -> None:
    _face(pen)
    pen.mouth(62, 18, _BROWN)
    pen.bar(4, 30, 96, 37, 3, _BLACK)
    for x in (28, 72):
        pen.bar(x - 19, 30, x + 19, 54, 10, _BLACK)
        pen.shape([(x - 12, 34), (x - 4, 34), (x - 12, 46)], "#4a5568")


def _love(pen: _Pen) -> None:
    _face(pen)
    pen.mouth(58, 22, _BROWN)
    for x in (30, 70):
        pen.shape(_heart_points(x, 37, 17), _RED)


def _heart(pen: _Pen) -> None:
    pen.shape(_heart_points(50, 50, 46), "#b81f36")
    pen.shape(_heart_points(50, 48.5, 43), _RED)
    pen.disc(31, 32, 7, "#ff8494", 0.75)


def _heart_points(x: float, y: float, size: float) -> list[tuple[float, float]]:
    t = np.linspace(0, 2 * np.pi, 120)
    across = 16 * np.sin(t) ** 3
    up = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return [(x + a * size / 17, y - (b + 2.5) * size / 17) for a, b in zip(across, up, strict=True)]


def _star(pen: _Pen) -> None:
    for size, fill in ((48, "#e09a10"), (42, "#ffd23f")):
        turns = np.arange(10) * np.pi / 5 - np.pi / 2
        far = np.where(np.arange(10) % 2, 0.48, 1.0) * size
        points = zip(50 + far * np.cos(turns), 53 + far * np.sin(turns), strict=True)
        pen.shape([(float(x), float(y)) for x, y in points], fill)


def _crown(pen: _Pen) -> None:
    pen.shape([(8, 30), (29, 52), (50, 18), (71, 52), (92, 30), (84, 80), (16, 80)], "#ffc62b")
    pen.bar(16, 72, 84, 86, 3, "#e09a10")
    for x, y in ((8, 28), (50, 16), (92, 28)):
        pen.disc(x, y, 6, "#ffdf80")
    for x, fill in ((32, "#3fa7ff"), (50, _RED), (68, "#3fa7ff")):
        pen.disc(x, 79, 4.5, fill)


def _ghost(pen: _Pen) -> None:
    pen.disc(50, 42, 38, "#f4f4fb")
    pen.shape([(12, 42), (88, 42), (88, 92), (75, 82), (62, 94), (50, 82), (38, 94), (25, 82), (12, 92)], "#f4f4fb")
    for x in (36, 64):
        pen.disc(x, 42, 7, _BLACK, 1.4)
    pen.disc(50, 64, 7, _BLACK, 1.2)


def _cat(pen: _Pen) -> None:
    for side in (-1, 1):
        pen.shape([(50 + side * 42, 4), (50 + side * 46, 52), (50 + side * 8, 22)], "#f2a63b")
        pen.shape([(50 + side * 37, 15), (50 + side * 39, 40), (50 + side * 18, 24)], "#ffb9b0")
    pen.disc(50, 57, 43, "#f2a63b", 0.92)
    for x in (33, 67):
        pen.disc(x, 50, 6.5, _BLACK, 1.35)
        pen.disc(x + 2, 47, 2, _WHITE)
    pen.disc(40, 70, 12, "#fff1dc", 0.8)
    pen.disc(60, 70, 12, "#fff1dc", 0.8)
    pen.shape([(44, 61), (56, 61), (50, 68)], "#e8697c")
    for side in (-1, 1):
        for y, end in ((68, 64), (73, 76)):
            x0, x1 = 50 + side * 22, 50 + side * 49
            pen.shape([(x0, y - 0.7), (x1, end - 0.7), (x1, end + 0.7), (x0, y + 0.7)], "#6b4a1c")


def _alien(pen: _Pen) -> None:
    t = np.linspace(0, 2 * np.pi, 120)
    narrow = np.where(np.sin(t) > 0, 1 - 0.42 * np.sin(t) ** 2, 1.0)
    points = zip(50 + 42 * np.cos(t) * narrow, 46 + 48 * np.sin(t) * np.where(np.sin(t) > 0, 1, 0.88), strict=True)
    pen.shape([(float(x), float(y)) for x, y in points], "#7fd957")
    for side in (-1, 1):
        along, across = 15 * np.cos(t), 9 * np.sin(t)  # an ellipse that leans to the nose
        points = zip(50 + side * (20 + 0.8 * along + 0.6 * across), 48 - 0.6 * along + 0.8 * across, strict=True)
        pen.shape([(float(x), float(y)) for x, y in points], _BLACK)
        pen.disc(50 + side * 20 + 3, 42, 2.5, _WHITE)
    pen.bar(42, 76, 58, 79, 1.5, "#2f6b1f")


OURS: dict[str, Callable[[_Pen], None]] = {
    "smile": _smile,
    "cool": _cool,
    "love": _love,
    "heart": _heart,
    "star": _star,
    "crown": _crown,
    "ghost": _ghost,
    "cat": _cat,
    "alien": _alien,
}
"""Our own drawings, by name."""

_SAME = {
    "😀": "smile",
    "😃": "smile",
    "😎": "cool",
    "😍": "love",
    "❤": "heart",
    "⭐": "star",
    "👑": "crown",
    "👻": "ghost",
}
_SAME |= {"🐱": "cat", "👽": "alien"}


@lru_cache(maxsize=16)
def emoji(shape: str) -> Stamp:
    """One of ours by name, or any letter of the system's colour font. Raises RequestError where there is neither."""
    name = shape.strip().rstrip("\ufe0f")
    if not name.isascii():
        drawn = coloured_letter(name)
        if drawn is not None:
            return drawn
        name = _SAME.get(name, name)
    if name in OURS:
        pen = _Pen()
        OURS[name](pen)
        return stamp_of(pen.picture.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS))
    if not name.isascii():
        raise RequestError(f"no font here draws the emoji {shape!r}; of our own there are: {', '.join(OURS)}")
    close = difflib.get_close_matches(name, OURS, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    raise RequestError(f"no emoji is named {shape[:32]!r}: {hint}There are: {', '.join(OURS)}")
