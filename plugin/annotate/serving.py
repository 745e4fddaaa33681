"""The page of ``tam annotate``: a worker of its own for each annotator and folder, so that several may run at once."""

import hashlib
from pathlib import Path

from plugin.annotate.room import Room
from plugin.link import launch
from plugin.serve import Service, serve
from plugin.worker.worker import Worker
from tam_core.annotate.queue import Queue


def serve_page(queue: Queue, service: Service, phase: int, engine: str, segmenter: str) -> None:
    """Serve until the process is told to stop. What is held then is given back."""
    rooms: list[Room] = []

    def prepare(worker: Worker) -> None:
        rooms.append(Room(worker, queue, phase, engine, segmenter))
        worker.annotation = rooms[0]

    try:
        serve(service, prepare)
    finally:
        for room in rooms:
            room.close()


def worker_folder(queue: Queue) -> Path:
    """Where the worker keeps what is its own: on this machine, even if the videos are on another."""
    mark = hashlib.sha256(f"{queue.store.data}#{queue.annotator}".encode()).hexdigest()[:12]
    return launch.data_folder() / "annotate" / mark
