"""Removal from every clip at hand, written in every kind that keeps values and in H.264, and each one's receipt.

    python tests/benchmarks/receipt_benchmark.py [CLIP ...]

A box moves over 20 frames from the middle of each clip; what it covers is removed. Prints a line for each output, and
every check that differs. Exits 1 if there is one.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from inpaint.holes import holes_of
from inpaint.removal import remove
from plugin.receipt import write_receipt
from tam_core import rle
from tam_core.masklet import Masklet
from tam_core.types import Size
from tam_core.video import open_video, write_video

ROOT = Path(__file__).parents[2]
CLIPS = ROOT.parent / "shared/data/clips"
SAMPLE = ROOT / "examples/sample/video.mp4"
COUNT = 20
OUTPUTS = ("pictures", "result.mkv", "result.mp4")


def moving_box(size: Size, frames: range) -> Masklet:
    """A box of an eighth of the picture's height that moves by its own width."""
    height, width = size
    side = height // 8
    codes = {}
    for number, index in enumerate(frames):
        mask = np.zeros(size, bool)
        x = (width - side) // 2 + side * number // len(frames)
        mask[height // 2 : height // 2 + side, x : x + side] = True
        codes[index] = rle.encode(mask)
    return Masklet(1, size, codes)


def receipts(clip: Path, folder: Path) -> bool:
    """Remove, write, examine; True if nothing differs."""
    source = open_video(clip)
    middle = (source.info.frame_count or COUNT) // 2
    frames = range(middle, min(middle + COUNT, source.info.frame_count or COUNT))
    masklet = moving_box(source.info.size, frames)
    began = time.perf_counter()
    made = list(remove(source, [masklet], start=frames.start, stop=frames.stop))
    print(f"{clip.name}: {source.info.width}x{source.info.height}, frames {frames.start} to {frames.stop - 1}, "
          f"removed in {time.perf_counter() - began:.0f} s", flush=True)  # fmt: skip
    good = True
    for name in OUTPUTS:
        output = folder / name
        write_video(made, output, like=source)
        began = time.perf_counter()
        holes = holes_of([masklet], source.info.size)
        receipt = write_receipt(clip, output, folder / f"{name}.json", holes=holes, frames=frames)
        differs = [f"{one.check}: {one.found}" for one in receipt.findings if not one.passed]
        last = receipt.findings[-1].found
        print(f"  {name:11}{'; '.join(differs) or 'passed'} | {last} | {time.perf_counter() - began:.1f} s", flush=True)
        good &= receipt.passed
    return good


def main(clips: list[Path]) -> int:
    outcomes = []
    for clip in clips:
        with tempfile.TemporaryDirectory() as folder:
            outcomes.append(receipts(clip, Path(folder)))
    print(f"{sum(outcomes)} of {len(clips)} clips with every receipt passed")
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]] or [*sorted(CLIPS.glob("*.mp4")), SAMPLE]))
