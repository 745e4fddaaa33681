"""XMem with weights drawn from a seed: a small one to test behaviour, and the published sizes to compare numbers."""

import math
import zlib
from collections.abc import Mapping

import numpy as np
import torch

from tam_core.engines.xmem import XMemSettings, XMemTracker
from tam_core.models.xmem import XMem, XMemSizes
from tam_core.types import Mask, Pixels

SMALL = XMemSizes(
    image_width=4,
    image_blocks=(1, 1, 1),
    mask_width=4,
    mask_blocks=(1, 1, 1),
    key=8,
    value=24,
    sensory=6,
    decoder=32,
)
SMALL_SETTINGS = XMemSettings(
    short_side=48, memory_every=2, top_k=8, min_working_frames=1, max_working_frames=3, prototypes=6, max_long_term=20
)


def seeded_weights(shapes: Mapping[str, torch.Size]) -> dict[str, torch.Tensor]:
    """Weights by name, the same on every machine: each name is the seed of its own numbers.

    Convolutions keep the variance of what passes through them, and normalisations nearly so, so that the masks of a
    random network are neither empty nor full.
    """
    return {name: _drawn(name, shape) for name, shape in shapes.items()}


def _drawn(name: str, shape: torch.Size) -> torch.Tensor:
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    numbers = np.random.default_rng(zlib.crc32(name.encode())).random(tuple(shape), np.float32)
    if name.endswith("running_var"):
        return torch.from_numpy(numbers + 0.5)
    if len(shape) > 1:
        inputs = tuple(range(1, len(shape)))
        centred = numbers - numbers.mean(inputs, keepdims=True)
        return torch.from_numpy(centred * _gain(name) * math.sqrt(24 / math.prod(shape[1:])))
    if name.endswith("weight"):
        return torch.from_numpy(0.5 + 0.5 * numbers)
    return torch.from_numpy(0.2 * numbers - 0.1)


def _gain(name: str) -> float:
    """What makes a random network depend on its memory: sharp keys and weak skips; and masks neither faint nor hard."""
    if name == "key_proj.key_proj.weight":
        return 4.0
    if "skip_conv" in name:
        return 0.2
    if name == "decoder.pred.weight":
        return 2.0
    return 1.0


def seeded(network: XMem) -> XMem:
    """The network with weights drawn from their names."""
    network.load_state_dict(seeded_weights({name: value.shape for name, value in network.state_dict().items()}))
    return network.eval()


def small_xmem(settings: XMemSettings = SMALL_SETTINGS) -> XMemTracker:
    """A tracker with a small network and small memories."""
    network = seeded(XMem(SMALL))
    with torch.no_grad():
        network.decoder.pred.weight *= 8  # narrow layers end in faint masks
    return XMemTracker(network, settings)


def golden_clip() -> tuple[Pixels, Mask]:
    """12 frames (90, 140, 3) of two discs crossing blocks of colour, and their masks (2, 90, 140) on the first.

    Whole numbers throughout, so that every machine draws the same; 16 divides neither side.
    """
    blocks = np.random.default_rng(0).integers(0, 256, (3, 20, 24, 3), dtype=np.uint8)
    ground, *skins = (layer.repeat(8, 0).repeat(8, 1) for layer in blocks)
    rows, columns = np.mgrid[:90, :140]
    frames = np.stack([np.roll(ground, 2 * index, 1)[:90, :140] for index in range(12)])
    masks = np.zeros((2, 12, 90, 140), bool)
    for index in range(12):
        for skin, mask, (x, y, radius) in zip(
            skins, masks[:, index], [(40 + 4 * index, 40, 24), (100 - 3 * index, 56, 20)], strict=True
        ):
            mask[:] = (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
            frames[index][mask] = np.roll(skin, (y, x), (0, 1))[:90, :140][mask]
    masks[0] &= ~masks[1]
    return frames, masks[:, 0]
