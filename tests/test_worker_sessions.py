"""Sessions over HTTP: the whole story, restarts between its steps, two clients, and what is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from plugin.worker.app import create_app
from plugin.worker.state import Lanes, spans_of
from plugin.worker.worker import Worker
from tam_core import rle
from tam_core.engines.grabcut.segmenter import GrabCutSegmenter
from tam_core.masklet import Masklet
from tam_core.project import Project
from tam_core.quality import next_frame_to_fix
from tam_core.types import Mask
from tests.media import make_clip, make_video
from tests.scenes import crossing, disc
from tests.worker_fixtures import Service, authorised, until

COUNT = 8
SCENE = crossing(COUNT)
ENGINES = {"engine": "flow", "segmenter": "grabcut"}
ON_DISC = {"kind": "click", "frame": 0, "object_id": 1, "x": 30, "y": 60}


def painted(frame: int, object_id: int, mask: Mask) -> dict[str, Any]:
    """A prompt that no engine is needed for."""
    code = rle.encode(mask)
    there = {"size": code.size, "counts": code.counts.decode()}
    return {"kind": "mask", "frame": frame, "object_id": object_id, "rle": there}


DISC = painted(0, 1, SCENE.masks[0])


@contextmanager
def serving(tmp_path: Path) -> Iterator[Service]:
    """A worker on a folder where another one may have been before."""
    opened = tmp_path / "opened"
    opened.mkdir(exist_ok=True)
    with Worker(tmp_path / "data", folders=[opened], device="cpu") as worker:
        client = TestClient(create_app(worker), base_url=worker.access.url, headers=authorised(worker))
        yield Service(worker, client, opened)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with serving(tmp_path) as service:
        yield service


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A disc that crosses the picture, as a file."""
    path = tmp_path_factory.mktemp("clip") / "disc.mp4"
    return make_video(path, SCENE.frames, options={"crf": "10"}).read_bytes()


@pytest.fixture
def video(tmp_path: Path, clip: bytes) -> Path:
    (tmp_path / "opened").mkdir(exist_ok=True)
    path = tmp_path / "opened" / "disc.mp4"
    path.write_bytes(clip)
    return path


def asked(service: Service, method: str, address: str, status: int = 200, /, **message: Any) -> Any:
    """The answer to a request, which has to have that status."""
    answer = service.client.request(method, f"/api{address}", json=message or None)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def opened(service: Service, video: Path) -> str:
    return str(asked(service, "POST", "/sessions", path=str(video), **ENGINES)["id"])


def prompted(service: Service, session: str, *prompts: dict[str, Any], **more: Any) -> Any:
    return asked(service, "POST", f"/sessions/{session}/prompts", prompts=list(prompts or (DISC,)), **more)


def done(service: Service, session: str, work: str, **message: Any) -> Any:
    """A job, at its end."""
    job = asked(service, "POST", f"/sessions/{session}/{work}", **(message or {"start": 0}))
    until(lambda: service.worker.jobs.get(job["id"]).status in ("done", "failed"))
    return asked(service, "GET", f"/jobs/{job['id']}")


def state_of(service: Service, session: str) -> Any:
    """What clients show, but for jobs."""
    return {**asked(service, "GET", f"/sessions/{session}"), "jobs": None}


def test_what_was_done_is_there_after_every_restart(tmp_path: Path, video: Path) -> None:
    with serving(tmp_path) as service:
        session = opened(service, video)
        prompted(service, session, ON_DISC)
        before = state_of(service, session)
        assert before["objects"][0]["stale"] and before["undo"] == "click on object 1"
    with serving(tmp_path) as service:
        assert state_of(service, session) == {**before, "cuts": []}
        assert done(service, session, "track")["status"] == "done"
        tracked = state_of(service, session)
        assert tracked["objects"][0]["lane"][-1]["stop"] == COUNT and not tracked["objects"][0]["stale"]
    with serving(tmp_path) as service:
        assert state_of(service, session) == tracked
        assert asked(service, "POST", f"/sessions/{session}/undo")["objects"][0]["stale"]
    with serving(tmp_path) as service:
        again = asked(service, "POST", f"/sessions/{session}/redo")
        assert again["objects"] == tracked["objects"] and again["redo"] == ""
        assert done(service, session, "remove")["status"] == "done"
    with serving(tmp_path) as service:
        assert state_of(service, session)["removal"]["objects"] == [1]
        frame = service.client.get(f"/api/sessions/{session}/frames/3?of=removal")
        assert frame.status_code == 200


def test_a_correction_outdates_the_removal_and_undo_restores_it(service: Service, video: Path) -> None:
    session = opened(service, video)
    prompted(service, session)
    done(service, session, "track")
    done(service, session, "remove", objects=[1])
    removal = state_of(service, session)["removal"]
    assert removal.pop("id").startswith("edit-")
    assert removal == {
        "inpainter": "plate",
        "objects": [1],
        "start": 0,
        "stop": COUNT,
        "outdated": False,
        "operation": "remove",
        "provenance": True,
    }
    prompted(service, session, painted(5, 1, SCENE.masks[5]))
    corrected = state_of(service, session)
    assert corrected["removal"]["outdated"] and corrected["objects"][0]["prompted"] == [0, 5]
    assert not asked(service, "POST", f"/sessions/{session}/undo")["removal"]["outdated"]


def test_a_video_that_has_a_project_goes_on_with_it(service: Service, video: Path) -> None:
    session = opened(service, video)
    prompted(service, session)
    assert opened(service, video) == session
    asked(service, "DELETE", f"/sessions/{session}", 204)
    again = asked(service, "POST", "/sessions", path=str(video))
    assert again["id"] == session and len(again["objects"]) == 1
    assert (again["engine"], again["segmenter"]) == ("flow", "grabcut")


def test_another_video_at_the_same_path_gets_a_project_of_its_own(service: Service, video: Path) -> None:
    session = opened(service, video)
    asked(service, "DELETE", f"/sessions/{session}", 204)
    make_clip(video, 4)
    other = asked(service, "POST", "/sessions", path=str(video))
    assert other["id"] != session and other["video"]["frame_count"] == 4


def test_projects_anywhere_in_the_opened_folders_are_found_again(tmp_path: Path, video: Path) -> None:
    Project.create(video.with_suffix(".tam"), video).close()
    with serving(tmp_path) as service:
        session = asked(service, "POST", "/sessions", project=str(video.with_suffix(".tam")))["id"]
        prompted(service, session)
        (entry,) = asked(service, "GET", "/sessions")
        assert (entry["id"], entry["project"]) == (session, str(video.with_suffix(".tam")))
    with serving(tmp_path) as service:
        assert asked(service, "GET", "/sessions")[0]["id"] == ""
        assert len(state_of(service, session)["objects"]) == 1


def test_a_moved_video_is_asked_for_and_accepted(service: Service, video: Path) -> None:
    session = opened(service, video)
    project = state_of(service, session)["project"]
    asked(service, "DELETE", f"/sessions/{session}", 204)
    moved = video.rename(service.opened / "moved.mp4")
    problem = asked(service, "GET", f"/sessions/{session}", 409)
    assert problem["type"] == "SourceMovedError" and "disc.mp4" in problem["message"]
    state = asked(service, "POST", "/sessions", project=project, source=str(moved))
    assert state["id"] == session and state["video"]["name"] == "moved.mp4"


def test_a_project_of_a_video_outside_the_opened_folders_is_refused(service: Service, video: Path) -> None:
    outside = service.opened.parent / "outside.mp4"
    video.rename(outside)
    Project.create(service.opened / "trap.tam", outside).close()
    problem = asked(service, "POST", "/sessions", 403, project=str(service.opened / "trap.tam"))
    assert problem["type"] == "ForbiddenError"
    Project.open(service.opened / "trap.tam").close()


def test_what_cannot_be_opened_leaves_no_project(service: Service) -> None:
    (service.opened / "words.mp4").write_text("no video")
    make_clip(service.opened / "good.mp4", 2)
    for wrong, status in (
        ({"path": str(service.opened / "words.mp4")}, 400),
        ({"path": str(service.opened / "absent.mp4")}, 404),
        ({"path": "/etc/passwd"}, 403),
        ({"upload": "0123456789abcdef"}, 404),
        ({"project": str(service.opened / "absent.tam")}, 404),
        ({"project": str(service.opened)}, 400),
        ({"path": str(service.opened / "good.mp4"), "engine": "flo"}, 400),
        ({"path": str(service.opened / "good.mp4"), "segmenter": "pocket=/etc/passwd"}, 403),
        ({}, 422),
        ({"path": "/a", "project": "/b"}, 400),
    ):
        asked(service, "POST", "/sessions", status, **wrong)
    assert list((service.worker.data / "projects").iterdir()) == []
    assert service.worker.sessions.open_count == 0


def test_an_idle_session_is_closed_and_opened_again_when_it_is_asked_for(service: Service, video: Path) -> None:
    session = opened(service, video)
    before = prompted(service, session)["state"]["objects"]
    until(lambda: all(job.status == "done" for job in service.worker.jobs.of(session)))
    service.worker.sessions.close_idle(3600)
    assert service.worker.sessions.open_count == 1
    with service.worker.sessions.using(session):
        service.worker.sessions.close_idle(0)
        assert service.worker.sessions.open_count == 1, "it is in use"
    service.worker.sessions.close_idle(0)
    assert service.worker.sessions.open_count == 0
    Project.open(Path(asked(service, "GET", "/sessions")[0]["project"])).close()
    assert state_of(service, session)["objects"] == before


def test_no_more_sessions_stay_open_than_are_allowed(
    service: Service, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.worker.sessions, "_most_open", 2)
    ids = []
    for number in range(4):
        copy = service.opened / f"{number}.mp4"
        copy.write_bytes(video.read_bytes())
        ids.append(opened(service, copy))
        until(lambda: all(job.status == "done" for job in service.worker.jobs.all()))
    assert service.worker.sessions.open_count <= 3  # the newest is let in before the oldest goes
    assert all(state_of(service, session)["id"] == session for session in ids)


def test_two_clients_see_one_session(service: Service, video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(service.worker.events, "publish", lambda topic, event: told.append((topic, event)))
    other = TestClient(
        create_app(service.worker), base_url=service.worker.access.url, headers=authorised(service.worker)
    )
    session = opened(service, video)
    first = prompted(service, session)["state"]
    assert other.get(f"/api/sessions/{session}").json()["revision"] == first["revision"]
    changed = other.patch(f"/api/sessions/{session}/objects/1", json={"name": "ball", "colour": "#ff0000"}).json()
    assert changed["revision"] > first["revision"]
    assert state_of(service, session)["objects"][0]["name"] == "ball"
    assert [event.revision for topic, event in told if topic == session and event.kind == "state"][-2:] == [
        first["revision"],
        changed["revision"],
    ]


def test_candidates_are_gone_through_without_filling_the_history(service: Service, video: Path) -> None:
    session = opened(service, video)
    shown = asked(service, "POST", f"/sessions/{session}/preview", prompts=[ON_DISC])
    assert shown["state"]["objects"] == [] and shown["masks"] == [shown["candidates"][0]]
    first = prompted(service, session, ON_DISC, candidate=0)
    assert first["candidates"] == shown["candidates"]
    again = prompted(service, session, ON_DISC, candidate=0, replace=True)
    assert again["masks"] == first["masks"]
    beyond = len(first["candidates"])
    problem = asked(
        service, "POST", f"/sessions/{session}/prompts", 400, prompts=[ON_DISC], candidate=beyond, replace=True
    )
    assert problem["type"] == "PromptError"
    assert state_of(service, session)["objects"][0]["prompted"] == [0], "a refused replacement takes nothing away"
    other = {**ON_DISC, "object_id": 2, "x": 130, "y": 100}
    prompted(service, session, other, replace=True)
    assert len(state_of(service, session)["objects"]) == 2, "what is replaced is about the same object"
    asked(service, "POST", f"/sessions/{session}/undo")
    assert asked(service, "POST", f"/sessions/{session}/undo")["objects"] == []


def test_the_segmenter_is_asked_once_for_a_preview_its_prompt_and_all_candidates(
    service: Service, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(service, video)
    questions: list[int] = []
    found = GrabCutSegmenter.segment

    def counted(*given: Any, **more: Any) -> Any:
        questions.append(1)
        return found(*given, **more)

    monkeypatch.setattr(GrabCutSegmenter, "segment", counted)
    asked(service, "POST", f"/sessions/{session}/preview", prompts=[ON_DISC])
    prompted(service, session, ON_DISC)
    prompted(service, session, ON_DISC, replace=True)
    assert len(questions) == 1


def test_masks_are_told_by_frame_and_object(service: Service, video: Path) -> None:
    session = opened(service, video)
    other = painted(0, 2, disc(120, 90, 10))
    prompted(service, session)
    prompted(service, session, other)
    done(service, session, "track", objects=[1])
    path = f"/sessions/{session}/masks"
    both = asked(service, "GET", path)
    assert [len(frame["masks"]) for frame in both] == [2] + [1] * (COUNT - 1)
    (one,) = asked(service, "GET", f"{path}?start=0&stop=4&objects=2")
    assert one["masks"][0]["rle"] == {**other["rle"], "size": [120, 160]} and one["masks"][0]["score"] == 1
    assert asked(service, "GET", f"{path}?start=2&stop=99", 400)["type"] == "FrameRangeError"
    assert asked(service, "GET", f"{path}?objects=a", 422)["type"] == "MalformedError"


def test_with_its_masks_a_frame_tells_what_was_said_there(service: Service, video: Path) -> None:
    """But for painted masks, which are the masks themselves."""
    session = opened(service, video)
    box = {"kind": "box", "frame": 0, "object_id": 1, "xyxy": [10.0, 40.0, 50.0, 80.0]}
    prompted(service, session, ON_DISC, box)
    prompted(service, session, painted(0, 2, disc(120, 90, 10)))
    (told,) = asked(service, "GET", f"/sessions/{session}/masks?start=0&stop=5")
    assert told["prompts"] == [{**ON_DISC, "positive": True}, box]


def test_what_is_not_there_cannot_be_changed(service: Service, video: Path) -> None:
    session = opened(service, video)
    here = f"/sessions/{session}"
    assert asked(service, "PATCH", f"{here}/objects/7", 400, name="x")["type"] == "PromptError"
    assert asked(service, "DELETE", f"{here}/objects/7", 400)["type"] == "PromptError"
    assert asked(service, "POST", f"{here}/proposals/0", 400, accept=True)["type"] == "PromptError"
    assert asked(service, "PATCH", f"{here}/engines", 400, engine="flo")["type"] == "UnknownEngineError"
    assert asked(service, "POST", f"{here}/track", 400, start=0)["type"] == "PromptError"
    assert asked(service, "POST", f"{here}/remove", 400, start=0)["type"] == "RequestError"
    assert asked(service, "POST", f"{here}/export", 400, format="gif")["type"] == "RequestError"
    assert asked(service, "POST", f"{here}/prompts", 400, prompts=[{**ON_DISC, "x": 999}])["type"] == "PromptError"
    assert asked(service, "POST", f"{here}/undo")["redo"] == "", "with which engines it was opened is no step"
    assert asked(service, "PATCH", f"{here}/engines", engine="auto")["undo"] == "choice of engines"
    assert asked(service, "POST", f"{here}/undo")["redo"] == "choice of engines"
    assert asked(service, "POST", f"{here}/undo")["undo"] == ""
    assert asked(service, "GET", "/sessions/0123456789ab", 404)["type"] == "UnknownIdError"


def test_objects_end_and_go(service: Service, video: Path) -> None:
    session = opened(service, video)
    prompted(service, session)
    done(service, session, "track")
    ended = asked(service, "DELETE", f"/sessions/{session}/objects/1?from_frame=4")
    assert ended["objects"][0]["lane"][-1]["stop"] == 4
    assert asked(service, "DELETE", f"/sessions/{session}/objects/1")["objects"] == []
    assert len(asked(service, "GET", f"/sessions/{session}/times")) == COUNT


def masklet(scores: dict[int, float], flags: dict[int, str], absent: tuple[int, ...] = ()) -> Masklet:
    codes = {frame: rle.encode(disc(5, 5, 0 if frame in absent else 3, (10, 10))) for frame in scores}
    empty = rle.encode(disc(-9, -9, 1, (10, 10)))
    return Masklet(1, (10, 10), {f: empty if f in absent else code for f, code in codes.items()}, scores, flags)


def test_a_lane_says_where_an_object_was_prompted_tracked_unsure_and_away() -> None:
    scores = {2: 1.0, 3: 0.2, 4: 0.9, 5: 0.9, 6: 0.3, 7: 0.9, 8: 0.9}
    spans = spans_of(masklet(scores, {7: "looks odd"}, absent=(5,)), [2], 12)
    assert [(span.start, span.stop, span.state) for span in spans] == [
        (2, 3, "prompted"),
        (3, 5, "tracked"),  # frame 3 is doubtful too, but next to a prompt: nothing that could be fixed
        (5, 6, "absent"),
        (6, 8, "low"),
        (8, 9, "tracked"),
    ]


def test_the_frame_to_fix_next_is_on_a_low_stretch() -> None:
    doubtful = masklet({0: 1.0, 1: 0.9, 2: 0.9, 3: 0.1, 4: 0.9}, {})
    lane = Lanes(5).of(doubtful, [0])
    assert lane.fix_next == next_frame_to_fix(doubtful) == 3 and lane.fix_why == "confidence 0.10"
    assert next(span for span in lane.spans if span.state == "low").start == 3


def test_lanes_are_looked_through_again_only_where_masks_changed() -> None:
    lanes, one = Lanes(5), masklet({0: 1.0, 1: 0.9}, {})
    first = lanes.of(one, [0])
    assert lanes.of(one, [0]) is first
    assert lanes.of(one, [0, 1]) is not first
    assert lanes.of(masklet({0: 1.0}, {}), [0]).spans != first.spans


def test_the_engine_of_a_first_click_is_loaded_when_a_video_is_opened(
    service: Service, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[tuple[str, str]] = []
    monkeypatch.setattr(service.worker.engines, "load", lambda name, role, device: loaded.append((name, role)))
    opened(service, video)
    until(lambda: loaded == [("grabcut", "segmenter")])
