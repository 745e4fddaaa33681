"""Removal against cv2.inpaint (Telea) on a clip whose true background is known, both in this run.

    python tests/benchmarks/removal_benchmark.py [../shared/data/clean-plate/dancer]

Prints PSNR, SSIM and flicker inside the hole (the true masks grown by 4 px), frames a second and the ratios.
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from inpaint.holes import grown
from inpaint.metrics import flicker, psnr, ssim
from inpaint.removal import remove
from tam_core import rle
from tam_core.masklet import Masklet
from tam_core.types import Mask, Pixels
from tam_core.video import ArraySource

CLIP = Path(__file__).parents[3] / "shared/data/clean-plate/dancer"
GROW = 4


def pictures(folder: Path) -> Pixels:
    """All pictures of a folder, (T, H, W, 3)."""
    return np.stack([cv2.imread(str(path))[..., ::-1] for path in sorted(folder.iterdir())])


def timed(run: Callable[[], Pixels]) -> tuple[Pixels, float, float]:
    """A result, its wall time and its CPU time in seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def plate(frames: Pixels, masks: Mask) -> Pixels:
    """What ``remove`` makes of the clip."""
    masklet = Masklet(1, masks.shape[1:], {i: rle.encode(mask) for i, mask in enumerate(masks)})
    return np.stack([frame.pixels for frame in remove(ArraySource(frames), [masklet], grow=GROW)])


def telea(frames: Pixels, holes: Mask) -> Pixels:
    """Every frame on its own."""
    pairs = zip(frames, holes, strict=True)
    return np.stack([cv2.inpaint(frame, hole.astype(np.uint8), 5, cv2.INPAINT_TELEA) for frame, hole in pairs])


def main(clip: Path) -> None:
    frames, clean = pictures(clip / "frames"), pictures(clip / "clean")
    masks = np.stack([cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 127 for path in sorted((clip / "masks").iterdir())])
    holes = np.stack([grown(mask, GROW) for mask in masks])
    figures = {}
    for name, run in (("telea", lambda: telea(frames, holes)), ("plate", lambda: plate(frames, masks))):
        result, wall, cpu = timed(run)
        assert np.array_equal(result[~holes], frames[~holes])
        shots = list(zip(result, clean, holes, strict=True))
        figures[name] = (psnr(shots), ssim(shots), flicker(shots), len(frames) / wall, len(frames) / cpu)
        print(
            "{}: PSNR {:.2f} dB  SSIM {:.4f}  flicker {:.2f}  {:.2f} fps, {:.2f} a CPU second".format(
                name, *figures[name]
            )
        )
    ours, theirs = figures["plate"], figures["telea"]
    print(
        f"plate to telea: {ours[0] - theirs[0]:+.2f} dB  SSIM x{ours[1] / theirs[1]:.2f}"
        f"  flicker x{ours[2] / theirs[2]:.2f}"
    )
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else CLIP)
