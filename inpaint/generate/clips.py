"""Windows of frames made at once by Wan-VACE (Jiang et al. 2025, arXiv 2503.07598), as diffusers has it.

The model is shown the frames with the holes grey and a mask of what to make. A window's first frames are the last ones
that the window before has finished, so that it goes on from them. Frames are read twice, once small for the model and
once to lay the result over them: of a long video only the frames that two windows share are held.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inpaint.base import Check, part
from inpaint.fillers.crops import Crop
from inpaint.fillers.diffusion import Wish
from inpaint.generate.shot import Shot, eight_bits
from inpaint.holes import Box, composite
from inpaint.pipelines import seeded, watching
from tam_core.types import FloatMap, Mask, Pixels
from tam_core.video.source import Frame

GREY = 128
"""What the model is shown where it is to make something."""

MULTIPLE = 16
"""Of both sides: the coder halves them three times, the network takes patches of two."""

GROUP = 4
"""The coder takes one frame, and then groups of so many."""


@dataclass(frozen=True)
class ClipRule:
    """``length``: frames the model makes at once, one more than a multiple of 4; ``overlap``: those of them that it is
    given by the window before. ``area``: pixels of a frame as the model sees it. ``context``: what it is shown around
    the holes on each side, as a share of their longer side."""

    length: int = 81
    overlap: int = 9
    area: int = 480 * 832
    context: float = 0.4


def by_clips(shot: Shot, pipeline: Any, wish: Wish, rule: ClipRule = ClipRule()) -> Iterator[Frame]:
    """All frames of the shot, in order. See ``inpaint.generate.generate``."""
    for shown, frames in shot.runs():
        if shown:
            yield from _run(shot, pipeline, wish, rule, frames)
            continue
        for frame in shot.source.frames(frames.start, frames.stop):
            yield frame
            shot.tell(frame.index + 1)


def _run(shot: Shot, pipeline: Any, wish: Wish, rule: ClipRule, frames: range) -> Iterator[Frame]:
    """Frames that all show the objects, window after window."""
    given: dict[int, Frame] = {}  # finished by the window before
    for window in windows(frames, rule):
        work = part(shot.tell, window.start + len(given), window.stop)
        box = _box(shot, window, rule)
        made = _made(shot, pipeline, wish, _Request(window, box, given, rule), work)
        last = window.stop == frames.stop
        held: dict[int, Frame] = {}
        for frame, picture in zip(shot.source.frames(window.start, window.stop), made, strict=True):
            new = _laid(shot, frame, box, picture)
            if frame.index in given:
                share = (frame.index - window.start + 1) / (len(given) + 1)
                new = _mixed(given[frame.index], new, share)
            if last or frame.index < window.stop - rule.overlap:
                yield new
            else:
                held[frame.index] = new
        given = held
        work(1)


def windows(frames: range, rule: ClipRule) -> Iterator[range]:
    """Windows of at most ``length`` frames; each begins with the last ``overlap`` frames of the one before."""
    begin = frames.start
    while True:
        end = min(begin + rule.length, frames.stop)
        yield range(begin, end)
        if end == frames.stop:
            return
        begin = end - rule.overlap


@dataclass(frozen=True)
class _Request:
    """What the model is to make: the frames of a ``window`` in a ``box``; those ``given`` are finished."""

    window: range
    box: Box
    given: dict[int, Frame]
    rule: ClipRule

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) that the model sees."""
        x0, y0, x1, y1 = self.box
        scale = math.sqrt(self.rule.area / ((y1 - y0) * (x1 - x0)))
        height, width = (max(int(side * scale / MULTIPLE), 1) * MULTIPLE for side in (y1 - y0, x1 - x0))
        return height, width


def _made(shot: Shot, pipeline: Any, wish: Wish, request: _Request, check: Check) -> FloatMap:
    """What the model makes, (T, height, width, 3) 0..1, one for each frame of the window."""
    from PIL import Image

    height, width = request.size
    pictures, masks = [], []
    for frame in shot.source.frames(request.window.start, request.window.stop):
        check(0)
        done = request.given.get(frame.index)
        crop = _crop(shot, frame.index, request.box, request.size)
        shown = eight_bits(crop.shown((done or frame).pixels))
        hole = np.zeros((height, width), bool) if done else crop.shown_hole()
        pictures.append(Image.fromarray(np.where(hole[..., None], GREY, shown).astype(np.uint8)))
        masks.append(Image.fromarray(hole.astype(np.uint8) * 255))
    count = -(-(len(pictures) - 1) // GROUP) * GROUP + 1
    spare = count - len(pictures)  # the last frame again, which is thrown away
    result = pipeline(
        prompt=wish.prompt,
        negative_prompt=wish.negative_prompt or None,
        video=pictures + [pictures[-1]] * spare,
        mask=masks + [masks[-1]] * spare,
        height=height,
        width=width,
        num_frames=count,
        num_inference_steps=wish.steps,
        guidance_scale=wish.guidance,
        generator=seeded(wish.seed),
        output_type="np",
        callback_on_step_end=watching(check),
    )
    return np.asarray(result.frames[0][: len(pictures)], np.float32)


def _box(shot: Shot, window: range, rule: ClipRule) -> Box:
    """The part of the picture that the model is shown."""
    x0, y0, x1, y1 = shot.box(window, 0)
    return shot.box(window, max(round(rule.context * max(x1 - x0, y1 - y0)), MULTIPLE))


def _crop(shot: Shot, index: int, box: Box, size: tuple[int, int]) -> Crop:
    x0, y0, x1, y1 = box
    return Crop(slice(y0, y1), slice(x0, x1), shot.holes.hole(index, box), *size)


def _laid(shot: Shot, frame: Frame, box: Box, made: FloatMap) -> Frame:
    """What the model made in the frame's hole, without a step at the rim."""
    crop = _crop(shot, frame.index, box, (made.shape[0], made.shape[1]))
    pixels = frame.pixels.copy()
    crop.lay_in(pixels, made, even=True)
    area = (crop.y, crop.x)
    pixels[area] = composite(frame.pixels[area], pixels[area], shot.holes.alpha(frame.index, box))
    return replace(frame, pixels=pixels)


def _mixed(one: Frame, other: Frame, share: float) -> Frame:
    """Two versions of a frame, ``share`` of them the other's; where they are equal nothing changes."""
    differs: Mask = (one.pixels != other.pixels).any(2)
    pixels: Pixels = one.pixels.copy()
    mixed = (1 - share) * one.pixels[differs].astype(np.float32) + share * other.pixels[differs]
    pixels[differs] = np.rint(mixed).astype(pixels.dtype)
    return replace(one, pixels=pixels)
