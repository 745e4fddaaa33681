"""Memory of ``tam track`` and ``tam remove`` over a long video: it must not grow with the number of frames.

    python tests/benchmarks/memory_benchmark.py [VIDEO] [--box X0,Y0,X1,Y1@FRAME]

Runs the two commands in this process, one after the other, and prints the resident size at chosen frames, the peak, and
frames a second.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from plugin import commands, finding, removing
from plugin.arguments import PromptArguments
from plugin.finding import Asked, Choice

T = TypeVar("T")
CLIP = Path(__file__).parents[3] / "shared/data/clips/oneperson-long.mp4"
MARKS = (50, 200, 600, 1000, 1300)


def resident() -> float:
    """Resident size of this process in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def recorded(items: Iterable[T], title: str, total: int | None) -> Iterator[T]:
    """Stands in for the progress bar: the same items, with the memory noted on the way."""
    began, sizes, count = time.perf_counter(), {}, 0
    for item in items:
        yield item
        count += 1
        if count in MARKS:
            sizes[count] = resident()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    marks = ", ".join(f"{size:.0f} MB at {mark}" for mark, size in sizes.items())
    growth = f", 1000 / 200 = {sizes[1000] / sizes[200]:.3f}" if 1000 in sizes else ""
    rate = f"{count / seconds:.1f} a second"
    print(f"{title}: {count} frames, {rate}; resident {marks}; peak {peak:.0f} MB{growth}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("video", nargs="?", type=Path, default=CLIP)
    parser.add_argument("--box", default="380,10,500,400@130")
    chosen = parser.parse_args()
    finding.with_progress = removing.with_progress = recorded
    with tempfile.TemporaryDirectory() as folder:
        masks, choice = Path(folder) / "masks.json", Choice()
        print(commands.track(Asked(chosen.video, PromptArguments(boxes=[chosen.box]), choice=choice), masks))
        print(removing.remove(Asked(chosen.video, masks=masks, choice=choice), Path(folder) / "clean.mp4"))


if __name__ == "__main__":
    main()
