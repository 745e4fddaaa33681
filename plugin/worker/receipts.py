"""The receipt of an exported result: it is opened again and compared with the source, and with what was edited."""

from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from plugin.link import wire
from plugin.receipt import Receipt, examine
from plugin.stepwise import Pace, stepwise
from plugin.worker.edited import EditedSource
from plugin.worker.opened import OpenSession
from tam_core.types import Mask


def examined(opened: OpenSession, output: Path, frames: range) -> Generator[int, None, wire.Receipt]:
    """Compare ``output`` with those frames of the session's video, in a job whose frames are done.

    Between two steps it can be stopped, and clicks go first.
    """
    pace, found = Pace(), list[Receipt]()
    changed = _Changed(opened.open_removed(), pace)

    def look(_: Iterator[None]) -> None:
        found.append(examine(opened.project.source_path, output, holes=changed, frames=frames))

    nothing: tuple[None, ...] = ()
    for _ in stepwise(look, nothing, pace):
        yield len(frames)
    findings = [wire.Finding(**asdict(one)) for one in found[0].findings]
    return wire.Receipt(passed=found[0].passed, findings=findings)


def in_words(receipt: wire.Receipt) -> str:
    """For the end of a job's result."""
    wrong = [f"{one.check}: {one.found}" for one in receipt.findings if not one.passed]
    if wrong:
        return f"differs from the source: {'; '.join(wrong)}"
    return f"compared with the source, {len(receipt.findings)} checks passed"


@dataclass(frozen=True)
class _Changed:
    """What the edit changed, see ChangedPart; ``pace`` is told of each frame that is asked about."""

    edited: EditedSource
    pace: Pace

    def hole(self, frame: int) -> Mask:
        self.pace(frame)
        return self.edited.hole(frame)
