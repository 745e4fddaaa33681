"""EdgeTAM with weights drawn from their names: a small one to test behaviour, the published size to compare numbers."""

import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from tam_core.engines.sam2 import Sam2Settings, Sam2Tracker
from tam_core.models.edgetam import EdgeTam, EdgeTamSize
from tam_core.models.edgetam.keys import published_names
from tam_core.models.edgetam.repvit import RepViTSize

SMALL = EdgeTamSize(
    trunk=RepViTSize(channels=(8, 16, 32, 64), depths=(1, 1, 2, 1)),
    width=32,
    memory_width=8,
    global_latents=6,
    grid_side=2,
)
SIDE = 128
_DAMPED = (
    "token_mixer.conv.bn.weight",
    "token_mixer.conv1.bn.weight",
    "mixer.conv2.bn.weight",
    "ffn.conv2.bn.weight",
    "gamma",
)
_LEARNED = ("latents", "tpos_enc", "_embed", "embed.weight", "token.weight", "tokens.weight", "no_obj_ptr")


def small_edgetam(settings: Sam2Settings | None = None) -> Sam2Tracker:
    """Five blocks over pictures of 128 pixels, ten latents, in float32."""
    return Sam2Tracker(seeded(EdgeTam(SMALL)), settings or Sam2Settings(image_size=SIDE))


def seeded(network: EdgeTam) -> EdgeTam:
    """The network with weights drawn from their names."""
    network.load_state_dict(seeded_weights({name: value.shape for name, value in network.state_dict().items()}))
    return network.eval()


def seeded_weights(shapes: Mapping[str, torch.Size]) -> dict[str, torch.Tensor]:
    """Weights by name, the same on every machine: each name is the seed of its own numbers.

    Signals keep their size from layer to layer, branches add a little to what they branch from, objects are in the
    picture, of three masks the same one is always the best, and masks follow the edges in the picture.
    """
    return {name: torch.from_numpy(_drawn(name, tuple(shape))) for name, shape in shapes.items()}


def _drawn(name: str, shape: tuple[int, ...]) -> np.ndarray:
    if name.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    numbers = 2 * np.random.default_rng(zlib.crc32(name.encode())).random(shape, np.float32) - 1
    if name.endswith("running_var"):
        return 1 + numbers / 2
    if name.endswith(_DAMPED):
        return 0.3 + numbers / 10
    if name.endswith("gaussian_matrix"):
        return 2 * numbers
    if name.endswith("pred_obj_score_head.layers.2.bias"):
        return numbers / 10 + 4
    if name.endswith("iou_prediction_head.layers.2.bias"):
        return np.arange(len(numbers), dtype=np.float32)
    if any(part in name for part in _LEARNED):
        return numbers
    if len(shape) > 1:
        gain = 4 if "conv_s0" in name else 1
        return numbers * np.float32(gain * math.sqrt(3 / math.prod(shape[1:])))
    return numbers / 10 + (1 if name.endswith("weight") else 0)


def reference(side: int) -> Any:
    """transformers' EdgeTAM over pictures of ``side`` pixels, with the weights of ``seeded``; without it, skips."""
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("timm", reason="transformers takes the trunk of EdgeTAM from timm")
    config = transformers.EdgeTamVideoConfig(
        image_size=side,
        memory_attention_rope_feat_sizes=[side // 16, side // 16],
        enable_temporal_pos_encoding_for_object_pointers=False,
        enable_occlusion_spatial_embedding=False,
        prompt_encoder_config={"image_size": side},
        vision_config={
            "model_type": "edgetam_vision_model",
            "backbone_feature_sizes": [[side // n, side // n] for n in (4, 8, 16)],
            "backbone_config": {
                "model_type": "timm_wrapper",
                "architecture": "repvit_m1",
                "num_classes": 1000,
                "model_args": {"in_chans": 3, "features_only": True, "out_indices": [0, 1, 2, 3]},
            },
        },
    )
    model = transformers.EdgeTamVideoModel(config).eval()
    model.load_state_dict(_as_theirs(model.state_dict()))
    return model


def _as_theirs(theirs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Seeded weights under the names of transformers: every number is followed through ``published_names``."""
    places, start = {}, 0
    for name, tensor in theirs.items():
        places[name] = torch.arange(start, start + tensor.numel()).reshape(tensor.shape)
        start += tensor.numel()
    numbers = torch.zeros(start)
    renamed = published_names(places)
    for name, drawn in seeded_weights({name: tensor.shape for name, tensor in renamed.items()}).items():
        numbers[renamed[name]] = drawn.float()
    places["shared_image_embedding.positional_embedding"] = places[
        "prompt_encoder.shared_embedding.positional_embedding"
    ]
    return {name: numbers[place].to(theirs[name].dtype) for name, place in places.items()}
