"""Any tracker, watched: the same masks, with confidences for scores and jumps in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tam_core.engines.base import FrameMasks, Prefetching, Tracker
from tam_core.prompts import MaskPrompt, Prompt
from tam_core.quality.judge import Judge, Verdict
from tam_core.quality.looks import Sketch, sketch
from tam_core.types import Mask, ObjectId
from tam_core.video.source import Frame, VideoInfo


@dataclass
class WatchedState:
    """The tracker's state and what the judge has seen of the same pass."""

    inner: Any
    judge: Judge = field(default_factory=Judge)
    verdicts: Mapping[ObjectId, Verdict] = field(default_factory=dict)
    """Of the frame predicted last; ``picture`` and ``masks`` are its too."""
    picture: Sketch | None = None
    masks: Mapping[ObjectId, Mask] = field(default_factory=dict)


class Watched:
    """A Tracker around a tracker. Where the tracker itself says why to look at an object, its words stay."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker

    def start(self, info: VideoInfo) -> WatchedState:
        """An empty state."""
        return WatchedState(self._tracker.start(info))

    def condition(self, state: WatchedState, frame: Frame, prompts: Sequence[Prompt]) -> FrameMasks:
        """The tracker and the judge learn the prompted objects."""
        teach(state.judge, frame, prompts)
        return self._tracker.condition(state.inner, frame, prompts)

    def step(self, state: WatchedState, frame: Frame) -> FrameMasks:
        """The tracker's step, judged."""
        found = self._judged(state, frame, self._tracker.step(state.inner, frame))
        self._learn(state, found)
        return found

    def predict(self, state: WatchedState, frame: Frame) -> FrameMasks:
        """The tracker's prediction, judged."""
        return self._judged(state, frame, self._tracker.predict(state.inner, frame))

    def remember(self, state: WatchedState, found: FrameMasks) -> None:
        """The judge learns of the objects that the tracker learns. A mask that the caller changed is believed."""
        self._tracker.remember(state.inner, found)
        self._learn(state, found)

    def prefetch(self, state: WatchedState, frame: Frame) -> None:
        """As the tracker prefetches, if it does."""
        if isinstance(self._tracker, Prefetching):
            self._tracker.prefetch(state.inner, frame)

    def search(self, state: WatchedState, frame: Frame) -> FrameMasks:
        """As the tracker searches: a frame that does not follow cannot be judged."""
        return self._tracker.search(state.inner, frame)

    def _judged(self, state: WatchedState, frame: Frame, found: FrameMasks) -> FrameMasks:
        state.picture, state.masks = sketch(frame.pixels), found.masks
        state.verdicts = judged(state.judge, state.picture, found)
        flags = {object_id: verdict.flag for object_id, verdict in state.verdicts.items() if verdict.flag}
        scores = {object_id: verdict.confidence for object_id, verdict in state.verdicts.items()}
        return replace(found, scores=scores, flags={**flags, **found.flags})

    def _learn(self, state: WatchedState, found: FrameMasks) -> None:
        assert state.picture is not None
        for object_id, mask in found.masks.items():
            if mask is state.masks[object_id]:
                state.judge.learn(object_id, found.frame, state.verdicts[object_id])
            else:
                state.judge.believe(object_id, state.picture, mask)
        state.verdicts, state.picture, state.masks = {}, None, {}


def teach(judge: Judge, frame: Frame, prompts: Sequence[Prompt]) -> None:
    """Show a judge the masks of a prompted frame."""
    picture = sketch(frame.pixels)
    for prompt in prompts:
        if isinstance(prompt, MaskPrompt):
            judge.teach(prompt.object_id, frame.index, picture, prompt.mask)


def judged(judge: Judge, picture: Sketch, found: FrameMasks) -> dict[ObjectId, Verdict]:
    """A verdict on every mask of a frame."""
    return {
        object_id: judge.verdict(object_id, found.frame, picture, mask, found.scores[object_id])
        for object_id, mask in found.masks.items()
    }
