"""What ``tam batch`` does: reads the manifest, plans, runs what is not there yet, and sums up."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plugin.batch import storage
from plugin.batch.backend import Backend
from plugin.batch.manifest import read_manifest
from plugin.batch.planning import Planner
from plugin.batch.pool import Pool
from plugin.batch.ray_cluster import RayCluster
from plugin.batch.schedule import Schedule
from plugin.batch.spans import Cutting
from plugin.batch.summary import summarise, write_summary
from plugin.progress import with_progress


@dataclass(frozen=True)
class Wish:
    """How a batch is done. ``ray``: an address, or "local"; None: ``workers`` processes of this machine.

    ``defaults``: options for rows that do not say. ``alone``: spans begin by their own prompts.
    """

    workers: int = 1
    ray: str | None = None
    gpu_fraction: float = 1.0
    cutting: Cutting | None = None
    alone: bool = False
    retries: int = 2
    backoff: float = 1.0
    defaults: Mapping[str, str] = field(default_factory=dict)

    def backend(self) -> Backend:
        """Who does the units."""
        if self.ray is not None:
            return RayCluster(self.ray, self.workers, self.gpu_fraction)
        return Pool(self.workers, self.gpu_fraction)


def batch(manifest: str, output: str, wish: Wish) -> dict[str, Any]:
    """Do a manifest into a folder. Returns the summary, which is also in the folder, whatever happened.

    What is there already, of the same inputs and options, stays as it is. Raises RequestError for a manifest that
    cannot be done, before any work; failures of clips are in the summary.
    """
    rows = read_manifest(manifest, wish.defaults)
    storage.check_storage(output)
    planner = Planner(output, wish.cutting, wish.alone)
    schedule = Schedule([unit for row in rows for unit in planner.units(row)], wish.retries, wish.backoff)
    began = time.monotonic()
    try:
        if schedule.waiting:
            with wish.backend() as backend:
                for _ in with_progress(schedule.run(backend), "units", schedule.waiting):
                    pass
    except KeyboardInterrupt:
        print(f"tam: note: what was finished is in {output}; the same command goes on", file=sys.stderr)
        raise
    finally:
        summary = summarise(schedule.histories.values(), time.monotonic() - began)
        write_summary(summary, output)
    return summary
