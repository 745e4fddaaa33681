"""Loaded engines, shared by all sessions, and the job that fetches the weights of one."""

import contextlib
import gc
import itertools
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from inpaint.engines import INPAINTERS
from plugin.link import wire
from plugin.worker.folders import Folders
from tam_core.checkpoints import megabytes
from tam_core.engines import ENGINES
from tam_core.errors import UnknownEngineError
from tam_core.registry import EngineSpec, Role

_Key: TypeAlias = tuple[EngineSpec, str]
"""An engine and its device."""
_STEP = 1 << 20
"""Bytes that count as a step of a download."""


class Engines:
    """Engines by name, role and device, loaded once. Weights of a person's own lie in the opened ``folders``."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._lock = threading.Lock()
        self._loading: dict[_Key, threading.Lock] = {}
        """Held while that one is loaded, so that nobody waits for an engine of others."""
        self._loaded: dict[_Key, Any] = {}

    def load(self, name: str, role: Role, device: str = "auto") -> Any:
        """The ``loader`` of Session. One network that is a tracker and a segmenter too is loaded once for both."""
        spec = ENGINES.get(self.checked(name), role, device)
        key = (spec.loaded_as, device)
        with self._lock:
            loading = self._loading.setdefault(key, threading.Lock())
        with loading:
            if key not in self._loaded:
                self._loaded[key] = spec.load(device)
            return self._loaded[key]

    def load_soon(self, name: str, role: Role, device: str = "auto") -> None:
        """Begin to load what will be wanted, so that a person's first click need not wait for it."""

        def attempt() -> None:
            with contextlib.suppress(Exception):  # whatever it is, who clicks is told
                self.load(name, role, device)

        threading.Thread(target=attempt, name="tam-loading").start()  # no daemon: torch cannot be cut off half-loaded

    def checked(self, name: str) -> str:
        """The name of an engine, where it is NAME=FILE with the file that it leads to. Raises ForbiddenError."""
        engine, separator, file = name.partition("=")
        return f"{engine}={self._folders.check(file)}" if separator else name

    def release(self, keep: Iterable[Any] = ()) -> None:
        """Forget the loaded engines but some: their memory is free when no session uses them any more."""
        kept = {id(engine) for engine in keep}
        with self._lock:
            self._loaded = {key: engine for key, engine in self._loaded.items() if id(engine) in kept}
        gc.collect()


@dataclass(frozen=True)
class FetchRequest:
    """The engine whose weights are wanted."""

    name: str


class Fetch:
    """The job that downloads what an engine waits for. A download that was interrupted goes on."""

    kind = "fetch"
    priority = 10
    gated = False
    session_id: str | None = None
    project = ""
    total: int | None
    download: Path | None = None
    outcome: wire.Forecast | wire.Receipt | None = None

    def __init__(self, name: str) -> None:
        rows = {row.name: row for row in (*ENGINES, *INPAINTERS) if row.size}
        if name not in rows:
            raise UnknownEngineError(f"no engine named {name[:64]!r} needs a download; these do: {', '.join(rows)}")
        self._row = rows[name]
        self.request = FetchRequest(name)
        self.title = f"fetch {name} ({megabytes(self._row.size)})"
        self.total = self._row.size // _STEP
        self.result = ""

    def run(self) -> Iterator[None]:
        """One step for every megabyte that is here."""
        before, done = 0, 0
        for checkpoint in dict.fromkeys(row.checkpoint for row in (self._row, *self._row.parts) if row.checkpoint):
            for here in checkpoint.fetch():
                steps = (before + here) // _STEP - done
                done += steps
                yield from itertools.repeat(None, steps)
            before += checkpoint.size
        self.result = f"{self._row.name} is ready"
