"""XMem's decoder: what memory says about a frame becomes masks, and sensory memory moves on."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tam_core.models.xmem.blocks import FusionBlock, ResidualBlock, conv3x3, gated_update
from tam_core.models.xmem.sizes import XMemSizes


class Decoder(nn.Module):
    """From 1/16 to logits, with the image's features at 1/8 and 1/4 as skips."""

    def __init__(self, sizes: XMemSizes) -> None:
        super().__init__()
        image, inner = sizes.image_width, sizes.decoder
        self.fuser = FusionBlock(16 * image, sizes.value + sizes.sensory, inner)
        self.hidden_update = SensoryUpdate(inner, sizes.sensory)
        self.up_16_8 = UpsampleBlock(8 * image, inner, inner // 2)
        self.up_8_4 = UpsampleBlock(4 * image, inner // 2, inner // 2)
        self.pred = conv3x3(inner // 2, 1)

    def forward(
        self, pyramid: tuple[Tensor, Tensor, Tensor], readout_ochw: Tensor, sensory_ochw: Tensor, update: bool
    ) -> tuple[Tensor, Tensor]:
        """Logits (O, H, W), and sensory memory after this frame, or as it was without ``update``.

        ``pyramid`` holds the image's features at 1/16, 1/8 and 1/4.
        """
        f16, f8, f4 = pyramid
        g16 = self.fuser(f16, torch.cat([readout_ochw, sensory_ochw], 1))
        g8 = self.up_16_8(f8, g16)
        g4 = self.up_8_4(f4, g8)
        logits = self.pred(F.relu(g4))
        if update:
            sensory_ochw = self.hidden_update(g16, g8, torch.cat([g4, logits], 1), sensory_ochw)
        large = F.interpolate(logits.float(), scale_factor=4, mode="bilinear", align_corners=False)
        return large[:, 0], sensory_ochw


class UpsampleBlock(nn.Module):
    """Twice the size, with a skip that all objects share."""

    def __init__(self, skip: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.skip_conv = conv3x3(skip, inputs)
        self.out_conv = ResidualBlock(inputs, outputs)

    def forward(self, skip_1chw: Tensor, objects_ochw: Tensor) -> Tensor:
        large = F.interpolate(objects_ochw, scale_factor=2, mode="bilinear", align_corners=False)
        result: Tensor = self.out_conv(large + self.skip_conv(skip_1chw))
        return result


class SensoryUpdate(nn.Module):
    """Sensory memory learns from the decoder's features at all its sizes (section 3.5)."""

    def __init__(self, inner: int, sensory: int) -> None:
        super().__init__()
        middle = inner // 2
        self.g16_conv = nn.Conv2d(inner, middle, 1)
        self.g8_conv = nn.Conv2d(middle, middle, 1)
        self.g4_conv = nn.Conv2d(middle + 1, middle, 1)
        self.transform = nn.Conv2d(middle + sensory, 3 * sensory, 3, padding=1)

    def forward(self, g16: Tensor, g8: Tensor, g4: Tensor, sensory_ochw: Tensor) -> Tensor:
        summed = self.g16_conv(g16) + self.g8_conv(F.avg_pool2d(g8, 2)) + self.g4_conv(F.avg_pool2d(g4, 4))
        return gated_update(self.transform(torch.cat([summed, sensory_ochw], 1)), sensory_ochw)
