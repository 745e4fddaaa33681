"""The receipt of an edit: what was written is opened again and compared with the source, one fact after the other.

It trusts nobody's word for what was written, least of all the writer's. For any edit that gives a video back:

    receipt = write_receipt(source, output, Path("receipt.json"), holes=holes, frames=range(10, 60))
    receipt.require()

Pixels are compared only where ``holes`` say what was allowed to change, and only in outputs that keep every value.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from plugin.receipt.facts import (
    bit_depth,
    colour_tags,
    frame_count,
    orientation,
    resolution,
    time_stamps,
    transparency,
)
from plugin.receipt.finding import Finding
from plugin.receipt.pair import ChangedPart, Pair, open_pair
from plugin.receipt.pixels import pixels_outside
from plugin.receipt.sound import sound
from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.checkpoints import sha256_of
from tam_core.errors import OutputError
from tam_core.video import FrameSource

__all__ = ["CHECKS", "Finding", "Receipt", "examine", "write_receipt"]

CHECKS: tuple[Callable[[Pair], Finding], ...] = (
    frame_count,
    time_stamps,
    sound,
    colour_tags,
    resolution,
    bit_depth,
    transparency,
    orientation,
    pixels_outside,
)


@dataclass(frozen=True)
class Receipt:
    """What was found. ``source`` and ``output`` are paths; ``frames``: first and last + 1 of the source's frames."""

    source: str
    output: Path
    frames: tuple[int, int]
    findings: tuple[Finding, ...]
    file: Path | None = None

    @property
    def passed(self) -> bool:
        """Nothing differs."""
        return all(finding.passed for finding in self.findings)

    def require(self) -> None:
        """Raise OutputError, which names every difference, unless all passed."""
        if self.passed:
            return
        wrong = "; ".join(f"{one.check}: {one.found}" for one in self.findings if not one.passed)
        where = f" (all of it: {self.file})" if self.file else ""
        raise OutputError(f"{self.output} was written, but it is not what the source promises. {wrong}{where}")

    def words(self) -> str:
        """A line for every finding."""
        return "\n".join(f"{'ok' if one.passed else 'DIFFERS':9}{one.check}: {one.found}" for one in self.findings)


def examine(
    source: FrameSource | Path, output: Path, *, holes: ChangedPart | None = None, frames: range | None = None
) -> Receipt:
    """Compare ``output``, a video file or a folder of pictures, with the ``frames`` of ``source`` (None: with all).

    ``holes``: the part of each frame that was allowed to change; None where that is everything. A check that does not
    apply passes and says so. Raises VideoError if the output cannot be opened at all.
    """
    pair = open_pair(source, output, holes, frames)
    span = (pair.frames.start, pair.frames.stop)
    return Receipt(pair.source_name, output, span, tuple(check(pair) for check in CHECKS))


def write_receipt(
    source: FrameSource | Path,
    output: Path,
    file: Path,
    *,
    holes: ChangedPart | None = None,
    frames: range | None = None,
) -> Receipt:
    """``examine``, and the outcome as JSON in ``file``, whatever it is. Raises OutputError if it cannot be written."""
    found = examine(source, output, holes=holes, frames=frames)
    receipt = Receipt(found.source, found.output, found.frames, found.findings, file)
    content = {
        "source": receipt.source,
        "output": str(output),
        "output_sha256": None if output.is_dir() else sha256_of(output),
        "frames": list(receipt.frames),
        "passed": receipt.passed,
        "checks": [asdict(finding) for finding in receipt.findings],
    }
    with atomic_file(file) as temporary, naming_the_cause(file):
        temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return receipt
