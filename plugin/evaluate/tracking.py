"""Sequences followed by one engine, each kept when it is done. ``vos`` and ``robustness`` are made of it."""

import shutil
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from plugin.evaluate.contenders import Contender
from plugin.evaluate.material import loader
from plugin.evaluate.units import Kept, Unit, measure_all
from tam_core.atomic import naming_the_cause
from tam_core.engines.base import Tracker
from tam_core.evaluate.layouts import DataSet
from tam_core.evaluate.scores import found_masks
from tam_core.evaluate.sequences import Sequence as VideoSequence
from tam_core.evaluate.sequences import thinned
from tam_core.evaluate.vos import SequenceScores, Tracked, read_sequence, scored, track
from tam_core.formats.davis import save_labels


@dataclass(frozen=True)
class Variation:
    """One thing that is other than usual: a ``setting`` of the engine ("" = none), or frames left out."""

    setting: str = ""
    value: int = 0
    every: int = 1

    def key(self) -> dict[str, Any]:
        """What tells results apart; nothing for the usual."""
        changed = {self.setting: self.value} if self.setting else {}
        return changed | ({"every": self.every} if self.every > 1 else {})


@dataclass(frozen=True)
class Course:
    """A data set with what is done on it. ``output``: where results are kept, or None."""

    data: DataSet
    names: Sequence[str]
    start: str
    output: Path | None
    keep_masks: bool = False


def follow(
    course: Course, contender: Contender, variation: Variation, other: Callable[[], Tracker] | None = None
) -> list[SequenceScores]:
    """The scores of all sequences; ``other`` loads a tracker in place of the contender's own. Raises TamErrors."""
    settings = {"protocol": "vos", "data": str(course.data.folder.resolve()), "start": course.start}
    key = contender.key(settings | variation.key())
    kept = Kept(course.output and course.output / "results" / key)
    load = loader(course.data)
    tracker = cache(other or (lambda: contender.tracker))
    masks = course.output / "masks" / key if course.output and course.keep_masks else None

    def unit(name: str) -> Unit[SequenceScores]:
        def measured() -> Generator[None, None, SequenceScores]:
            sequence = load(name)
            if variation.every > 1:
                sequence = thinned(sequence, variation.every)
            asked = "auto" if contender.segmenter_row is None else contender.segmenter
            found = yield from track(sequence, tracker(), asked, course.start)
            if masks is not None:
                write_masks(sequence, found, masks / name)
            return scored(sequence, found)

        return Unit(name, -(-len(course.data.frames(name)) // variation.every), measured)

    if masks is not None:
        _forget_without_masks(course, masks, key)
    said = " ".join(f"{name}={value}" for name, value in variation.key().items())
    return measure_all([unit(name) for name in course.names], kept, read_sequence, f"{contender.name} {said}".strip())


def write_masks(sequence: VideoSequence, found: Tracked, folder: Path) -> None:
    """What was found on every frame, laid out and named as the data set's annotations are, as its server takes them.

    They are the masks that are scored.
    """
    part = folder.with_name(f".{folder.name}.part")
    with naming_the_cause(folder):
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for frame, picture in enumerate(sequence.pictures):
            masks = found_masks(sequence, found.masklets, frame)
            labels = np.zeros(sequence.size, np.uint8)
            for object_id, mask in masks.items():
                if sequence.overlapping:
                    own = part / f"{object_id - 1:03d}"
                    own.mkdir(exist_ok=True)
                    save_labels(mask.astype(np.uint8), own / f"{picture.stem}.png")
                labels[mask] = object_id
            if not sequence.overlapping:
                save_labels(labels, part / f"{picture.stem}.png")
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)


def _forget_without_masks(course: Course, masks: Path, key: str) -> None:
    """Results whose masks were not kept are measured again."""
    assert course.output is not None
    for name in course.names:
        if not (masks / name).is_dir():
            (course.output / "results" / key / f"{name}.json").unlink(missing_ok=True)
