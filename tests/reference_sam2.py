"""The SAM 2 of the transformers library as a reference: seeded random weights, and its masks for scripted prompts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tam_core.types import FloatMap


@dataclass(frozen=True)
class Said:
    """A prompt in pixels of the network's square: points (N, 2) with labels (N,), or a mask (S, S) of 0 and 1."""

    object_id: int
    frame: int
    points: Tensor | None = None
    labels: Tensor | None = None
    mask: Tensor | None = None


def randomise(network: nn.Module, seed: int) -> None:
    """Weights that keep the signal alive through all layers, and objects that are mostly there."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in network.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name or "bn" in name:
            scale, middle = 0.1, 1.0 if name.endswith("weight") else 0.0
            noise = noise.clamp(-3, 3)
        elif parameter.ndim >= 2 and "embed" not in name and "token" not in name and "memory" not in name[:10]:
            scale, middle = (parameter[0].numel()) ** -0.5, 0.0
        else:
            scale, middle = 0.2, 0.0
        parameter.data.copy_(noise * scale + middle)
    with torch.no_grad():
        buffers = dict(network.named_buffers())
        copies = [value for name, value in buffers.items() if name.endswith("positional_embedding")]
        for copy in copies[1:]:  # published weights hold it twice
            copy.copy_(copies[0])
        for name, parameter in network.named_parameters():
            if name.endswith("pred_obj_score_head.proj_out.bias"):
                parameter += 2.0
            if name.endswith(("memory_fuser.layers.0.scale", "memory_fuser.layers.1.scale")):
                parameter += 0.3
            if name.startswith("memory_encoder.projection"):
                parameter *= 0.03  # memories of the size of 1, or frame after frame would magnify rounding errors


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
    return transformers.Sam2VideoModel(config).eval()


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
