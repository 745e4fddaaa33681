"""What a batch costs and survives: two backends, a killed worker, one worker against two, a long clip in spans.

    python tests/benchmarks/batch_benchmark.py kill [--clips 40]       Ray and the pool, a worker killed in the middle
    python tests/benchmarks/batch_benchmark.py scaling [--clips 12]    the pool with one worker and with two
    python tests/benchmarks/batch_benchmark.py joined WHOLE.json SPANS.json    J of spans against the whole, by object

The clips are of 160x120 pixels and 48 frames, drawn here, and tracked by ``flow``, which is single-threaded then.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))

from tam_core.formats.masklet_json import read_masklets
from tam_core.masklet import Masklet
from tam_core.video import ArraySource, write_video
from tests.scenes import disc_scene

TAM = (sys.executable, "-c", "from plugin.cli import main; main()")
FRAMES = 48


def make_clips(folder: Path, count: int, frames: int = FRAMES) -> Path:
    """Clips of a disc, each with another path, the mask of its first frame, and a manifest that tracks them."""
    rows = []
    for number in range(count):
        scene = _scene(number, frames)
        write_video(
            ArraySource(scene.frames, Fraction(24)).frames(), folder / f"{number}.mkv", rate=Fraction(24), codec="ffv1"
        )
        Image.fromarray(scene.masks[0].astype(np.uint8) * 255).save(folder / f"{number}.png")
        rows.append(
            {"input": f"{number}.mkv", "operation": "track", "output": f"{number}.json", "mask": f"{number}.png"}
        )
    manifest = folder / "manifest.jsonl"
    manifest.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return manifest


def _scene(number: int, frames: int) -> Any:
    return disc_scene(lambda i: (30 + (100 - number) * i / frames, 40 + number + 10 * np.sin(i / 4)), frames)


def begin(manifest: Path, output: Path, *options: str) -> "subprocess.Popen[bytes]":
    """``tam batch`` of the manifest with the tracker flow."""
    command = [*TAM, "batch", str(manifest), "-o", str(output), "--engine", "flow", *options]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2])


def summary_of(output: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((output / "tam-batch/summary.json").read_text(encoding="utf-8"))
    return found


def records_in(output: Path) -> list[dict[str, Any]]:
    """Of the units that are done so far."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in output.glob("tam-batch/records/[!.]*.json")]


def kill_a_worker(output: Path, after: int, process: "subprocess.Popen[bytes]") -> int:
    """When so many units are done, SIGKILL the worker that did the last one: it has begun with another by now."""
    while len(done := records_in(output)) < after and process.poll() is None:
        time.sleep(0.02)
    time.sleep(0.3)
    last = max(done, key=lambda one: (output / Path(one["output"]).name).stat().st_mtime)
    pid = int(last["outcome"]["where"].rpartition(":")[2])
    os.kill(pid, signal.SIGKILL)
    return pid


def killed(clips: int) -> None:
    """The same manifest on both backends, a worker of each killed after a quarter of it; and undisturbed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = make_clips(folder, clips)
        for label, options in (("ray", ("--ray", "local", "--workers", "2")), ("pool", ("--workers", "2"))):
            process = begin(manifest, folder / label, *options)
            pid = kill_a_worker(folder / label, clips // 4, process)
            code, found = process.wait(), summary_of(folder / label)
            again = {
                unit: [one["state"] for one in tries] for unit, tries in found["attempts"].items() if len(tries) > 1
            }
            print(f"{label}: killed {pid}, exit {code}, {found['done']} of {clips} done, begun again: {again}")
        begin(manifest, folder / "still", "--workers", "2").wait()
        for label in ("ray", "pool"):
            same = sum(
                (folder / label / f"{one}.json").read_bytes() == (folder / "still" / f"{one}.json").read_bytes()
                for one in range(clips)
            )
            print(f"{label}: {same} of {clips} results have the bytes of an undisturbed run")


def scaling(clips: int) -> None:
    """One worker, then two; wall seconds of all, and processor seconds that the units took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = make_clips(folder, clips)
        walls = {}
        for workers in (1, 2):
            output = folder / str(workers)
            begin(manifest, output, "--workers", str(workers)).wait()
            found = summary_of(output)
            walls[workers] = found["seconds"]
            cpu = sum(one["outcome"]["cpu"] for one in records_in(output))
            print(f"{workers} workers: {found['seconds']:.2f} s, processor {cpu:.2f} s, {found['frames']} frames")
        print(f"1 to 2 workers: {walls[1] / walls[2]:.2f} times as fast")


def joined(whole: Path, spans: Path) -> None:
    """Mean J over all frames of each object; a frame on which neither sees it counts 1, as DAVIS has it."""
    found = {one.object_id: one for one in read_masklets(spans)}
    for one in read_masklets(whole):
        other = found.get(one.object_id)
        if other is None:
            print(f"object {one.object_id}: not in the spans")
            continue
        scores = [_iou(one, other, frame) for frame in one.frames]
        print(f"object {one.object_id}: J {np.mean(scores):.4f} over {len(scores)} frames, least {min(scores):.3f}")


def _iou(one: Masklet, other: Masklet, frame: int) -> float:
    if frame not in other.rles:
        return 0.0 if one.rles[frame].area else 1.0
    return one.rles[frame].iou(other.rles[frame])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("kill", "scaling", "joined"))
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--clips", type=int)
    asked = parser.parse_args()
    if asked.what == "kill":
        killed(asked.clips or 40)
    elif asked.what == "scaling":
        scaling(asked.clips or 12)
    else:
        joined(*asked.files)


if __name__ == "__main__":
    main()
