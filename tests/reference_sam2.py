"""The SAM 2 of the transformers library as a reference, with seeded random weights, and its masks for prompts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from tam_core.models.sam2 import Sam2, size_of
from tam_core.models.sam2.keys import published_names
from tam_core.types import FloatMap
from tests.seeded import as_theirs


@dataclass(frozen=True)
class Said:
    """A prompt in pixels of the network's square: points (N, 2) with labels (N,), or a mask (S, S) of 0 and 1."""

    object_id: int
    frame: int
    points: Tensor | None = None
    labels: Tensor | None = None
    mask: Tensor | None = None


REFERENCE_SIZES: dict[str, dict[str, Any]] = {
    "tiny": {},
    "base-plus": {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 112,
        "embed_dim_per_stage": [112, 224, 448, 896],
        "num_attention_heads": 2,
        "num_attention_heads_per_stage": [2, 4, 8, 16],
        "blocks_per_stage": [2, 3, 16, 3],
        "global_attention_blocks": [12, 16, 20],
        "window_positional_embedding_background_size": [14, 14],
    },
}
"""How the trunks of published models differ from transformers' defaults."""


def reference(name: str, side: int) -> Any:
    """transformers' model of a published size, over pictures of ``side`` pixels; skips the test without it."""
    transformers = pytest.importorskip("transformers")
    trunk = REFERENCE_SIZES[name]
    vision: dict[str, Any] = {"backbone_feature_sizes": [[side // n, side // n] for n in (4, 8, 16)]}
    if trunk:
        vision |= {"backbone_config": trunk, "backbone_channel_list": trunk["embed_dim_per_stage"][::-1]}
    config = transformers.Sam2VideoConfig(
        image_size=side,
        memory_attention_rope_feat_sizes=[side // 16, side // 16],
        prompt_encoder_config={"image_size": side},
        vision_config=vision,
    )
    model = transformers.Sam2VideoModel(config).eval()
    model.load_state_dict(as_theirs(model.state_dict(), published_names))
    return model


def twin(model: Any) -> Sam2:
    """Our network with the weights of the reference."""
    weights = published_names(model.state_dict())
    network = Sam2(size_of(weights))
    network.load_state_dict(weights)
    return network.eval()


@torch.inference_mode()
def reference_logits(model: Any, pixels: Tensor, said: Sequence[Said]) -> list[dict[int, Tensor]]:
    """Mask logits of every object on every frame of (T, 3, S, S): the prompts first, then one forward pass."""
    from transformers import Sam2VideoInferenceSession

    side = pixels.shape[-1]
    session = Sam2VideoInferenceSession(video=pixels, video_height=side, video_width=side, dtype=pixels.dtype)
    for prompt in said:
        slot = session.obj_id_to_idx(prompt.object_id)
        if prompt.mask is not None:
            session.add_mask_inputs(slot, prompt.frame, prompt.mask[None, None])
        else:
            assert prompt.points is not None and prompt.labels is not None
            inputs = {"point_coords": prompt.points[None, None], "point_labels": prompt.labels[None, None]}
            session.add_point_inputs(slot, prompt.frame, inputs)
        session.obj_with_new_inputs.append(prompt.object_id)
    for frame in sorted({prompt.frame for prompt in said}):
        model(session, frame_idx=frame)
    answers = model.propagate_in_video_iterator(session, start_frame_idx=0)
    return [{o: answer.pred_masks[row, 0].float() for row, o in enumerate(answer.object_ids)} for answer in answers]


def relative_difference(ours: Mapping[int, FloatMap], theirs: Mapping[int, Tensor]) -> float:
    """The largest difference of any logit, as a share of their range."""
    shares = [(torch.from_numpy(ours[o]) - theirs[o]).abs().max() / (theirs[o].max() - theirs[o].min()) for o in theirs]
    return float(max(shares))
