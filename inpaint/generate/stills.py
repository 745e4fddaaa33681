"""Key frames painted by an inpainting pipeline, carried to the other frames by the object's own motion.

The first key frame of a run shows most of the object. From it, what is painted is carried both ways; every so many
frames it is painted anew, lightly, over what is carried there, and one fades into the next. A run ends where the object
is out of sight or cannot be followed; then it is painted from nothing again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inpaint.base import Check, part
from inpaint.fillers.diffusion import DiffusionFiller, Wish
from inpaint.generate.carry import Step, carried, onwards, step
from inpaint.generate.shot import Shot
from inpaint.holes import Box, composite
from tam_core.types import FloatMap, Mask, Pixels
from tam_core.video.source import Frame

MARGIN = 16
"""Pixels around the holes in which motion is continued."""

FADE = 6
"""Frames over which one key frame fades into the next, at most."""

NEW = 0.03
"""Where a key frame shows more than this share of pixels that were never painted, those are painted from nothing."""


@dataclass(frozen=True)
class Anchors:
    """A key frame is painted anew every ``interval`` frames, departing from what is carried there by ``strength``."""

    interval: int = 24
    strength: float = 0.4


@dataclass(frozen=True)
class Key:
    """A frame's index, its ``pixels`` (H, W, 3) as painted and its ``hole`` (H, W), in which they are."""

    index: int
    pixels: Pixels
    hole: Mask


def by_stills(shot: Shot, pipeline: Any, wish: Wish, anchors: Anchors) -> Iterator[Frame]:
    """All frames of the shot, in order; at most ``interval`` of them are held. See ``inpaint.generate.generate``."""
    for shown, frames in shot.runs():
        if not shown:
            yield from _untouched(shot, frames)
            continue
        work = _Run(shot, DiffusionFiller(pipeline, wish), anchors)
        for stretch in work.stretches(frames):
            yield from work.filled(stretch)


def _untouched(shot: Shot, frames: range) -> Iterator[Frame]:
    for frame in shot.source.frames(frames.start, frames.stop):
        yield frame
        shot.tell(frame.index + 1)


@dataclass(frozen=True)
class _Stretch:
    """Neighbouring ``frames`` and the ``steps`` between them, in a ``box``.

    ``begins``: nothing is carried into it; ``goes_on``: its last frame is the next stretch's first.
    """

    frames: list[Frame]
    box: Box
    steps: list[Step]
    begins: bool
    goes_on: bool

    def ways(self, key: int, numbers: range) -> dict[int, FloatMap]:
        """For each of the ``numbers``, the way (h, w, 2) from that frame to the frame of index ``key``."""
        x0, y0, x1, y1 = self.box
        place = key - self.frames[0].index
        ways = {place: np.zeros((y1 - y0, x1 - x0, 2), np.float32)}
        for number in range(place + 1, numbers.stop):
            ways[number] = onwards(self.steps[number - 1].to_earlier, ways[number - 1])
        for number in range(place - 1, numbers.start - 1, -1):
            ways[number] = onwards(self.steps[number].to_later, ways[number + 1])
        return ways


@dataclass
class _Run:
    """A run being painted. ``key``: the last key frame, which is the first frame of the next stretch."""

    shot: Shot
    filler: DiffusionFiller
    anchors: Anchors
    key: Key | None = None

    def stretches(self, frames: range) -> Iterator[_Stretch]:
        """The run in stretches of ``interval`` steps; they end earlier where the object is lost."""
        begin, begins = frames.start, True
        while begin < frames.stop:
            end = min(begin + self.anchors.interval + 1, frames.stop)
            box = self.shot.box(range(begin, end), MARGIN)
            shown, steps = self._measured(range(begin, end), box)
            goes_on = len(shown) == end - begin and end < frames.stop
            yield _Stretch(shown, box, steps, begins, goes_on)
            begin, begins = begin + len(shown) - goes_on, not goes_on

    def _measured(self, frames: range, box: Box) -> tuple[list[Frame], list[Step]]:
        """The frames and the steps between them, up to where the object is lost."""
        shown: list[Frame] = []
        steps: list[Step] = []
        for frame in self.shot.source.frames(frames.start, frames.stop):
            if shown:
                was, now = (self.shot.holes.objects(index, box) for index in (frame.index - 1, frame.index))
                moved = step(_part(shown[-1].pixels, box), _part(frame.pixels, box), was, now)
                if moved.lost:
                    break
                steps.append(moved)
            shown.append(frame)
            self.shot.tell(frames.start)
        return shown, steps

    def filled(self, stretch: _Stretch) -> Iterator[Frame]:
        """The stretch's frames; without its last one where the next stretch begins with it."""
        begin, count = stretch.frames[0].index, len(stretch.frames)
        work = part(self.shot.tell, begin, begin + count - stretch.goes_on)
        if stretch.begins or self.key is None:
            self.key = self._first(stretch, part(work, 0, 0.5))
        first, last = self.key, None
        if stretch.goes_on:
            last = self._anew(stretch, first, part(work, 0.5, 1))
        ways = stretch.ways(first.index, range(count))
        fading = range(max(count - 1 - FADE, 1), count - 1) if last else range(0)
        back = stretch.ways(last.index, fading) if last else {}
        for number, frame in enumerate(stretch.frames[: count - stretch.goes_on]):
            fill = self._from(first, stretch, number, ways[number])[0]
            if last and number in fading:
                share = (number - fading.start + 1) / (len(fading) + 1)
                fill = (1 - share) * fill + share * self._from(last, stretch, number, back[number])[0]
            yield self._laid(frame, fill, stretch.box)
        self.key = last
        work(1)

    def _first(self, stretch: _Stretch, check: Check) -> Key:
        """The frame of a stretch that shows most, painted from nothing."""
        holes = self.shot.holes
        frame = max(stretch.frames, key=lambda one: int(holes.hole(one.index, stretch.box).sum()))
        hole = holes.hole(frame.index)
        return Key(frame.index, _painted(self.filler, frame.pixels, hole, check), hole)

    def _anew(self, stretch: _Stretch, key: Key, check: Check) -> Key:
        """The last frame of a stretch, painted lightly over what is carried there from the ``key``."""
        number = len(stretch.frames) - 1
        frame = stretch.frames[number]
        hole, pixels = self.shot.holes.hole(frame.index), frame.pixels.copy()
        way = stretch.ways(key.index, range(number, number + 1))[number]
        fill, unseen = self._from(key, stretch, number, way)
        inside, area = _part(hole, stretch.box), _part(pixels, stretch.box)
        area[inside] = np.rint(fill[inside]).clip(0, np.iinfo(pixels.dtype).max)
        if unseen.sum() > NEW * inside.sum():
            new = np.zeros_like(hole)
            _part(new, stretch.box)[:] = unseen
            pixels = _painted(self.filler, pixels, new, part(check, 0, 0.5))
            check = part(check, 0.5, 1)
        wish = replace(self.filler.wish, strength=self.anchors.strength)
        return Key(frame.index, _painted(replace(self.filler, wish=wish), pixels, hole, check), hole)

    def _from(self, key: Key, stretch: _Stretch, number: int, way: FloatMap) -> tuple[FloatMap, Mask]:
        """Frame ``number`` of a stretch as the key frame has it; see ``carried``."""
        wanted = self.shot.holes.hole(stretch.frames[number].index, stretch.box)
        painted = _part(key.pixels, stretch.box).astype(np.float32)
        return carried(painted, _part(key.hole, stretch.box), way, wanted)

    def _laid(self, frame: Frame, fill: FloatMap, box: Box) -> Frame:
        """The fill of a box over its frame."""
        pixels = frame.pixels.copy()
        area = _part(pixels, box)
        levels = np.rint(fill).clip(0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)
        area[:] = composite(area, levels, self.shot.holes.alpha(frame.index, box))
        return replace(frame, pixels=pixels)


def _painted(filler: DiffusionFiller, pixels: Pixels, hole: Mask, check: Check) -> Pixels:
    """A picture (H, W, 3) with its hole (H, W) painted."""
    return np.asarray(filler.fill(pixels[None], hole[None], check)[0], pixels.dtype)


def _part(picture: Any, box: Box) -> Any:
    """A view of a part of a picture (H, W, ...)."""
    x0, y0, x1, y1 = box
    return picture[y0:y1, x0:x1]
