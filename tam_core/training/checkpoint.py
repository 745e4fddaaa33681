"""What a training leaves in its folder: the state it goes on from, and the weights that an engine loads."""

import pickle
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.errors import RequestError
from tam_core.training.loop import Training


def save_training(training: Training, path: Path) -> None:
    """The whole state, read again by ``resume``. Raises OutputError."""
    with atomic_file(path) as temporary, naming_the_cause(path):
        torch.save(training.state(), temporary)


def resume(training: Training, path: Path) -> None:
    """Go on from a file, if there is one. Raises RequestError unless ``save_training`` wrote it for this network."""
    if not path.exists():
        return
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        training.load(state)
    except (OSError, EOFError, KeyError, RuntimeError, TypeError, ValueError, pickle.UnpicklingError) as error:
        raise RequestError(
            f"{path} is no checkpoint that this training can go on from: take it away, or give another folder"
        ) from error


def save_weights(network: nn.Module, path: Path) -> None:
    """Named tensors in half precision, for an engine. Raises OutputError.

    What is one number a channel stays in float32: it is little, and a variance may be more than float16 holds (65504).
    """
    from safetensors.torch import save_file

    state = {name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}
    weights = {name: tensor.half() if tensor.ndim > 1 else tensor for name, tensor in state.items()}
    with atomic_file(path) as temporary, naming_the_cause(path):
        save_file(weights, temporary)
