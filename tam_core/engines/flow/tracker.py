"""The flow tracker: pictures are looked at once, then every object is followed as if it were alone.

Only the output settles who owns a pixel that two objects claim, so that no object disturbs another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from tam_core.engines.base import FrameMasks
from tam_core.engines.flow.settings import FlowSettings
from tam_core.engines.flow.target import Step, Target, anchor, follow, settle
from tam_core.engines.flow.view import CELL, View, look
from tam_core.errors import PromptError
from tam_core.geometry import Scale, fit_long_side
from tam_core.motion import dense_motion
from tam_core.prompts import MaskPrompt, Prompt
from tam_core.types import Mask, ObjectId, Size
from tam_core.video.source import Frame, VideoInfo


@dataclass
class FlowState:
    """One pass over a video. Its size depends on the frame size, the objects and the prompted frames only."""

    scale: Scale
    last: View | None = None
    targets: dict[ObjectId, Target] = field(default_factory=dict)


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
        """Carry every object that has appeared to this frame."""
        view = look(frame.pixels, state.scale.working)
        step = state.last and Step(state.last, view, dense_motion(state.last.grey, view.grey))
        given: dict[ObjectId, Mask] = {}
        followed: dict[ObjectId, Mask] = {}
        scores: dict[ObjectId, float] = {}
        for object_id, target in state.targets.items():
            if frame.index in target.anchors:
                given[object_id] = settle(target, target.anchors[frame.index], view.size)
                scores[object_id] = 1.0
            elif target.soft is not None and step:
                mask, scores[object_id] = follow(target, frame.index, step, self.settings)
                followed[object_id] = enlarged(mask, state.scale.source)
        state.last = view
        return FrameMasks(frame.index, shared_out(followed, scores) | given, scores)


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
