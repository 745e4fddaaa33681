"""The loop: predict with the tracker, judge, repair with the segmenter, remember what is to be believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tam_core.engines.base import FrameMasks, Segmenter, Tracker
from tam_core.engines.tam.ask import logits_of, question
from tam_core.errors import RequestError
from tam_core.metrics import jaccard
from tam_core.prompts import Prompt
from tam_core.quality.judge import Judge, Verdict
from tam_core.quality.lane import judged, teach
from tam_core.quality.looks import Sketch, sketch
from tam_core.types import Mask, ObjectId
from tam_core.video.source import Frame, VideoInfo


@dataclass(frozen=True)
class LoopSettings:
    """When a mask is doubted, and when its repair is believed."""

    refine_below: float = 0.5
    """Confidence under which the segmenter is asked; it is also asked after a jump."""
    agreement: float = 0.7
    """Least IoU of a repair with the tracker's mask: the segmenter knows outlines, the tracker knows which object."""
    agreement_after_jump: float = 0.3
    """The same where the tracker's mask is known to be wrong; the repair must then fit what was seen before."""


@dataclass(frozen=True)
class Repair:
    """A mask (H, W) of the segmenter that is better than the tracker's, and its score."""

    mask: Mask = field(repr=False)
    score: float
    verdict: Verdict


@dataclass(frozen=True)
class Prediction:
    """The frame predicted last, until it is remembered."""

    picture: Sketch
    found: FrameMasks
    verdicts: Mapping[ObjectId, Verdict]


@dataclass
class LoopState:
    """The tracker's state, and what the judge has seen of the same pass."""

    inner: Any
    judge: Judge = field(default_factory=Judge)
    predicted: Prediction | None = None


class TrackAnything:
    """A Tracker (see tam_core.engines.base) made of a mask tracker and a segmenter.

    A mask that jumps and cannot be repaired is flagged, and neither the tracker nor the judge learns from it.
    """

    def __init__(self, segmenter: Segmenter, tracker: Tracker, settings: LoopSettings | None = None) -> None:
        self._segmenter, self._tracker = segmenter, tracker
        self.settings = settings or LoopSettings()

    def start(self, info: VideoInfo) -> LoopState:
        """An empty state."""
        return LoopState(self._tracker.start(info))

    def condition(self, state: LoopState, frame: Frame, prompts: Sequence[Prompt]) -> FrameMasks:
        """The tracker and the judge learn the prompted objects."""
        teach(state.judge, frame, prompts)
        return self._tracker.condition(state.inner, frame, prompts)

    def step(self, state: LoopState, frame: Frame) -> FrameMasks:
        """Carry every object to this frame, repair it where it must be, and learn from it."""
        found = self.predict(state, frame)
        self.remember(state, found)
        return found

    def predict(self, state: LoopState, frame: Frame) -> FrameMasks:
        """The tracker's masks, the doubtful ones repaired, or else flagged. Where one is repaired, its logits are gone.

        Scores are the tracker's or, for a repair, the segmenter's.
        """
        tracked, picture = self._tracker.predict(state.inner, frame), sketch(frame.pixels)
        verdicts = judged(state.judge, picture, tracked)
        doubtful = {o: verdict for o, verdict in verdicts.items() if verdict.seen and self._doubted(verdict)}
        repairs = self._repairs(state.judge, frame, picture, tracked, doubtful) if doubtful else {}
        found = _with_repairs(tracked, repairs)
        verdicts |= {object_id: repair.verdict for object_id, repair in repairs.items()}
        failed = {o: verdict for o, verdict in doubtful.items() if o not in repairs}
        flags = {o: verdict.flag or f"unsure ({verdict.confidence:.2f})" for o, verdict in failed.items()}
        found = replace(found, flags={**tracked.flags, **flags})
        state.predicted = Prediction(picture, found, verdicts)
        return found

    def remember(self, state: LoopState, found: FrameMasks) -> None:
        """Learn from the frame predicted last. A mask that the caller changed is believed."""
        predicted = state.predicted
        if predicted is None or predicted.found.frame != found.frame:
            raise RequestError(f"frame {found.frame} cannot be remembered: predict it first")
        learnt = {}
        for object_id, mask in found.masks.items():
            verdict = predicted.verdicts.get(object_id)
            if verdict is None or mask is not predicted.found.masks[object_id]:
                state.judge.believe(object_id, predicted.picture, mask)
                learnt[object_id] = mask
                continue
            state.judge.learn(object_id, found.frame, verdict)
            if not verdict.flag:
                learnt[object_id] = mask
        self._tracker.remember(state.inner, replace(found, masks=learnt))
        state.predicted = None

    def search(self, state: LoopState, frame: Frame) -> FrameMasks:
        """As the tracker searches."""
        return self._tracker.search(state.inner, frame)

    def _doubted(self, verdict: Verdict) -> bool:
        return bool(verdict.flag) or verdict.confidence < self.settings.refine_below

    def _repairs(
        self,
        judge: Judge,
        frame: Frame,
        picture: Sketch,
        tracked: FrameMasks,
        doubtful: Mapping[ObjectId, Verdict],
    ) -> dict[ObjectId, Repair]:
        """Repairs for those of the ``doubtful`` objects that have a better mask. The picture is embedded once."""
        embedding = self._segmenter.embed(frame.pixels)
        masks, repairs = dict(tracked.masks), {}
        for object_id, doubted in doubtful.items():
            others = _union(masks, object_id)
            mask, score = self._asked(embedding, frame, object_id, tracked, others)
            repair = Repair(mask, score, judge.verdict(object_id, frame.index, picture, mask, score))
            # Two engines' scores cannot be compared, so the repair must also look no worse at the tracker's own score.
            even = judge.verdict(object_id, frame.index, picture, mask, tracked.scores[object_id])
            overlap = jaccard(mask, tracked.masks[object_id])
            if self._believed(repair.verdict, even, doubted, overlap):
                repairs[object_id] = repair
                masks[object_id] = mask
        return repairs

    def _believed(self, repaired: Verdict, even: Verdict, doubted: Verdict, overlap: float) -> bool:
        """Whether a repair is better: it agrees with the tracker, scores higher and does not jump itself."""
        agreement = self.settings.agreement_after_jump if doubted.flag else self.settings.agreement
        better = repaired.confidence > doubted.confidence <= even.confidence
        return overlap >= agreement and better and not repaired.flag

    def _asked(
        self, embedding: Any, frame: Frame, object_id: ObjectId, tracked: FrameMasks, others: Mask
    ) -> tuple[Mask, float]:
        """The segmenter's mask (H, W) nearest to the tracker's, less the other objects, and its score."""
        mask, logits = tracked.masks[object_id], tracked.logits.get(object_id)
        prompts = question(frame.index, object_id, mask, others, logits)
        candidates = self._segmenter.segment(embedding, prompts, logits_of(mask) if logits is None else logits)
        nearest = int(np.argmax([jaccard(candidate, mask) for candidate in candidates.masks]))
        return candidates.masks[nearest] & ~others, float(candidates.scores[nearest])


def _union(masks: Mapping[ObjectId, Mask], but: ObjectId) -> Mask:
    """All objects but one, (H, W)."""
    result = np.zeros_like(masks[but])
    for object_id, mask in masks.items():
        if object_id != but:
            result |= mask
    return result


def _with_repairs(tracked: FrameMasks, repairs: Mapping[ObjectId, Repair]) -> FrameMasks:
    return FrameMasks(
        tracked.frame,
        {**tracked.masks, **{object_id: repair.mask for object_id, repair in repairs.items()}},
        {**tracked.scores, **{object_id: repair.score for object_id, repair in repairs.items()}},
        {object_id: logits for object_id, logits in tracked.logits.items() if object_id not in repairs},
        tracked.flags,
    )
