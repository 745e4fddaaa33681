"""How long a person waits for the worker: from a click to its mask, and for the next frame while scrubbing.

    python -m tests.benchmarks.latency_benchmark [--segmenter NAME] [--clicks CLIP] [--scrub CLIP] [--width 1280]

Whole requests through HTTP to a real ``tam serve`` on this machine, JSON and JPEG included. The first click on a frame
decodes and looks at it (its embedding); the second one does not. Each is held against the same clicks through
``Session`` in this process, and each frame against decoding it alone. Ratios: the worker / that.
"""

import argparse
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2

from plugin.link import wire
from plugin.link.client import Client
from tam_core.prompts import Click
from tam_core.session import Session
from tam_core.video import open_video
from tests.benchmarks.service import serving

CLIPS = Path(__file__).resolve().parents[3] / "shared/data/clips"
CLICKED_FRAMES = 6
SCRUBBED_FRAMES, PEER_FRAMES = 40, 10
PLACES = ((0.5, 0.5), (0.53, 0.47), (0.47, 0.55))
"""Of the clicks on a frame, as shares of width and height."""

ClickOn = Callable[[int, int, float, float], object]
"""(frame, object, x, y)"""


@dataclass(frozen=True)
class Clicks:
    """Seconds of the first click on each frame, and of those that follow on the same frame."""

    first: list[float]
    later: list[float]


def timed_clicks(click: ClickOn, size: tuple[int, int], frames: Sequence[int]) -> Clicks:
    """A new object on every frame. The first frame is not counted: engines are loaded there."""
    height, width = size
    first, later = list[float](), list[float]()
    for number, frame in enumerate(frames):
        for place, (x, y) in enumerate(PLACES):
            began = time.perf_counter()
            click(frame, number + 1, x * width, y * height)
            seconds = time.perf_counter() - began
            if number:
                (later if place else first).append(seconds)
    return Clicks(first, later)


def click_through_http(client: Client, video: Path, segmenter: str) -> tuple[Clicks, float]:
    """And the seconds of the very first click, which loads the engine."""
    state = client.open(wire.OpenRequest(str(video), segmenter=segmenter))
    spent = list[float]()

    def click(frame: int, object_id: int, x: float, y: float) -> None:
        began = time.perf_counter()
        client.prompt(state.id, wire.PromptRequest([wire.Click(frame=frame, object_id=object_id, x=x, y=y)]))
        spent.append(time.perf_counter() - began)

    clicks = timed_clicks(click, (state.video.height, state.video.width), clicked_frames(state.video.frame_count))
    return clicks, spent[0]


def click_in_this_process(video: Path, segmenter: str) -> Clicks:
    source = open_video(video)
    session = Session(source, tracker="flow", segmenter=segmenter)
    assert source.info.frame_count is not None
    return timed_clicks(
        lambda frame, object_id, x, y: session.prompt(Click(frame, object_id, x, y)),
        source.info.size,
        clicked_frames(source.info.frame_count),
    )


def clicked_frames(count: int) -> list[int]:
    return [(2 * i + 1) * count // (2 * CLICKED_FRAMES + 2) for i in range(CLICKED_FRAMES + 1)]


def rate(show: Callable[[int], object], frames: Sequence[int]) -> float:
    """Frames a second, one after the other as a page asks for them."""
    began = time.perf_counter()
    for frame in frames:
        show(frame)
    return len(frames) / (time.perf_counter() - began)


def scrub(client: Client, video: Path, copies: Path, width: int) -> None:
    """Print frames a second in several orders: for the first time, and again, from what the worker has kept.

    Each order has a copy of the video, so that none finds the pictures of another one.
    """
    source, peer = open_video(video), cv2.VideoCapture(str(video))
    count, chance = source.info.frame_count or 0, random.Random(0)
    some = min(SCRUBBED_FRAMES, count)
    orders = {
        "in order": list(range(some)),
        "backwards": list(range(count - 1, count - 1 - some, -1)),
        "at random": chance.sample(range(count), some),
    }
    print(f"{video.name} ({source.info.width}x{source.info.height}), frames {width} pixels wide, a second:")
    for name, frames in orders.items():
        copy = copies / f"{name}{video.suffix}"
        shutil.copyfile(video, copy)
        show = partial(client.frame, client.open(wire.OpenRequest(str(copy))).id, width=width)
        fresh, again = rate(show, frames), rate(show, frames)
        alone = rate(source.read, frames[:PEER_FRAMES])
        opencv = rate(lambda frame: peer.set(cv2.CAP_PROP_POS_FRAMES, frame) and peer.read(), frames[:PEER_FRAMES])
        print(
            f"  {name:10} {fresh:6.1f}, again {again:6.1f}; decoding alone {alone:6.1f}, ratio {fresh / alone:.2f}; "
            f"OpenCV's {opencv:6.1f}, ratio {fresh / opencv:.2f}",
            flush=True,
        )


def report(name: str, through: list[float], alone: list[float]) -> None:
    middle, longest = statistics.median(through) * 1e3, max(through) * 1e3
    ours = statistics.median(alone) * 1e3
    print(
        f"  {name:12} median {middle:6.0f} ms, longest {longest:6.0f}; in this process {ours:6.0f}, "
        f"ratio {middle / ours:.2f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--segmenter", default="auto")
    parser.add_argument("--clicks", type=Path, default=CLIPS / "sam2-dog.mp4")
    parser.add_argument("--scrub", type=Path, default=CLIPS / "dance-1080p.mp4")
    parser.add_argument("--width", type=int, default=1280)
    chosen = parser.parse_args()
    clicked, scrubbed = chosen.clicks.resolve(), chosen.scrub.resolve()
    with tempfile.TemporaryDirectory() as name:
        copies = Path(name).resolve() / "copies"
        copies.mkdir()
        with serving(copies.parent / "data", [clicked.parent, copies]) as client:
            found, start = click_through_http(client, clicked, chosen.segmenter)
            alone = click_in_this_process(clicked, chosen.segmenter)
            print(f"{clicked.name}, segmenter {chosen.segmenter}: the very first click {start * 1e3:.0f} ms")
            report("first click", found.first, alone.first)
            report("later clicks", found.later, alone.later)
            scrub(client, scrubbed, copies, chosen.width)


if __name__ == "__main__":
    main()
