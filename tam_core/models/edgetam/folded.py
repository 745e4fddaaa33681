"""Batch normalisation and parallel convolutions, folded into single convolutions for inference (arXiv 2307.09283, 3.2).

What training keeps apart is linear at inference: ``fold`` computes the one convolution that gives the same result.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class NormedConv(nn.Module):
    """A convolution over the padded picture and its batch normalisation."""

    def __init__(self, channels: int, wider: int, side: int = 1, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.c = nn.Conv2d(channels, wider, side, stride, side // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(wider)

    def forward(self, x_bchw: Tensor) -> Tensor:
        result: Tensor = self.bn(self.c(x_bchw))
        return result

    def folded(self) -> nn.Conv2d:
        """One convolution with the same result."""
        variance, mean = self.bn.running_var, self.bn.running_mean
        assert variance is not None and mean is not None
        gain = self.bn.weight / (variance + self.bn.eps).sqrt()
        return _with_weights(self.c, self.c.weight * gain[:, None, None, None], self.bn.bias - mean * gain)


class DepthwiseMixer(nn.Module):
    """Each channel alone: a 3x3 convolution, a 1x1 convolution and the picture itself, added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = NormedConv(channels, channels, 3, groups=channels)
        self.conv1 = NormedConv(channels, channels, 1, groups=channels)

    def forward(self, x_bchw: Tensor) -> Tensor:
        result: Tensor = self.conv(x_bchw) + self.conv1(x_bchw) + x_bchw
        return result

    def folded(self) -> nn.Conv2d:
        """One 3x3 convolution with the same result: the others are its middle weight."""
        wide, narrow = self.conv.folded(), self.conv1.folded()
        assert wide.bias is not None and narrow.bias is not None
        middle = F.pad(narrow.weight + 1, (1, 1, 1, 1))
        return _with_weights(wide, wide.weight + middle, wide.bias + narrow.bias)


@torch.no_grad()
def fold(module: nn.Module) -> None:
    """Fold what can be folded, in place. Before: weights as published; after: fewer layers and the same features."""
    for name, child in module.named_children():
        if isinstance(child, NormedConv | DepthwiseMixer):
            setattr(module, name, child.folded())
        else:
            fold(child)


def _with_weights(like: nn.Conv2d, weight: Tensor, bias: Tensor) -> nn.Conv2d:
    """A convolution that steps and pads like another."""
    channels = weight.shape[1] * like.groups
    conv = nn.Conv2d(channels, len(weight), (weight.shape[2], weight.shape[3]), groups=like.groups)
    conv.stride, conv.padding = like.stride, like.padding
    conv.weight, conv.bias = nn.Parameter(weight), nn.Parameter(bias)
    return conv
