"""Which frames are filled together, which others are looked at for it, and which part of the picture is worked on.

It follows the shots, the camera, the holes and the memory budget; it fills nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from inpaint.base import Check, WindowSpec, unchecked
from inpaint.budget import Budget
from inpaint.camera import Points, apply
from inpaint.holes import Box, Holes, crop_box
from inpaint.survey import Survey
from inpaint.windows import ReferenceRule, Span, next_span, references

MARGIN = 48
"""Pixels of surroundings that an inpainter is shown around the hole, at least."""

NOWHERE: Box = (0, 0, 0, 0)

FAR = 4.0
"""A frame on which the hole's surroundings are so many times larger or smaller is of no use, or misplaced."""


@dataclass(frozen=True)
class Plan:
    """One window: its ``span``, ``references`` outside it, ascending, and the ``box`` of the picture to work on.

    NOWHERE where there is nothing to be filled.
    """

    span: Span
    references: tuple[int, ...]
    box: Box


@dataclass(frozen=True)
class Planner:
    """Plans the windows over the frames ``span`` of a video of ``count`` frames (None: a live one, never read twice).

    ``always``: frames that every window of their shot is shown.
    """

    holes: Holes
    survey: Survey
    spec: WindowSpec
    budget: Budget
    span: range
    count: int | None
    always: frozenset[int] = frozenset()
    rule: ReferenceRule = field(default_factory=ReferenceRule)

    def plan(self, before: Span | None, start: int, check: Check = unchecked) -> Plan:
        """The window after ``before``, or that begins at ``start`` if it goes on with no other."""
        first = before.final if before is not None else start
        if self.count is not None:
            self._look(first, check)
        end = self.survey.shot_end(first, min(first + self.spec.length + 1, self.span.stop))
        if not any(self.holes.visible(i) for i in range(first, end)):
            return Plan(Span(first, end), (), NOWHERE)
        span = self._fitting(before, first, end)
        chosen = self._references(span)
        while len(chosen) > 1 and self._needs(span, chosen) > self.budget.memory * 1e9:
            chosen.pop()
        return Plan(span, tuple(sorted(chosen)), self._box(span.frames, chosen))

    def usable(self, frame: int) -> bool:
        """Whether it is known what a frame shows: it is asked for, or all objects were looked for on it."""
        if self.count is None or not 0 <= frame < self.count:
            return False
        return frame in self.span or self.holes.tracked(frame)

    def _look(self, first: int, check: Check) -> None:
        """At all that the window could be shown."""
        reach = self.rule.reach(self.spec.references)
        last = min(first + self.spec.length, self.span.stop - 1)
        known = [i for i in range(max(first - reach, 0), last + reach + 1) if self.usable(i)]
        known += self.always
        self.survey.look(min(known), max(known) + 1, check)

    def _fitting(self, before: Span | None, first: int, end: int) -> Span:
        """The longest window that the budget lets pass with half of the references."""
        length = self.spec.length
        for _ in range(2):
            span = next_span(before, first, end, length, min(self.spec.overlap, length // 3))
            box = self._box(span.frames, ())
            fitting = self.budget.longest(self.spec, self.spec.references // 2, _area(box))
            if fitting >= len(span.frames):
                break
            length = fitting
        return span

    def _references(self, span: Span) -> list[int]:
        """The most useful first."""
        always = [i for i in self.always if i not in span.frames and self.survey.same_shot(span.start, i)]
        found = references(
            span.frames,
            lambda i: self.usable(i) and self.survey.same_shot(span.start, i),
            self.spec.references,
            self.holes.box,
            self.rule,
        )
        return [*always, *(i for i in found if i not in always and self._near(span, i))]

    def _near(self, span: Span, frame: int) -> bool:
        """Whether the camera's way from the window to a frame can be believed."""
        there = _extent(apply(self.survey.way(span.start, frame), _corners((0, 0, *self.holes.size[::-1]))))
        return bool(np.isfinite(there).all() and 1 / FAR < np.prod(there) / np.prod(self.holes.size) < FAR)

    def _needs(self, span: Span, chosen: list[int]) -> float:
        area = _area(self._box(span.frames, chosen))
        return self.budget.needed(self.spec, len(span.frames), len(chosen), area)

    def _box(self, frames: range, others: Iterable[int]) -> Box:
        """Everywhere that the background behind a hole of ``frames`` gets to while the camera moves."""
        if not any(self.holes.visible(i) for i in frames):
            return NOWHERE
        holes = [(i, box) for i in frames if (box := self.holes.box(i)) is not None]
        own = [point for _, box in holes for point in (box[:2], box[2:])]
        base = frames.start
        points = np.concatenate([apply(self.survey.way(i, base), _corners(box)) for i, box in holes])
        moved = [apply(self.survey.way(base, i), points) for i in (*frames, *others)]
        every = np.concatenate([*moved, np.array(own, np.float32)])
        every = np.nan_to_num(every, posinf=1e9, neginf=-1e9)
        return crop_box([(*np.floor(every.min(0)), *np.ceil(every.max(0)))], self.holes.size, MARGIN)


def _corners(box: Box) -> Points:
    return np.array([[x, y] for x in (box[0], box[2]) for y in (box[1], box[3])], np.float32)


def _extent(points: Points) -> Points:
    return np.asarray(points.max(0) - points.min(0), np.float32)


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
