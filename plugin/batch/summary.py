"""What a batch came to, as JSON beside the results and as a table for a person."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from plugin.batch import storage
from plugin.batch.schedule import History

NAME = "tam-batch/summary.json"


def summarise(histories: Iterable[History], seconds: float) -> dict[str, Any]:
    """Every unit with its attempts, and the sums of them. ``seconds``: wall time of this run."""
    listed = list(histories)
    finals = [one for one in listed if one.unit.final]
    made = [one for one in listed if one.attempts and one.done]
    frames = sum(one.done.frames for one in finals if one.attempts and one.done)
    return {
        "clips": len(finals),
        "done": sum(one.done is not None for one in finals),
        "kept": sum(one.kept is not None for one in finals),
        "failed": [_failure(one) for one in listed if one.done is None and not one.left_out],
        "left_out": [one.unit.name for one in listed if one.left_out],
        "frames": frames,
        "seconds": round(seconds, 3),
        "frames_per_second": round(frames / seconds, 3) if seconds else 0.0,
        "units": len(made),
        "retries": sum(one.retries for one in listed),
        "lost": sum(attempt.state == "lost" for one in listed for attempt in one.attempts),
        "workers": _workers(listed),
        "attempts": {one.unit.name: [asdict(attempt) for attempt in one.attempts] for one in listed if one.attempts},
    }


def write_summary(summary: Mapping[str, Any], folder: str) -> None:
    """Put it beside the results."""
    storage.write_text(storage.joined(folder, NAME), json.dumps(summary, indent=1))


def table(summary: Mapping[str, Any]) -> str:
    """The same for a person: a line a worker, the sums, and each failure by name."""
    lines = [f"{'worker':32} {'units':>6} {'frames':>8} {'seconds':>9} {'frames/s':>9}"]
    for name, one in summary["workers"].items():
        rate = one["frames"] / one["seconds"] if one["seconds"] else 0.0
        lines.append(f"{name:32} {one['units']:6} {one['frames']:8} {one['seconds']:9.1f} {rate:9.2f}")
    lines.append(
        f"{summary['done']} of {summary['clips']} clips done ({summary['kept']} were there), "
        f"{summary['frames']} frames in {summary['seconds']:.1f} s, {summary['frames_per_second']:.2f} frames/s, "
        f"{summary['retries']} retries, {summary['lost']} units lost with their worker"
    )
    for one in summary["failed"]:
        lines.append(f"failed: {one['output']} (line {one['row']}, {one['attempts']} attempts): {one['said']}")
    if summary["left_out"]:
        lines.append(f"left out, for they need what failed: {', '.join(summary['left_out'])}")
    return "\n".join(lines)


def _failure(history: History) -> dict[str, Any]:
    said = history.attempts[-1].said if history.attempts else "not begun"
    unit = history.unit
    return {"unit": unit.name, "row": unit.row, "output": unit.output, "attempts": len(history.attempts), "said": said}


def _workers(histories: Iterable[History]) -> dict[str, dict[str, float]]:
    """By worker: the units it did, their frames and the seconds it took for them."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: {"units": 0, "frames": 0, "seconds": 0.0})
    for history in histories:
        for one in history.attempts:
            if one.state == "done":
                worker = found[one.where]
                worker["units"] += 1
                worker["frames"] += one.frames
                worker["seconds"] = round(worker["seconds"] + one.seconds, 3)
    return dict(sorted(found.items()))
