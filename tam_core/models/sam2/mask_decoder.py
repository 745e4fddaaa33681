"""Tokens and a picture -> four masks, their predicted IoU, and whether the object is there (SAM 2, appendix D.2)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tam_core.models.sam2.layers import ChannelNorm, Mlp, as_map, as_tokens
from tam_core.models.sam2.two_way import TwoWayTransformer

_HEADS = 8
_MASKS = 4
_STABILITY_OFFSET = 0.05
_STABLE = 0.98


@dataclass(frozen=True)
class RawMasks:
    """What the decoder says: ``logits`` (B, N, H / 4, W / 4), predicted ``ious`` (B, N), ``tokens`` (B, N, C), and
    ``presence`` (B, 1), > 0 where the object is in the picture."""

    logits: Tensor
    ious: Tensor
    tokens: Tensor
    presence: Tensor


class MaskDecoder(nn.Module):
    """SAM's decoder with high-resolution skips and an object score."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.transformer = TwoWayTransformer(width, _HEADS)
        self.iou_token = nn.Embedding(1, width)
        self.mask_tokens = nn.Embedding(_MASKS, width)
        self.obj_score_token = nn.Embedding(1, width)
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(width, width // 4, 2, stride=2),
            ChannelNorm(width // 4),
            nn.GELU(),
            nn.ConvTranspose2d(width // 4, width // 8, 2, stride=2),
            nn.GELU(),
        )
        self.conv_s0 = nn.Conv2d(width, width // 8, 1)
        self.conv_s1 = nn.Conv2d(width, width // 4, 1)
        self.output_hypernetworks_mlps = nn.ModuleList(Mlp(width, width, width, width // 8) for _ in range(_MASKS))
        self.iou_prediction_head = Mlp(width, width, width, _MASKS)
        self.pred_obj_score_head = Mlp(width, width, width, 1)

    def forward(
        self, image_bchw: Tensor, places: Tensor, finest: Tensor, fine: Tensor, said_bnc: Tensor, several: bool
    ) -> RawMasks:
        """Three masks when ``several``, else one.

        ``image_bchw`` is at 1/16; ``finest`` (1/4) and ``fine`` (1/8) are the skips, of batch 1 for all objects;
        ``places`` (1, H * W, C) is the encoding of the picture's places.
        """
        own = torch.cat([self.obj_score_token.weight, self.iou_token.weight, self.mask_tokens.weight])
        said = torch.cat([own.expand(len(said_bnc), -1, -1), said_bnc], 1)
        tokens, image = self.transformer(as_tokens(image_bchw), places, said)
        upscaled = self._upscaled(as_map(image, *image_bchw.shape[2:]), finest, fine)
        mask_tokens = tokens[:, 2 : 2 + _MASKS]
        weights = torch.stack([mlp(mask_tokens[:, i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)], 1)
        logits = torch.einsum("bnc,bchw->bnhw", weights, upscaled).float()
        ious = self.iou_prediction_head(tokens[:, 1]).float().sigmoid()
        presence = self.pred_obj_score_head(tokens[:, 0]).float()
        if several:
            return RawMasks(logits[:, 1:], ious[:, 1:], mask_tokens[:, 1:], presence)
        logits, ious = _single(logits, ious)
        return RawMasks(logits, ious, mask_tokens[:, :1], presence)

    def _upscaled(self, image_bchw: Tensor, finest: Tensor, fine: Tensor) -> Tensor:
        first, norm, act, second, _ = self.output_upscaling
        once = act(norm(first(image_bchw) + fine))
        twice: Tensor = act(second(once) + finest)
        return twice


def _single(logits: Tensor, ious: Tensor) -> tuple[Tensor, Tensor]:
    """The first mask where it is stable, else the best of the others (SAM 2, appendix D.2)."""
    first = logits[:, :1]
    inside = (first > _STABILITY_OFFSET).flatten(1).sum(1)
    around = (first > -_STABILITY_OFFSET).flatten(1).sum(1)
    stable = inside >= _STABLE * around
    best = 1 + ious[:, 1:].argmax(1)
    chosen = torch.where(stable, 0, best)
    rows = torch.arange(len(logits), device=logits.device)
    return logits[rows, chosen][:, None], ious[rows, chosen][:, None]
