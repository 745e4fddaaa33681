"""Prompts on a frame -> masks: the picture is read and embedded once, words are looked up among all objects.

Knows one source and one segmenter; it does not know what was said before or what is made of the answer.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tam_core.engines.base import Candidates, Segmenter
from tam_core.prompts import MaskPrompt, Prompt, TextPrompt
from tam_core.video.source import FrameSource

if TYPE_CHECKING:  # these two wait for torch
    from tam_core.engines.everything import FoundObject
    from tam_core.engines.text import TextScorer

_KEPT_EMBEDDINGS = 4


class FrameSegmenter:
    """A segmenter over the frames of one source. It and the ``scorer`` of words are asked for when they are needed."""

    def __init__(
        self, source: FrameSource, segmenter: Callable[[], Segmenter], scorer: "Callable[[], TextScorer]"
    ) -> None:
        self._source = source
        self._segmenter = segmenter
        self._scorer = scorer
        self._embeddings: OrderedDict[int, Any] = OrderedDict()
        self._everything: tuple[int, list[FoundObject]] | None = None
        self._answered: tuple[tuple[Prompt, ...], Candidates] | None = None

    def segment(self, prompts: Sequence[Prompt]) -> Candidates:
        """Masks for the prompts of one object on one frame, best first.

        A text alone finds up to three objects; with clicks or a box, the best of them is what these correct. Asked the
        same again, as after a preview, it answers the same at once.
        """
        asked = tuple(prompts)
        if self._answered is None or self._answered[0] != asked:
            self._answered = asked, self._found(asked)
        return self._answered[1]

    def everything(self, frame: int) -> "list[FoundObject]":
        """All that the segmenter takes for an object on a frame, best first. Raises EngineNotReadyError."""
        from tam_core.engines.everything import find_everything

        if self._everything is None or self._everything[0] != frame:
            found = find_everything(self._segmenter(), self._embedding(frame), self._source.info.size)
            self._everything = frame, found
        return list(self._everything[1])

    def _found(self, prompts: Sequence[Prompt]) -> Candidates:
        frame, object_id = prompts[0].frame, prompts[0].object_id
        texts = [prompt for prompt in prompts if isinstance(prompt, TextPrompt)]
        others = [prompt for prompt in prompts if not isinstance(prompt, TextPrompt)]
        if len(others) == 1 and isinstance(others[0], MaskPrompt):
            return Candidates(others[0].mask[None], np.ones(1, np.float32))
        if texts and not any(isinstance(prompt, MaskPrompt) for prompt in others):
            described = self._described(frame, texts[-1].text)
            if not others:
                return described
            others.insert(0, MaskPrompt(frame, object_id, described.best))
        return self._segmenter().segment(self._embedding(frame), others)

    def _described(self, frame: int, text: str) -> Candidates:
        from tam_core.engines.text import find_by_text

        scorer = self._scorer()
        return find_by_text(scorer, self._source.read(frame).pixels, self.everything(frame), text)

    def _embedding(self, frame: int) -> Any:
        if frame not in self._embeddings:
            self._embeddings[frame] = self._segmenter().embed(self._source.read(frame).pixels)
            if len(self._embeddings) > _KEPT_EMBEDDINGS:
                self._embeddings.popitem(last=False)
        self._embeddings.move_to_end(frame)
        return self._embeddings[frame]
