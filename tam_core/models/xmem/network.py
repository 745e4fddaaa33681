"""XMem, the whole network: what the engine asks of it on a frame. Names and shapes are those of the published file.

Pictures are normalised and padded to sides that 16 divides; h and w are a 16th of them. Keys, values, sensory memory
and probabilities come out as float32, whatever the network computes in.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from tam_core.models.xmem.decoder import Decoder
from tam_core.models.xmem.encoders import KeyEncoder, KeyProjection, ValueEncoder
from tam_core.models.xmem.sizes import XMemSizes


@dataclass(frozen=True)
class ImageFeatures:
    """A picture as seen once for all objects.

    ``image`` (1, 3, H, W); ``pyramid`` at 1/16, 1/8 and 1/4; for the n = h * w places, row by row: ``key`` (n, CK),
    ``shrinkage`` (n,) and ``selection`` (n, CK).
    """

    image: Tensor = field(repr=False)
    pyramid: tuple[Tensor, Tensor, Tensor] = field(repr=False)
    key: Tensor = field(repr=False)
    shrinkage: Tensor = field(repr=False)
    selection: Tensor = field(repr=False)


class XMem(nn.Module):
    """Encoders and decoder. It holds no memory. ``dtype`` is what convolutions compute in; weights stay float32."""

    def __init__(self, sizes: XMemSizes, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.sizes = sizes
        self.dtype = dtype
        self.key_encoder = KeyEncoder(sizes)
        self.key_proj = KeyProjection(16 * sizes.image_width, sizes.key)
        self.value_encoder = ValueEncoder(sizes)
        self.decoder = Decoder(sizes)

    def encode_image(self, image_1chw: Tensor) -> ImageFeatures:
        """What a picture (1, 3, H, W) is, whatever the objects."""
        with self._precision():
            pyramid = self.key_encoder(image_1chw)
            key, shrinkage, selection = (_rows(x) for x in self.key_proj(pyramid[0]))
        return ImageFeatures(image_1chw, pyramid, key, shrinkage[:, 0], selection)

    def encode_values(self, features: ImageFeatures, masks_ohw: Tensor, others_ohw: Tensor) -> Tensor:
        """What to remember of each object, (O, CV, h, w), from its mask and that of all others (O, H, W), 0..1."""
        masks = torch.stack([masks_ohw, others_ohw], 1)
        with self._precision():
            values: Tensor = self.value_encoder(features.image, features.pyramid[0], masks)
        return values.float()

    def reinforce(self, values_ochw: Tensor, sensory_ochw: Tensor) -> Tensor:
        """Sensory memory (O, CH, h, w) after a frame that was remembered with these values."""
        with self._precision():
            sensory: Tensor = self.value_encoder.hidden_reinforce(values_ochw, sensory_ochw)
        return sensory.float()

    def segment(
        self, features: ImageFeatures, readout_ochw: Tensor, sensory_ochw: Tensor, update: bool
    ) -> tuple[Tensor, Tensor]:
        """Probabilities of the background and each object (1 + O, H, W), and sensory memory after this frame.

        Without ``update``, sensory memory comes back as it was.
        """
        with self._precision():
            logits, sensory = self.decoder(features.pyramid, readout_ochw, sensory_ochw, update)
        return shared_out(torch.sigmoid(logits)), sensory.float()

    def _precision(self) -> AbstractContextManager[None]:
        device = next(self.parameters()).device.type
        return torch.autocast(device, self.dtype, enabled=self.dtype != torch.float32)


def shared_out(masks_ohw: Tensor) -> Tensor:
    """Soft aggregation (STM, arXiv 1904.00607): masks that may overlap -> shares that sum to 1.

    The shares are (1 + O, H, W); the first is the background's.
    """
    background = (1 - masks_ohw).prod(0, keepdim=True)
    return torch.cat([background, masks_ohw]).logit(eps=1e-7).softmax(0)


def _rows(maps_1chw: Tensor) -> Tensor:
    """(1, C, h, w) -> (h * w, C)."""
    return maps_1chw[0].flatten(1).T
