"""Between the protocol's messages and our own types: prompts in, masks out."""

from plugin.link import wire
from tam_core import rle
from tam_core.engines.base import FrameMasks
from tam_core.errors import MaskletError, PromptError
from tam_core.prompts import Box, Click, MaskPrompt, Prompt, TextPrompt
from tam_core.rle import RLE
from tam_core.types import ObjectId, Size


def prompt_of(said: wire.Prompt, size: Size) -> Prompt:
    """A prompt on a picture of that (height, width). Raises PromptError."""
    match said:
        case wire.Click():
            return Click(said.frame, said.object_id, said.x, said.y, said.positive)
        case wire.Box():
            return Box(said.frame, said.object_id, said.xyxy)
        case wire.Text():
            return TextPrompt(said.frame, said.object_id, said.text)
        case wire.Painted():
            return MaskPrompt(said.frame, said.object_id, _painted(said.rle, size).decode())


def said_of(prompt: Prompt) -> wire.Prompt | None:
    """A prompt as it was sent; None for a painted mask, which is told with the masks."""
    match prompt:
        case Click(frame, object_id, x, y, positive):
            return wire.Click(frame=frame, object_id=object_id, x=x, y=y, positive=positive)
        case Box(frame, object_id, xyxy):
            return wire.Box(frame=frame, object_id=object_id, xyxy=xyxy)
        case TextPrompt(frame, object_id, text):
            return wire.Text(frame=frame, object_id=object_id, text=text)
        case MaskPrompt():
            return None


def _painted(code: wire.Rle, size: Size) -> RLE:
    """Its size is compared first: what it would take to decode is not for a client to choose."""
    if code.size != size:
        height, width = code.size
        raise PromptError(f"a mask of {width}x{height} pixels for a video of {size[1]}x{size[0]}")
    try:
        return rle.parse(size, code.counts)
    except MaskletError as error:
        raise PromptError(f"the painted mask cannot be read: {error}") from error


def rle_of(code: RLE) -> wire.Rle:
    """A mask's code as it is sent."""
    return wire.Rle(code.size, code.counts.decode())


def mask_of(object_id: ObjectId, code: RLE, score: float) -> wire.ObjectMask:
    """One mask as it is sent."""
    return wire.ObjectMask(object_id, rle_of(code), float(score))


def masks_of(found: FrameMasks) -> list[wire.ObjectMask]:
    """The masks of a frame as they are sent."""
    return [mask_of(object_id, rle.encode(mask), found.scores[object_id]) for object_id, mask in found.masks.items()]
