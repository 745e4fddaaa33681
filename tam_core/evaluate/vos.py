"""Semi-supervised video object segmentation: each object is shown where it begins, then followed to the end."""

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from tam_core.engines.base import Segmenter, Tracker
from tam_core.evaluate.clicks import begin
from tam_core.evaluate.scores import ObjectScores, read_object, score
from tam_core.evaluate.sequences import Sequence
from tam_core.masklet import Masklet
from tam_core.session import Session
from tam_core.types import ObjectId


@dataclass(frozen=True)
class Tracked:
    """What was found on a sequence, and the time that prompts and tracking took, without scoring."""

    masklets: Mapping[ObjectId, Masklet]
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class SequenceScores:
    """Every object of a sequence of ``frames`` frames."""

    name: str
    frames: int
    seconds: float
    cpu_seconds: float
    objects: tuple[ObjectScores, ...]

    def document(self) -> dict[str, Any]:
        """What JSON can hold; ``read_sequence`` reads it."""
        objects = [one.document() for one in self.objects]
        times = {"seconds": self.seconds, "cpu_seconds": self.cpu_seconds}
        return {"name": self.name, "frames": self.frames, **times, "objects": objects}


def read_sequence(document: Mapping[str, Any]) -> SequenceScores:
    """What ``SequenceScores.document`` made."""
    name, frames, seconds, cpu = (document[key] for key in ("name", "frames", "seconds", "cpu_seconds"))
    return SequenceScores(name, frames, seconds, cpu, tuple(map(read_object, document["objects"])))


def track(
    sequence: Sequence, tracker: Tracker, segmenter: Segmenter | str, start: str = "mask"
) -> Generator[None, None, Tracked]:
    """Follow all objects of a sequence, as a user does with a Session; yields with every frame.

    ``start``: one of ``clicks.STARTS``. Objects are followed across cuts where they are surely found again.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    session = Session(sequence.source(), tracker=tracker, segmenter=segmenter)
    for object_id, frame in sequence.firsts.items():
        begin(session, frame, object_id, sequence.mask(object_id, frame), start)
    if session.masklets:
        for _ in session.propagate("forward", across_cuts="auto"):
            yield
    return Tracked(session.masklets, time.perf_counter() - wall, time.process_time() - cpu)


def scored(sequence: Sequence, tracked: Tracked) -> SequenceScores:
    """J and F of all objects, by the rule of the data set."""
    frames = {object_id: sequence.scored(object_id) for object_id in sequence.firsts}
    objects = tuple(score(sequence, tracked.masklets, frames))
    return SequenceScores(sequence.name, len(sequence.pictures), tracked.seconds, tracked.cpu_seconds, objects)
