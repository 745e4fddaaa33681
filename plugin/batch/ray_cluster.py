"""Workers of a Ray cluster, or of a Ray that is begun on this machine. Every node needs tam-studio, and sees the files.

Ray is not asked to try again: who begins a unit anew, and how often, is the schedule's, for both backends the same.
"""

import logging
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from plugin.batch.unit import CPU, GPU, Outcome, Unit, lost, run_unit
from tam_core.errors import EngineNotReadyError, RequestError

LOCAL = "local"


@dataclass
class RayCluster:
    """``address`` of a cluster, or "local" for ``workers`` processes here. A GPU unit takes ``gpu_fraction`` of one.

    A unit for the CPU takes one of a node's CPUs, one with another label one of the node's resource of that name.
    """

    address: str
    workers: int
    gpu_fraction: float = 1.0
    _running: dict[Any, tuple[Unit, float]] = field(default_factory=dict)
    _slots: int = 0
    _refused: list[Outcome] = field(default_factory=list)

    @property
    def slots(self) -> int:
        return self._slots

    def takes(self, unit: Unit) -> bool:
        """See Backend. Ray keeps a queue of its own for each kind of node: as many again wait in it."""
        same = sum(running.on == unit.on for running, _ in self._running.values())
        return same < 2 * self._slots if self.address != LOCAL else len(self._running) < self._slots

    def start(self, unit: Unit, attempt: int) -> None:
        """See Backend. What no node can do would wait for ever: it is refused."""
        wanted, there = {GPU: "GPU", CPU: "CPU"}.get(unit.on, unit.on), _resources()
        if not there.get(wanted):
            said = f"no node of the cluster has {wanted!r}; there are: {', '.join(sorted(there))}"
            self._refused.append(Outcome(unit.name, "refused", "nowhere", said=said))
            return
        task = self._remote.options(**self._wanted(unit.on), name=unit.name)
        self._running[task.remote(unit, attempt)] = (unit, time.monotonic())

    def wait(self, seconds: float) -> Iterable[Outcome]:
        """See Backend."""
        import ray

        if self._refused or not self._running:
            time.sleep(0 if self._refused else seconds)
            refused, self._refused = self._refused, []
            return refused
        done, _ = ray.wait(list(self._running), num_returns=1, timeout=seconds)
        return [self._ended(one) for one in done]

    def __enter__(self) -> "RayCluster":
        try:
            import ray
        except ImportError as error:
            raise EngineNotReadyError("--ray needs Ray: pip install 'tam-studio[cluster]'") from error
        quiet: dict[str, Any] = {"log_to_driver": False, "include_dashboard": False, "logging_level": logging.ERROR}
        try:
            if self.address == LOCAL:
                os.environ.setdefault("RAY_worker_niceness", str(os.nice(0)))  # Ray's own 15 starves beside anything
                ray.init(num_cpus=self.workers, **quiet)
            else:
                ray.init(address=self.address, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise RequestError(f"--ray {self.address}: no Ray cluster answers there: {error}") from error
        self._slots = max(1, int(_resources().get("CPU", self.workers)))
        self._remote = ray.remote(max_retries=0, max_calls=0)(_run)
        return self

    def __exit__(self, *error: object) -> None:
        import ray

        for one in self._running:
            ray.cancel(one, force=True)
        ray.shutdown()

    def _wanted(self, label: str) -> dict[str, Any]:
        if label == CPU:
            return {"num_cpus": 1}
        if label == GPU:
            return {"num_cpus": 1, "num_gpus": self.gpu_fraction}
        return {"num_cpus": 1, "resources": {label: 1}}

    def _ended(self, reference: Any) -> Outcome:
        import ray

        unit, begun = self._running.pop(reference)
        try:
            outcome: Outcome = ray.get(reference)
        except ray.exceptions.RayError as error:
            outcome = lost(unit, time.monotonic() - begun, f"its worker died: {type(error).__name__}")
        return outcome


def _resources() -> dict[str, float]:
    """What the nodes of the cluster have together."""
    import ray

    found: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return found


def _run(unit: Unit, attempt: int) -> Outcome:
    """In a worker of Ray, which has set the number of threads by the CPUs that were asked for."""
    from plugin.batch.pool import use_one_thread

    use_one_thread()
    return run_unit(unit, attempt)
