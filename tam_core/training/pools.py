"""Batches made ahead by other processes, a pool of fresh clips at a time.

A batch depends on the seed and its step alone: not on where training began, nor on how many processes help.
"""

import multiprocessing
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from tam_core.training.batch import Batch, BatchPlan, Look, draw_batch, joined, looked_at
from tam_core.training.clip import make_clip
from tam_core.training.library import Library


@dataclass(frozen=True)
class Pools(Dataset[Batch]):
    """The batches of ``steps``, all or every n-th of a stage.

    An item is all that one pool serves: a Batch whose tensors have one axis more in front.

    Each tensor costs an open file on its way from one process to another: hence one Batch rather than a list of them.
    """

    library: Library = field(repr=False)
    plan: BatchPlan
    seed: int
    steps: range

    def __len__(self) -> int:
        return self._number(self.steps[-1]) - self._number(self.steps[0]) + 1 if self.steps else 0

    def __getitem__(self, index: int) -> Batch:
        number = self._number(self.steps[0]) + index
        pool = [self.fresh(number, slot) for slot in range(self.plan.pool)]
        batches = [
            draw_batch(pool, self.plan.batch, np.random.default_rng([self.seed, 1, step]))
            for step in self.steps
            if self._number(step) == number
        ]
        return joined(batches, torch.stack)

    def fresh(self, number: int, slot: int) -> Look:
        """A clip that has at least one object to follow."""
        rng = np.random.default_rng([self.seed, 0, self.steps.start % self.steps.step, number, slot])
        plan = self.plan
        return looked_at(make_clip(self.library, rng, plan.size, plan.length, plan.mix, plan.distant))

    def _number(self, step: int) -> int:
        """The pool of a step."""
        return step // self.steps.step // self.plan.steps_per_pool


def batches_of(pools: Pools, workers: int, pinned: bool = False) -> Iterator[Batch]:
    """The batches in order, made ahead by ``workers`` processes, or by this one when they are asked for.

    OpenCV must be down to one thread here (``cv2.setNumThreads``): processes are forked, and its threads are not.
    """
    loader = DataLoader(
        pools,
        batch_size=None,
        num_workers=workers,
        prefetch_factor=1 if workers else None,  # a pool is large, and serves long enough for the next one to be made
        pin_memory=pinned,
        worker_init_fn=_leave_signals_to_parent,
        multiprocessing_context=_FORK if workers else None,
    )
    for pool in loader:
        for row in range(len(pool.frames)):
            yield pool.each(itemgetter(row))


_FORK = multiprocessing.get_context("fork") if sys.platform == "linux" else None
"""The library is large: where processes can share it, they do."""


def _leave_signals_to_parent(_worker: int) -> None:
    """Ctrl-C and the like reach every process of a command; when to stop is for the one that learns to say."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
