"""What a recipe is: all that the weights of a network depend on, beside the data."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from tam_core.training.batch import BatchPlan
from tam_core.training.optimisers import Name
from tam_core.training.unroll import Chances


@dataclass(frozen=True)
class Stage:
    """A stretch of training: ``steps`` of batches, made by the ``plans`` in turn.

    The learning rate goes from one value to another. A stage with another ``optimiser`` than the one before begins anew
    with it. ``kept``: what the weights are at its end has a share in what comes out of the recipe.
    """

    steps: int
    plans: tuple[BatchPlan, ...]
    rate: tuple[float, float]
    chances: Chances = field(default_factory=Chances)
    optimiser: Name = "adamw"
    kept: bool = False

    def plan_at(self, step: int) -> BatchPlan:
        """What the batch of a step (counted from the beginning of training) is made by."""
        return self.plans[step % len(self.plans)]


@dataclass(frozen=True)
class Recipe:
    """Stages, one after the other. ``mean_over``: steps that the running mean of the weights looks back on."""

    stages: tuple[Stage, ...]
    seed: int = 0
    weight_decay: float = 0.02
    warmup: int = 100
    mean_over: int = 400

    @property
    def steps(self) -> int:
        """Of all stages together."""
        return sum(stage.steps for stage in self.stages)

    @property
    def kept_ends(self) -> frozenset[int]:
        """The steps after which a stage ends that is ``kept``."""
        ends = accumulate(stage.steps for stage in self.stages)
        return frozenset(end for stage, end in zip(self.stages, ends, strict=True) if stage.kept)

    def parts(self, steps: range) -> Iterator[tuple[Stage, range]]:
        """The stages that ``steps`` fall into, each with its share of them."""
        begin = 0
        for stage in self.stages:
            part = range(max(steps.start, begin), min(steps.stop, begin + stage.steps))
            if part:
                yield stage, part
            begin += stage.steps

    def stage_at(self, step: int) -> tuple[Stage, int]:
        """The stage of a step, and the step at which that stage begins."""
        begin = 0
        for stage in self.stages:
            if step < begin + stage.steps:
                return stage, begin
            begin += stage.steps
        raise IndexError(step)

    def rate(self, step: int) -> float:
        """The learning rate: a half cosine within each stage, after a warm-up."""
        stage, begin = self.stage_at(step)
        high, low = stage.rate
        done = (step - begin) / stage.steps
        return min(1.0, (step + 1) / self.warmup) * (low + (high - low) * 0.5 * (1 + math.cos(math.pi * done)))
