"""Tracking quality and speed on DAVIS-2016 sequences, the first mask given: whole processes of ``tam track``.

    python tests/benchmarks/davis_benchmark.py [--engine NAME] [SEQUENCE ...]

Prints J and F per sequence (first and last frame not scored, as in the official semi-supervised protocol), frames a
second of the whole process, and the same for the peer: carrying the mask with dense optical flow alone.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from tam_core.formats.davis import read_davis
from tam_core.metrics import boundary_f, jaccard
from tam_core.types import Mask
from tam_core.video.pictures import read_picture

DATA = Path(__file__).parents[3] / "shared/data/davis2016-val-half"


def track(sequence: str, engine: str) -> tuple[list[Mask], float]:
    """Masks of every frame and the seconds of the whole process."""
    with tempfile.TemporaryDirectory() as folder:
        first = DATA / "Annotations/480p" / sequence / "00000.png"
        command = [sys.executable, "-c", "from plugin.cli import main; main()", "track"]
        command += [
            str(DATA / "JPEGImages/480p" / sequence),
            "--mask",
            str(first),
            "--engine",
            engine,
            "-o",
            f"{folder}/m",
        ]
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        (found,) = read_davis(Path(folder) / "m")
        return [mask for frame in found.frames if (mask := found.mask(frame)) is not None], seconds


def flow_alone(sequence: str, first: Mask) -> list[Mask]:
    """The peer: each mask is the one before, moved by dense optical flow at half size."""
    paths = sorted((DATA / "JPEGImages/480p" / sequence).iterdir())
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    height, width = first.shape
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32)
    masks, before, soft = [first], None, first.astype(np.float32)
    for path in paths:
        grey = cv2.resize(cv2.cvtColor(read_picture(path), cv2.COLOR_RGB2GRAY), None, fx=0.5, fy=0.5)
        if before is not None:
            back = 2 * cv2.resize(flow.calc(grey, before, None), (width, height))
            soft = cv2.remap(soft, grid + back, None, cv2.INTER_LINEAR)
            masks.append(soft > 0.5)
        before = grey
    return masks


def scores(found: list[Mask], truth: list[Mask]) -> tuple[float, float]:
    inner = list(zip(found, truth, strict=True))[1:-1]
    return float(np.mean([jaccard(*pair) for pair in inner])), float(np.mean([boundary_f(*pair) for pair in inner]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", default="auto")
    parser.add_argument("sequences", nargs="*")
    chosen = parser.parse_args()
    rows = []
    print(f"{'sequence':18s}   J      F      fps    flow alone J")
    for sequence in chosen.sequences or sorted(path.name for path in (DATA / "JPEGImages/480p").iterdir()):
        (truths,) = read_davis(DATA / "Annotations/480p" / sequence)
        truth = [mask for frame in truths.frames if (mask := truths.mask(frame)) is not None]
        found, seconds = track(sequence, chosen.engine)
        peer, _ = scores(flow_alone(sequence, truth[0]), truth)
        rows.append((*scores(found, truth), len(truth) / seconds, peer))
        print(f"{sequence:18s} {rows[-1][0]:.3f}  {rows[-1][1]:.3f}  {rows[-1][2]:5.1f}   {peer:.3f}", flush=True)
    j, f, fps, peer = np.mean(rows, axis=0)
    print(f"{'mean':18s} {j:.4f} {f:.4f} {fps:5.1f}   {peer:.4f}   J&F {(j + f) / 2:.4f}   J/peer {j / peer:.2f}")


if __name__ == "__main__":
    main()
