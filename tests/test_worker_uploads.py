"""Uploads: whole under their names, within bounds, and gone when nobody needs them."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from plugin.link import wire
from plugin.worker.problems import TooLargeError, UnknownIdError
from plugin.worker.uploads import Uploads, clean_name
from tam_core.errors import OutputError
from tam_core.project import Project
from tests.media import make_clip
from tests.worker_fixtures import Service, running


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running(tmp_path) as service:
        yield service


def test_an_upload_is_there_whole_under_its_name(service: Service) -> None:
    data = os.urandom(3_000_000)
    answer = service.client.post("/api/uploads", params={"name": "a clip.mp4"}, content=data)
    sent = wire.from_json(wire.Upload, answer.content)
    assert (sent.name, sent.bytes) == ("a clip.mp4", len(data))
    assert service.worker.uploads.path(sent.id).read_bytes() == data


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\videos\\clip.mp4", "clip.mp4"),
        ("..", "upload"),
        ("", "upload"),
        ("a\nb<c>.mov", "a_b_c_.mov"),
        ("ü" * 200 + ".mp4", "ü" * 90 + ".mp4"),
    ],
)
def test_a_name_cannot_lead_out_of_the_folder(service: Service, name: str, clean: str) -> None:
    assert clean_name(name) == clean
    sent = service.client.post("/api/uploads", params={"name": name}, content=b"x").json()
    file = service.worker.uploads.path(sent["id"])
    assert file.name == clean and file.parent.parent == service.worker.data / "uploads"


@pytest.mark.parametrize("upload_id", ["", "..", "0" * 16, "x" * 16, "../../../etc"])
def test_unknown_uploads_are_refused(service: Service, upload_id: str) -> None:
    with pytest.raises(UnknownIdError):
        service.worker.uploads.path(upload_id)


async def blocks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield bytes(1 << 20)


@pytest.mark.parametrize("announced", [None, 5_000_000])
def test_an_upload_over_the_limit_is_refused_and_leaves_nothing(tmp_path: Path, announced: int | None) -> None:
    uploads = Uploads(tmp_path / "uploads", limit=2_000_000)
    with pytest.raises(TooLargeError, match="--upload-limit"):
        asyncio.run(uploads.receive("clip.mp4", announced, blocks(5)))
    assert not list((tmp_path / "uploads").iterdir())


def test_an_upload_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uploads = Uploads(tmp_path / "uploads")
    monkeypatch.setattr("plugin.worker.uploads.RESERVE", 10**18)
    with pytest.raises(OutputError, match="would fill the disk"):
        asyncio.run(uploads.receive("clip.mp4", None, blocks(2)))
    assert not list((tmp_path / "uploads").iterdir())


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(2 << 20)
        raise ConnectionResetError

    uploads = Uploads(tmp_path / "uploads")
    with pytest.raises(OutputError):
        asyncio.run(uploads.receive("clip.mp4", None, broken()))
    assert not list((tmp_path / "uploads").iterdir())
    (tmp_path / "uploads/0123456789abcdef.part").mkdir()  # what a killed worker leaves
    Uploads(tmp_path / "uploads")
    assert not list((tmp_path / "uploads").iterdir())


def test_an_empty_upload_is_refused(service: Service) -> None:
    assert service.client.post("/api/uploads?name=a.mp4").json()["type"] == "RequestError"
    assert (
        service.client.post("/api/uploads?name=a.mp4", content=b"x", headers={"Content-Length": "-1"}).status_code
        == 422
    )


def test_uploads_that_no_project_uses_are_deleted_after_some_days(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 2).read_bytes()
    with running(tmp_path) as service:
        sent = [service.client.post("/api/uploads?name=clip.mp4", content=clip).json()["id"] for _ in range(3)]
        opened = service.client.post("/api/sessions", json={"upload": sent[0]})
        assert opened.status_code == 200, opened.text
        folder = service.worker.data / "uploads"
    for upload in sent[:2]:
        os.utime(folder / upload, (time.time() - 8 * 24 * 3600,) * 2)
    project = Path(opened.json()["project"])
    with closing(Project.open(project)), running(tmp_path):
        assert len(list(folder.iterdir())) == 3, "a project that is open elsewhere does not say what it uses"
    with running(tmp_path):
        assert {place.name for place in folder.iterdir()} == {sent[0], sent[2]}
