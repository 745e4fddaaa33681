"""What a folder's annotation amounts to, in the numbers of the tables of SAM 2 (tables 1 and 3)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tam_core.annotate.phases import PHASES, annotated_frames
from tam_core.annotate.records import Record
from tam_core.annotate.store import PROPOSED, Store
from tam_core.masklet import Masklet
from tam_core.types import ObjectId
from tam_core.video.source import VideoInfo

SMALL, MEDIUM = 32**2, 96**2
"""Square pixels, as COCO has them."""


@dataclass(frozen=True)
class PhaseNumbers:
    """A row of table 1: what annotating in a phase took. Seconds are a frame of a masklet; None: nothing was made so.

    ``edited``: the share of a masklet's annotated frames on which something was said, 0..1; ``clicks`` are for each of
    those frames.
    """

    phase: int
    title: str
    masklets: int
    seconds: float | None
    machine_seconds: float | None
    edited: float | None
    clicks: float | None


@dataclass(frozen=True)
class MaskletNumbers:
    """One submitted masklet."""

    video: str
    object_id: ObjectId
    phase: int
    annotator: str
    seconds: float
    machine_seconds: float
    interactions: int
    edited: int
    frames: int
    visible: int
    comes_back: bool
    size: float
    """Mean square pixels where it is visible."""
    state: str


@dataclass(frozen=True)
class Statistics:
    """A row of table 3, and what it is made of. ``duration`` is in seconds; ``disappearance``: the share of masklets
    that are gone on some annotated frame and come back, 0..1. Videos, duration and frames count those with masklets;
    ``masks`` are on annotated frames, six a second.
    """

    videos: int
    of_videos: int
    duration: float
    masklets: int
    automatic: int
    satisfactory: int
    frames: int
    masks: int
    disappearance: float
    small: float
    medium: float
    large: float
    phases: tuple[PhaseNumbers, ...]
    each: tuple[MaskletNumbers, ...]


def statistics(store: Store, info_of: Callable[[str], VideoInfo]) -> Statistics:
    """Of all that was submitted; ``info_of`` tells the facts of a video by its name."""
    each: list[MaskletNumbers] = []
    duration, frames, videos, automatic = 0.0, 0, 0, 0
    for name in store.videos:
        record, masklets = store.record(name), store.masklets(name)
        automatic += len(store.masklets(name, PROPOSED))
        if not record.submissions or not masklets:
            continue
        info = info_of(name)
        videos += 1
        frames += len(annotated_frames(info))
        duration += float((info.frame_count or 0) / info.rate)
        each += _of_video(name, record, masklets, annotated_frames(info))
    small, medium, large = _shares([one.size for one in each])
    return Statistics(
        videos,
        len(store.videos),
        duration,
        len(each),
        automatic,
        sum(one.state == "satisfactory" for one in each),
        frames,
        sum(one.visible for one in each),
        _mean(one.comes_back for one in each),
        small,
        medium,
        large,
        tuple(_of_phase(phase.number, phase.title, each) for phase in PHASES),
        tuple(each),
    )


def _of_video(name: str, record: Record, masklets: Iterable[Masklet], annotated: range) -> Iterable[MaskletNumbers]:
    last = record.submissions[-1]
    edited = {made.object_id: len(made.edited) for made in last.masklets}
    wrong = record.verdicts[-1].unsatisfactory if record.state == "unsatisfactory" else ()
    judged = record.state if record.state != "unsatisfactory" else "satisfactory"
    for masklet in masklets:
        work = record.work[masklet.object_id]
        areas = [masklet.rles[frame].area for frame in annotated if frame in masklet.rles]
        seen = [area for area in areas if area]
        yield MaskletNumbers(
            name,
            masklet.object_id,
            last.phase,
            last.annotator,
            work.seconds,
            work.machine_seconds,
            work.interactions,
            edited[masklet.object_id],
            len(areas),
            len(seen),
            comes_back(areas),
            float(np.mean(seen)) if seen else 0.0,
            "unsatisfactory" if masklet.object_id in wrong else judged,
        )


def comes_back(areas: Sequence[int]) -> bool:
    """Whether something that was visible is gone, and visible again later."""
    turns = [bool(after) for before, after in pairwise(areas) if bool(before) != bool(after)]
    return False in turns and True in turns[turns.index(False) :]


def _of_phase(number: int, title: str, each: Sequence[MaskletNumbers]) -> PhaseNumbers:
    mine = [one for one in each if one.phase == number]
    frames, edited = sum(one.frames for one in mine), sum(one.edited for one in mine)
    if not frames:
        return PhaseNumbers(number, title, len(mine), None, None, None, None)
    return PhaseNumbers(
        number,
        title,
        len(mine),
        sum(one.seconds for one in mine) / frames,
        sum(one.machine_seconds for one in mine) / frames,
        min(1.0, edited / frames),
        sum(one.interactions for one in mine) / edited if edited else 0.0,
    )


def _shares(sizes: Sequence[float]) -> tuple[float, float, float]:
    return (
        _mean(size < SMALL for size in sizes),
        _mean(SMALL <= size < MEDIUM for size in sizes),
        _mean(size >= MEDIUM for size in sizes),
    )


def _mean(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0
