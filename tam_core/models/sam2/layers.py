"""Small layers that several parts of SAM 2 share."""

from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Activation = Callable[[Tensor], Tensor]


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of (B, C, H, W)."""

    def __init__(self, channels: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x_bchw: Tensor) -> Tensor:
        x_bhwc = x_bchw.permute(0, 2, 3, 1)
        return F.layer_norm(x_bhwc, self.weight.shape, self.weight, self.bias, self.eps).permute(0, 3, 1, 2)


class Mlp(nn.Module):
    """Linear layers with an activation between them."""

    def __init__(self, *widths: int, activation: Activation = F.relu) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(widths))
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        last: Tensor = self.layers[-1](x)
        return last


def as_map(tokens_bnc: Tensor, height: int, width: int) -> Tensor:
    """(B, H * W, C) -> (B, C, H, W), without copying."""
    return tokens_bnc.transpose(1, 2).reshape(len(tokens_bnc), -1, height, width)


def as_tokens(map_bchw: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, H * W, C)."""
    return map_bchw.flatten(2).transpose(1, 2)
