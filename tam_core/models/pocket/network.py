"""Pocket: one image encoder, a memory of earlier frames, and one decoder for clicks and for tracking.

After STCN (Cheng et al. 2021, arXiv 2106.05210) for the memory and SAM 2 (Ravi et al. 2024, arXiv 2408.00714) for
prompts, candidates, predicted IoU and visibility; the motion and colour cues of ``cues`` are our own.
"""

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor, nn

from tam_core.models.pocket.cues import CUES, click_likeness
from tam_core.models.pocket.decoder import Decoded, Decoder
from tam_core.models.pocket.encoder import Encoder, Features
from tam_core.models.pocket.memory import Remembered, ValueEncoder, affinities, read

CHANNELS = (32, 64, 128, 192, 256)
"""Of the image encoder at strides 2, 4, 8, 16 and 32."""
KEY, VALUE = 64, 64


class Pocket(nn.Module):
    """Pixels (N, 3, H, W) 0..1, sides multiples of 32; masks and cues at stride 2; keys and values at stride 8."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder(CHANNELS, KEY)
        self.values = ValueEncoder(CHANNELS[2], VALUE, 96)
        self.decoder = Decoder(CHANNELS, CUES, VALUE + 1)
        self.temperature = nn.Parameter(torch.tensor(14.0))
        self.nothing = nn.Parameter(torch.zeros(VALUE))

    def encode(self, pixels_nchw: Tensor) -> Features:
        """What all objects share."""
        features: Features = self.encoder(pixels_nchw)
        return features

    def remember(self, features: Features, mask: Tensor) -> Remembered:
        """A memory of soft masks (N, 1, H / 2, W / 2), 0..1, on their pictures."""
        return Remembered(features.key.flatten(2), self.values(features.s8, mask))

    def affinities(self, features: Features, keys: Sequence[Tensor]) -> Iterator[Tensor]:
        """Of a frame and remembered ones, for ``recall``; no mask is needed to know them."""
        return affinities(features.key, keys, self.temperature)

    def recall(
        self, features: Features, remembered: Sequence[Remembered], known: Iterable[Tensor] | None = None
    ) -> Tensor:
        """The readout (N, VALUE + 1, H / 8, W / 8). ``known``: their ``affinities``, if they are known."""
        known = known or self.affinities(features, [one.key for one in remembered])
        readout = read(known, [one.value for one in remembered], shared=len(features.key) == 1)
        return readout.reshape(*readout.shape[:2], *features.key.shape[-2:])

    def decode(self, features: Features, cues: Tensor, readout: Tensor) -> Decoded:
        """Masks (see Decoder)."""
        decoded: Decoded = self.decoder(features, cues, readout)
        return decoded

    def likened(self, key: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """The readout (1, VALUE + 1, h, w) of one clicked picture: nothing recalled, but what looks like the clicks.

        ``key`` (1, KEY, h, w); points (P, 2) are (x, y) in stride-2 pixels.
        """
        nothing = self.nothing.to(key.dtype)[None, :, None, None].expand(1, -1, *key.shape[-2:])
        return torch.cat([nothing, click_likeness(key, positive, negative).to(key.dtype)], 1)
