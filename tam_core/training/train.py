"""Our own networks, trained by their recipes: a folder of data in; weights, a log and a checkpoint out."""

import difflib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from tam_core.atomic import check_writable, naming_the_cause
from tam_core.device import keep_freed_memory, resolve_device
from tam_core.errors import OutputError, RequestError
from tam_core.training.batch import Batch
from tam_core.training.checkpoint import resume, save_training, save_weights
from tam_core.training.clip import make_clip
from tam_core.training.library import Library, load_library
from tam_core.training.log import Log
from tam_core.training.loop import Training
from tam_core.training.pools import Pools, batches_of
from tam_core.training.recipe import Recipe
from tam_core.training.recipes import RECIPES

CHECKPOINT, LOG = "checkpoint.pt", "log.csv"
"""In the output folder, beside the weights: what is needed to go on, and what happened."""

LOG_EVERY, SAVE_EVERY = 50, 250
"""Steps."""

MOST_WORKERS = 8
"""Processes that make clips for a GPU. A CPU that learns has no more than one to spare."""


@dataclass(frozen=True)
class Progress:
    """``step`` of ``steps`` is done, with this loss."""

    step: int
    steps: int
    loss: float


def train(name: str, data: Path, output: Path, steps: int | None = None, device: str = "auto") -> Iterator[Progress]:
    """Train by the recipe of that name on a folder of data (see ``library``), up to a step or to the end.

    Everything that can be wrong is found now, what costs least first; the iterator then does the work, a step an item.
    The folder ``output`` has the weights (``weights_file``) as of the last checkpoint; asked again, it goes on from
    there. Closing the iterator makes a checkpoint. The same recipe, data and processor give the same weights, also when
    it was stopped in between; on a GPU, all but the last digits. Raises RequestError, SourceNotFoundError, OutputError.
    """
    recipe = find_recipe(name)
    end = recipe.steps if steps is None else steps
    if not 1 <= end <= recipe.steps:
        raise RequestError(f"{end} steps of recipe '{name}', which has {recipe.steps}: ask for 1 to {recipe.steps}")
    training = Training(recipe, resolve_device(device))
    _check_folder(output)
    resume(training, output / CHECKPOINT)
    to_do = range(training.step, end)
    with _spare_threads():
        library = load_library(data)
        for plan in {plan for stage, _ in recipe.parts(to_do) for plan in stage.plans}:
            make_clip(library, np.random.default_rng(recipe.seed), plan.size, plan.length, plan.mix)
    with naming_the_cause(output):
        output.mkdir(exist_ok=True)
    return _steps(training, _batches(training, library, to_do), end, output, weights_file(name, output))


def find_recipe(name: str) -> Recipe:
    """The recipe of that name. Raises RequestError with the names there are."""
    if name in RECIPES:
        return RECIPES[name]
    close = difflib.get_close_matches(name, RECIPES, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    raise RequestError(f"no recipe is named '{name}': {hint}There are: {', '.join(RECIPES)}")


def weights_file(name: str, output: Path) -> Path:
    """Where the weights of a recipe are written: the running mean, in half precision, as the engine loads them."""
    return output / f"{name}.safetensors"


def _check_folder(output: Path) -> None:
    """Raise OutputError if nothing can be written there. It is not made yet: the data may be wrong."""
    if output.exists() and not output.is_dir():
        raise OutputError(f"{output} is a file; give the name of a folder")
    check_writable(output / LOG if output.exists() else output)


def _batches(training: Training, library: Library, steps: range) -> Iterator[Batch]:
    """All that is still to be learned, stage by stage."""
    on_gpu = training.device == "cuda"
    workers = min(MOST_WORKERS, os.cpu_count() or 1) if on_gpu else 1
    for stage, part in training.recipe.parts(steps):
        turns = len(stage.plans)
        rows = {}
        for step in part[:turns]:
            pools = Pools(library, stage.plan_at(step), training.recipe.seed, part[step - part.start :: turns])
            rows[step % turns] = batches_of(pools, workers, on_gpu)
        for step in part:
            yield next(rows[step % turns])


def _steps(training: Training, batches: Iterator[Batch], steps: int, output: Path, weights: Path) -> Iterator[Progress]:
    log = Log(output / LOG, _kinds(training.recipe), training.step)

    def keep() -> None:
        log.write(training.step)
        save_training(training, output / CHECKPOINT)
        save_weights(training.result, weights)

    keep_freed_memory(every_size=True)
    with _spare_threads():
        for batch in batches:
            learned = training.learn(batch)
            log.add(learned)
            if training.step % LOG_EVERY == 0:
                log.write(training.step)
            if training.step % SAVE_EVERY == 0:
                keep()
            try:
                yield Progress(training.step, steps, learned.loss)
            except GeneratorExit:  # between two steps all is in order; an exception may have come in the midst of one
                keep()
                raise
        keep()


def _kinds(recipe: Recipe) -> list[str]:
    """The answers that a training asks for."""
    rounds = max(stage.chances.rounds for stage in recipe.stages)
    return [*(f"click{turn + 1}" for turn in range(rounds)), "corrected", "track"]


@contextmanager
def _spare_threads() -> Iterator[None]:
    """OpenCV works in one thread: the others learn, and a process forked while it had more would wait for them forever.

    Numbers too small to matter are 0, which is twice as fast on a CPU.
    """
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        cv2.setNumThreads(before)
