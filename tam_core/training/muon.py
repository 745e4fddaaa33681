"""Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon): the momentum of a weight matrix, made orthogonal.

A layer then changes equally much in every direction, not only in the few that dominate its gradient.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic Newton-Schulz iteration, which brings singular values near 1 in ``ROUNDS`` rounds."""

ROUNDS = 5

LIKE_ADAM = 0.2
"""Root mean square of an update at rate 1, about AdamW's, so that one learning rate serves both (Liu et al. 2025,
arXiv 2502.16982)."""


class Muon(torch.optim.Optimizer):
    """For weights of two or more dimensions; a convolution is taken as the matrix (out, in x height x width).

    PyTorch's own, since 2.9, takes matrices only.
    """

    def __init__(
        self, weights: Iterable[Tensor], lr: float = 1e-3, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(weights, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step with the gradients that are there, with Nesterov's momentum."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                if "momentum" not in self.state[weight]:
                    self.state[weight]["momentum"] = torch.zeros_like(weight)
                momentum = self.state[weight]["momentum"].lerp_(weight.grad, 1 - group["momentum"])
                ahead = weight.grad.lerp(momentum, group["momentum"])
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(LIKE_ADAM * orthogonal(ahead.flatten(1)).view_as(weight), alpha=-group["lr"])


def orthogonal(matrix: Tensor) -> Tensor:
    """About the nearest matrix (M, N) whose singular values are all equal, with a root mean square of about 1."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.mT
    x = (wide / (wide.norm() + 1e-12)).bfloat16()
    a, b, c = COEFFICIENTS
    for _ in range(ROUNDS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    result = x if wide is matrix else x.mT
    scaled: Tensor = result.to(matrix.dtype) * max(matrix.shape) ** 0.5
    return scaled
