"""The two building blocks of the network: plain 3x3 convolutions, which a CPU computes in bfloat16 near its peak."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Norm = Callable[[int], nn.Module]


def batch_norm(channels: int) -> nn.Module:
    """For the image encoder: free once folded into the convolution."""
    return nn.BatchNorm2d(channels)


def layer_norm(channels: int) -> nn.Module:
    """For what runs per object, where statistics over a batch would mix clicking and tracking."""
    return nn.GroupNorm(1, channels)


def convolution(inside: int, outside: int, stride: int, norm: Norm) -> nn.Sequential:
    """3x3 convolution, norm, ReLU."""
    return nn.Sequential(nn.Conv2d(inside, outside, 3, stride, 1, bias=False), norm(outside), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Two 3x3 convolutions added to their input (He et al. 2016)."""

    def __init__(self, channels: int, norm: Norm) -> None:
        super().__init__()
        self.first = convolution(channels, channels, 1, norm)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm = norm(channels)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.act(x + self.norm(self.second(self.first(x))))
        return y


def stage(inside: int, outside: int, blocks: int, norm: Norm) -> nn.Sequential:
    """Half the resolution, then ``blocks`` residual blocks."""
    return nn.Sequential(convolution(inside, outside, 2, norm), *(Residual(outside, norm) for _ in range(blocks)))


def over_both(layer: nn.Module, own: Tensor, shared: Tensor, at: int) -> Tensor:
    """A ``convolution`` over channels of two kinds: an object's own (N, C, h, w), and those that all objects share.

    The layer expects the shared ones (1 or N, S, h, w) behind the first ``at`` of the own ones. They are convolved
    once, however many objects there are.
    """
    assert isinstance(layer, nn.Sequential) and isinstance(layer[0], nn.Conv2d)
    weight, behind = layer[0].weight, at + shared.shape[1]
    rest = torch.cat([weight[:, :at], weight[:, behind:]], 1)
    joined = F.conv2d(own, rest, padding=1) + F.conv2d(shared, weight[:, at:behind], padding=1)
    result: Tensor = layer[2](layer[1](joined))
    return result
