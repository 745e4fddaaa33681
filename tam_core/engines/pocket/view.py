"""What the engine sees of a picture: a working copy, a half-size copy at the resolution of its masks, colour bins."""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tam_core.models.pocket.cues import BINS
from tam_core.types import FloatMap, Pixels, Size

STRIDE = 32
"""Working sides are multiples of the network's deepest stride."""
CHROMA_SPAN = 48
"""a and b beyond +-48 share the outermost bin: few natural colours lie there."""


@dataclass(frozen=True)
class View:
    """One picture. ``pixels`` (h, w, 3) uint8 RGB; ``grey`` (h, w) uint8; ``half`` (h / 2, w / 2, 3) uint8 RGB;
    ``bins`` (h / 2, w / 2) int16, the Lab bin of each half-size pixel, 0 .. BINS ** 3 - 1."""

    pixels: Pixels = field(repr=False)
    grey: npt.NDArray[np.uint8] = field(repr=False)
    half: Pixels = field(repr=False)
    bins: npt.NDArray[np.int16] = field(repr=False)

    @property
    def half_size(self) -> Size:
        """(h / 2, w / 2)."""
        return self.bins.shape[0], self.bins.shape[1]

    @property
    def half_tensor(self) -> Tensor:
        """The half-size picture (1, 3, h, w) float32, 0..1."""
        return torch.from_numpy(self.half).permute(2, 0, 1)[None].float() / 255

    @property
    def bin_tensor(self) -> Tensor:
        """The bins (1, h, w) int64."""
        return torch.from_numpy(self.bins)[None].long()


def look(pixels: Pixels, size: Size) -> View:
    """The view of a picture (H, W, 3) uint8 RGB at a working ``size``, sides multiples of STRIDE."""
    small = resized(pixels, size)
    half = resized(small, (size[0] // 2, size[1] // 2))
    return View(small, cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), half, lab_bins(half))


def resized(pixels: Pixels, size: Size) -> Pixels:
    """Pixels at another (height, width), each the mean of what it covers."""
    if pixels.shape[:2] == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size[::-1], interpolation=scaling(pixels.shape, size)), np.uint8)


def scaling(source: tuple[int, ...], target: Size) -> int:
    """How OpenCV brings a picture of ``source`` (H, W, ...) to another size without stairs."""
    return cv2.INTER_AREA if target[0] < source[0] else cv2.INTER_LINEAR


def lab_bins(pixels: Pixels) -> npt.NDArray[np.int16]:
    """The Lab bin of each pixel (h, w)."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).astype(np.int16)
    light = lab[..., 0] * BINS // 256
    chroma = np.clip((lab[..., 1:] - 128 + CHROMA_SPAN) * BINS // (2 * CHROMA_SPAN), 0, BINS - 1)
    result: npt.NDArray[np.int16] = (light * BINS + chroma[..., 0]) * BINS + chroma[..., 1]
    return result


def flow_between(before: View, now: View) -> FloatMap:
    """From each half-size pixel of ``now`` to where it was: (2, h / 2, w / 2) float32 as (dx, dy) in half-size pixels.

    DIS flow (Kroeger et al. 2016) at working size.
    """
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow = dis.calc(now.grey, before.grey, None)
    half = cv2.resize(flow, now.bins.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(0.5 * half.transpose(2, 0, 1), np.float32)
