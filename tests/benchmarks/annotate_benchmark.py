"""What annotating costs in the three phases of the data engine, with a simulated annotator. Prints a table.

    python -m tests.benchmarks.annotate_benchmark [--engine NAME] [--segmenter NAME] [--video NAME] [--worth IOU] ...

The annotator knows the truth and looks at six frames a second in order, at each object alone. A frame whose mask has
an IoU below ``--accept`` is annotated, then tracked on where the phase tracks, and the next frame is looked at. To
annotate from nothing is a box around the object, then clicks at the centre of the largest error (as in
``click_benchmark``) until the IoU is ``--good``, at most ``--most`` interactions. In phase 1 every frame that shows the
object is annotated so, in phase 2 every wrong one. In phase 3 a mask with an IoU of at least ``--worth`` is corrected
with at most two clicks; where its IoU is below ``--enough`` then, that is undone, and the frame annotated from nothing:
the clicks in vain count, undoing does not. ``--start click`` begins with a click instead of a box, from which phase 3
cannot begin anew.

"below" counts the annotated frames that are not acceptable in the end, J is the mean IoU over all of them. A person's
own time is not simulated: seconds are the engines'.
"""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tam_core.annotate.phases import PHASES, Annotation, Phase, annotated_frames
from tam_core.annotate.records import Work
from tam_core.errors import PromptError
from tam_core.formats.davis import read_davis
from tam_core.masklet import Masklet
from tam_core.metrics import jaccard
from tam_core.prompts import Box, Click, Prompt
from tam_core.session import Session
from tam_core.types import Mask
from tam_core.video import FrameSource, open_video
from tests.benchmarks.click_benchmark import Case, next_click, tight_box

PATIENCE = 2

DATA = Path(__file__).resolve().parents[3] / "shared/data/davis2017-multi"


@dataclass(frozen=True)
class Habits:
    """``accept``: a mask of that IoU is left alone; ``good``: one is worked on until then, ``most`` times; ``worth``:
    it is corrected rather than begun anew, and kept if it has ``enough`` then."""

    accept: float
    good: float
    most: int
    worth: float
    enough: float
    start: str = "box"


@dataclass(frozen=True)
class Result:
    """Of one object in one phase: ``frames`` are the annotated ones, ``edited`` those on which something was said."""

    work: Work
    cpu_seconds: float
    frames: int
    edited: int
    below: int
    quality: float

    def __add__(self, other: "Result") -> "Result":
        total = self.frames + other.frames
        quality = (self.quality * self.frames + other.quality * other.frames) / total
        return Result(
            self.work + other.work,
            self.cpu_seconds + other.cpu_seconds,
            total,
            self.edited + other.edited,
            self.below + other.below,
            quality,
        )


class Annotator:
    """Annotates one object as its ``truth`` has it."""

    def __init__(self, made: Annotation, truth: Masklet, habits: Habits) -> None:
        self.made, self.truth, self.habits = made, truth, habits
        self.interactions = 0

    def annotate(self) -> Result:
        began = time.process_time()
        source = self.made.session.source
        frames = [frame for frame in annotated_frames(source.info) if frame in self.truth.rles]
        for frame in frames:
            wanted = self.true(frame).any()
            alone = not self.made.phase.tracks
            if wanted and (alone or jaccard(self.found(frame), self.true(frame)) < self.habits.accept):
                self.edit(frame)
                if self.made.session.objects:
                    self.made.track(frame)
        overlaps = [jaccard(self.found(frame), self.true(frame)) for frame in frames]
        said = self.made.session.prompted_frames(self.made.object_id) if self.made.session.objects else []
        return Result(
            replace(self.made.work, interactions=self.interactions),
            time.process_time() - began,
            len(frames),
            len(said),
            sum(overlap < self.habits.accept for overlap in overlaps),
            float(np.mean(overlaps)),
        )

    def edit(self, frame: int) -> None:
        found = self.found(frame)
        if self.made.phase.corrects and jaccard(found, self.true(frame)) >= self.habits.worth:
            before = len(self.made.session.commands)
            if jaccard(self.clicked(frame, found, [], PATIENCE), self.true(frame)) >= self.habits.enough:
                return
            while len(self.made.session.commands) > before:
                self.made.session.undo()
        nothing = np.zeros_like(found)
        if self.habits.start == "click":
            self.clicked(frame, nothing, [], self.habits.most)
            return
        box = Box(frame, self.made.object_id, tight_box(self.case(frame)).xyxy)
        self.clicked(frame, self.said([box], nothing)[0], [], self.habits.most - 1)

    def clicked(self, frame: int, mask: Mask, said: list[Prompt], most: int) -> Mask:
        """Click until the frame is good; a click that leaves nothing is said again together with the next one."""
        for _ in range(most):
            click = next_click(self.case(frame), mask)
            if click is None or jaccard(mask, self.true(frame)) >= self.habits.good:
                break
            mask, said = self.said([*said, replace(click, frame=frame, object_id=self.made.object_id)], mask)
        return mask

    def said(self, prompts: list[Prompt], mask: Mask) -> tuple[Mask, list[Prompt]]:
        """The mask that comes of one more prompt, and what has to be said again."""
        self.interactions += 1
        try:
            return self.made.say(*prompts).masks[self.made.object_id], []
        except PromptError:
            return np.zeros_like(mask), prompts

    def case(self, frame: int) -> Case:
        truth = self.true(frame)
        return Case("", np.zeros((*truth.shape, 3), np.uint8), truth, np.ones_like(truth))

    def true(self, frame: int) -> Mask:
        return self.truth.rles[frame].decode()

    def found(self, frame: int) -> Mask:
        masklet = self.made.session.masklets.get(self.made.object_id)
        mask = masklet.mask(frame) if masklet else None
        return np.zeros(self.truth.size, bool) if mask is None else mask


def measure(
    source: FrameSource, truths: list[Masklet], phase: Phase, habits: Habits, engine: str, segmenter: str
) -> Result:
    """All objects of a video in one phase."""
    results = []
    for truth in truths:
        session = Session(source, tracker=engine, segmenter=segmenter)
        session.preview(Click(0, 1, 1, 1))  # loads the engine, which is not the annotator's time
        results.append(Annotator(Annotation(session, truth.object_id, phase), truth, habits).annotate())
    total = results[0]
    for result in results[1:]:
        total += result
    return total


def row(phase: Phase, result: Result) -> str:
    frames = result.frames
    cells = (
        f"{result.work.interactions:6d}",
        f"{result.work.interactions / frames:7.2f}",
        f"{result.edited / frames:7.1%}",
        f"{result.work.interactions / max(1, result.edited):7.2f}",
        f"{result.work.machine_seconds / frames:7.2f}",
        f"{result.cpu_seconds / frames:7.2f}",
        f"{result.below:6d}",
        f"{result.quality:6.3f}",
    )
    return f"{phase.number} {phase.title:18s}" + " ".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="pocket")
    parser.add_argument("--segmenter", default="pocket")
    parser.add_argument("--video", default="dogs-jump")
    parser.add_argument("--accept", type=float, default=0.75)
    parser.add_argument("--good", type=float, default=0.8)
    parser.add_argument("--most", type=int, default=8)
    parser.add_argument("--worth", type=float, default=0.5)
    parser.add_argument("--enough", type=float, default=0.75)
    parser.add_argument("--start", choices=("box", "click"), default="box")
    asked = parser.parse_args()
    source = open_video(DATA / "JPEGImages/240p" / asked.video)
    truths = read_davis(DATA / "Annotations/240p" / asked.video)
    habits = Habits(asked.accept, asked.good, asked.most, asked.worth, asked.enough, asked.start)
    count = len(annotated_frames(source.info))
    print(f"{asked.video}: {len(truths)} objects, {count} annotated frames each; {asked.engine}, {asked.segmenter}")
    print(f"{'phase':20s}   said a frame  edited an edited machine s  cpu s  below      J")
    for phase in PHASES:
        print(row(phase, measure(source, truths, phase, habits, asked.engine, asked.segmenter)), flush=True)


if __name__ == "__main__":
    main()
