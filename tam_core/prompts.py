"""What a person says about an object on one frame: clicks, boxes, masks (SAM, section 3; SAM 2, section 4) or words."""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from tam_core.errors import PromptError
from tam_core.types import XYXY, Mask, ObjectId, Size


@dataclass(frozen=True)
class Click:
    """A point on the object (``positive``) or off it, in source pixels."""

    frame: int
    object_id: ObjectId
    x: float
    y: float
    positive: bool = True


@dataclass(frozen=True)
class Box:
    """A rectangle around the object, ``(x0, y0, x1, y1)`` in source pixels."""

    frame: int
    object_id: ObjectId
    xyxy: XYXY


@dataclass(frozen=True)
class MaskPrompt:
    """The object itself: mask (H, W) bool at source size."""

    frame: int
    object_id: ObjectId
    mask: Mask = field(repr=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MaskPrompt):
            return NotImplemented
        same_place = (self.frame, self.object_id) == (other.frame, other.object_id)
        return same_place and np.array_equal(self.mask, other.mask)

    def __hash__(self) -> int:
        return hash((self.frame, self.object_id))


@dataclass(frozen=True)
class TextPrompt:
    """The object in words, such as "the red car"."""

    frame: int
    object_id: ObjectId
    text: str


Prompt: TypeAlias = Click | Box | MaskPrompt | TextPrompt


def check_prompt(prompt: Prompt, size: Size, frame_count: int | None) -> None:
    """Raise PromptError if the prompt does not fit a video of this (height, width) and number of frames."""
    height, width = size
    if prompt.object_id < 1:
        raise PromptError(f"object {prompt.object_id}: object numbers start at 1")
    if prompt.frame < 0:
        raise PromptError(f"frame {prompt.frame}: frames are counted from 0")
    if frame_count is not None and prompt.frame >= frame_count:
        raise PromptError(
            f"frame {prompt.frame} of a video of {frame_count} frames (the last one is {frame_count - 1})"
        )
    match prompt:
        case Click(x=x, y=y):
            if not (0 <= x < width and 0 <= y < height):
                raise PromptError(f"click at ({x:g}, {y:g}) is outside the frame of {width}x{height} pixels")
        case Box(xyxy=(x0, y0, x1, y1)):
            if not (x0 < x1 and y0 < y1):
                raise PromptError(f"box {x0:g},{y0:g},{x1:g},{y1:g} is empty: give left,top,right,bottom")
            if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
                raise PromptError(f"box {x0:g},{y0:g},{x1:g},{y1:g} is outside the frame of {width}x{height} pixels")
        case MaskPrompt(mask=mask):
            if mask.shape != size:
                raise PromptError(
                    f"mask of {mask.shape[1]}x{mask.shape[0]} pixels for a video of {width}x{height}: "
                    "give the mask at the size of the video"
                )
            if not mask.any():
                raise PromptError(f"the mask for object {prompt.object_id} on frame {prompt.frame} is empty")
        case TextPrompt(text=text):
            if not text.strip():
                raise PromptError(f"the text for object {prompt.object_id} on frame {prompt.frame} is empty")
