"""How wide and deep an XMem is, as read off its weights."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class XMemSizes:
    """Channels and block counts; the defaults are the published ones.

    ``image_width`` and ``mask_width`` are the channels of the two ResNets' stems. The key encoder ends in 16, the value
    encoder in 4 times its width.
    """

    image_width: int = 64
    image_blocks: tuple[int, int, int] = (3, 4, 6)
    mask_width: int = 64
    mask_blocks: tuple[int, int, int] = (2, 2, 2)
    key: int = 64
    value: int = 512
    sensory: int = 64
    decoder: int = 512

    @classmethod
    def of(cls, weights: Mapping[str, torch.Tensor]) -> "XMemSizes":
        """Read off named weights. Raises KeyError for the first name that XMem has and these have not."""
        return cls(
            image_width=weights["key_encoder.conv1.weight"].shape[0],
            image_blocks=_blocks(weights, "key_encoder.res2", "key_encoder.layer2", "key_encoder.layer3"),
            mask_width=weights["value_encoder.conv1.weight"].shape[0],
            mask_blocks=_blocks(weights, "value_encoder.layer1", "value_encoder.layer2", "value_encoder.layer3"),
            key=weights["key_proj.key_proj.weight"].shape[0],
            value=weights["value_encoder.fuser.block2.conv2.weight"].shape[0],
            sensory=weights["decoder.hidden_update.transform.weight"].shape[0] // 3,
            decoder=weights["decoder.fuser.block2.conv2.weight"].shape[0],
        )


def _blocks(weights: Mapping[str, torch.Tensor], first: str, second: str, third: str) -> tuple[int, int, int]:
    """How many residual blocks each of three stages has."""
    return _count(weights, first), _count(weights, second), _count(weights, third)


def _count(weights: Mapping[str, torch.Tensor], stage: str) -> int:
    return len({name.removeprefix(f"{stage}.").split(".")[0] for name in weights if name.startswith(f"{stage}.")})
