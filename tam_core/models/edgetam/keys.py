"""From the parameter names of the Hugging Face safetensors (EdgeTamVideoModel) to those of the published checkpoint."""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from tam_core.models.sam2.keys import is_hugging_face
from tam_core.models.sam2.keys import published_names as published_names_of_sam2

__all__ = ["is_hugging_face", "published_names"]

_RENAMED = (
    (r"^image_encoder\.trunk\.timm_model\.", "image_encoder.trunk.body."),
    (r"^(memory_attention\.layers\.\d+\.)mlp\.up_proj\.", r"\1linear1."),
    (r"^(memory_attention\.layers\.\d+\.)mlp\.down_proj\.", r"\1linear2."),
)
_RENAMED_IN_PERCEIVER = (
    (r"\.latents_1d$", ".latents"),
    (r"\.layer_norm_input\.", ".attn.norm_x."),
    (r"\.layer_norm_latents\.", ".attn.norm_latents."),
    (r"\.layer_norm_self\.", ".self_attn.norm."),
    (r"\.cross_attention\.", ".attn."),
    (r"\.self_attention\.", ".self_attn."),
    (r"\.q_proj\.", ".to_q."),
    (r"\.out_proj\.", ".to_out."),
    (r"\.mlp\.", ".ff."),
    (r"\.self_mlp\.", ".self_ff."),
    (r"ff\.layer_norm\.", "ff.0."),
    (r"ff\.up_proj\.", "ff.1."),
    (r"ff\.down_proj\.", "ff.3."),
    (r"^spatial_perceiver\.layer_norm\.", "spatial_perceiver.norm."),
)


def published_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights under the names of the published checkpoint; keys and values of the perceiver are one matrix."""
    renamed = {_renamed(name): tensor for name, tensor in published_names_of_sam2(weights).items()}
    for name in [name for name in renamed if name.startswith("spatial_perceiver") and ".k_proj." in name]:
        keys, values = renamed.pop(name), renamed.pop(name.replace(".k_proj.", ".v_proj."))
        renamed[name.replace(".k_proj.", ".to_kv.")] = torch.cat([keys, values])
    return renamed


def _renamed(name: str) -> str:
    in_perceiver = name.startswith("spatial_perceiver.")
    for pattern, replacement in _RENAMED_IN_PERCEIVER if in_perceiver else _RENAMED:
        name = re.sub(pattern, replacement, name)
    return name
