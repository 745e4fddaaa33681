"""From everything known about one object on one frame to its mask: a small U-Net over the shared image features."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tam_core.models.pocket.encoder import Features, doubled
from tam_core.models.pocket.layers import Residual, convolution, layer_norm, over_both

CANDIDATES = 3
"""Masks per prompt; the first is the answer wherever there is more than one lone click (SAM, section 3)."""


@dataclass(frozen=True)
class Decoded:
    """``logits`` (N, CANDIDATES, H / 2, W / 2), > 0 = object; ``quality`` (N, CANDIDATES), the predicted IoU as a
    logit; ``visible`` (N,), > 0 = the object is on the frame. float32."""

    logits: Tensor
    quality: Tensor
    visible: Tensor


class Decoder(nn.Module):
    """Rows are objects: each has its cues (maps at stride 2), its memory readout and the features of its picture."""

    def __init__(self, channels: tuple[int, int, int, int, int], cues: int, readout: int) -> None:
        super().__init__()
        c2, c4, c8, c16, c32 = channels
        w2, w4, w8, w16, w32 = 24, 48, 96, 128, 192
        self.cue4 = convolution(cues, 24, 2, layer_norm)
        self.cue8 = convolution(24, 48, 2, layer_norm)
        self.in8 = nn.Sequential(convolution(c8 + readout + 48, w8, 1, layer_norm), Residual(w8, layer_norm))
        self.down16 = convolution(w8, w16, 2, layer_norm)
        self.in16 = nn.Conv2d(c16, w16, 1)
        self.mid16 = Residual(w16, layer_norm)
        self.down32 = convolution(w16, w32, 2, layer_norm)
        self.in32 = nn.Conv2d(c32, w32, 1)
        self.mid32 = Residual(w32, layer_norm)
        self.up16 = nn.Conv2d(w32, w16, 1)
        self.out16 = Residual(w16, layer_norm)
        self.up8 = nn.Conv2d(w16, w8, 1)
        self.out8 = Residual(w8, layer_norm)
        self.up4 = nn.Conv2d(w8, w4, 1)
        self.in4 = convolution(w4 + c4 + 24, w4, 1, layer_norm)
        self.out4 = Residual(w4, layer_norm)
        self.up2 = nn.Conv2d(w4, w2, 1)
        self.in2 = convolution(w2 + c2 + cues, w2, 1, layer_norm)
        self.out2 = convolution(w2, w2, 1, layer_norm)
        self.mask = nn.Conv2d(w2, CANDIDATES, 3, 1, 1)
        self.judge = nn.Sequential(nn.Linear(2 * w16, 64), nn.ReLU(), nn.Linear(64, CANDIDATES + 1))

    def forward(self, features: Features, cues: Tensor, readout: Tensor) -> Decoded:
        """Masks and scores from ``cues`` (N, K, H / 2, W / 2) and ``readout`` (N, C, H / 8, W / 8).

        The features are those of one picture, which serves all rows, or of N.
        """
        cue4 = self.cue4(cues)
        own8 = torch.cat([readout, self.cue8(cue4)], 1)
        x8 = self.in8[1](over_both(self.in8[0], own8, features.s8, 0))
        x16 = self.mid16(self.down16(x8) + self.in16(features.s16))
        x32 = self.mid32(self.down32(x16) + self.in32(features.s32))
        x16 = self.out16(x16 + doubled(self.up16(x32)))
        x8 = self.out8(x8 + doubled(self.up8(x16)))
        up4 = doubled(self.up4(x8))
        x4 = self.out4(over_both(self.in4, torch.cat([up4, cue4], 1), features.s4, up4.shape[1]))
        up2 = doubled(self.up2(x4))
        x2 = self.out2(over_both(self.in2, torch.cat([up2, cues], 1), features.s2, up2.shape[1]))
        logits = self.mask(x2).float()
        judged = self.judge(pooled(x16, logits[:, :1])).float()
        return Decoded(logits, judged[:, :CANDIDATES], judged[:, CANDIDATES])


def pooled(x16: Tensor, logits: Tensor) -> Tensor:
    """The mean over the picture and the mean over the mask (N, 2 C): what the scores are read from."""
    weight = torch.nn.functional.avg_pool2d(logits.detach().sigmoid(), 8).to(x16.dtype)
    inside = (x16 * weight).sum((2, 3)) / (weight.sum((2, 3)) + 1e-2)
    return torch.cat([x16.mean((2, 3)), inside], 1)
