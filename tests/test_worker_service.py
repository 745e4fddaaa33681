"""What the worker says of itself, its engines, and ``tam serve`` as a process."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from plugin.link import launch, wire
from plugin.serve import Service as ServeOptions
from plugin.serve import listen, serve
from plugin.worker import memory
from plugin.worker.engines import Engines
from plugin.worker.folders import Folders
from plugin.worker.unfinished import Unfinished, UnfinishedJobs
from plugin.worker.worker import Worker
from tam_core.checkpoints import Checkpoint
from tam_core.errors import RequestError
from tam_core.registry import EngineSpec, Registry
from tests.media import make_clip, make_video
from tests.scenes import crossing
from tests.worker_fixtures import PATIENCE, Service, running, until


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running(tmp_path) as service:
        yield service


def test_health_names_the_protocol(service: Service) -> None:
    health = wire.from_json(wire.Health, service.client.get("/health").content)
    assert (health.protocol, health.pid, health.device) == (wire.PROTOCOL, os.getpid(), "cpu")
    assert health.uptime >= 0


def test_the_catalogue_comes_over_the_wire(service: Service) -> None:
    found = wire.from_json(wire.Catalogue, service.client.get("/api/catalogue").content)
    assert ("flow", "tracker") in [(entry.name, entry.kind) for entry in found.entries]


def test_the_description_loads_nothing_from_elsewhere(service: Service) -> None:
    described = service.client.get("/openapi.json").json()
    assert "/api/jobs/{job_id}/cancel" in described["paths"]
    assert service.client.get("/docs").status_code == service.client.get("/redoc").status_code == 404


def test_metrics_count_requests_by_route_and_status(service: Service) -> None:
    service.client.get("/api/jobs")
    service.client.get("/api/jobs/one")
    service.client.get("/api/jobs/another")
    service.worker.metrics.count("POST", "/api/sessions/{session_id}/prompts", 200, 0.3)
    service.worker.metrics.count("POST", "/api/sessions/{session_id}/prompts", 400, 0.01)
    lines = service.client.get("/metrics").text.splitlines()
    assert 'tam_requests_total{method="GET",route="/api/jobs",status="200"} 1' in lines
    assert 'tam_requests_total{method="GET",route="/api/jobs/{job_id}",status="404"} 2' in lines
    assert [line.split()[-1] for line in lines if line.startswith("tam_click_seconds_bucket")] == list("0000111111")
    assert "tam_click_seconds_sum 0.300000" in lines and "tam_sessions_open 0" in lines


def test_fetching_what_needs_no_download_is_refused(service: Service) -> None:
    answer = service.client.post("/api/engines/flow/fetch")
    assert (answer.status_code, answer.json()["type"]) == (400, "UnknownEngineError")


def test_weights_are_fetched_by_a_job(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = os.urandom(3_500_000)
    (tmp_path / "published").write_bytes(weights)
    checkpoint = Checkpoint("weights.bin", (tmp_path / "published").as_uri(), len(weights), None)
    row = EngineSpec("large", "tracker", "nowhere:load", "for this test", "none", checkpoint=checkpoint)
    monkeypatch.setattr("plugin.worker.engines.ENGINES", Registry(row))
    monkeypatch.setenv("TAM_MODELS", str(tmp_path / "models"))
    job = service.client.post("/api/engines/large/fetch").json()
    assert (job["kind"], job["total"], job["session_id"]) == ("fetch", 3, None)
    until(lambda: service.worker.jobs.get(job["id"]).status == "done")
    assert service.worker.jobs.get(job["id"]).done == 3
    assert checkpoint.path.read_bytes() == weights and row.ready


def test_an_engine_is_loaded_once_for_all_and_released_when_asked(service: Service) -> None:
    engines = service.worker.engines
    first = engines.load("flow", "tracker", "cpu")
    assert engines.load("flow", "tracker", "cpu") is first
    assert service.client.post("/api/engines/release").status_code == 204
    assert engines.load("flow", "tracker", "cpu") is not first


def test_weights_outside_the_opened_folders_are_not_read(service: Service, tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"x")
    asked = {"width": 64, "height": 64, "engine": f"pocket={tmp_path / 'weights'}"}
    assert service.client.post("/api/live", json=asked).json()["type"] == "ForbiddenError"
    asked["engine"] = f"flow={service.opened / 'weights'}"
    assert service.client.post("/api/live", json=asked).json()["type"] == "RequestError"  # flow takes none


def test_a_network_that_is_both_is_loaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EngineSpec, "load", lambda self, device: object())
    load = Engines(Folders(tmp_path)).load
    assert load("pocket", "tracker", "cpu") is load("pocket", "segmenter", "cpu")
    assert load("flow", "tracker", "cpu") is not load("grabcut", "segmenter", "cpu")


# tam serve ------------------------------------------------------------------------------------------------------------


@contextmanager
def tam_serve(data: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", "from plugin.cli import main; main()", "serve", "--data", str(data), *options]
    process = subprocess.Popen(
        command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_serving_from_start_to_graceful_end(tmp_path: Path) -> None:
    with tam_serve(tmp_path / "data") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = launch.read_address(tmp_path / "data")
        assert address is not None and address.pid == process.pid
        assert line == f"tam: the page is at {address.url}/#token={address.token}\n"
        assert address.url.startswith("http://127.0.0.1:")
        assert (tmp_path / "data" / launch.ADDRESS).stat().st_mode & 0o777 == 0o600
        client = launch.find(tmp_path / "data")
        assert client is not None

        second = subprocess.run(
            process.args, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE
        )
        assert second.returncode != 0 and "another worker" in second.stderr

        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0 and process.stderr is not None and not process.stderr.read()
        assert launch.read_address(tmp_path / "data") is None


def test_a_video_on_the_command_line_is_opened_and_its_folder_with_it(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", crossing(2).frames)
    with tam_serve(tmp_path / "data", str(video)) as process:
        assert process.stdout is not None
        session = process.stdout.readline().strip().partition("&session=")[2]
        client = launch.find(tmp_path / "data")
        assert client is not None
        assert client.state(session).video.path == str(video)


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (ServeOptions(folders=[Path("nowhere")]), "no folder nowhere"),
        (ServeOptions(paths=[Path("nowhere.mp4")]), "no such file or folder: nowhere.mp4"),
        (ServeOptions(host="203.0.113.1"), "cannot listen on 203.0.113.1: "),
    ],
    ids=["folder", "video", "host"],
)
def test_what_cannot_be_served_is_said(service: ServeOptions, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        serve(service)


def test_the_usual_port_gives_way_to_a_free_one_but_a_given_port_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("plugin.serve.USUAL_PORT", port)
            with listen("127.0.0.1", None) as door:
                assert door.getsockname()[1] != port
        with pytest.raises(RequestError, match=f"cannot listen on 127.0.0.1:{port}: "):
            listen("127.0.0.1", port)


def test_what_a_killed_worker_was_writing_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with running(tmp_path) as service:
        folder, projects = service.opened, service.worker.data / "projects"
    for name in ("out", "other"):
        for pid in (gone.pid, os.getpid(), os.getppid()):
            (folder / f".{name}.{pid}-0123ab.part.mp4").touch()
            (folder / f".{name}.{pid}-0123ab.part").mkdir()
    (projects / f".clip.{gone.pid}-0123ab.part").mkdir()
    with closing(UnfinishedJobs(tmp_path / "data/jobs.sqlite")) as jobs:
        for number, target in enumerate(("out.mp4", "out")):
            jobs.add(Unfinished(f"j{number}", "export", "", "s", "", {"path": str(folder / target)}))
    with running(tmp_path):
        left = {path.name for path in folder.iterdir()}
    others = {f".out.{os.getppid()}-0123ab.part.mp4", f".out.{os.getppid()}-0123ab.part"}
    assert {name for name in left if name.startswith(".out")} == others, "another program writes these"
    assert len(left) == 2 + 6, "of a file that nobody asked this worker for, it knows nothing"
    assert list(projects.iterdir()) == []


def test_beyond_its_memory_the_worker_lets_go_of_engines_that_nobody_uses(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = 3e9
    monkeypatch.setattr(memory, "resident_bytes", lambda: taken)
    make_clip(service.opened / "clip.mp4", 2)
    asked = {"path": str(service.opened / "clip.mp4"), "engine": "flow", "segmenter": "grabcut"}
    session = service.client.post("/api/sessions", json=asked).json()["id"]
    click = {"kind": "click", "frame": 0, "object_id": 1, "x": 20, "y": 20}
    assert service.client.post(f"/api/sessions/{session}/prompts", json={"prompts": [click]}).status_code == 200
    sessions, engine = service.worker.sessions, service.worker.engines.load("grabcut", "segmenter", "cpu")
    monkeypatch.setattr("plugin.worker.sessions.QUIET_SECONDS", 0.0)
    sessions.keep_to_budget()
    assert service.worker.engines.load("grabcut", "segmenter", "cpu") is engine, "there is no budget yet"
    assert service.client.put("/api/limits", json={"memory": 0.1}).json()["type"] == "RequestError"
    assert service.client.put("/api/limits", json={"memory": 2.0}).json() == {"memory": 2.0}
    with sessions.using(session) as opened:
        sessions.keep_to_budget()
        assert opened.session.held_engines == [engine], "it is in use"
    until(lambda: service.worker.jobs.of(session)[-1].status == "done")  # the cuts are looked for
    sessions.keep_to_budget()
    assert opened.session.held_engines == []
    assert service.worker.engines.load("grabcut", "segmenter", "cpu") is not engine
    assert service.client.post(f"/api/sessions/{session}/prompts", json={"prompts": [click]}).status_code == 200
    monkeypatch.setattr("plugin.worker.sessions.REST_SECONDS", 0.0)
    sessions.rest()
    assert opened.session._chosen._frames is None, "no picture is held for longer than somebody looks at it"
    with Worker(service.worker.data.parent / "other", memory=4.0) as other:
        assert other.memory.limits.memory == 4.0
