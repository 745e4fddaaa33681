"""Cues: maps at stride 2 that say, before any learned weight has its word, where an object should be.

Tracking has the mask carried here by optical flow, what moves like the object, and what has its colours; clicking has
the clicks, the box and a mask to correct. Training and inference build them with the same functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

CUES = 11
"""carried, others, moves like the object, moves like the rest, warp error, colours as prompted, colours as last seen,
positive clicks, negative clicks, box, coloured like the clicks."""
BINS = 16
"""Colour levels per Lab channel."""
NARROW, WIDE = 2.0, 16.0
"""Reach of a click in stride-2 pixels: the spot itself, and its neighbourhood."""
SHADE = 0.15
"""Distance in RGB, each 0..1, at which a colour is like another by 1 / e."""


@dataclass(frozen=True)
class Motion:
    """From a frame back to the one before it: ``flow`` (N, 2, h, w) as (dx, dy) in stride-2 pixels, and ``error``
    (N, 1, h, w), 0..1, how much the carried picture differs."""

    flow: Tensor
    error: Tensor

    @staticmethod
    def between(before: Tensor, now: Tensor, flow: Tensor) -> "Motion":
        """Of small pictures (N, 3, h, w), 0..1."""
        return Motion(flow, (carry(before, flow) - now).abs().mean(1, keepdim=True))


@dataclass(frozen=True)
class Colours:
    """Colour histograms of an object and of the rest, each (N, BINS ** 3), summing to 1."""

    inside: Tensor
    outside: Tensor

    @staticmethod
    def of(bins: Tensor, mask: Tensor) -> "Colours":
        """Counted over ``bins`` (N, h, w) int64 with a soft mask (N, 1, h, w)."""
        return Colours(histogram(bins, mask), histogram(bins, 1 - mask))

    def mixed(self, other: "Colours", share: float) -> "Colours":
        """Moved towards another."""
        return Colours(torch.lerp(self.inside, other.inside, share), torch.lerp(self.outside, other.outside, share))

    def odds(self, bins: Tensor) -> Tensor:
        """-1 = the rest's colour, 1 = the object's: (N, 1, h, w)."""
        return torch.tanh(0.25 * log_odds(self).gather(1, bins.flatten(1)).view_as(bins)[:, None])


def log_odds(colours: Colours) -> Tensor:
    """Per bin (N, BINS ** 3)."""
    least = 1e-4 / BINS
    return torch.log((colours.inside + least) / (colours.outside + least))


def histogram(bins: Tensor, weight: Tensor) -> Tensor:
    """(N, BINS ** 3), summing to 1 and blurred by one bin in each direction, so that a shade more is no new colour."""
    counts = torch.zeros(len(bins), BINS**3, dtype=torch.float32, device=bins.device)
    counts.scatter_add_(1, bins.flatten(1), weight.flatten(1).float())
    cube = counts.view(-1, 1, BINS, BINS, BINS)
    smooth = 0.5 * cube + 0.5 * F.avg_pool3d(cube, 3, 1, 1)
    return smooth.flatten(1) / (smooth.sum((1, 2, 3, 4))[:, None] + 1e-6)


def carry(image: Tensor, flow: Tensor) -> Tensor:
    """``image`` (N, C, h, w) read at every pixel + ``flow`` (N, 2, h, w); zero from outside the picture."""
    height, width = image.shape[-2:]
    ys = torch.arange(height, dtype=flow.dtype, device=flow.device)[:, None]
    xs = torch.arange(width, dtype=flow.dtype, device=flow.device)[None, :]
    grid = torch.stack([(flow[:, 0] + xs) * 2 + 1, (flow[:, 1] + ys) * 2 + 1], 3)
    grid = grid / torch.tensor([width, height], dtype=flow.dtype, device=flow.device) - 1
    grid = grid.expand(len(image), -1, -1, -1)
    return F.grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def moves_alike(carried: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
    """How closely each pixel moves with the object and with the rest (N, 1, h, w), 0..1."""
    return agreement(flow, carried), agreement(flow, 1 - carried)


def agreement(flow: Tensor, weight: Tensor) -> Tensor:
    """exp(-distance in pixels) between the flow and its mean under ``weight`` (N, 1, h, w)."""
    mean = torch.einsum("nchw,nkhw->nc", flow.expand(len(weight), -1, -1, -1), weight) / (weight.sum((2, 3)) + 1e-3)
    across, down = (flow - mean[:, :, None, None]).unbind(1)
    return torch.hypot(across, down).neg_().exp_()[:, None]


def track_cues(carried: Tensor, others: Tensor, motion: Motion, prompted: Tensor, recent: Tensor) -> Tensor:
    """(N, CUES, h, w) from a carried mask, the carried masks of all other objects, and the two colour odds."""
    alike, rest = moves_alike(carried, motion.flow)
    error = motion.error.expand_as(carried)
    return torch.cat([carried, others, alike, rest, error, prompted, recent, *[torch.zeros_like(carried)] * 4], 1)


def click_cues(prior: Tensor, positive: Tensor, negative: Tensor, box: Tensor, alike: Tensor) -> Tensor:
    """(N, CUES, h, w) from a soft mask to be corrected (all zero: none), two click maps, the inside of a box, and
    ``colour_likeness``."""
    return torch.cat([prior, *[torch.zeros_like(prior)] * 6, positive, negative, box, alike], 1)


def click_map(points: Tensor, size: tuple[int, int]) -> Tensor:
    """Spots (1, h, w), 0..1, around points (P, 2) given as (x, y) in stride-2 pixels."""
    if not len(points):
        return torch.zeros(1, *size)
    ys = torch.arange(size[0], dtype=torch.float32)[None, :, None] + 0.5
    xs = torch.arange(size[1], dtype=torch.float32)[None, None, :] + 0.5
    distance = torch.hypot(xs - points[:, 0, None, None], ys - points[:, 1, None, None]).amin(0, keepdim=True)
    return torch.maximum(torch.exp(-0.5 * (distance / NARROW) ** 2), 0.5 * torch.exp(-distance / WIDE))


def box_map(boxes: Sequence[tuple[float, float, float, float]], size: tuple[int, int]) -> Tensor:
    """1 inside any of the boxes (x0, y0, x1, y1), given in stride-2 pixels: (1, h, w)."""
    inside = torch.zeros(1, *size)
    for x0, y0, x1, y1 in boxes:
        inside[:, max(0, round(y0)) : max(0, round(y1)), max(0, round(x0)) : max(0, round(x1))] = 1
    return inside


def colour_likeness(picture: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """-1 = coloured like a negative click, 1 = like a positive one: (1, 1, h, w).

    ``picture`` (1, 3, h, w), 0..1; points (P, 2) are (x, y) in its pixels, each with the mean colour around it.
    """
    around = F.avg_pool2d(picture, 3, 1, 1, count_include_pad=False)[0]
    return nearest_colour(picture[0], around, positive) - nearest_colour(picture[0], around, negative)


def nearest_colour(picture: Tensor, around: Tensor, points: Tensor) -> Tensor:
    """How near each pixel's colour is to that of any of the points, 0..1; 0 where there are none: (1, 1, h, w)."""
    if not len(points):
        return torch.zeros_like(picture[None, :1])
    column, row = points.to(picture.device).long().unbind(1)
    picked = around[:, row.clamp(0, picture.shape[1] - 1), column.clamp(0, picture.shape[2] - 1)]
    distance = (picture[:, None] - picked[:, :, None, None]).norm(dim=0).amin(0)
    return torch.exp(-distance / SHADE)[None, None]


def click_likeness(key: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """How much each place of one picture looks like its clicked points: (1, 1, h / 4, w / 4).

    ``key`` (1, C, h / 4, w / 4) has unit length; points (P, 2) are (x, y) in stride-2 pixels.
    """
    return 0.5 + 0.5 * (likeness(key, positive) - likeness(key, negative))


def likeness(key: Tensor, points: Tensor) -> Tensor:
    """The greatest similarity of each place to any of the points, 0 where there are none."""
    height, width = key.shape[-2:]
    if not len(points):
        return torch.zeros_like(key[:, :1])
    column = (points[:, 0] / 4).long().clamp(0, width - 1)
    row = (points[:, 1] / 4).long().clamp(0, height - 1)
    picked = key[0][:, row.to(key.device), column.to(key.device)]
    return torch.einsum("chw,cp->phw", key[0], picked).amax(0)[None, None]
