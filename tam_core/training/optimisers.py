"""What moves the weights. One network may need two optimisers, which step together."""

from typing import Any, Literal

from torch import nn
from torch.optim import AdamW, Optimizer

from tam_core.training.muon import Muon

Name = Literal["adamw", "muon"]
Group = dict[str, Any]

BETAS = (0.9, 0.98)

ENDS = ("encoder.s2.0.weight", "decoder.mask.weight")
"""The first layer and the last one, of pixels and of masks: AdamW's, whatever the layers between them have."""


def optimisers(name: Name, network: nn.Module, weight_decay: float) -> list[Optimizer]:
    """For all weights of a network. Biases, norms and single vectors do not decay, nor do they have directions."""
    weights = dict(network.named_parameters())
    large = [weight for weight in weights.values() if weight.ndim > 1]
    small: Group = {"params": [weight for weight in weights.values() if weight.ndim <= 1], "weight_decay": 0.0}
    if name == "adamw":
        return [AdamW([{"params": large}, small], betas=BETAS, weight_decay=weight_decay)]
    ends: Group = {"params": [weights[end] for end in ENDS]}
    between = [weight for key, weight in weights.items() if weight.ndim > 1 and key not in ENDS]
    return [Muon(between, weight_decay=weight_decay), AdamW([ends, small], betas=BETAS, weight_decay=weight_decay)]
