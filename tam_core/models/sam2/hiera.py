"""Hiera (arXiv 2306.00989), the image encoder's trunk: attention in windows, four scales, a few global blocks."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tam_core.models.sam2.attention import attend
from tam_core.models.sam2.layers import Mlp

_STRIP = 8192
"""Places that a block with windows works on at a time, on a CPU."""


@dataclass(frozen=True)
class HieraSize:
    """``width`` of the first stage (doubled at each next), heads of the first stage, blocks per stage, window sides per
    stage, and the blocks that look at the whole picture. ``background`` is the side of the learned position map."""

    width: int
    heads: int
    stages: tuple[int, ...]
    windows: tuple[int, ...]
    whole_picture: tuple[int, ...]
    background: int

    @property
    def ends(self) -> list[int]:
        """Index of the last block of each stage."""
        return [sum(self.stages[: i + 1]) - 1 for i in range(len(self.stages))]

    @property
    def channels(self) -> tuple[int, ...]:
        """Width of each stage."""
        return tuple(self.width << stage for stage in range(len(self.stages)))

    def build(self) -> "Hiera":
        """A trunk of this size, weights not yet loaded."""
        return Hiera(self)


class Attention(nn.Module):
    """Multi-head attention in windows (B, h, w, C); ``pool`` halves the queries' grid."""

    def __init__(self, width: int, wider: int, heads: int, pool: bool) -> None:
        super().__init__()
        self.heads, self.pool = heads, pool
        self.qkv = nn.Linear(width, 3 * wider)
        self.proj = nn.Linear(wider, wider)

    def forward(self, x_bhwc: Tensor) -> Tensor:
        batch, height, width, _ = x_bhwc.shape
        q, k, v = self.qkv(x_bhwc).chunk(3, -1)
        if self.pool:
            q = halved(q)
            height, width = height // 2, width // 2
        q, k, v = (t.reshape(batch, -1, self.heads, t.shape[-1] // self.heads).transpose(1, 2) for t in (q, k, v))
        seen = attend(q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1)).view(batch, self.heads, height * width, -1)
        result: Tensor = self.proj(seen.transpose(1, 2).reshape(batch, height, width, -1))
        return result


class Block(nn.Module):
    """One transformer block; ``window`` 0 sees the whole picture, ``wider`` starts a new stage at half the grid."""

    def __init__(self, width: int, wider: int, heads: int, window: int) -> None:
        super().__init__()
        self.pool, self.window = width != wider, window
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, wider, heads, self.pool)
        self.norm2 = nn.LayerNorm(wider, eps=1e-6)
        self.mlp = Mlp(wider, 4 * wider, wider, activation=F.gelu)
        if self.pool:
            self.proj = nn.Linear(width, wider)

    def forward(self, x_bhwc: Tensor) -> Tensor:
        normed = self.norm1(x_bhwc)
        shortcut = halved(self.proj(normed)) if self.pool else x_bhwc
        x_bhwc = shortcut + self._attended(normed, (shortcut.shape[1], shortcut.shape[2]))
        result: Tensor = x_bhwc + self.mlp(self.norm2(x_bhwc))
        return result

    def _attended(self, x_bhwc: Tensor, size: tuple[int, int]) -> Tensor:
        if not self.window:
            whole: Tensor = self.attn(x_bhwc)
            return whole
        windows, grid = cut_into_windows(x_bhwc, self.window)
        return put_together(self.attn(windows), grid, size)


class PatchEmbed(nn.Module):
    """Overlapping patches of 7x7 pixels, every 4 pixels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, 7, stride=4, padding=3)

    def forward(self, pixels_bchw: Tensor) -> Tensor:
        patches: Tensor = self.proj(pixels_bchw)
        return patches.permute(0, 2, 3, 1)


class Hiera(nn.Module):
    """Normalised pixels (B, 3, H, W) -> features of the four stages, finest first, at 1/4, 1/8, 1/16 and 1/32."""

    def __init__(self, size: HieraSize) -> None:
        super().__init__()
        self.ends = size.ends
        self.patch_embed = PatchEmbed(size.width)
        self.pos_embed = nn.Parameter(torch.zeros(1, size.width, size.background, size.background))
        self.pos_embed_window = nn.Parameter(torch.zeros(1, size.width, size.windows[0], size.windows[0]))
        self.blocks = nn.ModuleList(_blocks(size))
        self._position: Tensor | None = None

    def forward(self, pixels_bchw: Tensor) -> list[Tensor]:
        x_bhwc = self.patch_embed(pixels_bchw)
        x_bhwc = x_bhwc + self._positions(x_bhwc.shape[1], x_bhwc.shape[2])
        outputs = []
        for index, block in enumerate(self.blocks):
            x_bhwc = in_strips(block, x_bhwc)
            if index in self.ends:
                outputs.append(x_bhwc.permute(0, 3, 1, 2))
        return outputs

    def _positions(self, height: int, width: int) -> Tensor:
        """A coarse map stretched over the picture plus a fine one repeated in each window; (1, H, W, C), kept."""
        kept, learned = self._position, self.pos_embed
        if kept is None or (kept.shape[1:3], kept.dtype, kept.device) != (
            (height, width),
            learned.dtype,
            learned.device,
        ):
            coarse = F.interpolate(learned.float(), (height, width), mode="bicubic")
            side = self.pos_embed_window.shape[2]
            fine = self.pos_embed_window.tile(1, 1, -(-height // side), -(-width // side))
            kept = (coarse + fine[:, :, :height, :width]).to(learned.dtype).permute(0, 2, 3, 1)
            self._position = kept
        return kept


def _blocks(size: HieraSize) -> list[Block]:
    """The first block of a stage still has the window of the stage before."""
    blocks: list[Block] = []
    width, heads = size.width, size.heads
    for stage, count in enumerate(size.stages):
        for place in range(count):
            starts = stage > 0 and place == 0
            window = 0 if len(blocks) in size.whole_picture else size.windows[stage - starts]
            wider, heads = (2 * width, 2 * heads) if starts else (width, heads)
            blocks.append(Block(width, wider, heads, window))
            width = wider
    return blocks


def in_strips(block: nn.Module, x_bhwc: Tensor) -> Tensor:
    """The block on strips of windows, one after the other: what it needs in between stays small and in the cache."""
    window, height, width = int(block.window), x_bhwc.shape[1], x_bhwc.shape[2]  # type: ignore[arg-type]
    if x_bhwc.device.type != "cpu" or not window or height % window or height * width <= _STRIP:
        whole: Tensor = block(x_bhwc)
        return whole
    rows = max(1, _STRIP // (window * width)) * window
    return torch.cat([block(strip) for strip in torch.split(x_bhwc, rows, 1)], 1)


def halved(x_bhwc: Tensor) -> Tensor:
    """The largest of each 2x2 cells."""
    return F.max_pool2d(x_bhwc.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


def cut_into_windows(x_bhwc: Tensor, side: int) -> tuple[Tensor, tuple[int, int]]:
    """(B * rows * columns, side, side, C), padded at the bottom and right, and (rows, columns)."""
    batch, height, width, channels = x_bhwc.shape
    rows, columns = -(-height // side), -(-width // side)
    x_bhwc = F.pad(x_bhwc, (0, 0, 0, columns * side - width, 0, rows * side - height))
    windows = x_bhwc.view(batch, rows, side, columns, side, channels).transpose(2, 3)
    return windows.reshape(-1, side, side, channels), (rows, columns)


def put_together(windows: Tensor, grid: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Windows back to (B, H, W, C), the padding cut off."""
    rows, columns = grid
    side, channels = windows.shape[1], windows.shape[3]
    joined = windows.view(-1, rows, columns, side, side, channels).transpose(2, 3)
    return joined.reshape(-1, rows * side, columns * side, channels)[:, : size[0], : size[1]]
