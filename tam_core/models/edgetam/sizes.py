"""How large an EdgeTAM is, read off its weights."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from tam_core.models.edgetam.repvit import RepViTSize
from tam_core.models.sam2 import Sam2Size

_BODY = "image_encoder.trunk.body"


@dataclass(frozen=True, kw_only=True)
class EdgeTamSize(Sam2Size):
    """Latents of a memory: ``global_latents`` of the whole picture and a grid of ``grid_side`` x ``grid_side``."""

    memory_depth: int = 2
    global_latents: int = 256
    grid_side: int = 16
    perceiver_depth: int = 2


REPVIT_M1 = RepViTSize(channels=(48, 96, 192, 384), depths=(2, 2, 14, 2))
PUBLISHED = EdgeTamSize(trunk=REPVIT_M1)


def size_of(weights: Mapping[str, Tensor]) -> EdgeTamSize:
    """The size of weights under their published names. Raises KeyError for weights that are not EdgeTAM's."""
    return EdgeTamSize(
        trunk=RepViTSize(_channels(weights), _depths(weights)),
        width=weights["no_mem_embed"].shape[2],
        memory_width=weights["maskmem_tpos_enc"].shape[3],
        memory_depth=_count(weights, r"memory_attention\.layers\.(\d+)\."),
        memory_frames=weights["maskmem_tpos_enc"].shape[0],
        global_latents=len(weights["spatial_perceiver.latents"]),
        grid_side=math.isqrt(len(weights["spatial_perceiver.latents_2d"])),
        perceiver_depth=_count(weights, r"spatial_perceiver\.layers\.(\d+)\."),
    )


def _channels(weights: Mapping[str, Tensor]) -> tuple[int, ...]:
    first = weights[f"{_BODY}.stem.conv2.c.weight"].shape[0]
    stages = _count(weights, rf"{re.escape(_BODY)}\.stages_(\d+)\.")
    later = (f"{_BODY}.stages_{i}.downsample.channel_downsample.c.weight" for i in range(1, stages))
    return (first, *(weights[name].shape[0] for name in later))


def _depths(weights: Mapping[str, Tensor]) -> tuple[int, ...]:
    stages = len(_channels(weights))
    return tuple(_count(weights, rf"{re.escape(_BODY)}\.stages_{i}\.blocks\.(\d+)\.") for i in range(stages))


def _count(weights: Mapping[str, Tensor], pattern: str) -> int:
    """How many different numbers stand in the names that begin like this."""
    return len({found[1] for name in weights if (found := re.match(pattern, name))})
