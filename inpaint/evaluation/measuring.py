"""One method on one scene: its figures. Decoding and measuring are not in the time, the whole of the filling is."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from inpaint.base import Inpainter
from inpaint.evaluation.scenes import Scene
from inpaint.metrics import Flicker, Mean, Psnr, Ssim, WarpError, frame_psnr, frame_ssim
from inpaint.removal import remove
from tam_core import rle
from tam_core.masklet import Masklet
from tam_core.types import Mask, Pixels
from tam_core.video import ArraySource

Fill = Callable[[Pixels, Mask], Iterator[Pixels]]
"""Frames (T, H, W, 3) and holes (T, H, W) bool -> filled frames."""


@dataclass(frozen=True)
class Figures:
    """``psnr`` (dB), ``ssim``, ``flicker`` (levels) and ``warp`` (see WarpError) count inside the holes.

    ``seconds`` and ``cpu_seconds`` are of a frame. ``untouched``: outside the holes every pixel stayed.
    """

    psnr: float
    ssim: float
    flicker: float
    warp: float
    seconds: float
    cpu_seconds: float
    untouched: bool


@dataclass(frozen=True)
class FrameFigures:
    """Of whole frames, the mean over all of them, as the papers on completion count; see frame_psnr, frame_ssim."""

    psnr: float
    ssim: float
    seconds: float
    cpu_seconds: float
    frames: int


@dataclass
class Clock:
    """What it takes to make the items of an iterator, in seconds of the wall and of this process."""

    wall: float = 0.0
    cpu: float = 0.0

    def timed(self, items: Iterator[Pixels]) -> Iterator[Pixels]:
        while True:
            wall, cpu = time.perf_counter(), time.process_time()
            item = next(items, None)
            self.wall += time.perf_counter() - wall
            self.cpu += time.process_time() - cpu
            if item is None:
                return
            yield item


def removal(engine: Inpainter) -> Callable[[Scene], Iterator[Pixels]]:
    """What ``remove`` makes of a scene with an engine."""

    def fill(scene: Scene) -> Iterator[Pixels]:
        codes = {index: rle.encode(mask) for index, mask in enumerate(scene.masks)}
        masklet = Masklet(1, (scene.masks.shape[1], scene.masks.shape[2]), codes)
        for frame in remove(ArraySource(scene.frames), [masklet], inpainter=engine, grow=scene.grow):
            yield frame.pixels

    return fill


def baseline(fill: Fill) -> Callable[[Scene], Iterator[Pixels]]:
    """What a baseline makes of a scene."""
    return lambda scene: fill(scene.frames, scene.holes)


def measure(scene: Scene, results: Iterator[Pixels]) -> Figures:
    """The figures of the ``results``, which are taken one by one."""
    clock, psnr, ssim, flicker, warp = Clock(), Psnr(), Ssim(), Flicker(), WarpError()
    untouched = True
    parts = zip(clock.timed(results), scene.frames, scene.clean, scene.holes, scene.ways, strict=True)
    for result, frame, truth, hole, way in parts:
        shot = (result, truth, hole)
        for meter in (psnr, ssim, flicker):
            meter.add(shot)
        warp.add(shot, way)
        untouched &= bool(np.array_equal(result[~hole], frame[~hole]))
    count = len(scene.frames)
    return Figures(psnr.value, ssim.value, flicker.value, warp.value, clock.wall / count, clock.cpu / count, untouched)


def measure_frames(scene: Scene, results: Iterator[Pixels]) -> FrameFigures:
    """The same by the papers' rule."""
    clock, psnr, ssim = Clock(), Mean(), Mean()
    for result, truth in zip(clock.timed(results), scene.clean, strict=True):
        psnr.total += frame_psnr(result, truth)
        ssim.total += frame_ssim(result, truth)
        psnr.count = ssim.count = psnr.count + 1
    count = psnr.count
    return FrameFigures(psnr.value, ssim.value, clock.wall / count, clock.cpu / count, count)
