"""Remove objects: a generator of frames that holds one window and its references, however long the video.

Knows nothing about how holes are filled (that is the inpainter's) and nothing of files. Windows end at cuts, and
references are of the same shot. Only the part of the picture that a hole can be filled from is worked on.
"""

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TypedDict, Unpack

import numpy as np

from inpaint.base import (
    SYNTHESISED,
    UNTOUCHED,
    Check,
    CopyingInpainter,
    Fill,
    Inpainter,
    Origins,
    Window,
    part,
    unchecked,
)
from inpaint.budget import Budget, default_memory
from inpaint.engines import INPAINTERS
from inpaint.holes import BY_SIZE, Box, Holes, composite, crop, holes_of, overlap, require_visible
from inpaint.painted import Painted, checked
from inpaint.planning import NOWHERE, Plan, Planner
from inpaint.survey import Survey
from inpaint.windows import FrameCache, Span
from tam_core.errors import RequestError
from tam_core.masklet import Masklet
from tam_core.types import FloatMap, Mask, Pixels
from tam_core.video.source import Frame, FrameSource

LEAD = 6
"""Frames before an object comes in that are part of its first window."""


def whole(pixels: Pixels | FloatMap) -> Box:
    """The box of all of a picture (H, W, ...)."""
    return 0, 0, pixels.shape[1], pixels.shape[0]


@dataclass(frozen=True)
class Removed:
    """One frame without the objects, and what was laid over the source's to make it.

    ``box``: the part of the picture with the hole; for it, ``fill`` (h, w, 3) in the frame's levels, ``share``
    (h, w) float32 0..1, how much of the fill is shown, and ``sources`` (h, w), where it is from.
    """

    frame: Frame
    box: Box
    fill: Pixels
    share: FloatMap
    sources: Origins

    @property
    def alpha(self) -> FloatMap:
        """How much of each pixel is the fill's, (H, W) float32, 0..1."""
        result = np.zeros(self.frame.pixels.shape[:2], np.float32)
        crop(result, self.box, whole(result))[:] = self.share
        return result

    @property
    def origins(self) -> Origins:
        """Where each pixel is from, (H, W) int32, UNTOUCHED outside the hole."""
        return self.origins_in(whole(self.frame.pixels))

    def layer(self) -> Frame:
        """The fill alone, (H, W, 4) RGBA with straight alpha: over the source it gives the frame."""
        pixels = self.frame.pixels
        result = np.zeros((*pixels.shape[:2], 4), pixels.dtype)
        part_of = crop(result, self.box, whole(pixels))
        part_of[..., :3] = self.fill
        part_of[..., 3] = np.rint(self.share * np.iinfo(pixels.dtype).max)
        return replace(self.frame, pixels=result)

    def part(self, box: Box) -> Pixels:
        """The frame's pixels in a box."""
        return crop(self.frame.pixels, box, whole(self.frame.pixels))

    def origins_in(self, box: Box) -> Origins:
        """Where the pixels in a box are from."""
        result = np.full((box[3] - box[1], box[2] - box[0]), UNTOUCHED, np.int32)
        shared = overlap(box, self.box)
        if shared is not None:
            crop(result, shared, box)[:] = crop(self.sources, shared, self.box)
        return result


def removed(
    source: FrameSource,
    masklets: Iterable[Masklet],
    *,
    inpainter: Inpainter | str = "plate",
    grow: int = BY_SIZE,
    feather: int = 2,
    start: int = 0,
    stop: int | None = None,
    check: Check = unchecked,
    memory: float | None = None,
    painted: Mapping[int, Pixels] | None = None,
    cuts: Collection[int] | None = None,
) -> Generator[Removed, None, None]:
    """Frames ``start`` ... ``stop`` - 1 without the masklets' objects, in order, and where their pixels are from.

    The objects are grown by ``grow`` pixels (BY_SIZE: as suits the picture's size, see ``holes.growth``); over the
    outermost ``feather`` of them the fill fades into the source.
    Outside the grown objects every pixel is the source's own. Between two frames may lie a minute's work on a window:
    ``check`` is told meanwhile how many frames are as good as done. ``memory``, in GB: windows are as long as it lets
    them be; None: half of the machine's. ``painted``: by frame index, pictures (H, W, 3) that show the truth where they
    differ from the source inside the hole. ``cuts``: first frames of shots; None: they are looked for.
    Frames outside ``start`` .. ``stop`` are looked at too, where all objects were tracked.

    Raises MaskletError for masks of another size, NotVisibleError if there is nothing to remove, and RequestError for
    painted frames that do not fit.
    """
    count = source.info.frame_count
    if count is None and stop is None:
        raise RequestError("removal from a live source needs to know where to stop; give stop=...")
    end = count if stop is None else stop if count is None else min(stop, count)
    assert end is not None
    holes = holes_of(masklets, source.info.size, grow, feather)
    span = range(start, end)
    require_visible(holes, span)
    engine = INPAINTERS.get(inpainter, "inpainter").load() if isinstance(inpainter, str) else inpainter
    truth = checked(painted or {}, source, holes)
    survey = Survey(source, holes, cuts)
    budget = Budget(memory or default_memory(), source.info.size, 1 if source.info.bit_depth <= 8 else 2)
    planner = Planner(holes, survey, engine.window, budget, span, count, truth.frames)
    return _Removal(source, holes, engine, span, check, truth, planner).frames()


class Options(TypedDict, total=False):
    """What ``removed`` may be told."""

    inpainter: Inpainter | str
    grow: int
    feather: int
    start: int
    stop: int | None
    check: Check
    memory: float | None
    painted: Mapping[int, Pixels] | None
    cuts: Collection[int] | None


def remove(source: FrameSource, masklets: Iterable[Masklet], **options: Unpack[Options]) -> Iterator[Frame]:
    """Frames without the masklets' objects, in order. Takes what ``removed`` takes, and raises what it raises."""
    return _frames_of(removed(source, masklets, **options))


def _frames_of(run: Generator[Removed, None, None]) -> Iterator[Frame]:
    with closing(run):
        for one in run:
            yield one.frame


@dataclass(frozen=True)
class _Share:
    """What one window has for a frame's hole: ``weight`` of ``pixels`` (h, w, 3) and their ``origins`` (h, w)."""

    weight: float
    pixels: Pixels
    origins: Origins


@dataclass
class _Removal:
    """One run. ``held`` are frames that were read and not given out; ``shares`` wait for the next window's."""

    source: FrameSource
    holes: Holes
    engine: Inpainter
    span: range
    check: Check
    truth: Painted
    planner: Planner
    held: dict[int, Frame] = field(default_factory=dict)
    shares: dict[int, list[_Share]] = field(default_factory=dict)

    def frames(self) -> Generator[Removed, None, None]:
        """All frames in order. Those of a window are given out as soon as no later window changes them."""
        cache = FrameCache(self.source, self.planner.budget.kept(self.engine.window))
        incoming = self._incoming()
        position = self.span.start
        window: Span | None = None
        last: Removed | None = None
        try:
            while position < self.span.stop:
                start, window = self._next_start(position, window)
                for _ in range(position, start):
                    if not self._hold(incoming, position):
                        return
                    yield self._given_out(cache)
                if start == self.span.stop:
                    return
                check = part(self.check, start - self.span.start, start + 1 - self.span.start)
                ahead = self.engine.window.length if self.planner.count is None else 0
                if not self._hold(incoming, start + 1 + ahead):
                    return
                plan = self.planner.plan(window, start, check)
                window, position = plan.span, plan.span.final
                check = part(self.check, start - self.span.start, position - self.span.start)
                self._hold(incoming, window.stop, check)
                if plan.box != NOWHERE:
                    self._fill(plan, cache, last, check)
                for _ in range(start, position):
                    last = self._given_out(cache)
                    yield last
                check(1)
        finally:
            self.planner.survey.close()
            incoming.close()

    def _next_start(self, position: int, before: Span | None) -> tuple[int, Span | None]:
        """Where the next window begins, and the one that it goes on from; the span's end if there is nothing left."""
        visible = next((i for i in range(position, self.span.stop) if self.holes.visible(i)), None)
        if before is not None and before.fade_out and visible is not None and visible < before.stop:
            return position, before
        return (self.span.stop if visible is None else max(position, visible - LEAD)), None

    def _incoming(self) -> Generator[Frame, None, None]:
        """The source's frames; a live one's are looked at on the way, for they cannot be read again."""
        for frame in self.source.frames(self.span.start, self.span.stop):
            if self.planner.count is None:
                self.planner.survey.see(frame)
            yield frame

    def _hold(self, incoming: Iterator[Frame], stop: int, check: Check = unchecked) -> bool:
        """Read up to the frame before ``stop``, one at least; False if nothing is left: a live source may end early."""
        while not self.held or max(self.held) + 1 < stop:
            frame = next(incoming, None)
            if frame is None:
                break
            self.held[frame.index] = frame
            check(0)
        return bool(self.held)

    def _given_out(self, cache: FrameCache) -> Removed:
        """The next frame, with its fills faded into each other and laid over the source."""
        frame = self.held.pop(min(self.held))
        cache.keep(frame.index, frame.pixels)
        shares, box = self.shares.pop(frame.index, []), self.holes.box(frame.index)
        if not shares or box is None:
            return _untouched(frame)
        total = sum((one.weight * one.pixels.astype(np.float32) for one in shares), np.float32(0))
        fill = np.rint(total).astype(frame.pixels.dtype)
        share = self.holes.alpha(frame.index, box)
        pixels = frame.pixels.copy()
        inside = crop(pixels, box, whole(pixels))
        inside[:] = composite(inside, fill, share)
        most = max(shares, key=lambda one: one.weight).origins
        sources = np.where(share > 0, most, UNTOUCHED).astype(np.int32)
        return Removed(replace(frame, pixels=pixels), box, fill, share, sources)

    def _fill(self, plan: Plan, cache: FrameCache, last: Removed | None, check: Check) -> None:
        """Let the engine fill the holes of a window, and keep what it made with the window's share of it."""
        window = self._shown(plan, cache, last, check)
        filled = _filled(self.engine, window, check)
        weights = dict(zip(plan.span.frames, plan.span.shares, strict=True))
        for at in np.flatnonzero(window.wanted):
            index = int(window.indices[at])
            box = self.holes.box(index)
            if box is None:
                continue
            pixels, origins = (crop(of[at], box, plan.box).copy() for of in (filled.frames, filled.origins))
            origins[crop(window.origins[at], box, plan.box) == SYNTHESISED] = SYNTHESISED
            self.shares.setdefault(index, []).append(_Share(float(weights[index]), pixels, origins))

    def _shown(self, plan: Plan, cache: FrameCache, last: Removed | None, check: Check) -> Window:
        """The window's frames, its references, and the last frame that is finished, if it had a hole."""
        done = last if last is not None and self._goes_on(last, plan) else None
        order = sorted({*plan.span.frames, *plan.references, *([done.frame.index] if done else [])})
        pieces = []
        for index in order:
            finished = done if done is not None and index == done.frame.index else None
            pieces.append(self._piece(index, plan.box, cache, finished))
            check(0)
        frames, holes, origins = (np.stack(each) for each in zip(*pieces, strict=True))
        wanted = np.array([index in plan.span.frames for index in order])
        ready = np.array([done is not None and index == done.frame.index for index in order])
        return Window(np.array(order, np.int32), frames, holes, wanted, ready, origins)

    def _goes_on(self, last: Removed, plan: Plan) -> bool:
        """Whether the window can be continued from the last frame that is finished."""
        return self.holes.visible(last.frame.index) and self.planner.survey.same_shot(last.frame.index, plan.span.start)

    def _piece(self, index: int, box: Box, cache: FrameCache, done: Removed | None) -> tuple[Pixels, Mask, Origins]:
        """Pixels, hole and origins of a frame in a box; ``done``: as it was finished."""
        hole = self.holes.hole(index, box)
        if done is not None:
            return done.part(box), hole, done.origins_in(box)
        picture = self.held[index].pixels if index in self.held else cache.read(index)
        pixels, painted = self.truth.over(index, crop(picture, box, whole(picture)), hole, box)
        origins = np.where(painted, SYNTHESISED, UNTOUCHED).astype(np.int32)
        return pixels, hole & ~painted, origins


def _filled(engine: Inpainter, window: Window, check: Check) -> Fill:
    """What the engine makes of a window; of what it does not say where it is from, nothing was copied."""
    if isinstance(engine, CopyingInpainter):
        return engine.fill_window(window, check)
    holes = window.holes & ~window.finished[:, None, None]
    origins = np.where(holes, SYNTHESISED, UNTOUCHED).astype(np.int32)
    return Fill(engine.fill(window.frames, holes), origins)


def _untouched(frame: Frame) -> Removed:
    empty = frame.pixels[:0, :0]
    return Removed(frame, NOWHERE, empty, np.zeros((0, 0), np.float32), np.zeros((0, 0), np.int32))
