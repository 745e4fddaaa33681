"""What a removal will be like, in a few seconds and without doing it: how much of the hole is seen elsewhere, the cost.

Frames are sampled, made small and put over each other by the camera's motion; things that move by themselves and
parallax are not seen, so a removal may find a little less. Time is extrapolated from a trial of a few small frames.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from inpaint.base import UNTOUCHED, CopyingInpainter, Inpainter, Window
from inpaint.budget import Budget, default_memory
from inpaint.camera import Matrix
from inpaint.flow import FlowSettings, View, link, view
from inpaint.holes import BY_SIZE, Box, Holes, crop_box, holes_of, require_visible
from inpaint.planning import MARGIN
from tam_core.masklet import Masklet
from tam_core.types import Mask, Pixels
from tam_core.video.source import Frame, FrameSource

LOOK = FlowSettings(side=320)

SAMPLES = 48
"""Frames that are looked at."""

SECTION = 360
"""Frames over which a removal looks for what is hidden, about; of a longer video, some such pieces are looked at."""

PATIENCE = 4.0
"""Seconds after which no other piece is begun."""

TRIAL_FRAMES = 8
TRIAL_AREA = 120_000
"""Pixels of a frame of the trial at most."""

WORST = 5

NEARLY_ALL = 0.995
"""Of a frame's hole; a frame of which more is seen is none to name."""


@dataclass(frozen=True)
class FrameForecast:
    """A frame's hole: its share of the picture and how much of it other frames show, both 0..1."""

    frame: int
    hole: float
    seen: float


@dataclass(frozen=True)
class Forecast:
    """``seen``: share of all holes that some frame shows, 0..1. ``seconds`` and ``memory`` (GB) are estimates.

    ``worst``: the frames on which least is seen, worst first; ``looked_at``: how many were sampled of ``frames``.
    """

    seen: float
    worst: tuple[FrameForecast, ...]
    seconds: float
    memory: float
    frames: int
    looked_at: int

    def in_words(self) -> str:
        """Two lines for a person."""
        lacking = [f"{one.frame} ({one.seen:.0%})" for one in self.worst if one.seen < NEARLY_ALL]
        least = f" Least is seen on frames {', '.join(lacking)}." if lacking else ""
        return (
            f"at most about {self.seen:.0%} of what is hidden is seen on other frames and can be copied; "
            f"at least {1 - self.seen:.0%} has to be made up.{least}\n"
            f"Removing from {self.frames} frames takes about {_duration(self.seconds)} "
            f"and {self.memory:.1f} GB of memory here ({self.looked_at} frames were looked at)."
        )

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "never_seen": 1 - self.seen}


def forecast(
    source: FrameSource,
    masklets: Iterable[Masklet],
    *,
    inpainter: Inpainter,
    grow: int = BY_SIZE,
    start: int = 0,
    stop: int | None = None,
    memory: float | None = None,
) -> Forecast:
    """What ``remove`` with the same arguments will find and need.

    Raises MaskletError for masks of another size and NotVisibleError if there is nothing to remove.
    """
    holes = holes_of(masklets, source.info.size, grow)
    end = source.info.frame_count if stop is None else stop
    assert end is not None, "a live source has no future to tell"
    span = range(start, end)
    require_visible(holes, span)
    began, looked_at = time.perf_counter(), 0
    samples: list[FrameForecast] = []
    for section in _sections(holes, span, source):
        if samples and time.perf_counter() - began > PATIENCE:
            break
        looks = list(_looks(source, holes, section))
        looked_at += len(looks)
        samples += [one for one in _seen(looks, holes) if one.frame in span]
    area = sum(one.hole for one in samples)
    seen = sum(one.seen * one.hole for one in samples) / area if area else 0.0
    worst = tuple(sorted(samples, key=lambda one: one.seen)[:WORST])
    cost = _cost(source, holes, span, inpainter, memory)
    return Forecast(seen, worst, *cost, len(span), looked_at)


@dataclass(frozen=True)
class _Look:
    """A small frame: what is ``free`` (h, w) of objects, and the ``way`` of its points to the section's first frame."""

    index: int
    view: View
    way: Matrix
    scene: int


def _sections(holes: Holes, span: range, source: FrameSource) -> Iterator[range]:
    """Pieces of the video that are looked at, in the order of their worth, each with its step."""
    seen = [i for i in span if holes.visible(i)]
    before, after = seen[0], seen[-1]
    reach = SECTION // 2
    count = source.info.frame_count or span.stop
    usable = [i in span or holes.tracked(i) for i in range(count)]
    first = next(i for i in range(max(before - reach, 0), before + 1) if all(usable[i : before + 1]))
    last = next(i for i in range(min(after + reach, count - 1), after - 1, -1) if all(usable[after : i + 1]))
    if last - first < 2 * SECTION:
        yield range(first, last + 1, -(-(last + 1 - first) // SAMPLES))
        return
    for centre in (0.5, 0.15, 0.85):
        middle = seen[int(centre * (len(seen) - 1))]
        begin = min(max(middle - reach, first), last + 1 - SECTION)
        yield range(begin, begin + SECTION, 3 * SECTION // SAMPLES)


def _looks(source: FrameSource, holes: Holes, frames: range) -> Iterator[_Look]:
    """Small frames, each with the camera's way to it; where the scene changes, another one begins."""
    before: _Look | None = None
    for frame in source.frames(frames.start, frames.stop, frames.step):
        now = view(_eight_bit(frame), holes.hole(frame.index), LOOK)
        if before is None:
            before = _Look(frame.index, now, np.eye(3), 0)
        else:
            joined = link(before.view, now, LOOK)
            zoom = np.diag([now.scale, now.scale, 1.0])
            step = zoom @ joined.matrix @ np.linalg.inv(zoom)
            scene = before.scene + joined.broken
            before = _Look(frame.index, now, np.eye(3) if joined.broken else before.way @ step, scene)
        yield before


def _eight_bit(frame: Frame) -> Pixels:
    pixels = frame.pixels
    return np.asarray(pixels >> 8, np.uint8) if pixels.dtype == np.uint16 else pixels


def _seen(looks: Sequence[_Look], holes: Holes) -> Iterator[FrameForecast]:
    """For each look with a hole, how much of it the others of its scene show."""
    for look in looks:
        if not holes.visible(look.index):
            continue
        hole = ~look.view.free
        shown = np.zeros(hole.shape, np.uint8)
        for other in looks:
            if other is look or other.scene != look.scene:
                continue
            shown |= _warped(other.view.free, np.linalg.inv(look.way) @ other.way)
            if (shown[hole] > 0).all():
                break
        yield FrameForecast(look.index, float(hole.mean()), float((shown[hole] > 0).mean()))


def _warped(free: Mask, way: Matrix) -> Pixels:
    size = (free.shape[1], free.shape[0])
    return np.asarray(cv2.warpPerspective(free.astype(np.uint8), way, size, flags=cv2.INTER_NEAREST), np.uint8)


def _cost(
    source: FrameSource, holes: Holes, span: range, engine: Inpainter, memory: float | None
) -> tuple[float, float]:
    """Seconds and GB of the removal."""
    spec = engine.window
    budget = Budget(memory or default_memory(), source.info.size, 1 if source.info.bit_depth <= 8 else 2)
    boxes = [box for i in span if (box := holes.box(i)) is not None]
    area = float(
        np.median([_area(_union(boxes[i : i + spec.length], holes)) for i in range(0, len(boxes), spec.length)])
    )
    length = min(budget.longest(spec, spec.references, area), len(boxes))
    references = spec.references if len(span) > length else 0
    windows = max(1, round((len(boxes) - spec.overlap) / max(length - min(spec.overlap, length // 3), 1)))
    a_pixel, a_read = _trial(source, holes, span, engine)
    seconds = windows * (length + references) * area * a_pixel + 3 * len(span) * a_read
    return seconds, budget.needed(spec, length, references, area) / 1e9


def _trial(source: FrameSource, holes: Holes, span: range, engine: Inpainter) -> tuple[float, float]:
    """Seconds for each pixel of each frame of a window, and for reading a frame."""
    seen = [i for i in span if holes.visible(i)]
    middle = seen[len(seen) // 2]
    first = max(min(middle - TRIAL_FRAMES // 2, span.stop - TRIAL_FRAMES), span.start)
    chosen = range(first, min(first + TRIAL_FRAMES, span.stop))
    box = _union([found for i in chosen if (found := holes.box(i)) is not None], holes)
    scale = min(1.0, (TRIAL_AREA / _area(box)) ** 0.5)
    began = time.perf_counter()
    pictures = [_piece(frame.pixels, box, scale) for frame in source.frames(chosen.start, chosen.stop)]
    read = (time.perf_counter() - began) / len(chosen)
    masks = np.stack([_piece(holes.hole(i, box).astype(np.uint8), None, scale) > 0 for i in chosen])
    frames = np.stack(pictures)
    began = time.perf_counter()
    _fill(engine, frames, masks, chosen)
    return (time.perf_counter() - began) / (frames[..., 0].size), read


def _fill(engine: Inpainter, frames: Pixels, masks: Mask, indices: range) -> None:
    if not isinstance(engine, CopyingInpainter):
        engine.fill(frames, masks)
        return
    every = np.ones(len(frames), bool)
    nothing = np.full(masks.shape, UNTOUCHED, np.int32)
    engine.fill_window(Window(np.array(indices, np.int32), frames, masks, every, ~every, nothing))


def _piece(picture: Pixels, box: Box | None, scale: float) -> Pixels:
    x0, y0, x1, y1 = box or (0, 0, picture.shape[1], picture.shape[0])
    size = (max(8, round((x1 - x0) * scale)), max(8, round((y1 - y0) * scale)))
    return np.asarray(cv2.resize(picture[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA), picture.dtype)


def _union(boxes: Sequence[Box], holes: Holes) -> Box:
    return crop_box(boxes, holes.size, MARGIN)


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
