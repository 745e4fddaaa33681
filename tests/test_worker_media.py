"""Pictures for clients: the right frame, in few decodings, in bounded memory, and only while somebody waits."""

import asyncio
import io
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plugin.worker.media import Media, served_width, strip_width
from plugin.worker.reel import PictureCache, Reel, to_jpeg
from plugin.worker.routes.media import _awaited
from tam_core.errors import RequestError, VideoError
from tam_core.types import Pixels
from tam_core.video import ArraySource, Frame
from tests.media import make_clip, number_of, numbered
from tests.worker_fixtures import Service, running, until

COUNT, WIDTH = 60, 64
PATIENCE = 20
ENCODERS = ThreadPoolExecutor(1)


class Watched(ArraySource):
    """Numbered frames; remembers which were read, and can be held."""

    def __init__(self) -> None:
        super().__init__(np.stack([numbered(number) for number in range(COUNT)]))
        self.reads: list[int] = []
        self.begun, self.open = threading.Event(), threading.Event()
        self.open.set()

    def read(self, index: int) -> Frame:
        self.begun.set()
        assert self.open.wait(PATIENCE)
        self.reads.append(index)
        return super().read(index)


@pytest.fixture
def source() -> Watched:
    return Watched()


@pytest.fixture
def reel(source: Watched, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reel]:
    monkeypatch.setattr("plugin.worker.reel.REST_SECONDS", 0.01)
    with ThreadPoolExecutor(2) as pool:
        reel = new_reel(lambda: source, pool, idle=False)
        yield reel
        reel.close()


def new_reel(open_source: Callable[[], Any], pool: ThreadPoolExecutor, idle: bool) -> Reel:
    return Reel(open_source, COUNT, "tag", PictureCache(2**20), pool, ENCODERS, lambda: None, lambda: idle)


def pixels_of(jpeg: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(jpeg)))


def shown(reel: Reel, index: int) -> int:
    """The number on the picture that comes for a frame."""
    return number_of(pixels_of(reel.picture(index, WIDTH).result(PATIENCE)))


def test_every_request_gets_its_own_frame_in_any_order(reel: Reel) -> None:
    order = [0, 1, 2, 5, 8, 11, 50, 49, 48, 40, 32, 3, 59, 0, 30, 30]
    assert [shown(reel, index) for index in order] == order


def test_playing_decodes_every_frame_once_and_runs_ahead(reel: Reel, source: Watched) -> None:
    assert [shown(reel, index) for index in range(20)] == list(range(20))
    until(lambda: len(source.reads) > 30)
    assert source.reads == sorted(set(source.reads)), "in order, and none twice"
    assert shown(reel, 25) == 25


def test_going_backwards_decodes_stretches_forwards(reel: Reel, source: Watched) -> None:
    assert [shown(reel, index) for index in range(59, 19, -1)] == list(range(59, 19, -1))
    steps_back = sum(later < earlier for earlier, later in pairwise(source.reads))
    assert steps_back <= 6, f"{source.reads}: every step back is a new start at a keyframe"
    assert len(source.reads) == len(set(source.reads))


def test_scrubbing_in_leaps_decodes_no_frame_between(reel: Reel, source: Watched) -> None:
    assert [shown(reel, index) for index in range(0, 60, 6)] == list(range(0, 60, 6))
    assert [index for index in source.reads if index % 6 and index > 20] == []


def test_neighbours_that_are_asked_for_at_once_are_decoded_in_their_order(reel: Reel, source: Watched) -> None:
    assert shown(reel, 0) == 0
    source.open.clear()
    waiting = [reel.picture(index, WIDTH) for index in (40, 41, 39, 42, 38)]
    source.open.set()
    assert [number_of(pixels_of(future.result(PATIENCE))) for future in waiting] == [40, 41, 39, 42, 38]
    asked = [index for index in source.reads if index >= 38]
    steps_back = sum(later < earlier for earlier, later in pairwise(asked))
    assert steps_back <= 1 and len(source.reads) < 14, source.reads


def test_the_newest_request_goes_first(reel: Reel, source: Watched) -> None:
    assert shown(reel, 0) == 0
    source.open.clear()
    waiting = [reel.picture(index, WIDTH) for index in (10, 50, 30)]
    source.reads.clear()
    source.open.set()
    for future in waiting:
        future.result(PATIENCE)
    asked = [index for index in source.reads if index in (10, 50, 30)]
    assert asked in ([30, 50, 10], [10, 30, 50]), "10 only first if it was begun before the others came"


def test_what_nobody_waits_for_any_more_is_not_decoded(reel: Reel, source: Watched) -> None:
    source.open.clear()
    first = reel.picture(0, WIDTH)
    assert source.begun.wait(PATIENCE)
    gone = reel.picture(40, WIDTH)
    last = reel.picture(20, WIDTH)
    gone.cancel()
    source.open.set()
    first.result(PATIENCE)
    last.result(PATIENCE)
    assert 40 not in source.reads


class FarFromKeyframes(Watched):
    """Its only keyframe is the first frame, as in a video that was recorded from a screen."""

    def __init__(self) -> None:
        super().__init__()
        self.position = -1
        self.decoded = 0

    def way_to(self, index: int) -> int:
        return self.position + 1 if index > self.position else 0

    def read(self, index: int) -> Frame:
        self.decoded += index + 1 - self.way_to(index)
        self.position = index
        return super().read(index)

    def rest(self) -> None:
        self.position = -1


@pytest.mark.parametrize("order", ["backwards", "at random"])
def test_a_long_group_of_pictures_is_not_decoded_again_for_every_frame(
    order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.worker.reel.REST_SECONDS", 0.0)
    source, frames = FarFromKeyframes(), list(range(COUNT - 1, -1, -1))
    if order == "at random":
        random.Random(1).shuffle(frames)
    with ThreadPoolExecutor(1) as pool:
        reel = new_reel(lambda: source, pool, idle=False)
        assert [shown(reel, index) for index in frames] == frames
        assert source.decoded < 6 * COUNT, "one by one it would be thirty times the video"
        assert len(source.reads) <= COUNT + 3
        reel.close()


def test_requests_at_once_in_a_long_group_of_pictures_are_all_answered() -> None:
    source = FarFromKeyframes()
    with ThreadPoolExecutor(1) as pool:
        reel = new_reel(lambda: source, pool, idle=False)
        assert shown(reel, COUNT - 1) == COUNT - 1
        source.open.clear()
        waiting = [reel.picture(index, WIDTH // 2) for index in (0, 40, 50, 2)]
        source.open.set()
        for future in waiting:
            future.result(PATIENCE)
        reel.close()


def test_resting_fills_the_surroundings(source: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.worker.reel.REST_SECONDS", 0.01)
    with ThreadPoolExecutor(1) as pool:
        reel = new_reel(lambda: source, pool, idle=True)
        assert shown(reel, 30) == 30
        until(lambda: set(source.reads) == set(range(COUNT)))
        count = len(source.reads)
        assert [shown(reel, index) for index in (7, 55, 2, 41)] == [7, 55, 2, 41]
        assert len(source.reads) == count
        reel.close()


def test_a_failure_is_told_to_who_asked_and_the_next_frame_is_tried(reel: Reel, source: Watched) -> None:
    whole = source.read

    def damaged(index: int) -> Frame:
        if index == 3:
            raise VideoError("frame 3 is damaged")
        return whole(index)

    source.read = damaged  # type: ignore[method-assign]
    with pytest.raises(VideoError, match="frame 3"):
        reel.picture(3, WIDTH).result(PATIENCE)
    assert shown(reel, 40) == 40


def test_who_waits_when_the_video_is_closed_is_told(reel: Reel, source: Watched) -> None:
    source.open.clear()
    first, second = reel.picture(0, WIDTH), reel.picture(30, WIDTH)
    until(lambda: reel._working)
    reel.close()
    source.open.set()
    with pytest.raises(RequestError, match="closed"):
        second.result(PATIENCE)
    assert first.exception(PATIENCE) is not None
    with pytest.raises(RequestError, match="closed"):
        reel.picture(5, WIDTH).result(PATIENCE)


def test_the_cache_forgets_the_least_recently_used_and_keeps_its_limit() -> None:
    cache = PictureCache(10)
    cache.put("a", (0, 1), b"1234")
    cache.put("a", (1, 1), b"1234")
    assert cache.get("a", (0, 1)) == b"1234"
    cache.put("b", (2, 1), b"1234")
    assert not cache.has("a", (1, 1)) and cache.has("a", (0, 1)) and cache.bytes == 8
    cache.put("b", (2, 1), b"12")
    cache.forget("a")
    assert cache.bytes == 2 and not cache.has("a", (0, 1))


def test_widths_are_few_and_never_more_than_the_source_has() -> None:
    assert [served_width(asked, 1920) for asked in (1, 640, 641, 1300, 1920, 5000, None)] == [
        160,
        640,
        960,
        1920,
        1920,
        1920,
        1920,
    ]
    assert served_width(100, 90) == 90
    height, width = pixels_of(to_jpeg(numbered(0, 100, 300), 160)).shape[:2]
    assert (width, height) == (160, 53)


def test_a_filmstrip_shows_moments_at_equal_distances_and_is_kept(source: Watched, tmp_path: Path) -> None:
    media = Media(lambda: None, lambda: True)
    strip = pixels_of(media.filmstrip(lambda: source, tmp_path, 6, 48).result(PATIENCE))
    assert strip.shape == (48, 6 * 64, 3)
    assert [number_of(strip[:, 64 * cell : 64 * (cell + 1)]) for cell in range(6)] == [5, 15, 25, 35, 45, 55]
    source.reads.clear()
    media.filmstrip(lambda: source, tmp_path, 6, 48).result(PATIENCE)
    assert source.reads == []
    media.close()


def test_a_filmstrip_wider_than_a_picture_can_be_is_refused() -> None:
    with pytest.raises(RequestError, match="pixels wide"):
        strip_width(1920, 1080, 200, 160)


def test_a_request_whose_client_has_gone_lets_go() -> None:
    class Gone:
        async def is_disconnected(self) -> bool:
            return True

    coming: Future[bytes] = Future()
    assert asyncio.run(_awaited(Gone(), coming)) is None  # type: ignore[arg-type]
    assert coming.cancelled()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("media")) as service:
        make_clip(service.opened / "clip.mp4", 30)
        yield service


@pytest.fixture(scope="module")
def address(service: Service) -> str:
    opened = service.client.post("/api/sessions", json={"path": str(service.opened / "clip.mp4")})
    return f"/api/sessions/{opened.json()['id']}"


def test_frames_come_as_jpeg_and_are_not_sent_twice(service: Service, address: str) -> None:
    answer = service.client.get(f"{address}/frames/7?width=50")
    assert answer.headers["content-type"] == "image/jpeg"
    assert number_of(pixels_of(answer.content)) == 7
    again = service.client.get(f"{address}/frames/7?width=64", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = service.client.get(f"{address}/frames/8", headers={"If-None-Match": answer.headers["etag"]})
    assert other.status_code == 200 and number_of(pixels_of(other.content)) == 8


def test_requests_at_once_get_each_its_own_frame(service: Service, address: str) -> None:
    with ThreadPoolExecutor(6) as clients:
        answers = clients.map(lambda index: service.client.get(f"{address}/frames/{index}"), range(29, -1, -1))
    assert [number_of(pixels_of(answer.content)) for answer in answers] == list(range(29, -1, -1))


def test_pictures_that_there_are_not_are_problems(service: Service, address: str) -> None:
    problems = {
        f"{address}/frames/30": (400, "FrameRangeError"),
        f"{address}/frames/1?of=removal": (404, "UnknownIdError"),
        f"{address}/frames/1?of=else": (422, "MalformedError"),
        f"{address}/frames/-1": (422, "MalformedError"),
        "/api/sessions/000000000000/frames/0": (404, "UnknownIdError"),
        f"{address}/filmstrip?count=9999": (422, "MalformedError"),
    }
    for path, (status, kind) in problems.items():
        answer = service.client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (status, kind), path


def test_the_filmstrip_of_a_session(service: Service, address: str) -> None:
    answer = service.client.get(f"{address}/filmstrip?count=3&height=48")
    strip = pixels_of(answer.content)
    assert [number_of(strip[:, 64 * cell : 64 * (cell + 1)]) for cell in range(3)] == [5, 15, 25]


def test_a_slow_filmstrip_keeps_no_frame_waiting(service: Service, address: str) -> None:
    slow = threading.Thread(target=lambda: service.client.get(f"{address}/filmstrip?count=30&height=17"))
    with service.worker.jobs.gate.now():  # a click: the strip gives way
        slow.start()
        started = time.monotonic()
        assert service.client.get(f"{address}/frames/3?width=1").status_code == 200
        assert time.monotonic() - started < PATIENCE and slow.is_alive()
    slow.join(PATIENCE)
    assert not slow.is_alive()
