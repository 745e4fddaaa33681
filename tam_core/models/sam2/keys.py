"""From the parameter names of the Hugging Face safetensors (Sam2VideoModel) to those of the published checkpoints."""

import re
from collections.abc import Mapping

from torch import Tensor

_RENAMED = (
    (r"^shared_image_embedding\.positional_embedding$", ""),  # a second copy of the prompt encoder's
    (r"^vision_encoder\.backbone\.", "image_encoder.trunk."),
    (r"patch_embed\.projection\.", "patch_embed.proj."),
    (r"^vision_encoder\.neck\.convs\.(\d+)\.", r"image_encoder.neck.convs.\1.conv."),
    (r"^prompt_encoder\.", "sam_prompt_encoder."),
    (r"shared_embedding\.positional_embedding$", "pe_layer.positional_encoding_gaussian_matrix"),
    (r"mask_embed\.conv1\.", "mask_downscaling.0."),
    (r"mask_embed\.layer_norm1\.", "mask_downscaling.1."),
    (r"mask_embed\.conv2\.", "mask_downscaling.3."),
    (r"mask_embed\.layer_norm2\.", "mask_downscaling.4."),
    (r"mask_embed\.conv3\.", "mask_downscaling.6."),
    (r"^mask_decoder\.", "sam_mask_decoder."),
    (r"upscale_conv1\.", "output_upscaling.0."),
    (r"upscale_layer_norm\.", "output_upscaling.1."),
    (r"upscale_conv2\.", "output_upscaling.3."),
    (r"mask_downsampler\.layers\.0\.conv\.", "mask_downsampler.encoder.0."),
    (r"mask_downsampler\.layers\.0\.layer_norm\.", "mask_downsampler.encoder.1."),
    (r"mask_downsampler\.layers\.1\.conv\.", "mask_downsampler.encoder.3."),
    (r"mask_downsampler\.layers\.1\.layer_norm\.", "mask_downsampler.encoder.4."),
    (r"mask_downsampler\.layers\.2\.conv\.", "mask_downsampler.encoder.6."),
    (r"mask_downsampler\.layers\.2\.layer_norm\.", "mask_downsampler.encoder.7."),
    (r"mask_downsampler\.layers\.3\.conv\.", "mask_downsampler.encoder.9."),
    (r"mask_downsampler\.layers\.3\.layer_norm\.", "mask_downsampler.encoder.10."),
    (r"mask_downsampler\.final_conv\.", "mask_downsampler.encoder.12."),
    (r"feature_projection\.", "pix_feat_proj."),
    (r"memory_fuser\.", "fuser."),
    (r"depthwise_conv\.", "dwconv."),
    (r"pointwise_conv(\d)\.", r"pwconv\1."),
    (r"^(memory_encoder\.fuser\.layers\.\d+\.)layer_norm\.", r"\1norm."),
    (r"^(memory_encoder\.fuser\.layers\.\d+\.)scale$", r"\1gamma"),
    (r"^memory_encoder\.projection\.", "memory_encoder.out_proj."),
    (r"^memory_attention\.layer_norm\.", "memory_attention.norm."),
    (r"\.o_proj\.", ".out_proj."),
    (r"layer_norm_final_attn\.", "norm_final_attn."),
    (r"\.layer_norm(\d)\.", r".norm\1."),
    (r"^object_pointer_proj\.", "obj_ptr_proj."),
    (r"^temporal_positional_encoding_projection_layer\.", "obj_ptr_tpos_proj."),
    (r"^memory_temporal_positional_encoding$", "maskmem_tpos_enc"),
    (r"^no_memory_embedding$", "no_mem_embed"),
    (r"^no_memory_positional_encoding$", "no_mem_pos_enc"),
    (r"^no_object_pointer$", "no_obj_ptr"),
    (r"^occlusion_spatial_embedding_parameter$", "no_obj_embed_spatial"),
)
_THREE_LAYERS = re.compile(r"(hypernetworks_mlps\.\d+|prediction_head|score_head|obj_ptr_proj)\.")


def is_hugging_face(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of the transformers library."""
    return "no_memory_embedding" in weights


def published_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights under the names of the published checkpoints."""
    renamed: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        target = _renamed(name)
        if target.endswith(".point_embed.weight"):
            stem = target.removesuffix("point_embed.weight")
            renamed |= {f"{stem}point_embeddings.{i}.weight": row[None].clone() for i, row in enumerate(tensor)}
        elif target:
            renamed[target] = tensor
    return renamed


def _renamed(name: str) -> str:
    """The published name, empty for a parameter that is there twice."""
    for pattern, replacement in _RENAMED:
        name = re.sub(pattern, replacement, name)
    return _numbered(name)


def _numbered(name: str) -> str:
    """The layers of an MLP are counted through: first, those between, last."""
    three = _THREE_LAYERS.search(name) is not None
    if three:
        name = re.sub(r"\.layers\.0\.(weight|bias)$", r".layers.1.\1", name)
    name = name.replace(".proj_in.", ".layers.0.")
    return name.replace(".proj_out.", ".layers.2." if three else ".layers.1.")
