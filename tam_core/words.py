"""Prompts as they are remembered: what the user has said, small enough to keep all of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tam_core import rle
from tam_core.prompts import Box, Click, MaskPrompt, Prompt, TextPrompt
from tam_core.rle import RLE
from tam_core.types import ObjectId


@dataclass(frozen=True)
class Painted:
    """A MaskPrompt as it is remembered: a few hundred bytes instead of a picture."""

    frame: int
    object_id: ObjectId
    code: RLE = field(repr=False)


Word: TypeAlias = Click | Box | TextPrompt | Painted
"""A prompt as it is remembered."""


def to_word(prompt: Prompt) -> Word:
    """A prompt as it is remembered."""
    if isinstance(prompt, MaskPrompt):
        return Painted(prompt.frame, prompt.object_id, rle.encode(prompt.mask))
    return prompt


def to_prompt(word: Word) -> Prompt:
    """A prompt as engines take it."""
    return MaskPrompt(word.frame, word.object_id, word.code.decode()) if isinstance(word, Painted) else word


def with_words(
    before: Iterable[Word], added: Iterable[Word], corrected: Mapping[ObjectId, RLE] | None = None
) -> tuple[Word, ...]:
    """Words after other words: a mask ends what was said about its object on its frame before.

    A mask in ``corrected`` goes before the first of its object's words.
    """
    words, tracked = list(before), dict(corrected or {})
    for word in added:
        mask = tracked.pop(word.object_id, None)
        if mask is not None:
            words.append(Painted(word.frame, word.object_id, mask))
        if isinstance(word, Painted):
            words = [w for w in words if (w.frame, w.object_id) != (word.frame, word.object_id)]
        words.append(word)
    return tuple(words)
