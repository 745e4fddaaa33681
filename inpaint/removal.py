"""Remove objects: a generator of frames that holds one window and its references, however long the video.

Knows nothing about how holes are filled (that is the inpainter's) and nothing of files.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from inpaint.base import Check, ContinuingInpainter, Inpainter, part, unchecked
from inpaint.camera import Matrix, apply, camera_motion
from inpaint.engines import INPAINTERS
from inpaint.flow import FlowSettings, view
from inpaint.holes import Box, Holes, composite, crop_box, holes_of, require_visible
from inpaint.windows import FrameCache, references, spans, weights
from tam_core.errors import RequestError
from tam_core.masklet import Masklet
from tam_core.types import Mask, Pixels, Size
from tam_core.video.source import Frame, FrameSource

MARGIN = 48
"""Pixels of surroundings that an inpainter is shown around the hole, at least."""

GLANCE = FlowSettings(side=200)
"""Enough to see where the camera goes, to choose the crop."""

_GLANCING = 0.1
"""Share of a window's time that this takes, about."""


def remove(
    source: FrameSource,
    masklets: Iterable[Masklet],
    *,
    inpainter: Inpainter | str = "plate",
    grow: int = 4,
    feather: int = 2,
    start: int = 0,
    stop: int | None = None,
    check: Check = unchecked,
) -> Iterator[Frame]:
    """Frames ``start`` ... ``stop`` - 1 without the masklets' objects, in order.

    The objects are grown by ``grow`` pixels; over the outermost ``feather`` of them the fill fades into the source.
    Outside the grown objects every pixel is the source's own. Between two frames may lie a minute's work on a window:
    ``check`` is told meanwhile how many frames are as good as done. Raises MaskletError for masks of another size and
    NotVisibleError if there is nothing to remove.
    """
    count = source.info.frame_count
    if count is None and stop is None:
        raise RequestError("removal from a live source needs to know where to stop; give stop=...")
    end = count if stop is None else stop if count is None else min(stop, count)
    assert end is not None
    holes = holes_of(masklets, source.info.size, grow, feather)
    require_visible(holes, range(start, end))
    engine = INPAINTERS.get(inpainter, "inpainter").load() if isinstance(inpainter, str) else inpainter
    return _Removal(source, holes, engine, range(start, end), check).frames()


@dataclass
class _Removal:
    """One run. ``fills`` are windows' results that still wait for the next window's share."""

    source: FrameSource
    holes: Holes
    engine: Inpainter
    span: range
    check: Check
    held: dict[int, Frame] = field(default_factory=dict)
    fills: dict[int, list[tuple[float, Box, Pixels]]] = field(default_factory=dict)

    def frames(self) -> Iterator[Frame]:
        """All frames in order. Those of a window are given out as soon as no later window changes them."""
        spec = self.engine.window
        cache = FrameCache(self.source, 2 * spec.references + 1)
        incoming = self.source.frames(self.span.start, self.span.stop)
        last: Frame | None = None
        for span in spans(self.span.start, self.span.stop, spec):
            final = span.stop if span.stop == self.span.stop else span.stop - spec.overlap
            check = part(self.check, span.start - self.span.start, final - self.span.start)
            while (position := max(self.held, default=span.start - 1) + 1) < span.stop:
                self.held[position] = next(incoming)
                check(0)
            self._fill(span, cache, last, check)
            for index in range(min(self.held), final):
                last = self._finished(index)
                cache.keep(index, self.held.pop(index).pixels)
                yield last
            check(1)

    def _finished(self, index: int) -> Frame:
        """A frame with its fills faded into each other and laid over the source."""
        frame = self.held[index]
        shares = self.fills.pop(index, [])
        if not shares:
            return frame
        total = np.zeros(frame.pixels.shape, np.float32)
        for share, (x0, y0, x1, y1), pixels in shares:
            total[y0:y1, x0:x1] += share * pixels.astype(np.float32)
        return replace(frame, pixels=composite(frame.pixels, total, self.holes.alpha(index)))

    def _fill(self, span: range, cache: FrameCache, last: Frame | None, check: Check) -> None:
        """Let the engine fill the holes of a window, and keep what it made with the window's share of it."""
        if not any(self.holes.visible(index) for index in span):
            return
        shown = self._shown(span, cache, last, check)
        box = _work_box(list(shown.pictures.values()), shown.holes, shown.wanted, part(check, 0, _GLANCING))
        filled = _filled(self.engine, shown, box, part(check, _GLANCING, 1))[shown.wanted]
        share = weights(span, self.span.start, self.span.stop, self.engine.window)
        for weight, index, pixels in zip(share, span, filled, strict=True):
            if self.holes.visible(index):
                self.fills.setdefault(index, []).append((float(weight), box, pixels))

    def _shown(self, span: range, cache: FrameCache, last: Frame | None, check: Check) -> "_Shown":
        """The window's frames, its references, and the last frame that is finished, if it had a hole."""
        others = references(span, self.span, self.engine.window.references, self.holes.box)
        pictures = {i: self.held[i].pixels for i in span}
        for index in others:
            pictures[index] = cache.read(index)
            check(0)
        done = last.index if last is not None and self.holes.visible(last.index) else None
        if last is not None and done is not None:
            pictures[done] = last.pixels
        order = sorted(pictures)
        return _Shown(
            {index: pictures[index] for index in order},
            np.stack([self.holes.hole(index) for index in order]),
            np.array([index in span for index in order]),
            np.array([index == done for index in order]),
        )


@dataclass(frozen=True)
class _Shown:
    """What an engine is shown, in order of time: ``pictures`` by frame index and their ``holes`` (T, H, W) bool.

    ``wanted`` (T,) bool: the window's own frames; ``finished`` (T,) bool: the one that an earlier window has filled.
    """

    pictures: dict[int, Pixels]
    holes: Mask
    wanted: Mask
    finished: Mask


def _filled(engine: Inpainter, shown: _Shown, box: Box, check: Check) -> Pixels:
    """All that is shown, cropped to the ``box``, with its holes filled."""
    x0, y0, x1, y1 = box
    frames = np.stack([picture[y0:y1, x0:x1] for picture in shown.pictures.values()])
    holes = shown.holes[:, y0:y1, x0:x1]
    if isinstance(engine, ContinuingInpainter):
        return engine.continue_fill(frames, holes, shown.wanted, shown.finished, check)
    return engine.fill(frames, holes & ~shown.finished[:, None, None])


def _work_box(pictures: Sequence[Pixels], holes: Mask, wanted: Mask, check: Check) -> Box:
    """The part of the picture to work on: everywhere that the background behind a hole gets to while the camera moves.

    ``holes``: (T, H, W) bool; ``wanted``: (T,) bool, the frames whose holes count.
    """
    size: Size = (holes.shape[1], holes.shape[2])
    ways = _camera_path(pictures, holes, check)
    boxes = []
    for index in np.flatnonzero(wanted & holes.any((1, 2))):
        y, x = np.flatnonzero(holes[index].any(1)), np.flatnonzero(holes[index].any(0))
        corners = np.array([[a, b] for a in (x[0], x[-1] + 1) for b in (y[0], y[-1] + 1)], np.float32)
        for way in ways:
            moved = apply(np.linalg.inv(way) @ ways[index], corners)
            boxes.append((*np.floor(moved.min(0)), *np.ceil(moved.max(0))))
    return crop_box(boxes, size, MARGIN)


def _camera_path(pictures: Sequence[Pixels], holes: Mask, check: Check) -> list[Matrix]:
    """For each frame the homography to the first one, in pixels, from a glance at small pictures."""
    path = [np.eye(3)]
    before = view(pictures[0], holes[0], GLANCE)
    zoom = np.diag([before.scale, before.scale, 1.0])
    for picture, hole in zip(pictures[1:], holes[1:], strict=True):
        now = view(picture, hole, GLANCE)
        step = camera_motion(now.gray, before.gray, now.free, before.free)
        path.append(path[-1] @ np.linalg.inv(zoom) @ step @ zoom)
        before = now
        check(len(path) / len(pictures))
    return path
