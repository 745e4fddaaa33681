"""Matching against remembered frames (STCN, Cheng et al. 2021): where on them does each place look alike, and what was
there?

Keys belong to frames and are shared by all objects; values belong to an object on a frame.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tam_core.models.pocket.layers import Residual, layer_norm

BLOCK = 512
"""Places compared at a time, so that their affinities stay in the processor's cache."""


@dataclass(frozen=True)
class Remembered:
    """One frame. ``key`` (N, Ck, L) of unit length; ``value`` (N, Cv + 2, L), whose last channels are the mask itself,
    0..1, and the weight of the place: 1, or 0 where nothing is known of the object."""

    key: Tensor
    value: Tensor


class ValueEncoder(nn.Module):
    """What a mask says about each place of its frame at stride 8."""

    def __init__(self, image_channels: int, channels: int, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(image_channels + 16, width, 1)
        self.block = Residual(width, layer_norm)
        self.last = nn.Conv2d(width, channels, 1)

    def forward(self, s8: Tensor, mask: Tensor) -> Tensor:
        """Values (N, Cv + 2, L) of soft masks (N, 1, H / 2, W / 2), 0..1, on features (1 or N, C, H / 8, W / 8)."""
        patches = F.pixel_unshuffle(mask, 4).to(s8.dtype)
        learned = self.last(self.block(self.first(torch.cat([s8.expand(len(mask), -1, -1, -1), patches], 1))))
        share = patches.mean(1, keepdim=True)
        return torch.cat([learned, share, torch.ones_like(share)], 1).flatten(2)


def affinities(key: Tensor, keys: Sequence[Tensor], temperature: Tensor) -> Iterator[Tensor]:
    """Affinities of the places of a frame's ``key`` (N, Ck, h, w) and all remembered ones: the numerators of a softmax
    (N, BLOCK, L), some places at a time.

    Shared ``keys`` (1, Ck, L) serve many objects. Keys have unit length, so no exponent is large.
    """
    everywhere = torch.cat(list(keys), 2)
    query = (key * temperature).flatten(2).mT.contiguous()
    for block in query.chunk(-(-query.shape[1] // BLOCK), 1):
        yield torch.matmul(block, everywhere).exp_()


def read(affinities: Iterable[Tensor], values: Sequence[Tensor], shared: bool) -> Tensor:
    """The mean value (N, Cv + 1, h * w) over all remembered places, weighted by their ``affinities``.

    The last channel of the values, the weights of the places, gives the divisor. ``shared``: the affinities are one
    picture's and serve all N objects, whose values then stand side by side in one product.
    """
    table = torch.cat(list(values), 2)
    objects = len(table)
    beside = (table.flatten(0, 1)[None] if shared else table).mT.contiguous()
    total = torch.cat([torch.matmul(block, beside) for block in affinities], 1)
    total = total.reshape(-1, objects, table.shape[1]).transpose(0, 1) if shared else total
    return (total[..., :-1] / total[..., -1:].clamp(min=1e-4)).mT
