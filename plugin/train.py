"""What ``tam train`` does: a network of ours by its recipe, or a published one taught further on a person's videos."""

import signal
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Protocol, TypeAlias, cast

from rich.console import Console

from plugin.progress import with_progress
from tam_core.errors import RequestError


class Progress(Protocol):
    """What both kinds of training say of a step."""

    @property
    def step(self) -> int: ...
    @property
    def steps(self) -> int: ...
    @property
    def loss(self) -> float: ...


Work: TypeAlias = tuple[Iterator[Progress], Path]
"""The steps, and the file that has the weights when they are done."""


@dataclass(frozen=True)
class Ending:
    """One line for the user; ``stopped``: before all was done."""

    line: str
    stopped: bool = False


def train(recipe: str | None, start: str | None, data: Path, output: Path, steps: int | None, device: str) -> Ending:
    """Train by a recipe, or from an engine's weights. Ctrl-C stops it when a step is done, a second one at once."""
    try:
        with Console(stderr=True).status("reading the data, making the first clips"):
            work, weights = _work(recipe, start, data, output, steps, device)
            first = next(work, None)
        if first is None:
            return Ending(f"{weights}: all steps that were asked for are done already")
        last = _watched(first, work)
    except KeyboardInterrupt:
        return Ending("cancelled; the same command goes on from the last checkpoint, if there is one", stopped=True)
    if last.step < last.steps:
        return Ending(f"stopped after step {last.step} of {last.steps}; the same command goes on", stopped=True)
    return Ending(f"{weights}: {last.steps} steps, loss {last.loss:.3f}")


def _work(recipe: str | None, start: str | None, data: Path, output: Path, steps: int | None, device: str) -> Work:
    if recipe is not None and start is None:
        return _by_recipe(recipe, data, output, steps, device)
    if start is not None and recipe is None:
        return _taught_more(start, data, output, steps, device)
    raise RequestError("say what to train: --recipe NAME for a network of ours, or --from ENGINE to teach it more")


def _by_recipe(name: str, data: Path, output: Path, steps: int | None, device: str) -> Work:
    from tam_core.training.train import train, weights_file

    return train(name, data, output, steps, device), weights_file(name, output)


def _taught_more(name: str, data: Path, output: Path, steps: int | None, device: str) -> Work:
    from tam_core.training.finetune import FinetunePlan, finetune
    from tam_core.training.finetune.loop import WEIGHTS

    plan = FinetunePlan() if steps is None else FinetunePlan(steps=steps)
    return finetune(name, data, output, plan, device), output / WEIGHTS


def _watched(first: Progress, work: Iterator[Progress]) -> Progress:
    """Do the work behind its first step, while a bar is shown; gives the last step that was done."""
    if first.step > 1:
        print(f"tam: going on after step {first.step - 1} of {first.steps}", file=sys.stderr)
    last = first
    with closing(cast(Generator[Progress], work)), _stopped_between_steps() as stopped:
        for progress in with_progress(chain([first], work), "training", first.steps - first.step + 1):
            last = progress
            if stopped():
                break
    return last


@contextmanager
def _stopped_between_steps() -> Iterator[Callable[[], bool]]:
    """Ctrl-C, or a polite end of the process, is kept until a step is done; a second one is not."""
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        if heard:
            raise KeyboardInterrupt
        heard.append(number)

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(heard)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
