"""How good masks are: J and F of every scored frame, and what is made of them (Perazzi et al. 2016)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tam_core import rle
from tam_core.evaluate.sequences import Sequence as VideoSequence
from tam_core.masklet import Masklet
from tam_core.metrics import boundary_f, jaccard
from tam_core.rle import RLE
from tam_core.types import Mask, ObjectId

_BINS = 4
"""Decay is what the last quarter is worse than the first."""


@dataclass(frozen=True)
class Worst:
    """The frame with the lowest J, what was found on it and what is true."""

    frame: int
    found: RLE = field(repr=False)
    truth: RLE = field(repr=False)


@dataclass(frozen=True)
class ObjectScores:
    """J (``regions``) and F (``contours``) of one object on the scored ``frames``. Without frames all means are NaN."""

    object_id: ObjectId
    frames: tuple[int, ...]
    regions: tuple[float, ...]
    contours: tuple[float, ...]
    worst: Worst | None = None

    @property
    def j(self) -> float:
        return mean(self.regions)

    @property
    def f(self) -> float:
        return mean(self.contours)

    @property
    def jf(self) -> float:
        """J&F, the mean of the two."""
        return (self.j + self.f) / 2

    @property
    def recall(self) -> float:
        """The share of frames with J above one half."""
        return mean([float(value > 0.5) for value in self.regions])

    @property
    def decay(self) -> float:
        """How much lower J is in the last quarter than in the first."""
        return decay(self.regions)

    def document(self) -> dict[str, Any]:
        """What JSON can hold; ``read_object`` reads it."""
        worst = self.worst and {
            "frame": self.worst.frame,
            "size": list(self.worst.truth.size),
            "found": self.worst.found.counts.decode(),
            "truth": self.worst.truth.counts.decode(),
        }
        return {
            "object": self.object_id,
            "frames": list(self.frames),
            "J": list(self.regions),
            "F": list(self.contours),
            "worst": worst,
        }


def read_object(document: Mapping[str, Any]) -> ObjectScores:
    """What ``ObjectScores.document`` made."""
    worst = document["worst"]
    if worst is not None:
        height, width = worst["size"]
        codes = (rle.parse((height, width), worst[key]) for key in ("found", "truth"))
        worst = Worst(worst["frame"], *codes)
    frames, regions, contours = (tuple(document[key]) for key in ("frames", "J", "F"))
    return ObjectScores(document["object"], frames, regions, contours, worst)


def mean(values: Sequence[float]) -> float:
    """The mean, NaN of none."""
    return float(np.mean(values)) if len(values) else float("nan")


def decay(values: Sequence[float]) -> float:
    """Mean of the first of four bins less that of the last, as the public DAVIS evaluator cuts them (ends shared)."""
    if not values:
        return float("nan")
    edges = np.round(np.linspace(1, len(values), _BINS + 1) + 1e-10).astype(int) - 1
    return mean(values[edges[0] : edges[1] + 1]) - mean(values[edges[-2] : edges[-1] + 1])


def score(
    sequence: VideoSequence, masklets: Mapping[ObjectId, Masklet], frames: Mapping[ObjectId, Sequence[int]]
) -> list[ObjectScores]:
    """Every object of ``frames`` on its frames; where an object was not tracked its mask is empty."""
    rows: dict[ObjectId, list[tuple[int, float, float]]] = {object_id: [] for object_id in frames}
    for frame in sorted({frame for wanted in frames.values() for frame in wanted}):
        found = found_masks(sequence, masklets, frame)
        void = sequence.voids[frame].decode() if frame in sequence.voids else None
        for object_id in (one for one, wanted in frames.items() if frame in wanted):
            mask, truth = found[object_id], sequence.mask(object_id, frame)
            if void is not None:
                mask, truth = mask & ~void, truth & ~void
            rows[object_id].append((frame, jaccard(mask, truth), boundary_f(mask, truth)))
    return [_scores(sequence, masklets, object_id, found) for object_id, found in rows.items()]


def found_masks(sequence: VideoSequence, masklets: Mapping[ObjectId, Masklet], frame: int) -> dict[ObjectId, Mask]:
    """The masks (H, W) of all true objects on a frame, as they are scored: see ``Sequence.overlapping``."""
    masks = {}
    taken = np.zeros(sequence.size, bool)
    for object_id in sorted(sequence.truth, reverse=True):
        mask = masklets[object_id].mask(frame) if object_id in masklets else None
        mask = np.zeros(sequence.size, bool) if mask is None else mask
        if not sequence.overlapping:
            mask = mask & ~taken
            taken |= mask
        masks[object_id] = mask
    return masks


def _scores(
    sequence: VideoSequence,
    masklets: Mapping[ObjectId, Masklet],
    object_id: ObjectId,
    rows: Sequence[tuple[int, float, float]],
) -> ObjectScores:
    if not rows:
        return ObjectScores(object_id, (), (), ())
    frame = min(rows, key=lambda row: row[1])[0]
    found = rle.encode(found_masks(sequence, masklets, frame)[object_id])
    worst = Worst(frame, found, sequence.truth[object_id].rles[frame])
    frames, regions, contours = zip(*rows, strict=True)
    return ObjectScores(object_id, frames, regions, contours, worst)
