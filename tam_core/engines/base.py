"""What an engine is: weights, no video. A state is: memory, no weights. Adapters turn pixels into masks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from tam_core.prompts import Prompt
from tam_core.types import FloatMap, Mask, ObjectId, Pixels
from tam_core.video.source import Frame, VideoInfo


@dataclass(frozen=True)
class Candidates:
    """Up to three answers to the same prompts, best first (SAM, section 3: part, object, whole).

    ``masks`` is (N, H, W) bool at source size; ``scores`` is (N,) float32, the predicted IoU, 0..1.
    """

    masks: Mask = field(repr=False)
    scores: FloatMap

    @property
    def best(self) -> Mask:
        """The best mask, (H, W) bool."""
        result: Mask = self.masks[0]
        return result


@dataclass(frozen=True)
class FrameMasks:
    """What a tracker says about one frame: a mask (H, W) bool and a confidence 0..1 for each object it carries.

    An empty mask means that the object is not visible. ``logits`` are (h, w) float32 maps over the whole picture at the
    engine's own resolution, > 0 = object, where it has them. ``flags`` say in words why a person should look at an
    object on this frame.
    """

    frame: int
    masks: Mapping[ObjectId, Mask] = field(repr=False)
    scores: Mapping[ObjectId, float]
    logits: Mapping[ObjectId, FloatMap] = field(default_factory=dict, repr=False)
    flags: Mapping[ObjectId, str] = field(default_factory=dict)


class Segmenter(Protocol):
    """Prompts on one picture -> masks."""

    def embed(self, pixels: Pixels) -> Any:
        """The costly part, done once per picture (H, W, 3) and kept while the user clicks."""
        ...

    def segment(self, embedding: Any, prompts: Sequence[Prompt], prior: FloatMap | None = None) -> Candidates:
        """Masks for the prompts of *one* object on this picture.

        A MaskPrompt alone comes back as it is; with clicks, it is the mask to be corrected by them. ``prior`` (h, w)
        float32 are another engine's logits over the whole picture, > 0 = object, to be refined with clicks or a box.
        """
        ...


class Tracker(Protocol):
    """Masks carried through time. Holds no video and nothing of one: all memory is in the state."""

    def start(self, info: VideoInfo) -> Any:
        """An empty state for one pass over a video, forwards or backwards."""
        ...

    def condition(self, state: Any, frame: Frame, prompts: Sequence[Prompt]) -> FrameMasks:
        """Remember what the user says about objects on this frame. For all prompted frames first, in any order.

        The session gives MaskPrompts: the very masks that the user saw. They come back exactly. Objects that are found
        again on the way are conditioned on the frame before it is stepped.
        """
        ...

    def step(self, state: Any, frame: Frame) -> FrameMasks:
        """The next frame of the pass: the neighbour of the last one stepped, in either direction, or behind a cut.

        An object appears in the result from its first conditioned frame on. On a conditioned frame the result is the
        conditioned mask. The state does not grow with the number of steps. It is ``predict``, then ``remember``.
        """
        ...

    def predict(self, state: Any, frame: Frame) -> FrameMasks:
        """The first half of ``step``: the objects on the next frame. Memory stays as it is."""
        ...

    def remember(self, state: Any, found: FrameMasks) -> None:
        """The second half: learn from the frame predicted last, whose masks may have been improved in between.

        An object left out of ``found.masks`` learns nothing from this frame, and is looked for again on the next one.
        """
        ...

    def search(self, state: Any, frame: Frame) -> FrameMasks:
        """Where the remembered objects are on a frame that does not follow the last one, as after a cut.

        Changes nothing in the state.
        """
        ...


@runtime_checkable
class Prefetching(Protocol):
    """A Tracker that can do a part of a step before the one ahead of it is done."""

    def prefetch(self, state: Any, frame: Frame) -> None:
        """Look at the next frame of the pass, in another thread, while the one before it is stepped.

        The masks are the same with it and without it. A frame that was prefetched need not be stepped.
        """
        ...
