"""A session as its clients show it. Lanes are kept per object, so that only what changed is looked through again."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from plugin.link import wire
from tam_core import rle
from tam_core.masklet import Masklet
from tam_core.project import Project
from tam_core.quality import next_frame_to_fix
from tam_core.quality.review import GOOD
from tam_core.session import Session
from tam_core.types import ObjectId

CUTS = "cuts"
"""Where the frames that begin a shot are kept among the facts of a project, as JSON. Not there: not looked for yet."""

_NEVER, _TRACKED, _ABSENT, _LOW, _PROMPTED = range(5)
_STATES: dict[int, wire.LaneState] = {_TRACKED: "tracked", _ABSENT: "absent", _LOW: "low", _PROMPTED: "prompted"}


@dataclass(frozen=True)
class Lane:
    """An object on the timeline, and the frame of it to fix next."""

    masklet: Masklet
    prompted: tuple[int, ...]
    spans: list[wire.Span]
    fix_next: int | None
    fix_why: str


class Lanes:
    """The lanes of one session."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._known: dict[ObjectId, Lane] = {}

    def of(self, masklet: Masklet, prompted: Iterable[int]) -> Lane:
        """The lane of an object; ``prompted`` are the frames on which the user said where it is."""
        frames = tuple(prompted)
        known = self._known.get(masklet.object_id)
        if known is None or known.masklet is not masklet or known.prompted != frames:
            fix = next_frame_to_fix(masklet)
            spans = spans_of(masklet, frames, self._count)
            known = Lane(masklet, frames, spans, fix, "" if fix is None else why_to_fix(masklet, fix))
            self._known[masklet.object_id] = known
        return known

    def keep(self, objects: Iterable[ObjectId]) -> None:
        """Forget all others."""
        self._known = {object_id: self._known[object_id] for object_id in objects if object_id in self._known}


def spans_of(masklet: Masklet, prompted: Sequence[int], count: int) -> list[wire.Span]:
    """The lane of a masklet in a video of ``count`` frames. "low" are the frames that could be ``fix_next``."""
    frames = np.fromiter(masklet.rles, np.int64, len(masklet.rles))
    empty = rle.encode(np.zeros(masklet.size, bool)).counts
    seen = np.fromiter((code.counts != empty for code in masklet.rles.values()), bool, len(frames))
    scored = np.fromiter(masklet.scores, np.int64, len(masklet.scores))
    scores = np.fromiter(masklet.scores.values(), np.float64, len(masklet.scores))
    lane, bad, said = np.zeros(count, np.int8), np.zeros(count, bool), np.asarray(prompted, np.int64)
    lane[frames] = np.where(seen, _TRACKED, _ABSENT)
    bad[scored[scores < GOOD]] = True
    bad[list(masklet.flags)] = True
    bad[np.clip([said - 1, said + 1], 0, count - 1)] = False
    lane[bad] = _LOW
    lane[said] = _PROMPTED
    return _runs(lane)


def _runs(lane: npt.NDArray[np.int8]) -> list[wire.Span]:
    edges = [0, *(np.flatnonzero(np.diff(lane)) + 1).tolist(), len(lane)]
    return [
        wire.Span(start, stop, _STATES[int(lane[start])])
        for start, stop in pairwise(edges)
        if start < stop and lane[start] != _NEVER
    ]


def why_to_fix(masklet: Masklet, frame: int) -> str:
    """What is the matter with a frame, in words."""
    return masklet.flags.get(frame) or f"confidence {masklet.scores.get(frame, 0.0):.2f}"


def objects_of(session: Session, lanes: Lanes) -> list[wire.ObjectState]:
    """The objects of a session, by number."""
    masklets, labels, stale = session.masklets, session.labels, session.stale
    lanes.keep(masklets)
    described = []
    for object_id in sorted(masklets):
        lane = lanes.of(masklets[object_id], session.prompted_frames(object_id))
        label, is_stale = labels[object_id], object_id in stale
        described.append(
            wire.ObjectState(
                object_id,
                label.name,
                label.colour,
                is_stale,
                lane.spans,
                list(lane.prompted),
                lane.fix_next,
                lane.fix_why,
            )
        )
    return described


def video_of(session: Session, path: Path) -> wire.Video:
    """Facts about the session's video."""
    info = session.source.info
    times = info.times or ()
    seconds = float(times[-1] - times[0] + 1 / info.rate) if times else 0.0
    return wire.Video(
        path.name,
        str(path),
        info.width,
        info.height,
        str(info.rate),
        len(times),
        seconds,
        info.audio is not None,
        info.rotation,
    )


def proposals_of(session: Session) -> list[wire.Proposal]:
    """Where objects may be after a cut."""
    return [
        wire.Proposal(
            index,
            proposal.object_id,
            proposal.frame,
            proposal.score,
            wire.Rle(proposal.code.size, proposal.code.counts.decode()),
            proposal.shot.start,
            proposal.shot.stop,
        )
        for index, proposal in enumerate(session.proposals)
    ]


def cuts_of(project: Project) -> list[int]:
    """The frames that begin a shot, but for the first one; none as long as they were not looked for."""
    return [int(frame) for frame in json.loads(project.meta(CUTS) or "[]")]
