"""A worker on a folder of its own, in this process: asked by a test client, or by HTTP over a real port."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from starlette.testclient import TestClient

from plugin.worker.app import create_app
from plugin.worker.security import Access
from plugin.worker.worker import Worker

PATIENCE = 60.0


@dataclass(frozen=True)
class Service:
    """A worker, a client that has its token, and a folder that is opened to it."""

    worker: Worker
    client: TestClient
    opened: Path


@contextmanager
def running(tmp_path: Path) -> Iterator[Service]:
    """A worker asked by a test client, without a port."""
    with Worker(tmp_path / "data", folders=[_opened(tmp_path)], device="cpu") as worker:
        client = TestClient(create_app(worker), base_url=worker.access.url, headers=authorised(worker))
        yield Service(worker, client, tmp_path / "opened")


def authorised(worker: Worker) -> dict[str, str]:
    return {"Authorization": f"Bearer {worker.access.token}"}


@contextmanager
def served(tmp_path: Path) -> Iterator[tuple[Worker, httpx.Client]]:
    """A worker behind a real port, for what a test client cannot do: streams without an end."""
    with (
        socket.create_server(("127.0.0.1", 0)) as door,
        Worker(
            tmp_path / "data",
            access=Access(port=door.getsockname()[1]),
            folders=[_opened(tmp_path)],
            device="cpu",
        ) as worker,
        httpx.Client(base_url=worker.access.url, headers=authorised(worker), timeout=PATIENCE) as client,
    ):
        config = uvicorn.Config(create_app(worker), lifespan="off", ws="none", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=[[door]])
        thread.start()
        try:
            until(lambda: server.started)
            yield worker, client
        finally:
            worker.events.close()
            server.should_exit = True
            thread.join()


def _opened(tmp_path: Path) -> Path:
    (tmp_path / "opened").mkdir(exist_ok=True)
    return tmp_path / "opened"


def until(happened: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait for something that a thread does."""
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)
