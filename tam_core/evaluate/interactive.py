"""Promptable video segmentation, one object at a time (SAM 2, arXiv 2408.00714, section 6.1 and its appendix).

A simulated person gives three clicks on the object's first frame and then corrects up to seven frames more, by three
clicks each. *Offline* they see the whole result and take the worst frame next, never one twice; corrections change the
frames before and behind. *Online* they watch once, pause where IoU falls under 0.75, correct that frame, and go on from
there. All annotated frames from the object's first one on are scored, the corrected ones with the masks they have in
the end.
"""

from collections.abc import Generator, Mapping
from collections.abc import Sequence as Row
from dataclasses import dataclass
from typing import Any

import numpy as np

from tam_core import rle
from tam_core.engines.base import FrameMasks, Segmenter, Tracker
from tam_core.evaluate.clicks import click, clicked
from tam_core.evaluate.scores import ObjectScores, read_object, score
from tam_core.evaluate.sequences import Sequence
from tam_core.masklet import Masklet
from tam_core.metrics import jaccard
from tam_core.prompts import Click, MaskPrompt
from tam_core.rle import RLE
from tam_core.session import Session
from tam_core.types import Mask, ObjectId
from tam_core.video.source import Frame

FRAMES = 8
CLICKS = 3
PAUSE_BELOW = 0.75


@dataclass(frozen=True)
class Curve:
    """J and F of one object with 1, 2 ... ``FRAMES`` interacted frames at most.

    ``interacted``: the frames, in the order in which they were; ``last``: the scores with all of them.
    """

    sequence: str
    regions: tuple[float, ...]
    contours: tuple[float, ...]
    interacted: tuple[int, ...]
    last: ObjectScores

    @property
    def both(self) -> tuple[float, ...]:
        """J&F."""
        return tuple((j + f) / 2 for j, f in zip(self.regions, self.contours, strict=True))

    def document(self) -> dict[str, Any]:
        """What JSON can hold; ``read_curve`` reads it."""
        curve = {"J": list(self.regions), "F": list(self.contours), "interacted": list(self.interacted)}
        return {"sequence": self.sequence, **curve, "last": self.last.document()}


def read_curve(document: Mapping[str, Any]) -> Curve:
    """What ``Curve.document`` made."""
    regions, contours, interacted = (tuple(document[key]) for key in ("J", "F", "interacted"))
    return Curve(document["sequence"], regions, contours, interacted, read_object(document["last"]))


def offline(
    sequence: Sequence, object_id: ObjectId, tracker: Tracker, segmenter: Segmenter | str, frames: int = FRAMES
) -> Generator[None, None, Curve]:
    """Several passes, always the worst frame next; yields with each of the ``frames`` rounds."""
    session = Session(sequence.source(), tracker=tracker, segmenter=segmenter)
    frame, interacted, rounds = sequence.firsts[object_id], [], []
    for _ in range(frames):
        click(session, frame, object_id, sequence.mask(object_id, frame), CLICKS)
        interacted.append(frame)
        if session.masklets:
            for _ in session.propagate(across_cuts="auto"):
                pass
        rounds.append(_scored(sequence, object_id, session.masklets))
        yield
        left = [pair for pair in zip(rounds[-1].regions, rounds[-1].frames, strict=True) if pair[1] not in interacted]
        if not left:
            break
        frame = min(left)[1]
    for _ in range(frames - len(rounds)):
        yield
    return _curve(sequence, rounds, interacted, frames)


def online(
    sequence: Sequence, object_id: ObjectId, tracker: Tracker, segmenter: Segmenter, frames: int = FRAMES
) -> Generator[None, None, Curve]:
    """One pass with a pause where the mask is poor; yields with each of the ``frames`` rounds.

    With fewer corrections the pass is the same up to the first that is left out, so the corrections of the longest are
    given again in each shorter one.
    """
    viewer = _Viewer(sequence, object_id, tracker, segmenter)
    longest, anchors = viewer.watch(frames)
    yield
    rounds = []
    for count in range(1, len(anchors)):
        rounds.append(_scored(sequence, object_id, {object_id: viewer.watch(count, anchors)[0]}))
        yield
    rounds.append(_scored(sequence, object_id, {object_id: longest}))
    for _ in range(frames - len(rounds)):
        yield
    return _curve(sequence, rounds, list(anchors), frames)


@dataclass(frozen=True)
class _Viewer:
    """Watches one object once, on the tracker itself, as a live host does."""

    sequence: Sequence
    object_id: ObjectId
    tracker: Tracker
    segmenter: Segmenter

    def watch(self, frames: int, given: Mapping[int, RLE] | None = None) -> tuple[Masklet, dict[int, RLE]]:
        """The masks of one pass with at most ``frames`` corrections, and the corrected ones by frame.

        ``given``: corrections that were made before; no others are made then.
        """
        source, object_id = self.sequence.source(), self.object_id
        state = self.tracker.start(source.info)
        anchors: dict[int, RLE] = {}
        codes: dict[int, RLE] = {}
        begun = False
        for picture in source.frames(self.sequence.firsts[object_id]):
            found = self.tracker.predict(state, picture) if begun else FrameMasks(picture.index, {}, {})
            mask = found.masks.get(object_id, np.zeros(source.info.size, bool))
            corrected = self._corrected(picture, mask, given) if len(anchors) < frames else None
            if corrected is None:
                if begun:
                    self.tracker.remember(state, found)
            else:
                mask = corrected
                anchors[picture.index] = rle.encode(mask)
                self._teach(state, picture, mask, begun)
                begun = begun or bool(mask.any())
            codes[picture.index] = rle.encode(mask)
        return Masklet(object_id, source.info.size, codes), anchors

    def _teach(self, state: Any, picture: Frame, mask: Mask, begun: bool) -> None:
        """That the object is so there; or that it is not there, of which it learns nothing."""
        if mask.any():
            self.tracker.condition(state, picture, [MaskPrompt(picture.index, self.object_id, mask)])
            self.tracker.step(state, picture)
        elif begun:
            self.tracker.remember(state, FrameMasks(picture.index, {}, {}))

    def _corrected(self, picture: Frame, tracked: Mask, given: Mapping[int, RLE] | None) -> Mask | None:
        """The mask after three clicks, where the person pauses; as it was where nothing came of them."""
        frame = picture.index
        if given is not None:
            return given[frame].decode() if frame in given else None
        if frame not in self.sequence.truth[self.object_id].rles:
            return None
        truth = self.sequence.mask(self.object_id, frame)
        if jaccard(tracked, truth) >= PAUSE_BELOW:
            return None
        before = [MaskPrompt(frame, self.object_id, tracked)] if tracked.any() else []
        answers = _Answers(self.segmenter, self.segmenter.embed(picture.pixels), before)
        mask = clicked(truth, tracked, CLICKS, frame, self.object_id, answers)
        return mask if mask.any() or not truth.any() else tracked


class _Answers:
    """All that was said on a frame, and the segmenter's answers to it."""

    def __init__(self, segmenter: Segmenter, embedding: Any, before: list[MaskPrompt]) -> None:
        self._segmenter = segmenter
        self._embedding = embedding
        self._before = before
        self._taken: list[Click] = []

    def __call__(self, said: Row[Click]) -> Mask | None:
        """The mask of these clicks and those before that were not refused; None where nothing is found."""
        found = self._segmenter.segment(self._embedding, [*self._before, *self._taken, *said]).best
        if not found.any():
            return None
        self._taken += said
        return found


def _scored(sequence: Sequence, object_id: ObjectId, masklets: Mapping[ObjectId, Masklet]) -> ObjectScores:
    frames = {object_id: sequence.annotated(object_id)}
    alone = Sequence(
        sequence.name, sequence.pictures, {object_id: sequence.truth[object_id]}, sequence.voids, overlapping=True
    )
    return score(alone, masklets, frames)[0]


def _curve(sequence: Sequence, rounds: list[ObjectScores], interacted: list[int], frames: int) -> Curve:
    """A person who finds nothing more to correct has, from there on, what they have."""
    full = rounds + [rounds[-1]] * (frames - len(rounds))
    regions, contours = tuple(one.j for one in full), tuple(one.f for one in full)
    return Curve(sequence.name, regions, contours, tuple(interacted), rounds[-1])
