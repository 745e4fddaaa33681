"""The client against the real worker: a whole session as a host would have it."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from plugin.link import wire
from plugin.link.brush import Canvas
from plugin.link.client import Client
from plugin.link.contours import contours
from plugin.link.errors import LinkError, WorkerGone
from plugin.link.launch import find, find_or_start, open_folder, read_address
from plugin.link.raster import bitmap, rows
from tam_core.types import Mask
from tests.media import make_video
from tests.scenes import crossing, iou
from tests.worker_fixtures import served

FRAMES = 8
SCENE = crossing(FRAMES)
SERVE = (sys.executable, "-c", "from plugin.cli import main; main()", "serve")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("video") / "crossing.mp4", SCENE.frames)


@pytest.fixture
def client(tmp_path: Path, video: Path) -> Iterator[Client]:
    with served(tmp_path) as (worker, _):
        (tmp_path / "opened" / video.name).write_bytes(video.read_bytes())
        one = Client(worker.access.url, worker.access.token, timeout=30)
        yield one
        one.close()


@pytest.fixture
def opened(client: Client, tmp_path: Path, video: Path) -> wire.SessionState:
    path = str(tmp_path / "opened" / video.name)
    return client.open(wire.OpenRequest(path, engine="flow", segmenter="grabcut"))


def pixels(mask: wire.Rle) -> Mask:
    return np.frombuffer(bitmap(mask), np.uint8).reshape(mask.size) > 0


def ended(client: Client, job: wire.Job) -> wire.Job:
    deadline = time.monotonic() + 60
    while job.status in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
        job = client.job(job.id)
    return job


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_from_a_painted_mask_to_the_clean_video(client: Client, opened: wire.SessionState, tmp_path: Path) -> None:
    assert (opened.video.frame_count, opened.video.width, opened.video.height) == (FRAMES, 160, 120)
    assert len(client.times(opened.id)) == FRAMES
    events = client.events(opened.id)
    canvas = Canvas((120, 160))
    canvas.disc(30, 60, 16)
    painted = wire.Painted(frame=0, object_id=1, rle=canvas.mask)
    answer = client.prompt(opened.id, wire.PromptRequest([painted]))
    assert iou(pixels(answer.masks[0].rle), SCENE.masks[0]) > 0.9

    assert ended(client, client.track(opened.id, wire.TrackRequest())).status == "done"
    told: dict[int, wire.Rle] = {}
    kinds: set[str] = set()

    def all_told() -> bool:
        for event in events.take():
            kinds.add(event.kind)
            if isinstance(event, wire.MasksEvent):
                told[event.frame] = event.masks[0].rle
        return set(range(1, FRAMES)) <= set(told) and kinds == {"masks", "job", "state"}

    until(all_told)
    events.close()
    asked = {one.frame: one.masks[0].rle for one in client.masks(opened.id, 1, FRAMES)}
    assert asked == {frame: told[frame] for frame in range(1, FRAMES)}
    assert all(iou(pixels(asked[frame]), SCENE.masks[frame]) > 0.8 for frame in asked)
    assert len(contours(rows(asked[3]))) >= 1

    assert client.change_object(opened.id, 1, wire.ObjectChange("ball")).objects[0].name == "ball"
    assert client.undo(opened.id).objects[0].name != "ball"
    assert client.redo(opened.id).objects[0].name == "ball"

    assert ended(client, client.remove(opened.id, wire.RemoveRequest())).status == "done"
    assert client.frame(opened.id, 3).startswith(b"\xff\xd8")
    assert client.frame(opened.id, 3, of="removal") != client.frame(opened.id, 3)
    assert client.filmstrip(opened.id, 4, 32).startswith(b"\xff\xd8")
    ahead = ended(client, client.forecast(opened.id, wire.RemoveRequest())).outcome
    assert isinstance(ahead, wire.Forecast) and ahead.frames == FRAMES and 0 <= ahead.seen <= 1
    assert client.provenance_picture(opened.id, 3, width=160).startswith(b"\x89PNG")
    assert client.provenance(opened.id).words.endswith("made up")
    glow = wire.RemoveRequest(parameters={"object": "glow"})
    assert ended(client, client.edit(opened.id, "effect", glow)).status == "done"
    export = ended(client, client.export(opened.id, wire.ExportRequest("h264")))
    assert isinstance(export.outcome, wire.Receipt) and export.outcome.passed
    client.save_job_file(export.id, tmp_path / "clean.mp4")
    assert (tmp_path / "clean.mp4").read_bytes()[4:8] == b"ftyp"

    client.close_session(opened.id)
    again = client.open(wire.OpenRequest(project=opened.project))
    assert (again.id, again.objects[0].name) == (opened.id, "ball")


def test_the_worker_s_own_words_come_with_a_refusal(client: Client, opened: wire.SessionState, tmp_path: Path) -> None:
    late = wire.PromptRequest([wire.Click(frame=240, object_id=1, x=1, y=1)])
    with pytest.raises(LinkError, match=f"frame 240 of a video of {FRAMES} frames") as refused:
        client.prompt(opened.id, late)
    assert (refused.value.problem.type, refused.value.problem.status) == ("PromptError", 400)
    with pytest.raises(LinkError) as refused:
        client.open(wire.OpenRequest("/etc/passwd"))
    assert (refused.value.problem.type, refused.value.problem.status) == ("ForbiddenError", 403)
    with pytest.raises(LinkError) as refused:
        Client(client.url, "a guess").jobs()
    assert refused.value.problem.status == 401


def test_the_events_of_a_closed_session_end(client: Client, opened: wire.SessionState) -> None:
    events = client.events(opened.id)
    until(lambda: any(isinstance(event, wire.StateEvent) for event in events.take()))
    client.close_session(opened.id)
    events.close()
    until(lambda: not events.listening)


def test_a_host_starts_the_worker_opens_a_folder_and_outlives_a_crash(video: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    client = find_or_start(command=SERVE, data=data)
    try:
        with pytest.raises(LinkError, match="no folder that you opened"):
            client.open(wire.OpenRequest(str(video)))
        open_folder(video.parent, data)
        state = client.open(wire.OpenRequest(str(video), engine="flow", segmenter="grabcut"))
        client.prompt(state.id, wire.PromptRequest([wire.Click(frame=0, object_id=1, x=30, y=60)]))
        known = client.state(state.id).objects

        os.kill(pid(data), signal.SIGKILL)
        until(lambda: find(data) is None)
        with pytest.raises(WorkerGone):
            client.health()
        client = find_or_start(command=SERVE, data=data)
        assert client.state(state.id).objects == known
    finally:
        os.kill(pid(data), signal.SIGTERM)
    until(lambda: not (data / "worker.json").exists())


def pid(data: Path) -> int:
    address = read_address(data)
    assert address is not None
    return address.pid
