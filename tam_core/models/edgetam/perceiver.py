"""The 2D spatial perceiver (arXiv 2501.07256, section 3.2): a memory of thousands of places becomes a few latents.

Some latents look at the whole map and have no place; the others stand on a coarse grid and each looks at its own
window. Both kinds go through the same layers.
"""

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tam_core.models.sam2.hiera import cut_into_windows
from tam_core.models.sam2.layers import as_tokens
from tam_core.models.sam2.position import sine_grid


class FeedForward(nn.Sequential):
    """Each latent alone."""

    def __init__(self, width: int) -> None:
        super().__init__(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width, bias=False),
            nn.GELU(),
            nn.Linear(4 * width, width, bias=False),
        )


class LatentAttention(nn.Module):
    """One head; latents (B, N, C) look at themselves."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_kv = nn.Linear(width, 2 * width, bias=False)
        self.to_out = nn.Linear(width, width, bias=False)

    def forward(self, latents: Tensor) -> Tensor:
        normed = self.norm(latents)
        keys, values = self.to_kv(normed).chunk(2, -1)
        result: Tensor = self.to_out(F.scaled_dot_product_attention(self.to_q(normed), keys, values))
        return result


class MapAttention(nn.Module):
    """One head; latents (B, N, C) look at the map (B, M, C), whose places (1, M, C) go into keys and values."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm_x = nn.LayerNorm(width)
        self.norm_latents = nn.LayerNorm(width)
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_kv = nn.Linear(width, 2 * width, bias=False)
        self.to_out = nn.Linear(width, width, bias=False)

    def forward(self, latents: Tensor, seen: Tensor, places: Tensor | None) -> Tensor:
        queries = self.to_q(self.norm_latents(latents))
        keys, values = self.to_kv(self.norm_x(seen)).chunk(2, -1)
        if places is not None:
            keys, values = keys + places, values + places
        result: Tensor = self.to_out(F.scaled_dot_product_attention(queries, keys, values))
        return result


class PerceiverLayer(nn.Module):
    """Latents look at the map, then at each other."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attn = MapAttention(width)
        self.ff = FeedForward(width)
        self.self_attn = LatentAttention(width)
        self.self_ff = FeedForward(width)

    def forward(self, latents: Tensor, seen: Tensor, places: Tensor | None) -> Tensor:
        latents = latents + self.attn(latents, seen, places)
        latents = latents + self.ff(latents)
        latents = latents + self.self_attn(latents)
        result: Tensor = latents + self.self_ff(latents)
        return result


class SpatialPerceiver(nn.Module):
    """Memory maps (B, C, H, H) -> latents (B, L + S * S, C): L of the whole map, then a grid of S x S, row by row."""

    def __init__(self, width: int, global_latents: int, grid_side: int, depth: int) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.zeros(global_latents, width))
        self.latents_2d = nn.Parameter(torch.zeros(grid_side**2, width))
        self.layers = nn.ModuleList(PerceiverLayer(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    @property
    def grid_side(self) -> int:
        """Latents in a row of the grid; the sides of a map are multiples of it."""
        return math.isqrt(len(self.latents_2d))

    def forward(self, map_bchw: Tensor) -> Tensor:
        return torch.cat([self._of_whole(map_bchw), self._of_windows(map_bchw)], 1)

    def positions(self) -> Tensor:
        """The latents' encoding of place (L + S * S, C): nothing, then the grid's. Computed once."""
        norm = self.norm.weight
        return _positions(len(self.latents), self.grid_side, len(norm), norm.device, norm.dtype)

    def _of_whole(self, map_bchw: Tensor) -> Tensor:
        places = as_tokens(sine_grid(*map_bchw.shape[2:], map_bchw.shape[1], map_bchw.device, map_bchw.dtype))
        latents = self.latents.expand(len(map_bchw), -1, -1)
        return self._filled(latents, as_tokens(map_bchw), places)

    def _of_windows(self, map_bchw: Tensor) -> Tensor:
        """Each latent is alone with its window."""
        batch, width, height, _ = map_bchw.shape
        windows, _ = cut_into_windows(map_bchw.permute(0, 2, 3, 1), height // self.grid_side)
        latents = self.latents_2d.expand(batch, -1, -1).reshape(-1, 1, width)
        return self._filled(latents, windows.flatten(1, 2), None).reshape(batch, -1, width)

    def _filled(self, latents: Tensor, seen: Tensor, places: Tensor | None) -> Tensor:
        for layer in self.layers:
            latents = layer(latents, seen, places)
        result: Tensor = self.norm(latents)
        return result


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def _positions(unplaced: int, side: int, width: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    grid = as_tokens(sine_grid(side, side, width, device, dtype))[0]
    return torch.cat([grid.new_zeros(unplaced, width), grid])
