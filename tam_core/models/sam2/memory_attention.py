"""The present frame looks at what is remembered (SAM 2, section 4: memory attention with rotary positions)."""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tam_core.models.sam2.attention import attend
from tam_core.models.sam2.position import rotated

_HIDDEN = 2048


class RotaryAttention(nn.Module):
    """One head whose queries and keys are turned by their place in the picture."""

    def __init__(self, width: int, memory_width: int) -> None:
        super().__init__()
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(memory_width, width)
        self.v_proj = nn.Linear(memory_width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, q: Tensor, k: Tensor, v: Tensor, turns: Tensor, key_turns: Tensor, unplaced: int = 0) -> Tensor:
        """(B, N, C). The last ``unplaced`` keys have no place. The weights of attention sum to 1, so the values are
        projected after they were summed: the sum then runs over their own, narrower width."""
        queries = rotated(self.q_proj(q), turns)
        keys = self.k_proj(k)
        placed = keys.shape[1] - unplaced
        keys[:, :placed] = rotated(keys[:, :placed], key_turns)
        result: Tensor = self.out_proj(self.v_proj(attend(queries, keys, v)))
        return result


class MemoryAttentionLayer(nn.Module):
    """The frame to itself, to the memory, and at each place alone."""

    def __init__(self, width: int, memory_width: int) -> None:
        super().__init__()
        self.self_attn = RotaryAttention(width, width)
        self.cross_attn_image = RotaryAttention(width, memory_width)
        self.linear1 = nn.Linear(width, _HIDDEN)
        self.linear2 = nn.Linear(_HIDDEN, width)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.norm3 = nn.LayerNorm(width)

    def look_around(self, x: Tensor, turns: Tensor) -> Tensor:
        """The frame to itself."""
        normed = self.norm1(x)
        result: Tensor = x + self.self_attn(normed, normed, normed, turns, turns)
        return result

    def look_back(
        self, x: Tensor, memory: Tensor, placed_memory: Tensor, turns: Tensor, memory_turns: Tensor, unplaced: int
    ) -> Tensor:
        """The frame to the memory, and then each place alone."""
        x = x + self.cross_attn_image(self.norm2(x), placed_memory, memory, turns, memory_turns, unplaced)
        result: Tensor = x + self.linear2(F.relu_(self.linear1(self.norm3(x))))
        return result


class MemoryAttention(nn.Module):
    """A frame (1 or B, N, C) and the memories of B objects (B, M, D) -> the frame as each object sees it (B, N, C)."""

    def __init__(self, width: int, memory_width: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(MemoryAttentionLayer(width, memory_width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    @property
    def _ordered(self) -> list[MemoryAttentionLayer]:
        return cast("list[MemoryAttentionLayer]", list(self.layers))

    def forward(
        self, x: Tensor, memory: Tensor, positions: Tensor, turns: Tensor, memory_turns: Tensor, unplaced: int
    ) -> Tensor:
        """``positions`` (B, M, D) are added to the memory where it is asked; its last ``unplaced`` rows are object
        pointers. ``turns`` are the places of the frame, ``memory_turns`` those of one remembered frame. Before it meets
        the memory, one frame serves all objects."""
        x = self._ordered[0].look_around(x, turns)
        if x.device.type == "cpu":  # one object at a time needs less room, and runs faster there
            pairs = zip(torch.split(memory, 1), torch.split(positions, 1), strict=True)
            return torch.cat([self._look_back(x, m, m + p, turns, memory_turns, unplaced) for m, p in pairs])
        return self._look_back(x, memory, memory + positions, turns, memory_turns, unplaced)

    def _look_back(
        self, x: Tensor, memory: Tensor, placed_memory: Tensor, turns: Tensor, memory_turns: Tensor, unplaced: int
    ) -> Tensor:
        """All that comes after the first look around."""
        for index, layer in enumerate(self._ordered):
            if index:
                x = layer.look_around(x, turns)
            x = layer.look_back(x, memory, placed_memory, turns, memory_turns, unplaced)
        result: Tensor = self.norm(x)
        return result
