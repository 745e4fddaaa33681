"""A frame and its mask -> a memory (SAM 2, section 4 and appendix D.1)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tam_core.models.sam2.layers import ChannelNorm

_LOGIT_SCALE, _LOGIT_BIAS = 20.0, -10.0


class MaskDownSampler(nn.Module):
    """A mask at full resolution -> a map at 1/16: four strided convolutions, each with four times the channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels in (1, 4, 16, 64):
            layers += [nn.Conv2d(channels, 4 * channels, 3, stride=2, padding=1), ChannelNorm(4 * channels), nn.GELU()]
        self.encoder = nn.Sequential(*layers, nn.Conv2d(256, width, 1))

    def forward(self, mask_b1hw: Tensor) -> Tensor:
        result: Tensor = self.encoder(mask_b1hw)
        return result


class ConvNextBlock(nn.Module):
    """Depthwise 7x7, then a wide MLP at each place (ConvNeXt)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = ChannelNorm(width)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.pwconv2 = nn.Linear(4 * width, width)
        self.gamma = nn.Parameter(torch.full((width,), 1e-6))

    def forward(self, x_bchw: Tensor) -> Tensor:
        x_bhwc = self.norm(self.dwconv(x_bchw)).permute(0, 2, 3, 1)
        x_bhwc = self.gamma * self.pwconv2(F.gelu(self.pwconv1(x_bhwc)))
        result: Tensor = x_bchw + x_bhwc.permute(0, 3, 1, 2)
        return result


class Fuser(nn.Module):
    """Two blocks over the sum of picture and mask."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(ConvNextBlock(width) for _ in range(2))

    def forward(self, x_bchw: Tensor) -> Tensor:
        for layer in self.layers:
            x_bchw = layer(x_bchw)
        return x_bchw


class MemoryEncoder(nn.Module):
    """Features (1, C, H, W) of a frame and the masks (B, 1, 16 H, 16 W) of its objects -> memories (B, D, H, W)."""

    def __init__(self, width: int, memory_width: int) -> None:
        super().__init__()
        self.mask_downsampler = MaskDownSampler(width)
        self.pix_feat_proj = nn.Conv2d(width, width, 1)
        self.fuser = Fuser(width)
        self.out_proj = nn.Conv2d(width, memory_width, 1)

    def forward(self, features_1chw: Tensor, masks_b1hw: Tensor) -> Tensor:
        """``masks_b1hw`` are probabilities, 0..1."""
        scaled = (masks_b1hw * _LOGIT_SCALE + _LOGIT_BIAS).to(features_1chw.dtype)
        fused = self.fuser(self.pix_feat_proj(features_1chw) + self.mask_downsampler(scaled))
        result: Tensor = self.out_proj(fused)
        return result
