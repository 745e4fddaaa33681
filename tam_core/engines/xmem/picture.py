"""Source pictures and masks <-> the network's: resized by the short side, normalised, padded evenly around."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tam_core.types import FloatMap, Mask, Pixels, Size

_MULTIPLE = 16
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Canvas:
    """Where a picture of ``source`` (H, W) lies for the network: at ``inner`` (h, w), padded to multiples of 16."""

    source: Size
    inner: Size

    @classmethod
    def of(cls, source: Size, short_side: int) -> "Canvas":
        """The canvas for pictures whose shorter side becomes ``short_side``."""
        ratio = short_side / min(source)
        return cls(source, (int(source[0] * ratio), int(source[1] * ratio)))

    @property
    def padding(self) -> tuple[int, int, int, int]:
        """Left, right, top and bottom."""
        height, width = (-side % _MULTIPLE for side in self.inner)
        return width // 2, width - width // 2, height // 2, height - height // 2

    @property
    def grid(self) -> Size:
        """Rows and columns of the network's places: a 16th of each padded side."""
        left, right, top, bottom = self.padding
        height, width = self.inner
        return (height + top + bottom) // _MULTIPLE, (width + left + right) // _MULTIPLE

    def image(self, pixels: Pixels, device: torch.device) -> Tensor:
        """(H, W, 3) uint8 RGB -> (1, 3, h, w), normalised as ImageNet is, padded with zeros."""
        resized = self._resized(pixels, device).permute(2, 0, 1)[None].float() / 255
        mean, deviation = resized.new_tensor(_MEAN), resized.new_tensor(_DEVIATION)
        normalised = (resized - mean[:, None, None]) / deviation[:, None, None]
        return F.pad(normalised, self.padding).contiguous(memory_format=torch.channels_last)

    def mask(self, mask: Mask, device: torch.device) -> Tensor:
        """(H, W) bool -> (h, w), 0..1: how much of each pixel is covered, padded with zeros."""
        return F.pad(self._resized(mask.astype(np.float32), device), self.padding)

    def cropped(self, maps: Tensor) -> Tensor:
        """Padded maps (..., h, w) without their padding."""
        left, _, top, _ = self.padding
        height, width = self.inner
        return maps[..., top : top + height, left : left + width]

    def masks(self, shares_ohw: Tensor) -> Mask:
        """Shares (O, h, w) of the objects -> masks (O, H, W) bool that do not overlap: who has most, unless nobody."""
        inside = self.cropped(shares_ohw)
        shares = torch.cat([1 - inside.sum(0, keepdim=True), inside])
        winner = F.interpolate(shares[None], self.source, mode="bilinear", align_corners=False)[0].argmax(0)
        masks: Mask = np.asarray(torch.stack([winner == slot for slot in range(1, len(shares))]).cpu(), bool)
        return masks

    def _resized(self, array: Pixels | FloatMap, device: torch.device) -> Tensor:
        """(H, W, ...) -> (h, w, ...)."""
        if self.inner != self.source:
            shrinks = self.inner[0] < self.source[0]
            way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            array = cv2.resize(array, self.inner[::-1], interpolation=way)
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)
