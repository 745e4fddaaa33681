"""The worker: everything that lives as long as the service does. It knows no HTTP."""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from plugin.link.private import make_private_folder
from plugin.worker import uploads
from plugin.worker.engines import Engines, Fetch
from plugin.worker.events import Events
from plugin.worker.folders import Folders
from plugin.worker.jobs import Jobs
from plugin.worker.leftovers import forget_parts_in
from plugin.worker.live import Live
from plugin.worker.memory import MemoryBudget
from plugin.worker.metrics import Metrics
from plugin.worker.security import Access
from plugin.worker.sessions import Sessions
from plugin.worker.uploads import Uploads

if TYPE_CHECKING:
    from plugin.annotate.room import Room


class Worker:
    """Made once for a data folder; raises WorkerRunningError if another one uses it.

    ``data`` holds projects/, uploads/, exports/ (what jobs wrote to be downloaded, until the next start), the jobs that
    are not done, and the log. ``folders`` are those that clients may use, ``memory`` is the budget in gigabytes.
    """

    def __init__(
        self,
        data: Path,
        *,
        access: Access | None = None,
        folders: Iterable[Path] = (),
        device: str = "auto",
        upload_limit: int = uploads.LIMIT,
        memory: float | None = None,
    ) -> None:
        make_private_folder(data)
        self.data = data.resolve()
        self.access = access or Access()
        self.device = device
        self.started = time.time()
        self.metrics = Metrics()
        self.events = Events()
        self.jobs = Jobs(self.events, self.data)
        shutil.rmtree(self.data / "exports", ignore_errors=True)
        for name in ("exports", "projects"):
            (self.data / name).mkdir(exist_ok=True)
        forget_parts_in(self.data / "projects")
        self.memory = MemoryBudget(self.data / "limits.json", memory)
        self.folders = Folders(self.data, folders)
        self.uploads = Uploads(self.data / "uploads", upload_limit)
        self.engines = Engines(self.folders)
        self.jobs.register(Fetch.kind, lambda asked: Fetch(asked.request["name"]))
        self.live = Live(self.engines, self.jobs.gate, self.events, device)
        self.sessions = Sessions(self)
        self.annotation: Room | None = None

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Jobs stop at their next step and can be resumed, sessions are closed, streams end."""
        self.events.close()
        self.live.close_all()
        self.jobs.close()
        self.sessions.close()
