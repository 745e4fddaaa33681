"""The three phases of the data engine (SAM 2, section 5.1) as ways to annotate an object in a session.

1. every annotated frame is segmented by itself, as with SAM; nothing is tracked;
2. the mask of one frame is propagated; a frame that went wrong is segmented anew, from nothing, and propagated on;
3. prompts are given on any frame and correct what was tracked there; the frames on both sides follow.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tam_core.annotate.records import Work
from tam_core.engines.base import FrameMasks
from tam_core.errors import RequestError
from tam_core.formats.sav import annotated_step
from tam_core.masklet import Masklet
from tam_core.prompts import Prompt
from tam_core.session import Session
from tam_core.types import ObjectId
from tam_core.video.source import VideoInfo


@dataclass(frozen=True)
class Phase:
    """``tracks``: masks are propagated. ``corrects``: prompts on a tracked frame refine the mask that is there."""

    number: int
    title: str
    summary: str
    tracks: bool
    corrects: bool


PHASES = (
    Phase(1, "Every frame", "Segment each annotated frame by itself; nothing is tracked.", False, False),
    Phase(2, "Mask propagation", "Track from one mask; redo a frame that went wrong from nothing.", True, False),
    Phase(3, "Full", "Prompt any frame; clicks correct what was tracked, on both sides.", True, True),
)


def phase_of(number: int) -> Phase:
    """Raises RequestError."""
    for phase in PHASES:
        if phase.number == number:
            return phase
    raise RequestError(f"mode {number}: there are {', '.join(f'{p.number} ({p.title.lower()})' for p in PHASES)}")


def annotated_frames(info: VideoInfo) -> range:
    """Six frames a second, as SA-V has them."""
    return range(0, info.frame_count or 0, annotated_step(info.rate))


def prepare(session: Session, phase: Phase, frame: int, object_id: ObjectId) -> bool:
    """To be called before a prompt on a frame. Where the phase redoes frames, what was tracked from there on is
    forgotten: True if something was.
    """
    masklet = session.masklets.get(object_id)
    if phase.corrects or masklet is None or frame not in masklet.rles or frame in session.prompted_frames(object_id):
        return False
    session.drop(object_id, from_frame=frame)
    return True


def made(session: Session, phase: Phase) -> list[Masklet]:
    """The masklets to submit: where nothing is tracked, only the frames that the annotator segmented."""
    if phase.tracks:
        return [masklet for _, masklet in sorted(session.masklets.items())]
    return [
        masklet.without(set(masklet.frames) - set(session.prompted_frames(object_id)))
        for object_id, masklet in sorted(session.masklets.items())
    ]


class Annotation:
    """One object of a session, made in one phase. ``work`` counts what is done through it."""

    def __init__(self, session: Session, object_id: ObjectId, phase: Phase) -> None:
        self.session, self.object_id, self.phase = session, object_id, phase
        self.work = Work()

    def say(self, *prompts: Prompt) -> FrameMasks:
        """Prompts about the object on one frame, each an interaction. Raises PromptError, which counts as well."""
        self.work += Work(interactions=len(prompts))
        with self._measured():
            prepare(self.session, self.phase, prompts[0].frame, self.object_id)
            return self.session.prompt(*prompts)

    def track(self, frame: int) -> None:
        """Carry what was said on ``frame`` on: forwards; with corrections, also back to the one before it."""
        if not self.phase.tracks:
            return
        said = self.session.prompted_frames(self.object_id)
        start = max((one for one in said if one < frame), default=frame) if self.phase.corrects else frame
        with self._measured():
            for _ in self.session.propagate(
                "both" if start < frame else "forward", objects=[self.object_id], start=start
            ):
                pass

    @contextmanager
    def _measured(self) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - began
            self.work += Work(seconds=spent, machine_seconds=spent)
