"""Effects that lead the eye to the object, and follow its box: spotlight, burst, pointer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from inpaint.effects.base import STILL, Coverage, Moment, Target, coverage, scaled, targets_of
from inpaint.effects.blend import blend, sheet, tinted
from tam_core.types import FloatMap, Pixels

Canvas: TypeAlias = npt.NDArray[np.uint8]
"""(H, W) uint8, what is drawn on; OpenCV draws smooth edges on 8 bits alone."""


@dataclass(frozen=True)
class Spotlight:
    """All but an ellipse around the object is darkened by ``shade`` 0..1 to ``colour``.

    ``spread``: how far the light reaches past the object's box, 1 = just around it; ``soft`` 0..1: of its edge;
    ``shape``: the ellipse, a sharp ``scope`` with a cross, or the ``object`` itself.
    """

    shade: float = 0.75
    spread: float = 1.25
    soft: float = 0.5
    shape: Literal["ellipse", "scope", "object"] = "ellipse"
    colour: str = "#000000"

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        targets = targets_of(mask, moment)
        presence = max((target.presence for target in targets), default=0.0)
        if not presence:
            return frame.copy()
        light = coverage(mask)
        if self.shape != "object":
            light = np.zeros(mask.shape, np.float32)
            for target in targets:
                light = np.maximum(light, self._pool(target, mask.shape) * np.float32(target.presence))
        shaded = blend(frame, sheet(self.colour, frame), (1 - light) * np.float32(self.shade * presence))
        return self._with_cross(shaded, targets) if self.shape == "scope" else shaded

    def _radii(self, target: Target) -> tuple[float, float]:
        half = [side / 2 * self.spread * 2**0.5 for side in target.size]
        if self.shape == "scope":
            half = [max(target.size) / 2 * self.spread] * 2
        return max(half[0], 4.0), max(half[1], 4.0)

    def _pool(self, target: Target, size: tuple[int, ...]) -> FloatMap:
        """1 within the light, 0 far from it."""
        far = elliptic(size, target.centre, self._radii(target))
        edge = np.float32(max(self.soft, 4 / max(self._radii(target))))
        fall = np.clip((1 + edge / 2 - far) / edge, 0, 1)
        return np.asarray(fall * fall * (3 - 2 * fall), np.float32)

    def _with_cross(self, frame: Pixels, targets: Sequence[Target]) -> Pixels:
        lines = np.zeros(frame.shape[:2], np.uint8)
        thick = max(1, round(scaled(2.5, frame)))
        for target in targets:
            radius, (x, y) = self._radii(target)[0], target.centre
            _circle(lines, (x, y), radius, _level(target), thick)
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                ends = [(x + dx * radius * by, y + dy * radius * by) for by in (0.8, 1.15)]
                _line(lines, ends[0], ends[1], _level(target), thick)
        return tinted(frame, "#ffffff", _unit(lines))


@dataclass(frozen=True)
class Burst:
    """Rays from behind the object. ``rays``: how many; ``turn``: turns a minute; ``reach``: in sizes of the object.

    ``ragged``: lines of a comic that run in from the picture's edge, drawn anew eight times a second.
    """

    colour: str = "#ffd23f"
    amount: float = 0.65
    rays: int = 16
    turn: float = 4.0
    reach: float = 6.0
    ragged: bool = False

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        result = frame
        free = 1 - coverage(mask)
        for target in targets_of(mask, moment):
            strength = np.float32(self.amount * target.presence)
            draw = self._lines if self.ragged else self._rays
            result = tinted(result, self.colour, draw(target, mask.shape, moment.time) * free * strength)
        return result.copy() if result is frame else result

    def _rays(self, target: Target, size: tuple[int, ...], time: float) -> FloatMap:
        far, angle = _polar(size, target.centre)
        phase = angle * np.float32(self.rays / (2 * np.pi)) + np.float32(self.rays * self.turn * time / 60)
        beside = np.abs(phase % 1 - 0.5) - 0.25  # of a ray's distance; > 0 on the ray
        edge = beside * far * np.float32(2 * np.pi / self.rays) + 0.5
        reach = np.float32(max(target.size) / 2 * self.reach)
        return np.asarray(np.clip(edge, 0, 1) * np.clip(1.25 - far / reach, 0, 1), np.float32)

    def _lines(self, target: Target, size: tuple[int, ...], time: float) -> FloatMap:
        """Wedges that end at different distances from the object."""
        random = np.random.default_rng(int(time * 8))
        (x, y), reach = target.centre, float(np.hypot(size[0], size[1]))
        clear = max(target.size) * 0.58
        lines = np.zeros(size, np.uint8)
        count = self.rays * 8
        angles = (np.arange(count) + random.uniform(-0.4, 0.4, count)) * 2 * np.pi / count
        tips, widths = clear * random.uniform(1, 1.9, count), random.uniform(0.15, 0.9, count) * np.pi / count
        for angle, tip, width in zip(angles, tips, widths, strict=True):
            outer = [(x + reach * np.cos(angle + side), y + reach * np.sin(angle + side)) for side in (-width, width)]
            wedge = np.array([(x + tip * np.cos(angle), y + tip * np.sin(angle)), *outer])
            cv2.fillConvexPoly(lines, np.rint(wedge * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
        return _unit(lines)


@dataclass(frozen=True)
class Pointer:
    """What points the object out: an ``arrow`` that bounces above it, a ``ring`` at its feet, or ``corners``."""

    kind: Literal["arrow", "ring", "corners"] = "arrow"
    colour: str = "#ffd400"
    size: float = 64

    def apply(self, frame: Pixels, mask: Coverage, moment: Moment = STILL) -> Pixels:
        inked, edged = (np.zeros(frame.shape[:2], np.uint8) for _ in range(2))
        size, draw = scaled(self.size, frame), {"arrow": _arrow, "ring": _ring, "corners": _corners}[self.kind]
        for target in targets_of(mask, moment):
            draw(inked, edged, target, size, moment.time)
        ink, edge = _unit(inked), _unit(edged)
        if self.kind == "ring":  # it lies behind the object
            free = 1 - coverage(mask)
            ink, edge = ink * free, edge * free
        return tinted(tinted(frame, "#000000", np.maximum(edge, ink) * np.float32(0.6)), self.colour, ink)


def _arrow(drawn: Canvas, edge: Canvas, target: Target, size: float, time: float) -> None:
    (x, _), bounce = target.centre, 0.22 * size * abs(np.sin(np.pi * 1.4 * time))
    y = max(target.y0 - 0.15 * size - bounce, 1.02 * size)  # the tip; an arrow stays in the picture
    shape = [(0, 0), (-0.42, -0.45), (-0.17, -0.45), (-0.17, -1), (0.17, -1), (0.17, -0.45), (0.42, -0.45)]
    outline = np.array([(x + dx * size, y + dy * size) for dx, dy in shape])
    corners = np.rint(outline * 16).astype(np.int32)
    cv2.polylines(edge, [corners], True, _level(target), max(2, round(size / 10)), cv2.LINE_AA, 4)
    cv2.fillPoly(drawn, [corners], _level(target), cv2.LINE_AA, 4)


def _ring(drawn: Canvas, edge: Canvas, target: Target, size: float, time: float) -> None:
    """Two ellipses as of a ring that lies on the ground."""
    width = target.size[0] * 0.75
    y = target.y1 - width * 0.08
    for radius, thick in ((width, 0.09), (width * (1.15 + 0.06 * np.sin(2 * np.pi * time)), 0.035)):
        axes = tuple(round(axis * 16) for axis in (radius, radius * 0.3))
        centre = tuple(round(value * 16) for value in (target.centre[0], y))
        line = max(1, round(size * thick))
        cv2.ellipse(edge, centre, axes, 0, 0, 360, _level(target), line + max(2, line // 2), cv2.LINE_AA, 4)
        cv2.ellipse(drawn, centre, axes, 0, 0, 360, _level(target), line, cv2.LINE_AA, 4)


def _corners(drawn: Canvas, edge: Canvas, target: Target, size: float, time: float) -> None:
    room = size * (0.2 + 0.05 * np.sin(2 * np.pi * time))
    sides = ((target.x0 - room, 1, target.y0 - room, 1), (target.x1 + room, -1, target.y0 - room, 1))
    lower = ((target.x0 - room, 1, target.y1 + room, -1), (target.x1 + room, -1, target.y1 + room, -1))
    length, thick = min(size * 0.55, *(side / 2 for side in target.size)), max(2, round(size / 12))
    for x, right, y, down in (*sides, *lower):
        for picture, extra in ((edge, 2), (drawn, 0)):
            _line(picture, (x, y), (x + right * length, y), _level(target), thick + extra)
            _line(picture, (x, y), (x, y + down * length), _level(target), thick + extra)


def _level(target: Target) -> int:
    return round(255 * target.presence)


def _unit(canvas: Canvas) -> FloatMap:
    return np.asarray(canvas / np.float32(255))


def elliptic(size: tuple[int, ...], centre: tuple[float, float], radii: tuple[float, float]) -> FloatMap:
    """(H, W): the distance of each pixel from ``centre`` in radii of an ellipse; 1 on the ellipse."""
    x, y = (np.arange(length, dtype=np.float32) for length in (size[1], size[0]))
    across, down = ((x - centre[0]) / radii[0]) ** 2, ((y - centre[1]) / radii[1]) ** 2
    return np.asarray(np.sqrt(across + down[:, None]), np.float32)


def _polar(size: tuple[int, ...], centre: tuple[float, float]) -> tuple[FloatMap, FloatMap]:
    """(H, W) distance in pixels and angle 0..2 pi of each pixel about ``centre``."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    far, angle = cv2.cartToPolar(x - np.float32(centre[0]), y - np.float32(centre[1]))
    return far, angle


def _circle(picture: Canvas, centre: tuple[float, float], radius: float, value: int, thick: int) -> None:
    x, y = (round(place * 16) for place in centre)
    cv2.circle(picture, (x, y), round(radius * 16), value, thick, cv2.LINE_AA, 4)


def _line(picture: Canvas, start: tuple[float, float], end: tuple[float, float], value: int, thick: int) -> None:
    ends = [tuple(round(place * 16) for place in point) for point in (start, end)]
    cv2.line(picture, ends[0], ends[1], value, thick, cv2.LINE_AA, 4)
