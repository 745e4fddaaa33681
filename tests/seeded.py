"""Weights drawn from the names of parameters: the same on every machine, for our networks and for their references."""

import math
import zlib
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import torch

Weights: TypeAlias = dict[str, torch.Tensor]

_DAMPED = (
    "token_mixer.conv.bn.weight",
    "token_mixer.conv1.bn.weight",
    "mixer.conv2.bn.weight",
    "ffn.conv2.bn.weight",
    "gamma",
)
_LEARNED = ("latents", "tpos_enc", "_embed", "embed.weight", "token.weight", "tokens.weight", "no_obj_ptr")


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


def as_theirs(theirs: Mapping[str, torch.Tensor], published_names: Callable[[Weights], Weights]) -> Weights:
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
