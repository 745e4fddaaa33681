"""The loop of a fine-tuning: a clip a step, a line of the log a step, a checkpoint now and then.

The same weights, data, plan and processor give the same result, also when it was stopped in between. (On a GPU, sums
are taken in an order that changes: results differ in the last digits.)
"""

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from tam_core.atomic import atomic_file, check_writable, naming_the_cause
from tam_core.device import resolve_device
from tam_core.engines.sam2 import Sam2Settings, Sam2Tracker
from tam_core.errors import OutputError, RequestError
from tam_core.models.sam2 import Sam2
from tam_core.training.finetune.log import Log
from tam_core.training.finetune.losses import Losses
from tam_core.training.finetune.plan import FinetunePlan, Progress
from tam_core.training.finetune.start import check_image_size, choose_what_learns, read_network, weights_of
from tam_core.training.finetune.unroll import Unrolled
from tam_core.training.masklets import LabelledVideo, draw_clip, find_labelled_videos

WEIGHTS, CHECKPOINT, LOG = "weights.safetensors", "checkpoint.pt", "log.csv"
"""In the output folder: what an engine loads, what is needed to go on, and what happened."""

_WEIGHT_DECAY = 0.1
_LONGEST_GRADIENT = 0.1
"""As SAM 2 was fine-tuned; vectors do not decay."""


class Finetuning:
    """A network on its way, with all that going on needs. ``origin`` is the name of the weights it started from."""

    def __init__(self, network: Sam2, origin: str, plan: FinetunePlan, device: str = "cpu") -> None:
        check_image_size(network, plan.image_size)
        choose_what_learns(network, plan.encoder)
        self.origin, self.plan, self.step = origin, plan, 0
        self.tracker = Sam2Tracker(network.to(device), Sam2Settings(image_size=plan.image_size))
        self.network = self.tracker.network
        self.optimiser = torch.optim.AdamW(_groups(network, plan))

    def learn(self, videos: Sequence[LabelledVideo]) -> Progress:
        """One step. Raises RequestError where it leads nowhere."""
        rng = np.random.default_rng([self.plan.seed, self.step])
        clip = draw_clip(videos, rng, self.plan.length, self.plan.objects)
        answers = list(Unrolled(self.tracker, clip, rng, self.plan.corrections).answers())
        loss = torch.stack([answer.total for answer in answers]).mean()
        if not loss.isfinite():
            raise RequestError(
                f"step {self.step + 1}: the loss is {float(loss.detach())}; ask for a lower rate than {self.plan.rate}"
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), _LONGEST_GRADIENT)
        for group in self.optimiser.param_groups:
            group["lr"] = group["highest"] * self.plan.share_of_rate(self.step)
        self.optimiser.step()
        self.step += 1
        return Progress(self.step, self.plan.steps, float(loss.detach()), *_means(answers))

    def save(self, folder: Path) -> None:
        """The weights, under their published names, and beside them what is needed to go on. Raises OutputError."""
        from safetensors.torch import save_file

        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in self.network.state_dict().items()}
        state = {"asked": self._asked, "step": self.step, "network": weights, "optimiser": self.optimiser.state_dict()}
        with atomic_file(folder / WEIGHTS) as temporary, naming_the_cause(folder / WEIGHTS):
            save_file(weights, temporary)
        with atomic_file(folder / CHECKPOINT) as temporary, naming_the_cause(folder / CHECKPOINT):
            torch.save(state, temporary)

    def go_on(self, folder: Path) -> None:
        """Continue from a checkpoint, if there is one. Raises RequestError unless the very same was asked of it."""
        path, now = folder / CHECKPOINT, self._asked
        if not path.exists():
            return
        try:
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            before = state["asked"]
            other = [f"{name} was {before.get(name)}, not {now[name]}" for name in now if before.get(name) != now[name]]
            if not other:
                self.network.load_state_dict(state["network"])
                self.optimiser.load_state_dict(state["optimiser"])
                self.step = state["step"]
        except (OSError, EOFError, KeyError, RuntimeError, TypeError, ValueError, pickle.UnpicklingError) as error:
            raise RequestError(
                f"{path} is no checkpoint that this training can go on from: take it away, or give another folder"
            ) from error
        if other:
            raise RequestError(
                f"{folder} holds another run ({'; '.join(other)}): ask for the same, or give a new folder"
            )

    @property
    def _asked(self) -> dict[str, Any]:
        return {"from": self.origin, **asdict(self.plan)}


def finetune(name: str, data: Path, output: Path, plan: FinetunePlan, device: str = "auto") -> Iterator[Progress]:
    """Teach an engine's network, or a file of such weights, on the labelled videos of a folder.

    Everything that can be wrong is found now, what costs least first; the iterator then does the work, a step an item.
    The folder ``output`` has ``weights.safetensors`` as of the last checkpoint; asked again, it goes on from there.
    Closing the iterator makes a checkpoint. Raises RequestError, EngineNotReadyError, MaskletError,
    SourceNotFoundError, VideoError, OutputError.
    """
    weights = weights_of(name)
    _check_folder(output)
    videos = find_labelled_videos(data)
    training = Finetuning(read_network(weights), name, plan, resolve_device(device))
    training.go_on(output)
    with naming_the_cause(output):
        output.mkdir(exist_ok=True)
    return _steps(training, videos, output)


def _check_folder(output: Path) -> None:
    """Raise OutputError if nothing can be written there. It is not made yet: something else may be wrong."""
    if output.exists() and not output.is_dir():
        raise OutputError(f"{output} is a file; give the name of a folder")
    check_writable(output / LOG if output.exists() else output)


def _steps(training: Finetuning, videos: Sequence[LabelledVideo], output: Path) -> Iterator[Progress]:
    log = Log(output / LOG, training.step)
    while training.step < training.plan.steps:
        done = training.learn(videos)
        log.add(done)
        if done.step % training.plan.save_every == 0 or done.step == done.steps:
            training.save(output)
        try:
            yield done
        except GeneratorExit:  # between two steps all is in order; an exception may have come in the midst of one
            training.save(output)
            raise


def _groups(network: Sam2, plan: FinetunePlan) -> list[dict[str, Any]]:
    """The weights that learn, by how fast they do and whether they decay."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, weight in network.named_parameters():
        if weight.requires_grad:
            groups.setdefault((name.startswith("image_encoder."), weight.ndim > 1), []).append(weight)
    return [
        {
            "params": weights,
            "highest": plan.encoder_rate if of_encoder else plan.rate,
            "weight_decay": _WEIGHT_DECAY if decays else 0.0,
        }
        for (of_encoder, decays), weights in groups.items()
    ]


def _means(answers: Sequence[Losses]) -> Iterator[float]:
    """Of each loss, and of the overlap where there is one."""
    for field in fields(Losses):
        yield float(torch.stack([getattr(answer, field.name) for answer in answers]).detach().nanmean())
