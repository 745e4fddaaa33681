"""Worker processes on this machine, each of one thread. Each is a pool of its own: a death costs the unit it had."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

from plugin.batch.unit import GPU, Outcome, Unit, lost, run_unit

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""What libraries ask the environment for while they are loaded, and NumPy is before a worker can say anything."""


@dataclass
class _Worker:
    """One process, and the unit that it has."""

    executor: ProcessPoolExecutor
    unit: Unit | None = None
    future: "Future[Outcome] | None" = None
    begun: float = 0.0


@dataclass
class Pool:
    """``gpu_fraction``: the share of the graphics card that a unit for it takes; 1: one at a time."""

    workers: int
    gpu_fraction: float = 1.0
    _all: list[_Worker] = field(default_factory=list)
    _threads: ExitStack = field(default_factory=ExitStack)

    @property
    def slots(self) -> int:
        return self.workers

    def takes(self, unit: Unit) -> bool:
        """See Backend."""
        on_gpu = sum(one.unit is not None and one.unit.on == GPU for one in self._all)
        room = unit.on != GPU or (on_gpu + 1) * self.gpu_fraction <= max(1.0, self.gpu_fraction)
        return room and any(one.unit is None for one in self._all)

    def start(self, unit: Unit, attempt: int) -> None:
        """See Backend."""
        worker = next(one for one in self._all if one.unit is None)
        try:
            future = worker.executor.submit(run_unit, unit, attempt)
        except BrokenProcessPool:  # it died while it had nothing to do
            worker = self._anew(worker)
            future = worker.executor.submit(run_unit, unit, attempt)
        worker.unit, worker.future, worker.begun = unit, future, time.monotonic()

    def wait(self, seconds: float) -> list[Outcome]:
        """See Backend."""
        busy = {one.future: one for one in self._all if one.future is not None}
        if not busy:
            time.sleep(seconds)
            return []
        done, _ = wait(busy, timeout=seconds, return_when=FIRST_COMPLETED)
        return [self._ended(busy[future]) for future in done]

    def __enter__(self) -> "Pool":
        self._threads.enter_context(one_thread_each())
        self._all = [_Worker(_executor()) for _ in range(self.workers)]
        return self

    def __exit__(self, *error: object) -> None:
        for one in self._all:
            for process in _processes(one.executor):
                process.terminate()  # it clears away what it has begun
            one.executor.shutdown(wait=True, cancel_futures=True)
        self._threads.close()

    def _ended(self, worker: _Worker) -> Outcome:
        assert worker.future is not None and worker.unit is not None
        unit = worker.unit
        try:
            outcome = worker.future.result()
        except BrokenProcessPool:
            outcome = lost(unit, time.monotonic() - worker.begun)
            self._anew(worker)
        worker.unit = worker.future = None
        return outcome

    def _anew(self, worker: _Worker) -> _Worker:
        worker.executor.shutdown(wait=False)
        worker.executor = _executor()
        return worker


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes begun meanwhile have one thread. The environment is put back."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def begin_worker() -> None:
    """In a new worker: Ctrl-C is for the one who gave it work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    use_one_thread()


def use_one_thread() -> None:
    """The libraries that do not ask the environment."""
    import cv2

    cv2.setNumThreads(1)


def _executor() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=begin_worker)


def _processes(executor: ProcessPoolExecutor) -> list[BaseProcess]:
    return list((getattr(executor, "_processes", None) or {}).values())
