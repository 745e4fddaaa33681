"""Where on the screen a pixel of the source is, in the three editors, and back. Pure arithmetic, no Blender.

Source points are as in ``link/wire.py``: (x, y) from the top left of the upright picture, y down, the middle of the
first pixel at (0.5, 0.5). A *view* is what ``region.view2d`` counts in: the sequencer's preview counts pixels of the
scene from the middle of the picture, y up; image and clip editor count the whole picture as 1 x 1 from its lower left.
``strips.py`` reads the numbers out of Blender.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

Point = tuple[float, float]
Size = tuple[int, int]
"""(width, height)"""
Box = tuple[float, float, float, float]
"""(x0, y0, x1, y1) in source pixels, x1 and y1 exclusive."""


@dataclass(frozen=True)
class Affine:
    """(x, y) -> (a x + b y + c, d x + e y + f)"""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def __call__(self, x: float, y: float) -> Point:
        return self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f

    def then(self, next_: "Affine") -> "Affine":
        """First this one, then the next one."""
        c, f = next_(self.c, self.f)
        a, d = next_.a * self.a + next_.b * self.d, next_.d * self.a + next_.e * self.d
        b, e = next_.a * self.b + next_.b * self.e, next_.d * self.b + next_.e * self.e
        return Affine(a, b, c, d, e, f)

    @property
    def inverse(self) -> "Affine":
        """Raises ZeroDivisionError when everything falls on a line."""
        area = self.a * self.e - self.b * self.d
        a, b, d, e = self.e / area, -self.b / area, -self.d / area, self.a / area
        return Affine(a, b, -(a * self.c + b * self.f), d, e, -(d * self.c + e * self.f))


def moved(x: float, y: float) -> Affine:
    return Affine(1, 0, x, 0, 1, y)


def scaled(x: float, y: float) -> Affine:
    return Affine(x, 0, 0, 0, y, 0)


def rotated(angle: float) -> Affine:
    """Counterclockwise where y is up, in radians."""
    return Affine(math.cos(angle), -math.sin(angle), 0, math.sin(angle), math.cos(angle), 0)


@dataclass(frozen=True)
class Placement:
    """A strip's picture in the sequencer's preview.

    ``size``: of the picture as Blender reads it. ``turned``: by how many degrees clockwise it would have to be turned
    to be upright, where Blender does not heed what the file says (before 4.5). ``canvas``: the scene's resolution at
    100 %. ``offset`` in pixels of the canvas, ``rotation`` in radians counterclockwise, ``origin`` in parts of the
    picture from its lower left, ``crop`` as (left, right, top, bottom) in pixels of the picture; ``flip`` mirrors the
    canvas. ``pixel_aspect``: width of a pixel of the canvas over its height.

    ``render_scale``: the size in which the preview is computed (percentage or proxy) over the canvas. Below 1 it
    matters to two habits: ``corner_sampling`` (before 4.1), the picture is read at the corners of pixels, half a pixel
    beside their middles; ``unscaled_origin`` (before 5.2), the origin is not made smaller with everything else.
    """

    size: Size
    canvas: Size
    offset: Point = (0.0, 0.0)
    scale: Point = (1.0, 1.0)
    rotation: float = 0.0
    origin: Point = (0.5, 0.5)
    crop: tuple[int, int, int, int] = (0, 0, 0, 0)
    flip: tuple[bool, bool] = (False, False)
    pixel_aspect: float = 1.0
    turned: int = 0
    render_scale: float = 1.0
    corner_sampling: bool = False
    unscaled_origin: bool = False

    def to_view(self, x: float, y: float) -> Point:
        return self.affine(x, y)

    def to_source(self, view_x: float, view_y: float) -> Point | None:
        """Also beside the picture; None when the strip is scaled to nothing."""
        try:
            return self.affine.inverse(view_x, view_y)
        except ZeroDivisionError:
            return None

    @property
    def visible(self) -> Box:
        """What is not cropped away."""
        left, right, top, bottom = self.crop
        return _upright((left, top, self.size[0] - right, self.size[1] - bottom), self.size, self.turned)

    @cached_property
    def affine(self) -> Affine:
        """Source to view."""
        width, height = self.size
        across, up = width * (self.origin[0] - 0.5), height * (self.origin[1] - 0.5)
        habit = 0.5 if self.corner_sampling else 0.0
        back = 1 / self.render_scale if self.unscaled_origin else 1.0
        steps = (
            Affine(1, 0, -width / 2, 0, -1, height / 2),
            moved(-across - habit, -up - habit),
            scaled(*self.scale),
            rotated(self.rotation),
            moved(across * back + self.offset[0], up * back + self.offset[1]),
            moved(*(self._rounding(axis) + habit / self.render_scale for axis in (0, 1))),
            scaled(-1 if self.flip[0] else 1, -1 if self.flip[1] else 1),
            scaled(self.pixel_aspect, 1),
        )
        found = _stored(self.size, self.turned)
        for step in steps:
            found = found.then(step)
        return found

    def _rounding(self, axis: int) -> float:
        """Half a pixel too far to the lower left where picture and canvas have no common middle pixel."""
        room = int(self.canvas[axis] * self.render_scale) - self.size[axis]
        return (math.trunc(room / 2) - room / 2) / self.render_scale


@dataclass(frozen=True)
class Whole:
    """The picture of an image or clip editor. ``size`` and ``turned`` as in ``Placement``."""

    size: Size
    turned: int = 0

    def to_view(self, x: float, y: float) -> Point:
        return self.affine(x, y)

    def to_source(self, view_x: float, view_y: float) -> Point:
        return self.affine.inverse(view_x, view_y)

    @property
    def visible(self) -> Box:
        """All of it."""
        return _upright((0, 0, *self.size), self.size, self.turned)

    @cached_property
    def affine(self) -> Affine:
        width, height = self.size
        return _stored(self.size, self.turned).then(Affine(1 / width, 0, 0, 0, -1 / height, 1))


@dataclass(frozen=True)
class Viewport:
    """The part of a view that a region of the screen shows: ``low`` and ``high`` are its lower left and upper right
    corner in the view, ``size`` is in pixels of the screen."""

    low: Point
    high: Point
    size: Size

    def to_region(self, view_x: float, view_y: float) -> Point:
        """Pixels from the lower left of the region, for drawing."""
        return self.affine(view_x, view_y)

    def to_view(self, column: int, row: int) -> Point:
        """Of the middle of a pixel of the region, such as the mouse is on."""
        return self.affine.inverse(column + 0.5, row + 0.5)

    @cached_property
    def affine(self) -> Affine:
        x, y = (self.size[axis] / (self.high[axis] - self.low[axis]) for axis in (0, 1))
        return Affine(x, 0, -x * self.low[0], 0, y, -y * self.low[1])


def around(points: Sequence[Point]) -> Box:
    """The smallest upright box with all the points."""
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


def _upright(box: Box, size: Size, turned: int) -> Box:
    """A box of the stored picture in the upright one."""
    back = _stored(size, turned).inverse
    return around([back(*box[:2]), back(*box[2:])])


def _stored(size: Size, turned: int) -> Affine:
    """From the upright picture to the picture of that size that has to be turned clockwise to be upright."""
    width, height = size
    return {
        0: Affine(1, 0, 0, 0, 1, 0),
        90: Affine(0, 1, 0, -1, 0, height),
        180: Affine(-1, 0, width, 0, -1, height),
        270: Affine(0, -1, width, 1, 0, 0),
    }[turned]
