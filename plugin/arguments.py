"""The prompt grammar of the command line: ``[OBJ:]X,Y[@FRAME]`` and its relatives."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from tam_core.errors import PromptError
from tam_core.formats.davis import read_labels, split_labels
from tam_core.prompts import Box, Click, MaskPrompt, Prompt, TextPrompt

_NUMBER = r"-?\d+(?:\.\d+)?"
_CLICK = re.compile(rf"(?:(\d+):)?({_NUMBER}),({_NUMBER})(?:@(\d+))?")
_BOX = re.compile(rf"(?:(\d+):)?({_NUMBER}),({_NUMBER}),({_NUMBER}),({_NUMBER})(?:@(\d+))?")
_MASK = re.compile(r"(.+?)(?:@(\d+))?")
_TEXT = re.compile(r"(?:(\d+):)?\s*(.*?)\s*(?:@(\d+))?", re.DOTALL)


@dataclass(frozen=True)
class PromptArguments:
    """What stood behind ``--click``, ``--not``, ``--box``, ``--mask`` and ``--text``.

    ``offset``: the frame of the video that the person calls frame 0.
    """

    clicks: Sequence[str] = ()
    negative_clicks: Sequence[str] = ()
    boxes: Sequence[str] = ()
    masks: Sequence[str] = ()
    texts: Sequence[str] = ()
    offset: int = 0

    def __bool__(self) -> bool:
        return bool(self.clicks or self.negative_clicks or self.boxes or self.masks or self.texts)

    @property
    def files(self) -> list[Path]:
        """The pictures that masks are in."""
        return [_mask_file(text)[0] for text in self.masks]

    def parse(self) -> list[tuple[Prompt, ...]]:
        """The prompts, those of one frame together, frames ascending. Raises PromptError."""
        prompts: list[Prompt] = [
            *(prompt for text in self.masks for prompt in parse_mask(text)),
            *(parse_text(text) for text in self.texts),
            *(parse_box(text) for text in self.boxes),
            *(parse_click(text, positive=True) for text in self.clicks),
            *(parse_click(text, positive=False) for text in self.negative_clicks),
        ]
        return list(_by_frame(replace(prompt, frame=prompt.frame + self.offset) for prompt in prompts))


def parse_click(text: str, positive: bool) -> Click:
    """``[OBJ:]X,Y[@FRAME]``."""
    found = _CLICK.fullmatch(text.strip())
    if not found:
        option = "--click" if positive else "--not"
        raise PromptError(f"{option} {text}: expected [OBJECT:]X,Y[@FRAME], such as 320,180 or 2:320,180@45")
    object_id, x, y, frame = found.groups()
    return Click(int(frame or 0), int(object_id or 1), float(x), float(y), positive)


def parse_box(text: str) -> Box:
    """``[OBJ:]X0,Y0,X1,Y1[@FRAME]``."""
    found = _BOX.fullmatch(text.strip())
    if not found:
        raise PromptError(f"--box {text}: expected [OBJECT:]LEFT,TOP,RIGHT,BOTTOM[@FRAME], such as 2:100,50,300,200@45")
    object_id, x0, y0, x1, y1, frame = found.groups()
    return Box(int(frame or 0), int(object_id or 1), (float(x0), float(y0), float(x1), float(y1)))


def parse_mask(text: str) -> Iterator[MaskPrompt]:
    """``FILE.png[@FRAME]``: every non-zero value an object; a mask of 0 and 255 is object 1."""
    path, frame = _mask_file(text)
    objects = list(split_labels(read_labels(path)))
    if not objects:
        raise PromptError(f"the mask {path} is empty: it needs at least one pixel that is not 0")
    for object_id, mask in objects:
        yield MaskPrompt(frame, object_id, mask)


def _mask_file(text: str) -> tuple[Path, int]:
    """The picture and the frame."""
    found = _MASK.fullmatch(text)
    if not found:
        raise PromptError("--mask: expected FILE.png[@FRAME]")
    if Path(text).is_file():  # a file whose own name has an @
        return Path(text), 0
    return Path(found[1]), int(found[2] or 0)


def parse_text(text: str) -> TextPrompt:
    """``[OBJ:]TEXT[@FRAME]``."""
    found = _TEXT.fullmatch(text.strip())
    if not found or not found[2]:
        raise PromptError(f"--text {text}: expected [OBJECT:]TEXT[@FRAME], such as 'the red car' or '2:a dog@45'")
    object_id, words, frame = found.groups()
    return TextPrompt(int(frame or 0), int(object_id or 1), words)


def _by_frame(prompts: Iterable[Prompt]) -> Iterator[tuple[Prompt, ...]]:
    for _, group in groupby(sorted(prompts, key=lambda prompt: prompt.frame), key=lambda prompt: prompt.frame):
        yield tuple(group)
