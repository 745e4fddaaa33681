"""Clicks, boxes and mask logits -> tokens and a map (SAM, section 3; SAM 2, appendix D.2)."""

import math

import torch
from torch import Tensor, nn

from tam_core.models.sam2.layers import ChannelNorm

NOT_A_POINT, NEGATIVE, POSITIVE, TOP_LEFT, BOTTOM_RIGHT = -1, 0, 1, 2, 3
"""Labels of points."""


class RandomFourier(nn.Module):
    """Points in the unit square -> sines and cosines of random projections."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.randn(2, channels // 2))
        self.positional_encoding_gaussian_matrix: Tensor

    def forward(self, points_n2: Tensor) -> Tensor:
        """(..., 2) float32 in 0..1 -> (..., channels) float32."""
        angles = 2 * math.pi * ((2 * points_n2 - 1) @ self.positional_encoding_gaussian_matrix.float())
        return torch.cat([angles.sin(), angles.cos()], -1)


class PromptEncoder(nn.Module):
    """What a person says, as tokens (B, N, C) and a map (B, C, H, W) or (1, C, 1, 1)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pe_layer = RandomFourier(width)
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, width) for _ in range(4))
        self.not_a_point_embed = nn.Embedding(1, width)
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, 4, 2, stride=2),
            ChannelNorm(4),
            nn.GELU(),
            nn.Conv2d(4, 16, 2, stride=2),
            ChannelNorm(16),
            nn.GELU(),
            nn.Conv2d(16, width, 1),
        )
        self.no_mask_embed = nn.Embedding(1, width)

    def points(self, points_bn2: Tensor, labels_bn: Tensor, side: int) -> Tensor:
        """Points in pixels of a picture of ``side`` pixels, with their labels; one "not a point" is added."""
        embedded = self.pe_layer((points_bn2 + 0.5) / side)
        embedded = torch.cat([embedded, torch.zeros_like(embedded[:, :1])], 1)
        labels = torch.cat([labels_bn, torch.full_like(labels_bn[:, :1], NOT_A_POINT)], 1)[..., None]
        kinds: list[Tensor] = [embedding.weight for embedding in self.point_embeddings.children()]  # type: ignore[misc]
        meanings = torch.cat([self.not_a_point_embed.weight, *kinds])
        placed = torch.where(labels == NOT_A_POINT, 0, embedded)
        return placed.to(meanings.dtype) + meanings[labels[..., 0] + 1]

    def mask(self, logits_b1hw: Tensor | None) -> Tensor:
        """Mask logits at 1/4 of the picture -> a map at 1/16; without a mask one vector for all places."""
        if logits_b1hw is None:
            return self.no_mask_embed.weight[..., None, None]
        dense: Tensor = self.mask_downscaling(logits_b1hw.to(self.no_mask_embed.weight.dtype))
        return dense

    def grid(self, height: int, width: int) -> Tensor:
        """Encoding of every place of a map, (1, H * W, C) float32."""
        device = self.no_mask_embed.weight.device
        y = (torch.arange(height, device=device) + 0.5) / height
        x = (torch.arange(width, device=device) + 0.5) / width
        places = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], -1)
        encoded: Tensor = self.pe_layer(places).flatten(0, 1)[None]
        return encoded
