"""A network on its way: a step learns from a batch, and the running mean of the weights is what comes out of it."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tam_core.device import fastest_dtype
from tam_core.models.pocket.network import Pocket
from tam_core.training.batch import Batch
from tam_core.training.optimisers import Name, optimisers
from tam_core.training.recipe import Recipe
from tam_core.training.unroll import Outcome, unroll

TRACK_WEIGHT, CLICK_WEIGHT = 2.0, 1.0
"""Of a kind of answer in the loss; what is a tracker first of all may click a little worse."""

LONGEST_GRADIENT = 2.0


@dataclass(frozen=True)
class Learned:
    """What came of one step: its learning rate, its loss, and the IoU of every answer by kind (see ``Outcome``)."""

    rate: float
    loss: float
    ious: dict[str, list[float]]


class Training:
    """The network, its mean and its optimisers on a ``device``; ``step`` is the number of steps that are done."""

    def __init__(self, recipe: Recipe, device: str = "cpu") -> None:
        self.recipe, self.device, self.step = recipe, device, 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            network = Pocket()
        self.network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.mean: Pocket = copy.deepcopy(self.network).eval()
        self.ends = list[dict[str, Tensor]]()
        self._choose("adamw")

    def learn(self, batch: Batch) -> Learned:
        """One step. The same state and batch give the same result (on a GPU, all but the last digits)."""
        rng = np.random.default_rng([self.recipe.seed, 2, self.step])
        stage, _ = self.recipe.stage_at(self.step)
        rate = self.recipe.rate(self.step)
        if stage.optimiser != self.optimiser:
            self._choose(stage.optimiser)
        self.network.train()
        with self._fast_numbers():
            outcomes = list(
                unroll(self.network, batch.to(self.device), rng, stage.chances, stage.plan_at(self.step).distant)
            )
        loss = total_loss(outcomes)
        self.network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), LONGEST_GRADIENT, error_if_nonfinite=True)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.step()
        self.step += 1
        self._average()
        if self.step in self.recipe.kept_ends:
            self.ends.append({name: tensor.to("cpu", copy=True) for name, tensor in self.mean.state_dict().items()})
        ious = {kind: [float(outcome.iou) for outcome in some] for kind, some in by_kind(outcomes)}
        return Learned(rate, float(loss.detach()), ious)

    @property
    def result(self) -> Pocket:
        """The running mean of the weights; after the last step, the mean of what it was at the ends of kept stages.

        Each of these stages begins with a high rate and ends with a low one, in a place of its own; between them is a
        better one (Izmailov et al. 2018, arXiv 1803.05407).
        """
        if self.step < self.recipe.steps or not self.ends:
            return self.mean
        between = copy.deepcopy(self.mean)
        between.load_state_dict({name: mean_of([end[name] for end in self.ends]) for name in self.ends[0]})
        return between

    def state(self) -> dict[str, Any]:
        """All that is needed to go on."""
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "mean": self.mean.state_dict(),
            "ends": self.ends,
            "optimiser": self.optimiser,
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a ``state``."""
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        self.mean.load_state_dict(state["mean"])
        self.ends = list(state["ends"])
        self._choose(state["optimiser"])
        for optimiser, part in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(part)

    def _choose(self, optimiser: Name) -> None:
        """Begin anew with an optimiser: what one has gathered is of no use to another."""
        self.optimiser, self.optimisers = optimiser, optimisers(optimiser, self.network, self.recipe.weight_decay)

    def _fast_numbers(self) -> torch.autocast:
        """bfloat16 where the processor multiplies it natively; weights and their gradients stay float32."""
        kind = torch.device(self.device).type
        return torch.autocast(kind, torch.bfloat16, enabled=fastest_dtype(kind) == torch.bfloat16)

    @torch.no_grad()
    def _average(self) -> None:
        """The mean follows the network, closely at first: an early mean would remember mostly noise."""
        share = 1 / min(self.recipe.mean_over, 1 + self.step / 4)
        for mean, now in zip(self.mean.state_dict().values(), self.network.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(now, share)
            else:
                mean.copy_(now)


def mean_of(tensors: Sequence[Tensor]) -> Tensor:
    """Of the same tensor at several times, in its own type."""
    return torch.stack([tensor.double() for tensor in tensors]).mean(0).to(tensors[0].dtype)


def total_loss(outcomes: Sequence[Outcome]) -> Tensor:
    """The weighted sum over the kinds of answers: a long clip does not drown the clicks."""
    losses = [
        (TRACK_WEIGHT if kind == "track" else CLICK_WEIGHT) * torch.stack([outcome.loss for outcome in some]).mean()
        for kind, some in by_kind(outcomes)
    ]
    return torch.stack(losses).sum()


def by_kind(outcomes: Sequence[Outcome]) -> list[tuple[str, list[Outcome]]]:
    """In the order in which the kinds came up, which is the same in every process."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.kind, []).append(outcome)
    return list(groups.items())
