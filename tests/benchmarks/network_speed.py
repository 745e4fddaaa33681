"""Seconds a frame of our networks and of transformers' with equal random weights, frame by frame in one process.

    python -m tests.benchmarks.network_speed sam2.1-tiny --frames 14

Memory is full from frame 8 on; only those frames count. Medians, and the median of the ratios of neighbours in time.
``--objects 8`` compares so many objects with one instead.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch

from tam_core.device import fastest_dtype
from tam_core.engines.sam2.tracker import Sam2State
from tam_core.prompts import MaskPrompt
from tam_core.types import Mask, Size
from tam_core.video import ArraySource
from tests.benchmarks.network_twins import TWINS, Twin

FULL = 8
SIZE = (480, 854)


def pictures(count: int) -> ArraySource:
    """Noise that moves: what the networks see does not matter for their speed."""
    noise = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
    return ArraySource(np.stack([np.roll(noise, 3 * index, 1) for index in range(count)]))


def square(x: int, y: int, reach: int, size: Size) -> Mask:
    """A mask (H, W) of the pixels nearer than ``reach``."""
    mask = np.zeros(size, bool)
    mask[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach] = True
    return mask


def our_steps(twin: Twin, dtype: torch.dtype, source: ArraySource, objects: int) -> Iterator[float]:
    """Seconds of every frame in turn."""
    tracker = twin.ours(dtype)
    state: Sam2State = tracker.start(source.info)
    masks = [square(60 + 90 * i, 200, 40, SIZE) for i in range(objects)]
    tracker.condition(state, source.read(0), [MaskPrompt(0, i + 1, mask) for i, mask in enumerate(masks)])
    for frame in source.frames():
        yield timed(lambda frame=frame: tracker.step(state, frame))


def their_steps(twin: Twin, dtype: torch.dtype, source: ArraySource) -> Iterator[float]:
    """The same frames through transformers, one object, already resized."""
    pixels = torch.cat([twin.ours(torch.float32).normalised(frame.pixels) for frame in source.frames()]).to(dtype)
    for step in twin.their_steps(dtype, pixels, torch.from_numpy(square(300, 500, 100, (1024, 1024)))):
        yield timed(step)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(rows: dict[str, Iterator[float]], count: int) -> None:
    """Run all rows side by side, frame after frame, and print medians and ratios to the first row."""
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    for index in range(count):
        for name, steps in rows.items():
            spent = next(steps)
            if index >= FULL:
                seconds[name].append(spent)
    for name, mine in seconds.items():
        ratios = {
            other: statistics.median(theirs / own for theirs, own in zip(seconds[other], mine, strict=True))
            for other in seconds
            if other != name
        }
        against = ", ".join(f"{ratio:.2f}x {other}" for other, ratio in ratios.items())
        print(f"{name:24s} {statistics.median(mine):6.2f} s a frame: {against}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=TWINS)
    parser.add_argument("--frames", type=int, default=14)
    parser.add_argument("--objects", type=int, default=1)
    parser.add_argument("--exact", action="store_true", help="also ours in float32")
    chosen = parser.parse_args()
    twin, source = TWINS[chosen.network](), pictures(chosen.frames)
    quick = fastest_dtype("cpu")
    if chosen.objects > 1:
        compare(
            {f"{count} objects": our_steps(twin, quick, source, count) for count in (1, chosen.objects)}, chosen.frames
        )
        return
    rows = {
        "transformers float32": their_steps(twin, torch.float32, source),
        "transformers bfloat16": their_steps(twin, torch.bfloat16, source),
        f"ours {str(quick).removeprefix('torch.')}": our_steps(twin, quick, source, 1),
    }
    if chosen.exact:
        rows["ours float32"] = our_steps(twin, torch.float32, source, 1)
    compare(rows, chosen.frames)


if __name__ == "__main__":
    main()
