"""What happens when one thing is made harder or easier: memory, working size, frames left out.

An engine offers what its settings have; frames are left out for every engine.
"""

import importlib
from dataclasses import dataclass, fields, replace
from typing import Any, get_args, get_type_hints

from tam_core.registry import EngineSpec

MEMORY = {"spaced": (0, 1, 2, 4, 8), "memory_size": (1, 2, 4, 7, 14), "max_working_frames": (5, 7, 9, 14)}
"""Remembered frames, by the name that engines have for it."""
INPUT = {
    "long_side": (214, 320, 428, 512, 640),
    "image_size": (512, 768, 1024),
    "short_side": (240, 360, 480, 600),
}
"""Working sizes in pixels, likewise."""
EVERY = (1, 2, 4, 8)
"""Of so many frames one is shown."""
SWEEPS = ("memory", "input", "skip")


@dataclass(frozen=True)
class Offer:
    """A setting of an engine, the ``values`` to try, and the one that it runs by, which is among them."""

    setting: str
    values: tuple[int, ...]
    usual: int


def offered(row: EngineSpec, sweep: str) -> Offer | None:
    """What an engine has for the sweep "memory" or "input"; None where it has nothing of the kind."""
    defaults = default_settings(row)
    for name, values in (MEMORY if sweep == "memory" else INPUT).items():
        if defaults is not None and name in {field.name for field in fields(defaults)}:
            usual = getattr(defaults, name)
            return Offer(name, tuple(sorted({*values, usual})), usual)
    return None


def default_settings(row: EngineSpec) -> Any:
    """The settings that an engine runs by, a frozen dataclass; None where its loader takes none."""
    module, function = row.loader.split(":")
    hints = get_type_hints(getattr(importlib.import_module(module), function))
    kinds = [kind for kind in get_args(hints.get("settings")) if kind is not type(None)]
    return kinds[0]() if kinds else None


def load_with(row: EngineSpec, device: str, name: str, value: int) -> Any:
    """The engine with one setting changed."""
    return row.load(device, settings=replace(default_settings(row), **{name: value}))
