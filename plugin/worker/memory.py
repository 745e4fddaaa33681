"""How much memory the worker may take before it lets go of engines that nobody uses. Which these are, sessions know."""

import ctypes
import sys
from pathlib import Path

from plugin.link import wire
from plugin.worker.metrics import resident_bytes
from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.errors import RequestError

LEAST = 0.5
"""Gigabytes; less than that is taken by the libraries alone."""


_ARENAS = -8
"""M_ARENA_MAX of malloc.h."""


class MemoryBudget:
    """``limits``: as they were set last, also by an earlier worker. ``given``: by the command line, for this one."""

    def __init__(self, file: Path, given: float | None = None) -> None:
        self._file = file
        self.limits = wire.Limits(given) if given is not None else self._kept()

    @property
    def exceeded(self) -> bool:
        """Whether the process takes more than it may. Where the system does not say, it does not."""
        memory = self.limits.memory
        return memory is not None and resident_bytes() > memory * 1e9

    def set(self, limits: wire.Limits) -> None:
        """From now on, and for later workers. Raises RequestError."""
        if limits.memory is not None and not LEAST <= limits.memory < float("inf"):
            raise RequestError(f"a memory budget of {limits.memory:g} GB: it has to be at least {LEAST} GB, or none")
        with atomic_file(self._file) as temporary, naming_the_cause(self._file):
            temporary.write_text(wire.to_json(limits), encoding="utf-8")
        self.limits = limits

    def _kept(self) -> wire.Limits:
        try:
            return wire.from_json(wire.Limits, self._file.read_text(encoding="utf-8"))
        except (OSError, wire.WireError):
            return wire.Limits()


def share_arenas() -> None:
    """For the start of a process: its many threads get memory from two places, so that little lies idle in each."""
    if libc := _glibc():
        libc.mallopt(_ARENAS, 2)


def give_back_memory() -> None:
    """What was freed goes back to the system, which glibc does not do by itself."""
    if libc := _glibc():
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    """None on other systems, and with other C libraries."""
    if sys.platform != "linux":
        return None
    try:
        library = ctypes.CDLL("libc.so.6")
        return library if hasattr(library, "malloc_trim") else None
    except OSError:
        return None
