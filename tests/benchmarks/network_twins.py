"""transformers' networks of the published sizes and ours, with equal random weights."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from tam_core.engines.sam2 import Sam2Tracker, prepared
from tam_core.models.edgetam import PUBLISHED, EdgeTam, fold
from tam_core.models.sam2 import Sam2
from tests import networks_edgetam
from tests.reference_sam2 import reference, twin


@dataclass(frozen=True)
class Twin:
    """``theirs`` is transformers' model; ``network`` is ours with its weights, both float32."""

    theirs: Any
    network: Sam2

    def ours(self, dtype: torch.dtype) -> Sam2Tracker:
        """Our engine in some kind of numbers."""
        return Sam2Tracker(prepared(copy.deepcopy(self.network), "cpu", dtype))

    def reference(self, dtype: torch.dtype) -> Any:
        """Their model in some kind of numbers."""
        return copy.deepcopy(self.theirs).to(dtype)

    def their_steps(self, dtype: torch.dtype, pixels: Tensor, mask: Tensor) -> Iterator[Callable[[], object]]:
        """Track a mask (S, S) of frame 0 through (T, 3, S, S), one callable a frame."""
        from transformers import Sam2VideoInferenceSession

        side = pixels.shape[-1]
        session = Sam2VideoInferenceSession(video=pixels, video_height=side, video_width=side, dtype=dtype)
        session.add_mask_inputs(session.obj_id_to_idx(1), 0, mask[None, None].to(dtype))
        session.obj_with_new_inputs.append(1)
        model = self.reference(dtype)
        for index in range(len(pixels)):
            yield partial(model, session, frame_idx=index)


def sam2(name: str) -> Twin:
    """SAM 2.1 of a published size."""
    model = reference(name, 1024)
    return Twin(model, twin(model))


def edgetam() -> Twin:
    """EdgeTAM, its batch normalisation folded."""
    network = networks_edgetam.seeded(EdgeTam(PUBLISHED))
    fold(network)
    return Twin(networks_edgetam.reference(1024), network)


TWINS: dict[str, Callable[[], Twin]] = {
    "sam2.1-tiny": partial(sam2, "tiny"),
    "sam2.1-base-plus": partial(sam2, "base-plus"),
    "edgetam": edgetam,
}
