"""Annotating through the worker: what the page asks, and what lies on disk then."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from plugin.annotate.room import Room
from plugin.worker.app import create_app
from plugin.worker.worker import Worker
from tam_core.annotate.locks import holder_of
from tam_core.annotate.queue import Queue
from tam_core.annotate.records import Work
from tam_core.annotate.store import PROPOSED, Store
from tam_core.project import Project
from tests.media import make_video
from tests.scenes import crossing, iou
from tests.test_annotate_datasets import masklet
from tests.worker_fixtures import authorised

COUNT = 12


class Desk:
    """An annotator's worker, asked as the page asks it."""

    def __init__(self, folder: Path, data: Path, annotator: str) -> None:
        self.store = Store(folder)
        self.worker = Worker(data, folders=[self.store.folder, self.store.data], device="cpu")
        self.room = self.worker.annotation = Room(self.worker, Queue(self.store, annotator), 3, "flow", "grabcut")
        self._client = TestClient(
            create_app(self.worker), base_url=self.worker.access.url, headers=authorised(self.worker)
        )

    def ask(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer = self._client.request(method, f"/api/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def click(self, session: str, frame: int, x: float) -> None:
        self.ask("POST", "annotate/prepare", {"frame": frame, "object_id": 1})
        said = {"kind": "click", "frame": frame, "object_id": 1, "x": x, "y": 60}
        self.ask("POST", f"sessions/{session}/prompts", {"prompts": [said]})

    def close(self) -> None:
        self.worker.close()
        self.room.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "videos").mkdir()
    for name in ("a", "b"):
        make_video(tmp_path / f"videos/{name}.mp4", crossing(COUNT).frames)
    return tmp_path / "videos"


@pytest.fixture
def desks(folder: Path, tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """Two annotators of one folder, each with a worker."""
    both = Desk(folder, tmp_path / "ann", "ann"), Desk(folder, tmp_path / "bob", "bob")
    yield both
    for desk in both:
        desk.close()


WORK = {"object_id": 1, "seconds": 8.0, "machine_seconds": 1.5, "interactions": 2}


def test_a_video_is_annotated_by_one_and_verified_by_another(desks: tuple[Desk, Desk]) -> None:
    ann, bob = desks
    state = ann.ask("POST", "annotate/take", {})
    assert (state["taken"], state["task"], state["step"]) == ("a", "annotate", 4)
    assert "taken by ann" in bob.ask("POST", "annotate/take", {"name": "a"}, 400)["message"]
    ann.ask("POST", "annotate/submit", status=400)
    ann.click(state["session"], 0, 30)
    ann.click(state["session"], 4, 66)
    told = ann.ask("POST", "annotate/beat", {"work": [WORK]})
    assert told["work"] == [WORK]
    state = ann.ask("POST", "annotate/submit")
    assert state["taken"] == ""
    assert [(one["name"], one["state"]) for one in state["queue"]] == [("a", "to verify"), ("b", "to do")]
    (found,) = ann.store.masklets("a")
    assert found.frames == [0, 4] and iou(found.rles[4].decode(), crossing(COUNT).masks[4]) > 0.7
    state = bob.ask("POST", "annotate/take", {})
    assert (state["taken"], state["task"]) == ("a", "verify")
    assert "not changed" in bob.ask("POST", "annotate/prepare", {"frame": 0, "object_id": 1}, 400)["message"]
    assert len(bob.ask("GET", f"sessions/{state['session']}/masks")) == 2
    state = bob.ask("POST", "annotate/verdict", {"unsatisfactory": [1], "note": "the border"})
    assert state["queue"][0]["state"] == "unsatisfactory" and state["queue"][0]["note"] == "the border"
    record = ann.store.record("a")
    assert record.work == {1: Work(8, 1.5, 2)}
    assert record.submissions[0].masklets[0].edited == (0, 4)
    state = ann.ask("POST", "annotate/take", {})
    assert (state["taken"], state["task"], state["work"]) == ("a", "annotate", [])


def test_a_video_that_is_verified_stays_as_it_was_submitted(desks: tuple[Desk, Desk]) -> None:
    ann, bob = desks
    ann.click(ann.ask("POST", "annotate/take", {})["session"], 0, 30)
    ann.ask("POST", "annotate/submit")
    session = bob.ask("POST", "annotate/take", {})["session"]
    click = {"kind": "click", "frame": 0, "object_id": 1, "x": 90, "y": 20}
    for method, path, body in (
        ("POST", "prompts", {"prompts": [click]}),
        ("POST", "track", {}),
        ("POST", "remove", {}),
        ("POST", "undo", None),
        ("PATCH", "objects/1", {"name": "mine"}),
        ("DELETE", "objects/1", None),
    ):
        assert "not changed" in bob.ask(method, f"sessions/{session}/{path}", body, 400)["message"]
    bob.ask("POST", f"sessions/{session}/preview", {"prompts": [click]})
    assert [one["name"] for one in bob.ask("GET", f"sessions/{session}")["objects"]] == ["Object 1"]


def test_a_video_that_was_given_back_is_not_opened_again_by_a_page_that_wakes_up(desks: tuple[Desk, Desk]) -> None:
    ann, bob = desks
    state = ann.ask("POST", "annotate/take", {"name": "a"})
    project = ann.ask("GET", f"sessions/{state['session']}")["project"]
    ann.room._gone = 0
    ann.room.look()
    for path in ("", "/events", "/masks", "/frames/0"):
        ann.ask("GET", f"sessions/{state['session']}{path}", status=404)
    assert "queue" in ann.ask("POST", "sessions", {"project": project}, 400)["message"]
    assert bob.ask("POST", "annotate/take", {"name": "a"})["taken"] == "a"


def test_the_second_phase_forgets_what_was_tracked_from_a_click_on(desks: tuple[Desk, Desk]) -> None:
    ann, _ = desks
    ann.ask("PUT", "annotate/phase", {"phase": 2})
    session = ann.ask("POST", "annotate/take", {})["session"]
    ann.click(session, 0, 30)
    with ann.worker.sessions.using(session) as opened:
        for _frame in opened.session.propagate():
            pass
    assert ann.ask("POST", "annotate/prepare", {"frame": 6, "object_id": 1}) == {"forgotten": True}
    with ann.worker.sessions.using(session) as opened:
        assert opened.session.masklets[1].frames == list(range(6))
    assert ann.ask("POST", "annotate/prepare", {"frame": 0, "object_id": 1}) == {"forgotten": False}


def test_a_video_that_was_begun_stays_in_its_mode(desks: tuple[Desk, Desk]) -> None:
    ann, bob = desks
    ann.ask("POST", "annotate/take", {})
    assert ann.ask("PUT", "annotate/phase", {"phase": 1})["phase"] == 1
    ann.ask("POST", "annotate/beat", {"work": [WORK]})
    assert "begun in mode 1" in ann.ask("PUT", "annotate/phase", {"phase": 3}, 400)["message"]
    ann.ask("POST", "annotate/release")
    state = bob.ask("POST", "annotate/take", {"name": "a"})
    assert state["phase"] == 1 and state["work"] == [WORK]


def test_a_page_that_is_gone_gives_its_video_back(desks: tuple[Desk, Desk]) -> None:
    ann, bob = desks
    ann.ask("POST", "annotate/take", {"name": "a"})
    ann.room.look()
    assert holder_of(ann.store.place("a")) is not None
    ann.room._gone = 0
    ann.room.look()
    assert holder_of(ann.store.place("a")) is None
    assert bob.ask("POST", "annotate/take", {"name": "a"})["taken"] == "a"
    assert "given back" in ann.ask("POST", "annotate/beat", {}, 400)["message"]


def test_a_project_is_open_to_others_as_soon_as_its_video_is_free(desks: tuple[Desk, Desk]) -> None:
    ann, _ = desks
    ann.ask("POST", "annotate/take", {"name": "a"})
    ann.ask("POST", "annotate/release")
    Project.open(ann.store.project("a")).close()


def test_proposals_are_told_as_masks(desks: tuple[Desk, Desk]) -> None:
    ann, _ = desks
    with_info = ann.store.videos["a"]
    from tam_core.video import open_video

    ann.store.write_masklets("a", [masklet(1, score=0.8)], open_video(with_info).info, PROPOSED)
    assert ann.ask("POST", "annotate/take", {"name": "a"})["proposals"] == 1
    (one,) = ann.ask("GET", "annotate/proposals")
    assert one["frame"] == 0 and one["score"] == 0.8
    assert one["counts"].encode() == masklet(1).rles[0].counts


def test_what_makes_no_sense_is_refused(desks: tuple[Desk, Desk]) -> None:
    ann, _ = desks
    ann.ask("POST", "annotate/beat", {}, 400)
    ann.ask("PUT", "annotate/phase", {"phase": 9}, 400)
    ann.ask("POST", "annotate/take", {"name": "c"}, 400)
    ann.ask("POST", "annotate/take", {"name": "a"})
    ann.ask("POST", "annotate/beat", {"work": [{**WORK, "seconds": -1}]}, 400)
    ann.ask("POST", "annotate/verdict", {}, 400)
    assert ann.ask("GET", "annotate")["work"] == []


def test_an_ordinary_worker_is_not_for_annotating(tmp_path: Path) -> None:
    with Worker(tmp_path / "data", device="cpu") as worker:
        client = TestClient(create_app(worker), base_url=worker.access.url, headers=authorised(worker))
        assert client.get("/api/annotate").json()["annotating"] is False
        assert client.post("/api/annotate/take", json={}).status_code == 400
