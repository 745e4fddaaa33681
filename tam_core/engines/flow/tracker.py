"""The flow tracker: pictures are looked at once, then every object is followed as if it were alone.

Only the output settles who owns a pixel that two objects claim, so that no object disturbs another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from tam_core.engines.base import FrameMasks
from tam_core.engines.flow.settings import FlowSettings
from tam_core.engines.flow.target import Guess, Step, Target, anchor, learn, predict, search, settle, shrunk
from tam_core.engines.flow.view import CELL, View, look
from tam_core.errors import PromptError, RequestError
from tam_core.geometry import Scale, fit_long_side
from tam_core.motion import dense_motion
from tam_core.prompts import MaskPrompt, Prompt
from tam_core.types import FloatMap, Mask, ObjectId, Size
from tam_core.video.source import Frame, VideoInfo


@dataclass(frozen=True)
class Prediction:
    """The frame predicted last, until it is remembered."""

    view: View
    guesses: Mapping[ObjectId, Guess]
    found: FrameMasks

    def place(self, object_id: ObjectId, found: FrameMasks) -> FloatMap:
        """Where an object is (h, w), 0..1: as it was predicted, or as it was improved since."""
        if found.masks[object_id] is self.found.masks[object_id]:
            return self.guesses[object_id].mask.astype(np.float32)
        return shrunk(found.masks[object_id], self.view.size)


@dataclass
class FlowState:
    """One pass over a video. Its size depends on the frame size, the objects and the prompted frames only."""

    scale: Scale
    last: View | None = None
    targets: dict[ObjectId, Target] = field(default_factory=dict)
    predicted: Prediction | None = None


class FlowTracker:
    """A Tracker (see tam_core.engines.base) without learned weights."""

    def __init__(self, settings: FlowSettings | None = None) -> None:
        self.settings = settings or FlowSettings()

    def start(self, info: VideoInfo) -> FlowState:
        """An empty state."""
        return FlowState(fit_long_side(info.size, self.settings.long_side, multiple=CELL))

    def condition(self, state: FlowState, frame: Frame, prompts: Sequence[Prompt]) -> FrameMasks:
        """Learn the looks of the prompted objects on this frame."""
        view = look(frame.pixels, state.scale.working)
        masks: dict[ObjectId, Mask] = {}
        for prompt in prompts:
            if not isinstance(prompt, MaskPrompt):
                raise PromptError(f"the flow tracker takes masks, not a {type(prompt).__name__}: segment it first")
            target = state.targets.setdefault(prompt.object_id, Target())
            target.anchors[frame.index] = anchor(view, prompt.mask)
            masks[prompt.object_id] = prompt.mask
        return FrameMasks(frame.index, masks, dict.fromkeys(masks, 1.0))

    def step(self, state: FlowState, frame: Frame) -> FrameMasks:
        """Carry every object that has appeared to this frame, and learn from it."""
        found = self.predict(state, frame)
        self.remember(state, found)
        return found

    def predict(self, state: FlowState, frame: Frame) -> FrameMasks:
        """Every object that has appeared on this frame, as the memory has it."""
        view = look(frame.pixels, state.scale.working)
        step = state.last and Step(state.last, view, dense_motion(state.last.grey, view.grey))
        given: dict[ObjectId, Mask] = {}
        guesses: dict[ObjectId, Guess] = {}
        for object_id, target in state.targets.items():
            if frame.index in target.anchors:
                given[object_id] = target.anchors[frame.index].mask.decode()
            elif target.soft is not None and step:
                guesses[object_id] = predict(target, frame.index, step, self.settings)
        scores = {object_id: guess.score for object_id, guess in guesses.items()}
        followed = {object_id: enlarged(guess.mask, state.scale.source) for object_id, guess in guesses.items()}
        found = FrameMasks(frame.index, shared_out(followed, scores) | given, scores | dict.fromkeys(given, 1.0))
        state.predicted = Prediction(view, guesses, found)
        return found

    def remember(self, state: FlowState, found: FrameMasks) -> None:
        """Go on to the frame predicted last. An object left out is carried there by the motion, its looks unchanged."""
        predicted = state.predicted
        if predicted is None or predicted.found.frame != found.frame:
            raise RequestError(f"frame {found.frame} cannot be remembered: predict it first")
        for object_id, target in state.targets.items():
            if found.frame in target.anchors:
                settle(target, target.anchors[found.frame], predicted.view.size)
            elif object_id in predicted.guesses and object_id not in found.masks:
                target.soft = predicted.guesses[object_id].carried
            elif object_id in predicted.guesses:
                learn(target, found.frame, predicted.place(object_id, found), predicted.view, self.settings)
        state.last, state.predicted = predicted.view, None

    def search(self, state: FlowState, frame: Frame) -> FrameMasks:
        """Every remembered object anywhere on this frame, by its looks."""
        view = look(frame.pixels, state.scale.working)
        masks: dict[ObjectId, Mask] = {}
        scores: dict[ObjectId, float] = {}
        for object_id, target in state.targets.items():
            mask, scores[object_id] = search(target, frame.index, view)
            masks[object_id] = enlarged(mask, state.scale.source)
        return FrameMasks(frame.index, shared_out(masks, scores), scores)


def enlarged(mask: Mask, size: Size) -> Mask:
    """A working mask (h, w) at source size (H, W), its stairs smoothed."""
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8)
    result: Mask = cv2.resize(soft, size[::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    return result


def shared_out(masks: Mapping[ObjectId, Mask], scores: Mapping[ObjectId, float]) -> dict[ObjectId, Mask]:
    """Masks (H, W) without overlap: a pixel that several objects claim goes to the one with the best score."""
    result: dict[ObjectId, Mask] = {}
    taken: Mask | None = None
    for object_id in sorted(masks, key=lambda key: -scores[key]):
        mask = masks[object_id]
        result[object_id] = mask if taken is None else mask & ~taken
        taken = mask if taken is None else mask | taken
    return result
