"""Live streams: pictures in, masks out, and the newest picture wins."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from plugin.link import wire
from plugin.worker import live as live_module
from tam_core import rle
from tam_core.types import Pixels
from tests.scenes import HEIGHT, WIDTH, crossing, iou
from tests.worker_fixtures import Service, running, served, until

SCENE = crossing(12)
ENGINES = {"engine": "flow", "segmenter": "grabcut"}
CLICK = wire.Click(frame=0, object_id=1, x=30, y=60)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running(tmp_path) as service:
        yield service


def picture(pixels: Pixels, form: str = "png") -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, form)
    return data.getvalue()


def opened(client: httpx.Client, width: int = WIDTH, height: int = HEIGHT) -> str:
    answer = client.post("/api/live", json={"width": width, "height": height, **ENGINES})
    assert answer.status_code == 200, answer.text
    return wire.from_json(wire.Live, answer.content).id


def push(client: httpx.Client, stream: str, index: int) -> wire.Live:
    answer = client.post(f"/api/live/{stream}/frames", content=picture(SCENE.frames[index]))
    assert answer.status_code == 202, answer.text
    return wire.from_json(wire.Live, answer.content)


def click(client: httpx.Client, stream: str, *prompts: wire.Prompt) -> httpx.Response:
    message = wire.to_json(wire.PromptRequest(list(prompts)))
    return client.post(f"/api/live/{stream}/prompts", content=message, headers={"Content-Type": "application/json"})


def overlap(mask: wire.ObjectMask, frame: int) -> float:
    found = rle.parse(mask.rle.size, mask.rle.counts).decode()
    return iou(found, SCENE.masks[frame])


def heard(lines: Iterator[str]) -> Iterator[wire.MasksEvent]:
    for line in lines:
        if line.startswith("data: "):
            yield wire.from_json(wire.MasksEvent, line.removeprefix("data: "))


def test_a_clicked_object_is_followed_from_picture_to_picture(tmp_path: Path) -> None:
    with served(tmp_path) as (_, client):
        stream = opened(client)
        with client.stream("GET", f"/api/live/{stream}/events") as events:
            masks = heard(events.iter_lines())
            push(client, stream, 0)
            assert next(masks) == wire.MasksEvent(frame=0, masks=[], latency=pytest.approx(5, abs=5))
            answer = wire.from_json(wire.FrameMasks, click(client, stream, CLICK).content)
            assert answer.frame == 0 and overlap(answer.masks[0], 0) > 0.8
            assert next(masks).masks == answer.masks
            for index in range(1, 12):
                push(client, stream, index)
                event = next(masks)
                assert event.frame == index and event.latency > 0
                assert overlap(event.masks[0], index) > 0.8
        assert client.delete(f"/api/live/{stream}").status_code == 204
        assert click(client, stream, CLICK).status_code == 404


def test_who_listens_late_hears_of_the_first_picture_too(tmp_path: Path) -> None:
    with served(tmp_path) as (worker, client):
        stream = opened(client)
        push(client, stream, 0)
        until(lambda: worker.live.get(stream).facts.latency)
        with client.stream("GET", f"/api/live/{stream}/events") as events:
            assert next(heard(events.iter_lines())).frame == 0


def test_a_second_object_and_a_correction_come_while_it_runs(service: Service) -> None:
    stream = opened(service.client)
    push(service.client, stream, 0)
    until(lambda: service.worker.live.get(stream).facts.latency)
    assert click(service.client, stream, CLICK).status_code == 200
    push(service.client, stream, 1)
    mine = service.worker.live.get(stream)
    until(lambda: mine._shown is not None and mine._shown.index == 1)
    corner = wire.Box(frame=0, object_id=2, xyxy=(120, 80, 150, 110))
    found = wire.from_json(wire.FrameMasks, click(service.client, stream, corner).content)
    assert found.frame == 1 and [mask.object_id for mask in found.masks] == [1, 2]
    assert overlap(found.masks[0], 1) > 0.8  # the first is not disturbed
    away = wire.Click(frame=0, object_id=1, x=39, y=52, positive=False)
    assert click(service.client, stream, away).status_code == 200


def test_the_newest_picture_wins_when_the_engine_is_behind(service: Service) -> None:
    stream = opened(service.client)
    gate = service.worker.jobs.gate
    with gate.now():
        push(service.client, stream, 0)
        until(lambda: service.worker.live.get(stream)._waiting is None)  # it is at the gate
        for index in range(1, 6):
            facts = push(service.client, stream, index)
    assert (facts.received, facts.skipped) == (6, 4)
    shown = service.worker.live.get(stream)
    until(lambda: shown._shown is not None and shown._shown.index == 5)
    assert np.array_equal(shown._shown.pixels, SCENE.frames[5])  # type: ignore[union-attr]


def test_nothing_can_be_said_before_the_first_picture(service: Service) -> None:
    stream = opened(service.client)
    for prompts in [CLICK], []:
        answer = click(service.client, stream, *prompts)
        assert (answer.status_code, answer.json()["type"]) == (400, "PromptError")


@pytest.mark.parametrize(
    "prompt",
    [
        wire.Click(frame=0, object_id=1, x=1000, y=60),
        wire.Click(frame=0, object_id=0, x=30, y=60),
        wire.Text(frame=0, object_id=1, text="a disc"),
        wire.Painted(frame=0, object_id=1, rle=wire.Rle((100_000, 100_000), "0")),
        wire.Painted(frame=0, object_id=1, rle=wire.Rle((HEIGHT, WIDTH), "nonsense")),
        wire.Painted(frame=0, object_id=1, rle=wire.Rle((HEIGHT, WIDTH), "o" * 4_000_000)),
    ],
    ids=["outside", "no object", "words", "huge", "nonsense", "endless"],
)
def test_prompts_that_do_not_fit_are_refused(service: Service, prompt: wire.Prompt) -> None:
    stream = opened(service.client)
    push(service.client, stream, 0)
    until(lambda: service.worker.live.get(stream).facts.latency)
    assert click(service.client, stream, prompt).json()["type"] == "PromptError"


@pytest.mark.parametrize("size", [(0, 64), (8193, 64), (64, 2**40), (-1, -1)])
def test_a_stream_of_absurd_size_is_not_opened(service: Service, size: tuple[int, int]) -> None:
    answer = service.client.post("/api/live", json={"width": size[0], "height": size[1], **ENGINES})
    assert answer.status_code == 413


def bomb() -> bytes:
    """A small PNG that says that it is enormous."""
    data = bytearray(picture(SCENE.frames[0]))
    data[16:24] = (200_000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 422),
        (b"GIF89a", 422),
        (picture(SCENE.frames[0])[:2000], 422),
        (picture(SCENE.frames[0], "gif"), 422),
        (picture(SCENE.frames[0][:64]), 413),
        (bomb(), 422),
    ],
    ids=["empty", "no picture", "cut off", "another format", "another size", "bomb"],
)
def test_pictures_that_are_none_or_too_large_are_refused(service: Service, data: bytes, status: int) -> None:
    stream = opened(service.client)
    assert service.client.post(f"/api/live/{stream}/frames", content=data).status_code == status
    assert push(service.client, stream, 0).received == 1


def test_jpeg_and_grey_pictures_are_pictures(service: Service) -> None:
    stream = opened(service.client)
    for data in (picture(SCENE.frames[0], "jpeg"), picture(SCENE.frames[0][..., 0])):
        assert service.client.post(f"/api/live/{stream}/frames", content=data).status_code == 202


def test_there_is_an_end_to_streams(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [opened(service.client) for _ in range(live_module.MOST_STREAMS)]
    assert service.client.post("/api/live", json={"width": 64, "height": 64, **ENGINES}).status_code == 400
    service.client.delete(f"/api/live/{streams[0]}")
    monkeypatch.setattr(live_module, "IDLE_SECONDS", 0.01)
    idle = opened(service.client)
    until(lambda: service.client.post(f"/api/live/{idle}/frames").status_code == 404)
    service.worker.close()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("tam-live")])


def test_a_picture_that_the_engine_fails_on_does_not_end_the_stream(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stream = opened(service.client)
    mine = service.worker.live.get(stream)

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(mine, "_stepped", fail)
        push(service.client, stream, 0)
        until(lambda: "failed on picture 0" in caplog.text)
    push(service.client, stream, 1)
    until(lambda: mine._shown is not None)
