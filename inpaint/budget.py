"""How much memory a removal may take, and what that means for its windows. All figures are estimates, made high."""

import os
import sys
from dataclasses import dataclass

from inpaint.base import WindowSpec
from tam_core.types import Size

PROGRAM = 0.4e9
"""Bytes of the program and its libraries."""

CODING = 100
"""Whole frames that decoders and an encoder hold, with half as many bytes as ours."""

LEAST = 8
"""Frames that are worked on together, however small the budget."""

_SHARE = 0.5
"""Of the machine's memory, if nothing is said."""


@dataclass(frozen=True)
class Budget:
    """``memory`` in GB, for frames of ``size`` (H, W) with ``depth`` bytes a value."""

    memory: float
    size: Size
    depth: int = 1

    def needed(self, spec: WindowSpec, length: int, references: int, area: float) -> float:
        """Bytes for a window of ``length`` frames and ``references``, of which ``area`` pixels each are worked on."""
        frame = self.size[0] * self.size[1] * 3 * self.depth
        whole = length + self.kept(spec) + 2 + CODING / 2
        return PROGRAM + whole * frame + (length + references + 1) * area * (spec.footprint + 6 * (self.depth - 1))

    def kept(self, spec: WindowSpec) -> int:
        """Whole frames that are kept for the next windows' references."""
        frame = self.size[0] * self.size[1] * 3 * self.depth
        return max(1, min(2 * spec.references + 1, int(self.memory * 1e9 * 0.1 / frame)))

    def longest(self, spec: WindowSpec, references: int, area: float) -> int:
        """Frames of a window that stays under the budget, LEAST at least unless the ``spec`` has fewer."""
        one = self.needed(spec, 1, references, area) - self.needed(spec, 0, references, area)
        room = self.memory * 1e9 - self.needed(spec, 0, references, area)
        return max(min(spec.length, int(room / one)), min(LEAST, spec.length))


def default_memory() -> float:
    """Half of the machine's memory in GB; 4 where it does not say how much it has."""
    return _SHARE * total_memory() if total_memory() else 4.0


def total_memory() -> float:
    """The machine's memory in GB, 0 where that is not known."""
    if sys.platform == "win32":
        return _windows_memory() / 1e9
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    except (ValueError, OSError):
        return 0.0


def _windows_memory() -> int:
    import ctypes

    kilobytes = ctypes.c_ulonglong(0)
    found = ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes))  # type: ignore[attr-defined]
    return kilobytes.value * 1024 if found else 0
