"""The parts that XMem's value encoder and decoder share. Objects are the batch; an image's features are a batch of one.

Attributes have the names of the published weights.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def conv3x3(inputs: int, outputs: int) -> nn.Conv2d:
    """A convolution that keeps the size."""
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def conv_beside(conv: nn.Conv2d, image_1chw: Tensor, objects_ochw: Tensor) -> Tensor:
    """``conv`` of the image's channels followed by each object's, the image's share computed once for all objects."""
    split = image_1chw.shape[1]
    of_image = F.conv2d(image_1chw, conv.weight[:, :split], conv.bias, padding=conv.padding)
    return F.conv2d(objects_ochw, conv.weight[:, split:], padding=conv.padding) + of_image


class ResidualBlock(nn.Module):
    """Two convolutions, activated before each, added to what came in."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.downsample = None if inputs == outputs else conv3x3(inputs, outputs)
        self.conv1 = conv3x3(inputs, outputs)
        self.conv2 = conv3x3(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        inner: Tensor = self.conv2(F.relu(self.conv1(F.relu(x))))
        return inner + (x if self.downsample is None else self.downsample(x))


class EntryBlock(nn.Module):
    """A ResidualBlock that takes the image's and the objects' channels and always changes their number."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.downsample = conv3x3(inputs, outputs)
        self.conv1 = conv3x3(inputs, outputs)
        self.conv2 = conv3x3(outputs, outputs)

    def forward(self, image_1chw: Tensor, objects_ochw: Tensor) -> Tensor:
        entry = conv_beside(self.conv1, F.relu(image_1chw), F.relu(objects_ochw))
        inner: Tensor = self.conv2(F.relu(entry))
        return inner + conv_beside(self.downsample, image_1chw, objects_ochw)


class ChannelGate(nn.Module):
    """Each channel weighted 0..1 by its mean and its maximum over the picture (CBAM, arXiv 1807.06521, section 3)."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        inner = channels // reduction
        self.mlp = nn.Sequential(nn.Flatten(), nn.Linear(channels, inner), nn.ReLU(), nn.Linear(inner, channels))

    def forward(self, x: Tensor) -> Tensor:
        weight = torch.sigmoid(self.mlp(x.mean((2, 3))) + self.mlp(x.amax((2, 3))))
        return x * weight[:, :, None, None]


class SpatialGate(nn.Module):
    """Each place weighted 0..1 by the maximum and the mean of its channels (CBAM, section 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.spatial = nn.Sequential()
        self.spatial.add_module("conv", nn.Conv2d(2, 1, 7, padding=3))

    def forward(self, x: Tensor) -> Tensor:
        extremes = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.spatial(extremes))


class Attention(nn.Module):
    """CBAM: channels first, then places."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.ChannelGate = ChannelGate(channels)
        self.SpatialGate = SpatialGate()

    def forward(self, x: Tensor) -> Tensor:
        gated: Tensor = self.SpatialGate(self.ChannelGate(x))
        return gated


class FusionBlock(nn.Module):
    """An image's features and each object's become one map for each object."""

    def __init__(self, image: int, objects: int, outputs: int) -> None:
        super().__init__()
        self.block1 = EntryBlock(image + objects, outputs)
        self.attention = Attention(outputs)
        self.block2 = ResidualBlock(outputs, outputs)

    def forward(self, image_1chw: Tensor, objects_ochw: Tensor) -> Tensor:
        x = self.block1(image_1chw, objects_ochw)
        fused: Tensor = self.block2(x + self.attention(x))
        return fused


def gated_update(gates: Tensor, sensory_ochw: Tensor) -> Tensor:
    """One step of XMem's GRU (section 3.5): ``gates`` (O, 3 C, h, w) hold forget, update and new value."""
    forget, update, new = gates.chunk(3, dim=1)
    update = torch.sigmoid(update)
    return torch.sigmoid(forget) * sensory_ochw * (1 - update) + update * torch.tanh(new)
