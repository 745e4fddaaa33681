"""XMem's two encoders: pictures become keys, pictures with masks become values."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.resnet import BasicBlock, Bottleneck

from tam_core.models.xmem.blocks import FusionBlock, gated_update
from tam_core.models.xmem.sizes import XMemSizes


class KeyEncoder(nn.Module):
    """ResNet-50 up to 1/16."""

    def __init__(self, sizes: XMemSizes) -> None:
        super().__init__()
        width, (first, second, third) = sizes.image_width, sizes.image_blocks
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.res2 = _stage(Bottleneck, width, width, first, stride=1)
        self.layer2 = _stage(Bottleneck, 4 * width, 2 * width, second, stride=2)
        self.layer3 = _stage(Bottleneck, 8 * width, 4 * width, third, stride=2)

    def forward(self, image_1chw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features at 1/16, 1/8 and 1/4 of an image (1, 3, H, W)."""
        f4 = self.res2(_pooled(self.bn1(self.conv1(image_1chw))))
        f8 = self.layer2(f4)
        return self.layer3(f8), f8, f4


class KeyProjection(nn.Module):
    """Features at 1/16 -> key, shrinkage (>= 1) and selection (0..1) of every place (section 3.2)."""

    def __init__(self, features: int, key: int) -> None:
        super().__init__()
        self.key_proj = nn.Conv2d(features, key, 3, padding=1)
        self.d_proj = nn.Conv2d(features, 1, 3, padding=1)
        self.e_proj = nn.Conv2d(features, key, 3, padding=1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        shrinkage = self.d_proj(features).float().square() + 1
        return self.key_proj(features).float(), shrinkage, torch.sigmoid(self.e_proj(features).float())


class ValueEncoder(nn.Module):
    """ResNet-18 up to 1/16 over picture, mask and the other objects' masks, fused with the key encoder's features."""

    def __init__(self, sizes: XMemSizes) -> None:
        super().__init__()
        width, (first, second, third) = sizes.mask_width, sizes.mask_blocks
        self.conv1 = nn.Conv2d(5, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = _stage(BasicBlock, width, width, first, stride=1)
        self.layer2 = _stage(BasicBlock, width, 2 * width, second, stride=2)
        self.layer3 = _stage(BasicBlock, 2 * width, 4 * width, third, stride=2)
        self.fuser = FusionBlock(16 * sizes.image_width, 4 * width, sizes.value)
        self.hidden_reinforce = SensoryReinforcement(sizes.value, sizes.sensory)

    def forward(self, image_1chw: Tensor, f16: Tensor, masks_ochw: Tensor) -> Tensor:
        """Values (O, CV, h, w); ``masks_ochw`` (O, 2, H, W) are each object's mask and that of the others, 0..1."""
        image = image_1chw.expand(len(masks_ochw), -1, -1, -1)
        x = _pooled(self.bn1(self.conv1(torch.cat([image, masks_ochw], 1))))
        x = self.layer3(self.layer2(self.layer1(x)))
        values: Tensor = self.fuser(f16, x)
        return values


class SensoryReinforcement(nn.Module):
    """The deep update: sensory memory learns from the values of a frame (section 3.5)."""

    def __init__(self, value: int, sensory: int) -> None:
        super().__init__()
        self.transform = nn.Conv2d(value + sensory, 3 * sensory, 3, padding=1)

    def forward(self, values_ochw: Tensor, sensory_ochw: Tensor) -> Tensor:
        return gated_update(self.transform(torch.cat([values_ochw, sensory_ochw], 1)), sensory_ochw)


def _pooled(x: Tensor) -> Tensor:
    return F.max_pool2d(F.relu(x), 3, stride=2, padding=1)


def _stage(
    block: type[BasicBlock] | type[Bottleneck], inputs: int, planes: int, count: int, stride: int
) -> nn.Sequential:
    """``count`` residual blocks of which the first changes size and channels, by torchvision's parts."""
    outputs = planes * block.expansion
    downsample = None
    if stride != 1 or inputs != outputs:
        downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))
    blocks = [block(inputs, planes, stride, downsample), *(block(outputs, planes) for _ in range(count - 1))]
    return nn.Sequential(*blocks)
