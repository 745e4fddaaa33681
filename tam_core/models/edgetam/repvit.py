"""RepViT (arXiv 2307.09283), the trunk of EdgeTAM's image encoder: convolutions only, four scales.

Each block mixes places with a depthwise convolution and then channels at each place. Parameters carry the published
names, with batch normalisation beside its convolution; ``folded.py`` makes one convolution of the two.
"""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from tam_core.models.edgetam.folded import DepthwiseMixer, NormedConv


@dataclass(frozen=True)
class RepViTSize:
    """Channels and blocks of each stage, finest first."""

    channels: tuple[int, ...]
    depths: tuple[int, ...]

    def build(self) -> "RepViT":
        """A trunk of this size, weights not yet loaded."""
        return RepViT(self)


class SqueezeExcite(nn.Module):
    """Each channel times a factor 0..1 that is read off all channels' means over the picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = max(8, (channels // 4 + 4) // 8 * 8)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x_bchw: Tensor) -> Tensor:
        means = x_bchw.mean((2, 3), keepdim=True)
        result: Tensor = x_bchw * self.fc2(F.relu(self.fc1(means))).sigmoid()
        return result


class ChannelMixer(nn.Module):
    """At each place alone: twice as many channels, and back; added to what came."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = NormedConv(channels, 2 * channels)
        self.conv2 = NormedConv(2 * channels, channels)

    def forward(self, x_bchw: Tensor) -> Tensor:
        result: Tensor = x_bchw + self.conv2(F.gelu(self.conv1(x_bchw)))
        return result


class Block(nn.Module):
    """Places, then channels."""

    def __init__(self, channels: int, squeeze: bool) -> None:
        super().__init__()
        self.token_mixer = DepthwiseMixer(channels)
        self.se = SqueezeExcite(channels) if squeeze else nn.Identity()
        self.channel_mixer = ChannelMixer(channels)

    def forward(self, x_bchw: Tensor) -> Tensor:
        result: Tensor = self.channel_mixer(self.se(self.token_mixer(x_bchw)))
        return result


class Downsample(nn.Module):
    """Half the grid, more channels."""

    def __init__(self, channels: int, wider: int) -> None:
        super().__init__()
        self.pre_block = Block(channels, squeeze=False)
        self.spatial_downsample = NormedConv(channels, channels, 3, stride=2, groups=channels)
        self.channel_downsample = NormedConv(channels, wider)
        self.ffn = ChannelMixer(wider)

    def forward(self, x_bchw: Tensor) -> Tensor:
        halved = self.spatial_downsample(self.pre_block(x_bchw))
        result: Tensor = self.ffn(self.channel_downsample(halved))
        return result


class Stage(nn.Module):
    """Blocks on one grid; every second one, from the first on, squeezes and excites."""

    def __init__(self, channels: int, wider: int, depth: int) -> None:
        super().__init__()
        self.downsample = Downsample(channels, wider) if wider != channels else nn.Identity()
        self.blocks = nn.Sequential(*(Block(wider, squeeze=place % 2 == 0) for place in range(depth)))

    def forward(self, x_bchw: Tensor) -> Tensor:
        result: Tensor = self.blocks(self.downsample(x_bchw))
        return result


class Stem(nn.Module):
    """Pixels to a quarter of the grid."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = NormedConv(3, channels // 2, 3, stride=2)
        self.conv2 = NormedConv(channels // 2, channels, 3, stride=2)

    def forward(self, pixels_bchw: Tensor) -> Tensor:
        result: Tensor = self.conv2(F.gelu(self.conv1(pixels_bchw)))
        return result


class RepViT(nn.Module):
    """Normalised pixels (B, 3, H, W) -> features of the four stages, finest first, at 1/4, 1/8, 1/16 and 1/32."""

    def __init__(self, size: RepViTSize) -> None:
        super().__init__()
        first = size.channels[0]
        before = (first, *size.channels)
        stages = {
            f"stages_{index}": Stage(narrow, wide, depth)
            for index, (narrow, wide, depth) in enumerate(zip(before, size.channels, size.depths, strict=False))
        }
        self.body = nn.ModuleDict({"stem": Stem(first), **stages})

    def forward(self, pixels_bchw: Tensor) -> list[Tensor]:
        stem, *stages = self.body.values()
        x_bchw = stem(pixels_bchw)
        outputs = []
        for stage in stages:
            x_bchw = stage(x_bchw)
            outputs.append(x_bchw)
        return outputs
