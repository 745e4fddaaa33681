"""The decoder's transformer: tokens look at the picture and the picture looks at the tokens (SAM, appendix A)."""

import torch.nn.functional as F
from torch import Tensor, nn

from tam_core.models.sam2.layers import Mlp


class CrossAttention(nn.Module):
    """Multi-head attention whose inner width may be smaller than its outer one."""

    def __init__(self, width: int, inner: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, inner)
        self.k_proj = nn.Linear(width, inner)
        self.v_proj = nn.Linear(width, inner)
        self.out_proj = nn.Linear(inner, width)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """(B, N, C) from queries (B, N, C), keys (B, M, C) and values (B, M, C)."""
        q, k, v = (self._by_head(x) for x in (self.q_proj(q), self.k_proj(k), self.v_proj(v)))
        result: Tensor = self.out_proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return result

    def _by_head(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)


class TwoWayBlock(nn.Module):
    """Tokens to tokens, tokens to picture, tokens alone, picture to tokens."""

    def __init__(self, width: int, heads: int, first: bool) -> None:
        super().__init__()
        self.first = first
        self.self_attn = CrossAttention(width, width, heads)
        self.norm1 = nn.LayerNorm(width)
        self.cross_attn_token_to_image = CrossAttention(width, width // 2, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, 8 * width, width)
        self.norm3 = nn.LayerNorm(width)
        self.norm4 = nn.LayerNorm(width)
        self.cross_attn_image_to_token = CrossAttention(width, width // 2, heads)

    def forward(self, tokens: Tensor, image: Tensor, said: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """``said`` are the tokens as they came, ``places`` the encoding of the picture's places."""
        if self.first:
            tokens = self.norm1(self.self_attn(tokens, tokens, tokens))
        else:
            tokens = self.norm1(tokens + self.self_attn(tokens + said, tokens + said, tokens))
        placed = image + places
        tokens = self.norm2(tokens + self.cross_attn_token_to_image(tokens + said, placed, image))
        tokens = self.norm3(tokens + self.mlp(tokens))
        image = self.norm4(image + self.cross_attn_image_to_token(placed, tokens + said, tokens))
        return tokens, image


class TwoWayTransformer(nn.Module):
    """Two blocks, then the tokens look once more."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TwoWayBlock(width, heads, first) for first in (True, False))
        self.final_attn_token_to_image = CrossAttention(width, width // 2, heads)
        self.norm_final_attn = nn.LayerNorm(width)

    def forward(self, image: Tensor, places: Tensor, said: Tensor) -> tuple[Tensor, Tensor]:
        """Image (B, H * W, C), its places (1, H * W, C) and tokens (B, N, C) -> tokens, image."""
        tokens = said
        for layer in self.layers:
            tokens, image = layer(tokens, image, said, places)
        seen = self.final_attn_token_to_image(tokens + said, image + places, image)
        return self.norm_final_attn(tokens + seen), image
