"""The image encoder: one pass per frame, shared by all objects, by clicking and by tracking."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tam_core.models.pocket.layers import batch_norm, convolution, stage

MEAN, SPREAD = 0.45, 0.25
"""Pixels 0..1 are brought to about zero mean and unit variance."""


@dataclass(frozen=True)
class Features:
    """A picture at strides 2, 4, 8, 16 and 32, each (N, C, H / s, W / s), and its matching ``key`` at stride 8."""

    s2: Tensor
    s4: Tensor
    s8: Tensor
    s16: Tensor
    s32: Tensor
    key: Tensor

    def split(self, rows: int) -> "list[Features]":
        """The pictures in groups of ``rows``."""
        parts = [getattr(self, name).split(rows) for name in self.__dataclass_fields__]
        return [Features(*group) for group in zip(*parts, strict=True)]


class Encoder(nn.Module):
    """Residual stages down to stride 32, and the way back up to stride 8 (a feature pyramid, Lin et al. 2017)."""

    def __init__(self, channels: tuple[int, int, int, int, int], key_channels: int) -> None:
        super().__init__()
        c2, c4, c8, c16, c32 = channels
        self.s2 = convolution(3, c2, 2, batch_norm)
        self.s4 = stage(c2, c4, 1, batch_norm)
        self.s8 = stage(c4, c8, 2, batch_norm)
        self.s16 = stage(c8, c16, 2, batch_norm)
        self.s32 = stage(c16, c32, 1, batch_norm)
        self.up16 = nn.Conv2d(c32, c16, 1)
        self.up8 = nn.Conv2d(c16, c8, 1)
        self.merge16 = convolution(c16, c16, 1, batch_norm)
        self.merge8 = convolution(c8, c8, 1, batch_norm)
        self.key = nn.Conv2d(c8, key_channels, 3, 1, 1)

    def forward(self, pixels_nchw: Tensor) -> Features:
        """Features of pictures (N, 3, H, W), 0..1; sides are multiples of 32."""
        s2 = self.s2((pixels_nchw - MEAN) / SPREAD)
        s4 = self.s4(s2)
        s8 = self.s8(s4)
        s16 = self.s16(s8)
        s32 = self.s32(s16)
        s16 = self.merge16(s16 + doubled(self.up16(s32)))
        s8 = self.merge8(s8 + doubled(self.up8(s16)))
        return Features(s2, s4, s8, s16, s32, F.normalize(self.key(s8), dim=1))


def doubled(x: Tensor) -> Tensor:
    """Twice as high and wide, bilinear."""
    result: Tensor = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
    return result


def pixels_to_tensor(pixels_nhwc: Tensor) -> Tensor:
    """uint8 pictures (N, H, W, 3) as float32 (N, 3, H, W) 0..1, channels last in memory."""
    return pixels_nhwc.permute(0, 3, 1, 2).to(torch.float32).div_(255).contiguous(memory_format=torch.channels_last)
