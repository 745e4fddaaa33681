"""Position encodings: sines over a grid, sines over time, and rotations (RoPE). All are computed once and kept.

What is kept may meet gradients later, which tensors that were made in inference mode do not stand.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor

_TEMPERATURE = 10_000


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def sine_grid(height: int, width: int, channels: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """(1, channels, height, width): half the channels encode y, half x, each over 0..2 pi (SAM 2, appendix D)."""
    half = channels // 2
    wave = _TEMPERATURE ** (2 * (torch.arange(half) // 2) / half)
    y, x = (2 * math.pi * torch.arange(1, side + 1) / (side + 1e-6) for side in (height, width))
    rows = _alternating(y[:, None] / wave)[:, None].expand(height, width, half)
    columns = _alternating(x[:, None] / wave)[None].expand(height, width, half)
    return torch.cat([rows, columns], -1).permute(2, 0, 1)[None].to(device, dtype)


def _alternating(angles: Tensor) -> Tensor:
    """Sine of even channels, cosine of odd ones."""
    return torch.stack([angles[..., 0::2].sin(), angles[..., 1::2].cos()], -1).flatten(-2)


def sine_of_time(offsets: Tensor, channels: int) -> Tensor:
    """(N,) -> (N, channels): how far away in time something is, first all sines, then all cosines."""
    half = channels // 2
    wave = _TEMPERATURE ** (2 * (torch.arange(half, device=offsets.device) // 2) / half)
    angles = offsets[:, None].float() / wave
    return torch.cat([angles.sin(), angles.cos()], -1)


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def rotations(height: int, width: int, channels: int, device: torch.device) -> Tensor:
    """(height * width, channels / 2) complex64: a quarter of the channels turn with x, a quarter with y (RoFormer)."""
    wave = 1 / _TEMPERATURE ** (torch.arange(0, channels, 4)[: channels // 4].float() / channels)
    y, x = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")
    angles = torch.cat([x.reshape(-1, 1) * wave, y.reshape(-1, 1) * wave], -1)
    return torch.polar(torch.ones_like(angles), angles).to(device)


def rotated(tokens_bnc: Tensor, turns: Tensor) -> Tensor:
    """Tokens (B, R * N, C) turned by ``turns`` (N, C / 2): neighbouring channels are one complex number.

    The tokens may be R grids of N, one after the other.
    """
    batch, count, channels = tokens_bnc.shape
    pairs = torch.view_as_complex(tokens_bnc.float().reshape(batch, -1, len(turns), channels // 2, 2))
    return torch.view_as_real(pairs * turns).reshape(batch, count, channels).to(tokens_bnc.dtype)
