"""Two clients and ten sessions on one worker: errors, memory, and how long a click takes while long jobs run.

    python -m tests.benchmarks.load_benchmark [--minutes 2] [--video FILE] [--engine flow] [--segmenter grabcut]

One session is tracked through and through, always; in another, objects are removed again and again. Meanwhile one
client clicks on a random session every half second and takes some clicks back; the other one scrubs, in order and at
random, listens to the tracking, and asks for masks and filmstrips. Prints errors, how long clicks and frames took, and
the worker's resident size; exit code 1 for an error, a 95th percentile of clicks above one second, or memory that grew.
"""

import argparse
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec

from plugin.link import wire
from plugin.link.client import Client
from plugin.link.errors import LinkError
from tests.benchmarks.service import ended, serving, worker_pid

VIDEO = Path(__file__).resolve().parents[3] / "shared/data/clips/sam2-dog.mp4"
SESSIONS = 10
REMOVED_FRAMES = 40
CLICK_EVERY, FRAME_EVERY = 0.5, 1 / 15
"""Seconds; what the worker does not manage is asked for when it answered."""
CLICK_LIMIT = 1.0
GROWTH_LIMIT = 1.1
"""Of the resident size from one half to the end."""
WIDTH = 960

P = ParamSpec("P")


@dataclass
class Record:
    """Seconds of what was asked, by what it was; and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    finished: dict[str, int] = field(default_factory=dict)

    def timed(self, name: str, ask: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        began = time.perf_counter()
        try:
            ask(*args, **kwargs)
        except LinkError as error:
            self.errors.append(f"{name}: {error}")
        else:
            self.seconds.setdefault(name, []).append(time.perf_counter() - began)


@dataclass
class Load:
    """Everybody who asks. ``sessions``: the first is tracked, the second loses its objects, the others are clicked."""

    url: str
    token: str
    sessions: list[wire.SessionState]
    record: Record = field(default_factory=Record)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self, seconds: float, measure: Callable[[], float]) -> list[float]:
        """The measure at the quarters of the time."""
        work = (self._click, self._scrub, self._listen, self._track, self._remove)
        threads = [threading.Thread(target=one, args=[Client(self.url, self.token)]) for one in work]
        for thread in threads:
            thread.start()
        sizes = []
        for _ in range(4):
            time.sleep(seconds / 4)
            sizes.append(measure())
        self.over.set()
        for thread in threads:
            thread.join()
        return sizes

    def _click(self, client: Client) -> None:
        chance = random.Random(1)
        while not self.over.wait(CLICK_EVERY):
            state = chance.choice(self.sessions)
            asked = wire.PromptRequest([_click(state.video, chance.randrange(state.video.frame_count), chance)])
            if state in self.sessions[:2]:  # a job needs the objects of this session as they are
                self.record.timed("click", client.preview, state.id, asked)
                continue
            self.record.timed("click", client.prompt, state.id, asked)
            self.record.timed("undo", client.undo, state.id)

    def _scrub(self, client: Client) -> None:
        chance = random.Random(2)
        while not self.over.is_set():
            state = chance.choice(self.sessions)
            count, first = state.video.frame_count, chance.randrange(state.video.frame_count)
            in_order = [frame % count for frame in range(first, first + 30)]
            for frame in in_order if chance.random() < 0.7 else chance.sample(range(count), 10):
                began = time.perf_counter()
                self.record.timed("frame", client.frame, state.id, frame, WIDTH)
                self.over.wait(max(0.0, FRAME_EVERY - (time.perf_counter() - began)))
            self.record.timed("masks", client.masks, state.id)
            self.record.timed("filmstrip", client.filmstrip, state.id, 12, 48)

    def _listen(self, client: Client) -> None:
        mailbox = client.events(self.sessions[0].id)
        while not self.over.wait(0.05):
            told = sum(isinstance(event, wire.MasksEvent) for event in mailbox.take())
            self.record.finished["masks told"] = self.record.finished.get("masks told", 0) + told
        mailbox.close()

    def _track(self, client: Client) -> None:
        asked = wire.TrackRequest(objects=[1])
        self._again_and_again(client, "tracking", lambda: client.track(self.sessions[0].id, asked))

    def _remove(self, client: Client) -> None:
        asked = wire.RemoveRequest(objects=[1], stop=REMOVED_FRAMES)
        self._again_and_again(client, "removal", lambda: client.remove(self.sessions[1].id, asked))

    def _again_and_again(self, client: Client, name: str, ask: Callable[[], wire.Job]) -> None:
        while not self.over.is_set():
            try:
                job = ask()
                while job.status in ("queued", "running") and not self.over.wait(0.2):
                    job = client.job(job.id)
                if self.over.is_set():
                    client.cancel_job(job.id)
                elif job.status != "done":
                    self.record.errors.append(f"{name} is {job.status}: {job.problem}")
                else:
                    self.record.finished[name] = self.record.finished.get(name, 0) + 1
            except LinkError as error:
                self.record.errors.append(f"{name}: {error}")
                self.over.wait(1)


def _click(video: wire.Video, frame: int, chance: random.Random) -> wire.Click:
    x, y = chance.uniform(0.3, 0.7) * video.width, chance.uniform(0.3, 0.7) * video.height
    return wire.Click(frame=frame, object_id=1, x=x, y=y)


def opened(client: Client, videos: list[Path], engine: str, segmenter: str) -> list[wire.SessionState]:
    """A session for each video. The first two have an object, the second one has it on the frames of the removal."""
    states = [client.open(wire.OpenRequest(str(path), engine=engine, segmenter=segmenter)) for path in videos]
    for state in states[:2]:
        middle = wire.Click(frame=0, object_id=1, x=0.5 * state.video.width, y=0.5 * state.video.height)
        client.prompt(state.id, wire.PromptRequest([middle]))
    ended(client, client.track(states[1].id, wire.TrackRequest(stop=REMOVED_FRAMES)))
    return states


def resident(pid: int) -> float:
    """Resident size of a process in MB (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1e3


def report(record: Record, sizes: list[float]) -> bool:
    """Print everything; whether all is as it should be."""
    for name, seconds in sorted(record.seconds.items()):
        print(
            f"  {name:9} {len(seconds):5}, median {statistics.median(seconds) * 1e3:6.0f} ms, "
            f"95 % within {within(seconds) * 1e3:6.0f} ms, longest {max(seconds) * 1e3:6.0f} ms"
        )
    print("  finished: " + ", ".join(f"{name} {count}" for name, count in sorted(record.finished.items())))
    growth = sizes[3] / sizes[1]
    print(f"  resident: {', '.join(f'{size:.0f}' for size in sizes)} MB at the quarters; end / half {growth:.3f}")
    print(f"  errors: {len(record.errors)}" + "".join(f"\n    {error}" for error in record.errors[:10]))
    quick = within(record.seconds.get("click", [float("inf")])) <= CLICK_LIMIT
    return quick and growth <= GROWTH_LIMIT and not record.errors


def within(seconds: list[float]) -> float:
    """The 95th percentile."""
    return sorted(seconds)[int(0.95 * (len(seconds) - 1))]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--video", type=Path, default=VIDEO)
    parser.add_argument("--engine", default="flow")
    parser.add_argument("--segmenter", default="grabcut")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name).resolve()
        (home / "videos").mkdir()
        videos = [home / "videos" / f"{number}{chosen.video.suffix}" for number in range(SESSIONS)]
        for path in videos:
            shutil.copyfile(chosen.video, path)
        with serving(home / "data", [home / "videos"]) as client:
            load = Load(client.url, client.token, opened(client, videos, chosen.engine, chosen.segmenter))
            pid = worker_pid(home / "data")
            print(f"{SESSIONS} sessions of {chosen.video.name}, {chosen.minutes:g} minutes", flush=True)
            sizes = load.run(chosen.minutes * 60, lambda: resident(pid))
            sys.exit(not report(load.record, sizes))


if __name__ == "__main__":
    main()
