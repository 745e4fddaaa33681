"""What ``tam annotate`` does: the page, or one of the things that need none."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from tam_core.annotate.locks import LockedError
from tam_core.annotate.queue import Queue
from tam_core.annotate.store import PROPOSED, Store
from tam_core.errors import RequestError
from tam_core.video.source import VideoInfo


@dataclass(frozen=True)
class Annotating:
    """A folder, who annotates it, in which phase and with which engines. ``data`` None: in the folder itself."""

    folder: Path
    data: Path | None
    annotator: str
    phase: int
    engine: str
    segmenter: str
    device: str

    def store(self) -> Store:
        return Store(self.folder, self.data)

    def queue(self) -> Queue:
        return Queue(self.store(), self.annotator)


def serve(asked: Annotating, host: str, port: int | None, browser: bool) -> None:
    """The page, until the process is told to stop."""
    from plugin.annotate.serving import serve_page, worker_folder
    from plugin.serve import Service

    queue = asked.queue()
    folders = [queue.store.folder, queue.store.data]
    data = worker_folder(queue)
    service = Service(folders, host=host, port=port, data=data, device=asked.device, browser=browser)
    serve_page(queue, service, asked.phase, asked.engine, asked.segmenter)


def show_queue(asked: Annotating) -> Iterator[str]:
    """A line for each video."""
    from plugin.annotate.report import queue_lines

    return queue_lines(asked.queue().entries())


def show_statistics(asked: Annotating, as_json: bool) -> Iterator[str]:
    """The tables, or all of it as JSON."""
    from plugin.annotate.report import statistics_lines
    from tam_core.annotate.statistics import statistics

    store = asked.store()
    found = statistics(store, _facts(store))
    return iter([json.dumps(asdict(found), indent=1)]) if as_json else statistics_lines(found)


def export(asked: Annotating, form: str, output: Path | None, unverified: bool) -> Iterator[str]:
    """Write a data set; a line for each video."""
    from tam_core.annotate.datasets import annotated, write_dataset

    if output is None:
        raise RequestError("say where the data set goes: -o DIR")
    store, count = asked.store(), 0
    for name in write_dataset(form, annotated(store, _facts(store), unverified), output):
        count += 1
        yield name
    yield f"{output}: {count} video{'s' * (count != 1)} as {form}"


def propose(asked: Annotating, points: int) -> Iterator[str]:
    """Find automatic masklets in the videos that have none and that nobody has at hand; a line for each video."""
    queue = asked.queue()
    for name in queue.store.videos:
        if queue.store.record(name).submissions or queue.store.masklets(name, PROPOSED):
            continue
        try:
            taken = queue.take(name)
        except LockedError as error:
            yield f"{name}: {error}"
            continue
        try:
            yield f"{name}: {_proposed(asked, queue.store, name, points)} automatic masklets"
        finally:
            taken.give_back()


def _proposed(asked: Annotating, store: Store, name: str, points: int) -> int:
    from plugin.progress import with_progress
    from tam_core.annotate.proposals import Filter, accept_all, find_objects, worth_showing
    from tam_core.session import Session
    from tam_core.video import open_video

    source = open_video(store.videos[name])
    session = Session(source, tracker=asked.engine, segmenter=asked.segmenter, device=asked.device)
    found = find_objects(session, 0, Filter(points_per_side=points))
    accept_all(session, 0, found)
    if found:
        for _ in with_progress(session.propagate(), f"{name}: {len(found)} objects", session.steps()):
            pass
    masklets = worth_showing(session, 0, found)
    store.write_masklets(name, masklets, source.info, PROPOSED)
    return len(masklets)


def _facts(store: Store) -> Callable[[str], VideoInfo]:
    from tam_core.video import open_video

    @cache
    def info_of(name: str) -> VideoInfo:
        return open_video(store.videos[name]).info

    return info_of
