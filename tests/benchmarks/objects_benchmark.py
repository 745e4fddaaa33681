"""Many objects at once: J and F of each, and what three cost beside one. Whole processes of ``tam track``.

    python -m tests.benchmarks.objects_benchmark [--engine NAME] [--only quality|speed]

Quality: dogs-jump and schoolgirls with all first masks given, first and last frame not scored, as in the official
semi-supervised protocol. Speed: dogs-jump enlarged to 854x480, with its first object and with all three; the quickest
of three runs each, taken in turn.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tam_core.formats.davis import read_davis, read_labels
from tam_core.masklet import Masklet
from tam_core.types import Mask, ObjectId
from tam_core.video.pictures import read_picture
from tests.benchmarks.davis_benchmark import scores

DATA = Path(__file__).resolve().parents[3] / "shared/data/davis2017-multi"
SEQUENCES = ("dogs-jump", "schoolgirls")
SIZE = (854, 480)
"""Width and height of the frames that are timed."""
RUNS = 3


def track(frames: Path, first: Path, engine: str) -> tuple[dict[ObjectId, Masklet], float]:
    """The masklets of all objects in the mask picture ``first``, and the seconds of the whole process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", "from plugin.cli import main; main()", "track", str(frames)]
        command += ["--mask", str(first), "--engine", engine, "-o", f"{folder}/masks"]
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        return {masklet.object_id: masklet for masklet in read_davis(f"{folder}/masks")}, seconds


def masks(masklet: Masklet) -> list[Mask]:
    """Every frame's mask (H, W)."""
    return [mask for frame in masklet.frames if (mask := masklet.mask(frame)) is not None]


def quality(sequence: str, engine: str) -> None:
    """Print J, F and J&F of every object and their means."""
    annotations = DATA / "Annotations/240p" / sequence
    found, _ = track(DATA / "JPEGImages/240p" / sequence, annotations / "00000.png", engine)
    rows = []
    for truth in read_davis(annotations):
        rows.append(scores(masks(found[truth.object_id]), masks(truth)))
        print(row(f"{sequence} {truth.object_id}", *rows[-1]))
    print(row(f"{sequence} mean", *np.mean(rows, axis=0)), flush=True)


def row(title: str, region: float, contour: float) -> str:
    return f"{title:20s} {region:.3f} {contour:.3f} {(region + contour) / 2:.3f}"


def enlarge(sequence: str, folder: Path) -> int:
    """Write a sequence's frames at 854x480 into a folder; how many there are."""
    paths = sorted((DATA / "JPEGImages/240p" / sequence).iterdir())
    for path in paths:
        picture = cv2.resize(read_picture(path), SIZE, interpolation=cv2.INTER_CUBIC)
        Image.fromarray(picture).save(folder / path.name, quality=95)
    return len(paths)


def first_masks(sequence: str, objects: Collection[ObjectId], path: Path) -> None:
    """Write the first label picture at 854x480 with some of its objects."""
    labels = read_labels(DATA / "Annotations/240p" / sequence / "00000.png")
    kept = np.where(np.isin(labels, list(objects)), labels, 0)
    Image.fromarray(cv2.resize(kept, SIZE, interpolation=cv2.INTER_NEAREST)).save(path)


def speed(sequence: str, engine: str) -> None:
    """Print frames a second with one object and with three, and the ratio of the times."""
    with tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        count = enlarge(sequence, frames)
        seconds: dict[int, list[float]] = {1: [], 3: []}
        for _ in range(RUNS):
            for number, times in seconds.items():
                first = Path(folder) / f"{number}.png"
                first_masks(sequence, range(1, number + 1), first)
                times.append(track(frames, first, engine)[1])
    one, three = (min(times) for times in seconds.values())
    print(f"{count} frames of {SIZE[0]}x{SIZE[1]}: one object {count / one:.1f} a second,", end=" ")
    print(f"three {count / three:.1f}, {three / one:.2f}x the time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--only", choices=("quality", "speed"))
    asked = parser.parse_args()
    if asked.only != "speed":
        print(f"{'object':20s} {'J':5s} {'F':5s} {'J&F':5s}")
        for sequence in SEQUENCES:
            quality(sequence, asked.engine)
    if asked.only != "quality":
        speed(SEQUENCES[0], asked.engine)


if __name__ == "__main__":
    main()
