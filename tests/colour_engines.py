"""A tracker and a segmenter that see colour, and a scene for them: what they answer can be worked out by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tam_core.engines.base import Candidates, FrameMasks
from tam_core.prompts import Box, Click, MaskPrompt, Prompt
from tam_core.session import Session
from tam_core.types import Mask, Pixels
from tam_core.video import ArraySource, Frame, VideoInfo

COUNT, SIDE = 12, 20


def square(index: int) -> Mask:
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[4:10, index : index + 6] = True
    return mask


def red_and_blue(count: int = COUNT) -> Pixels:
    """A red square walks right over black; a still blue bar lies at the bottom."""
    frames = np.zeros((count, SIDE, SIDE, 3), dtype=np.uint8)
    for index in range(count):
        frames[index][square(index)] = (255, 0, 0)
        frames[index, 15:18, 2:18] = (0, 0, 255)
    return frames


@dataclass
class ColourState:
    colours: dict[int, tuple[int, ...]] = field(default_factory=dict)
    masks: dict[tuple[int, int], Mask] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)


class ColourTracker:
    """An object is whatever has the colour of its first prompted pixel; every step costs a little confidence."""

    def __init__(self, score: float = 0.9) -> None:
        self.score = score
        self.steps: list[int] = []

    def start(self, info: VideoInfo) -> ColourState:
        return ColourState()

    def condition(self, state: ColourState, frame: Frame, prompts: Sequence[Prompt]) -> FrameMasks:
        given = {prompt.object_id: prompt.mask for prompt in prompts if isinstance(prompt, MaskPrompt)}
        for object_id, mask in given.items():
            state.masks[frame.index, object_id] = mask
            state.colours[object_id] = tuple(frame.pixels[mask][0])
        return FrameMasks(frame.index, given, dict.fromkeys(given, 1.0))

    def step(self, state: ColourState, frame: Frame) -> FrameMasks:
        return self.predict(state, frame)

    def remember(self, state: ColourState, found: FrameMasks) -> None:
        pass

    def predict(self, state: ColourState, frame: Frame) -> FrameMasks:
        self.steps.append(frame.index)
        state.seen |= {object_id for index, object_id in state.masks if index == frame.index}
        masks = {
            object_id: state.masks.get((frame.index, object_id), (frame.pixels == state.colours[object_id]).all(-1))
            for object_id in state.seen
        }
        return FrameMasks(frame.index, masks, dict.fromkeys(masks, self.score))


class ColourSegmenter:
    """A click selects its colour; further clicks add or take away their own pixel of a given mask."""

    def embed(self, pixels: Pixels) -> Pixels:
        return pixels

    def segment(self, embedding: Pixels, prompts: Sequence[Prompt]) -> Candidates:
        mask = np.zeros(embedding.shape[:2], dtype=bool)
        for prompt in prompts:
            match prompt:
                case MaskPrompt(mask=given):
                    mask = given.copy()
                case Click(x=x, y=y, positive=True):
                    mask |= (embedding == embedding[int(y), int(x)]).all(-1)
                case Click(x=x, y=y):
                    mask[int(y), int(x)] = False
                case Box(xyxy=(x0, y0, x1, y1)):
                    mask[int(y0) : int(y1), int(x0) : int(x1)] = True
        whole = np.ones_like(mask)
        return Candidates(np.stack([mask, whole]), np.array([0.9, 0.5], np.float32))


def colour_session() -> Session:
    """Both of them on the scene."""
    return Session(ArraySource(red_and_blue()), tracker=ColourTracker(), segmenter=ColourSegmenter())


def finish(session: Session, **arguments: Any) -> list[FrameMasks]:
    """A whole propagation."""
    return list(session.propagate(**arguments))
