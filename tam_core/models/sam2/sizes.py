"""How large a SAM 2 is, read off its weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from torch import Tensor, nn

from tam_core.models.sam2.hiera import HieraSize

_BLOCKS = "image_encoder.trunk.blocks."


class TrunkSize(Protocol):
    """How large the trunk of an image encoder is: ``channels`` of its four maps, finest first."""

    @property
    def channels(self) -> tuple[int, ...]: ...

    def build(self) -> nn.Module: ...


@dataclass(frozen=True)
class Sam2Size:
    """The trunk, and widths and depths of the rest."""

    trunk: TrunkSize
    width: int = 256
    memory_width: int = 64
    memory_depth: int = 4
    memory_frames: int = 7


_PUBLISHED = {
    (96, 12): (1, (8, 4, 14, 7), (5, 7, 9)),
    (96, 16): (1, (8, 4, 14, 7), (7, 10, 13)),
    (112, 24): (2, (8, 4, 14, 7), (12, 16, 20)),
    (144, 48): (2, (8, 4, 16, 8), (23, 33, 43)),
}
"""What weights do not tell of tiny, small, base-plus and large, by width and depth: heads, windows, and the blocks that
look at the whole picture."""


def size_of(weights: Mapping[str, Tensor]) -> Sam2Size:
    """The size of published weights. Raises KeyError for weights that are not SAM 2's."""
    stages = _stages(weights)
    width = weights["image_encoder.trunk.patch_embed.proj.weight"].shape[0]
    heads, windows, whole_picture = _PUBLISHED[width, sum(stages)]
    background = weights["image_encoder.trunk.pos_embed"].shape[2]
    return Sam2Size(
        HieraSize(width, heads, stages, windows, whole_picture, background),
        width=weights["no_mem_embed"].shape[2],
        memory_width=weights["maskmem_tpos_enc"].shape[3],
        memory_depth=sum(name.startswith("memory_attention") and name.endswith("norm3.weight") for name in weights),
        memory_frames=weights["maskmem_tpos_enc"].shape[0],
    )


def _stages(weights: Mapping[str, Tensor]) -> tuple[int, ...]:
    """Blocks per stage: a block that widens its input starts a stage."""
    depth = sum(name.startswith(_BLOCKS) and name.endswith("norm1.weight") for name in weights)
    starts = [0, *(i for i in range(depth) if f"{_BLOCKS}{i}.proj.weight" in weights), depth]
    return tuple(end - start for start, end in pairwise(starts))
