"""Trunk and feature pyramid: a picture becomes three feature maps (SAM 2, section 4 and appendix D.1)."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn


class Lateral(nn.Module):
    """A 1x1 convolution to the common width."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 1)

    def forward(self, x_bchw: Tensor) -> Tensor:
        result: Tensor = self.conv(x_bchw)
        return result


class FeaturePyramid(nn.Module):
    """Four maps -> three of equal width; only the 1/16 map hears of the 1/32 map, which is then dropped."""

    def __init__(self, channels: Sequence[int], width: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(Lateral(count, width) for count in reversed(channels))

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Maps at 1/4, 1/8, 1/16 and 1/32 -> maps at 1/4, 1/8 and 1/16."""
        coarsest, coarse, fine, finest = (conv(x) for conv, x in zip(self.convs, reversed(maps), strict=True))
        coarse = coarse + F.interpolate(coarsest, scale_factor=2, mode="nearest")
        return finest, fine, coarse


class ImageEncoder(nn.Module):
    """Normalised pixels (B, 3, H, W) -> feature maps at 1/4, 1/8 and 1/16, each (B, width, ., .)."""

    def __init__(self, trunk: nn.Module, channels: Sequence[int], width: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.neck = FeaturePyramid(channels, width)

    def forward(self, pixels_bchw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        maps: tuple[Tensor, Tensor, Tensor] = self.neck(self.trunk(pixels_bchw))
        return maps
