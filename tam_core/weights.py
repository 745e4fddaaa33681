"""Weight files -> named tensors -> a network, with nothing missing and nothing left over. Runs no code from a file."""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import nn

from tam_core.errors import EngineNotReadyError

Weights: TypeAlias = dict[str, torch.Tensor]

_WRAPPERS = ("model", "state_dict")


def read_weights(path: Path) -> Weights:
    """The named tensors of a ``.safetensors`` file or of a file that ``torch.save`` wrote, on the CPU.

    Big files are mapped into memory, not copied. ``{"model": weights}`` and ``{"state_dict": weights}``, as training
    scripts save them, are unwrapped. Raises EngineNotReadyError.
    """
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping):
        raise EngineNotReadyError(f"{path} holds a {type(content).__name__}, not named weights")
    for name, value in content.items():
        if not isinstance(value, torch.Tensor):
            raise EngineNotReadyError(f"{path} is not a file of weights: '{name}' is a {type(value).__name__}")
    return dict(content)


def load_strictly(network: nn.Module, weights: Mapping[str, torch.Tensor], what: str, path: Path) -> None:
    """Put weights into a network of the same names and shapes. Raises EngineNotReadyError naming what does not fit.

    ``what`` names the network for the person who has to find the right file: "SAM 2.1 tiny".
    """
    wanted = network.state_dict()
    problems = [
        *_some("lacks", [name for name in wanted if name not in weights]),
        *_some("has unknown", [name for name in weights if name not in wanted]),
        *_some("has of another shape", _misshapen(wanted, weights)),
    ]
    if problems:
        raise EngineNotReadyError(f"{path} is not a checkpoint of {what}: it {'; it '.join(problems)}")
    network.load_state_dict(dict(weights), strict=True)


def _misshapen(wanted: Mapping[str, torch.Tensor], weights: Mapping[str, torch.Tensor]) -> list[str]:
    return [
        f"{name} {tuple(weights[name].shape)} for {tuple(value.shape)}"
        for name, value in wanted.items()
        if name in weights and weights[name].shape != value.shape
    ]


def _some(verb: str, names: list[str], shown: int = 3) -> list[str]:
    """The first few names as a clause, or nothing."""
    if not names:
        return []
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return [f"{verb} {', '.join(names[:shown])}{more}"]


def _read_safetensors(path: Path) -> Weights:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path, device="cpu")
    except (OSError, SafetensorError) as error:
        raise EngineNotReadyError(f"{path} cannot be read as weights: {first_line(error)}") from error


def _read_torch(path: Path) -> Any:
    """Only tensors are read, no code. Files in torch's format of before 1.6 cannot be mapped and are read whole."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        raise EngineNotReadyError(f"{path} cannot be read as weights: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    return (str(error) or type(error).__name__).splitlines()[0]
