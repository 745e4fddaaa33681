"""EdgeTAM as one module: SAM 2 with a trunk of convolutions and memories of a few latents (arXiv 2501.07256).

It is used in SAM 2's place, by the same adapter. It grew from the SAM 2 of before 2.1: object pointers do not say how
old they are, and memories do not say that the object was not there.
"""

from functools import lru_cache

import torch
from torch import Tensor

from tam_core.models.edgetam.perceiver import SpatialPerceiver
from tam_core.models.edgetam.sizes import EdgeTamSize
from tam_core.models.sam2 import ImageFeatures, Memory, Sam2
from tam_core.models.sam2.position import rotations

_STRIDE = 16


class EdgeTam(Sam2):
    """The network of EdgeTAM, for inference. The picture is square, its side a multiple of ``side_step``."""

    def __init__(self, size: EdgeTamSize) -> None:
        super().__init__(size)
        del self.obj_ptr_tpos_proj, self.no_obj_embed_spatial  # SAM 2.1's additions
        self.spatial_perceiver = SpatialPerceiver(
            size.memory_width, size.global_latents, size.grid_side, size.perceiver_depth
        )

    @property
    def side_step(self) -> int:
        """Pixels for which each latent of the grid has one place of the map."""
        return _STRIDE * self.spatial_perceiver.grid_side

    def remember(self, features: ImageFeatures, masks_b1hw: Tensor, presence: Tensor) -> list[Memory]:
        """A memory of few latents for each object, in the numbers that the network computes in."""
        latents_bmd = self.spatial_perceiver(self.memory_encoder(features.coarse, masks_b1hw))
        positions = self.spatial_perceiver.positions()
        return [Memory(latents, positions) for latents in latents_bmd]

    def _memory_turns(self, turns: Tensor) -> Tensor:
        """Latents of the whole picture do not turn, those of the grid turn by their place in it."""
        perceiver = self.spatial_perceiver
        return _latent_turns(len(perceiver.latents), perceiver.grid_side, turns.shape[1], self.device)

    def _pointer_times(self, elapsed: Tensor, channels: int) -> Tensor:
        """None."""
        return self.maskmem_tpos_enc.new_zeros(len(elapsed), self.maskmem_tpos_enc.shape[3])


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def _latent_turns(unplaced: int, side: int, pairs: int, device: torch.device) -> Tensor:
    """(unplaced + side * side, pairs) complex64."""
    grid = rotations(side, side, 2 * pairs, device)
    return torch.cat([torch.ones_like(grid[:1]).expand(unplaced, -1), grid])
