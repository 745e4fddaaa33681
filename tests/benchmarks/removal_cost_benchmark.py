"""What a removal costs: a hole of 200x200 pixels in small and in large pictures, and the memory of a long video.

    python tests/benchmarks/removal_cost_benchmark.py [--sizes] [--memory] [--frames N]

``--sizes``: the same hole, moving in the same way, in 960x540 and in 3840x2160; CPU and wall seconds a frame, without
making the frames (as decoding would), and encoding's for comparison. ``--memory``: ``tam remove --memory 2`` on a
1080p H.264 clip of 600 frames with a walking hole, and the peak of its resident size. Both if neither is named.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from inpaint.removal import removed
from tam_core import rle
from tam_core.formats.masklet_json import write_masklets
from tam_core.masklet import Masklet
from tam_core.types import Pixels, Size
from tam_core.video import Frame, VideoInfo, open_video, write_video

SMALL, LARGE, HD = (540, 960), (2160, 3840), (1080, 1920)
SIDE = 200
BUDGET = 2.0
TAM = "import sys; from plugin.cli import main; main(sys.argv[1:])"


class World:
    """A FrameSource: a camera drifts over a textured wall, a grey square walks through. ``seconds`` it took itself."""

    def __init__(self, size: Size, count: int) -> None:
        height, width = size
        noise = np.random.default_rng(1).normal(0, 60, (height // 2 + 64, width // 2 + 64, 3)).astype(np.float32)
        smooth = cv2.GaussianBlur(noise, (0, 0), 2.0) * 4 + 120
        self._wall = cv2.resize(smooth, (width + 128, height + 128)).clip(0, 255).astype(np.uint8)
        times = tuple(Fraction(index, 24) for index in range(count))
        self.info = VideoInfo(width=width, height=height, rate=Fraction(24), times=times)
        self.wall_seconds = self.cpu_seconds = 0.0

    def place(self, index: int) -> tuple[int, int]:
        """Upper left corner (y, x) of the square."""
        height, width = self.info.size
        return height // 2 - SIDE // 2, width // 2 - SIDE + round(100 * np.sin(index / 20))

    def read(self, index: int) -> Frame:
        wall, cpu = time.perf_counter(), time.process_time()
        height, width = self.info.size
        x = index // 5 % 100
        pixels: Pixels = self._wall[x : x + height, x : x + width].copy()
        top, left = self.place(index)
        pixels[top : top + SIDE, left : left + SIDE] = 128
        self.wall_seconds += time.perf_counter() - wall
        self.cpu_seconds += time.process_time() - cpu
        return Frame(index, Fraction(index, 24), pixels)

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[Frame]:
        return map(self.read, range(start, len(self.info.times or ()) if stop is None else stop, step))

    def masklet(self) -> Masklet:
        codes = {}
        for index in range(len(self.info.times or ())):
            mask = np.zeros(self.info.size, bool)
            top, left = self.place(index)
            mask[top : top + SIDE, left : left + SIDE] = True
            codes[index] = rle.encode(mask)
        return Masklet(1, self.info.size, codes)


def cost(size: Size, count: int, codec: str = "ffv1") -> tuple[float, float]:
    """CPU seconds and wall seconds a frame of a removal, without making the frames."""
    source = World(size, count)
    masklet = source.masklet()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in removed(source, [masklet]):
        pass
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        few = range(min(count, 10))
        write_video(map(source.read, few), Path(folder) / "out.mkv", codec=codec)
        coding = (time.process_time() - begun) / len(few)
    spent = (cpu - source.cpu_seconds) / count, (wall - source.wall_seconds) / count
    print(
        f"{size[1]}x{size[0]}: {spent[0]:.3f} CPU s a frame, {spent[1]:.3f} s by the clock; "
        f"making it {source.cpu_seconds / count:.3f}, encoding as {codec} {coding:.3f} CPU s"
    )
    return spent


def sizes(count: int) -> None:
    small, large = cost(SMALL, count), cost(LARGE, count)
    print(f"3840x2160 to 960x540: x{large[0] / small[0]:.2f} in CPU time, x{large[1] / small[1]:.2f} by the clock")


def memory(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clip, masks = Path(folder) / "clip.mp4", Path(folder) / "masks.json"
        source = World(HD, count)
        write_video(source.frames(), clip, rate=Fraction(24))
        write_masklets([source.masklet()], masks, open_video(clip).info)
        asked = ["remove", str(clip), "--masks", str(masks), "-o", str(Path(folder) / "out.mp4")]
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", TAM, *asked, "--memory", str(BUDGET)], check=True, stderr=subprocess.DEVNULL
        )
        seconds = time.perf_counter() - begun
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9
        print(f"1920x1080, {count} frames, {seconds:.0f} s: peak {peak:.2f} GB of {BUDGET:g} GB")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--frames", type=int)
    chosen = parser.parse_args()
    both = not (chosen.sizes or chosen.memory)
    if chosen.sizes or both:
        sizes(chosen.frames or 72)
    if chosen.memory or both:
        memory(chosen.frames or 600)


if __name__ == "__main__":
    main()
