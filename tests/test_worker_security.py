"""Who is let in, and to which files: everybody else is refused, and the log says so."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from plugin.link import launch
from plugin.worker.bodies import LIMIT
from plugin.worker.folders import Folders
from plugin.worker.problems import ForbiddenError, MalformedError
from plugin.worker.security import Access
from plugin.worker.worker import Worker
from tests.worker_fixtures import Service, running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One for all: nothing that is refused leaves a trace in it."""
    with running(tmp_path_factory.mktemp("security")) as service:
        yield service


@pytest.fixture
def stranger(service: Service) -> TestClient:
    """A client without the token."""
    return TestClient(service.client.app, base_url=service.worker.access.url)


@pytest.mark.parametrize("path", ["/api/catalogue", "/api/jobs", "/metrics", "/api/nix", "/nix"])
@pytest.mark.parametrize(
    "sent", [None, "", "Bearer", "Bearer wrong", "Basic {token}", "bearer {token}", "Bearer {token}x"]
)
def test_nothing_is_told_without_the_token(
    service: Service, stranger: TestClient, path: str, sent: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {} if sent is None else {"Authorization": sent.format(token=service.worker.access.token)}
    answer = stranger.get(path, headers=headers)
    assert (answer.status_code, answer.json()["type"], answer.json()["status"]) == (401, "TokenError", 401)
    assert f"refused GET '{path}'" in caplog.text
    assert service.worker.access.token not in answer.text + caplog.text


@pytest.mark.parametrize("path", ["/", "/health", "/openapi.json", "/static/index.html"])
def test_what_holds_no_secret_needs_no_token(service: Service, stranger: TestClient, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 200 and service.worker.access.token not in answer.text


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "https://127.0.0.1:7411",
        "http://127.0.0.1:8000",
        "http://127.0.0.1:7411.evil.example",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/api/jobs", "/health", "/"])
def test_pages_of_other_origins_are_refused_even_with_the_token(service: Service, path: str, origin: str) -> None:
    answer = service.client.get(path, headers={"Origin": origin})
    assert (answer.status_code, answer.json()["type"]) == (403, "OriginError")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example:7411", "127.0.0.1", "127.0.0.1:80", "127.0.0.1.evil.example:7411", "192.168.1.7:7411", ""]
)
@pytest.mark.parametrize("path", ["/api/jobs", "/health", "/"])
def test_a_foreign_name_that_leads_here_is_refused(service: Service, path: str, host: str) -> None:
    answer = service.client.get(path, headers={"Host": host})
    assert (answer.status_code, answer.json()["type"]) == (403, "HostError")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_this_machine_has_three_names(service: Service, name: str) -> None:
    headers = {"Host": f"{name}:7411", "Origin": f"http://{name}:7411"}
    assert service.client.get("/api/jobs", headers=headers).status_code == 200


def test_a_worker_for_other_machines_takes_bare_addresses_but_no_foreign_names() -> None:
    everywhere = Access("0.0.0.0", 80)
    assert all(everywhere.is_ours(host) for host in ("192.168.1.7", "192.168.1.7:80", "[fe80::1]:80", "localhost"))
    assert not any(everywhere.is_ours(host) for host in ("evil.example", "evil.example:80", "192.168.1.7:81"))
    named = Access("studio.lan", 7411)
    assert named.is_ours("studio.lan:7411") and not named.is_ours("192.168.1.7:7411")
    assert (everywhere.url, named.url, Access("::1").url) == (
        "http://127.0.0.1:80",
        "http://studio.lan:7411",
        "http://[::1]:7411",
    )


def test_tokens_are_random_and_never_shown() -> None:
    first, second = Access(), Access()
    assert first.token != second.token and len(first.token) >= 43
    assert first.token not in repr(first)


def test_every_answer_tells_the_browser_to_be_careful(service: Service) -> None:
    for path in ("/", "/api/jobs", "/api/nix", "/static/index.html"):
        headers = service.client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == ("no-store" if path.startswith("/api/") else "no-cache")


def test_our_own_mistakes_are_answered_as_such_and_logged(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(service.worker.jobs, "all", fail)
    answer = service.client.get("/api/jobs")
    assert (answer.status_code, answer.json()["type"]) == (500, "ZeroDivisionError")
    assert "content-security-policy" in answer.headers and "Traceback" in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"width": NaN, "height": 64}',
        b'{"width": 1e999, "height": 64}',
        b'{"width": 1e30, "height": 64}',
        b'{"width": ' + b"9" * 5000 + b', "height": 64}',
        b'{"width": 64, "height": 64, "engine": "\\ud800"}',
        b'{"width": 64, "height": 64, "engine": "a\\u0000b"}',
        b'{"width": 64, "height": 64, "\\udfff": 1}',
        b"[" * 100_000,
        b'{"width": 64}',
        b'{"width": "many", "height": 64}',
    ],
    ids=range(15),
)
def test_malformed_messages_are_a_problem_that_says_so(service: Service, body: bytes) -> None:
    answer = service.client.post("/api/live", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (422, "MalformedError")


def test_a_message_that_is_too_long_is_refused_and_logged(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    answer = service.client.post("/api/live", content=b" " * (LIMIT + 1), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (413, "TooLargeError")
    assert "refused POST '/api/live'" in caplog.text


def test_a_nul_in_the_address_is_refused(service: Service) -> None:
    for path in ("/api/jobs/a%00b", "/api/uploads?name=a%00b", "/static/%00"):
        assert service.client.get(path).status_code == 400


def test_other_methods_and_addresses_are_problems_too(service: Service) -> None:
    assert service.client.put("/api/jobs").json() == {
        "type": "MethodError",
        "message": "Method Not Allowed",
        "status": 405,
    }
    assert service.client.get("/api/nix").json()["type"] == "UnknownAddressError"


# Folders --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    for name in ("data", "opened", "closed"):
        (tmp_path / name).mkdir(mode=0o700)
    return Folders(tmp_path / "data", [tmp_path / "opened"])


def test_files_in_opened_folders_are_fine_there_or_not(folders: Folders, tmp_path: Path) -> None:
    inside = tmp_path / "opened/new/clip.mp4"
    assert folders.check(str(inside)) == inside.resolve()
    assert folders.check(tmp_path / "data/projects/clip.tam") == (tmp_path / "data/projects/clip.tam").resolve()


@pytest.mark.parametrize(
    "name", ["closed/clip.mp4", "opened/../closed/clip.mp4", "opened.mp4", "openedx/a", "data/worker.json", "."]
)
def test_other_files_are_not(folders: Folders, tmp_path: Path, name: str) -> None:
    with pytest.raises(ForbiddenError, match="tam serve --open"):
        folders.check(f"{tmp_path}/{name}")


def test_a_link_leads_nowhere_else(folders: Folders, tmp_path: Path) -> None:
    (tmp_path / "opened/link").symlink_to(tmp_path / "closed")
    with pytest.raises(ForbiddenError):
        folders.check(tmp_path / "opened/link/clip.mp4")


@pytest.mark.parametrize("path", ["clip.mp4", "", "\0", "/a\0b", "~nobody-of-that-name/x", "/\ud800", "/" + "x" * 300])
def test_what_is_no_full_path_is_malformed(folders: Folders, path: str) -> None:
    with pytest.raises(MalformedError):
        folders.check(path)


@pytest.mark.skipif(os.name != "posix", reason="pipes in folders are POSIX")
def test_a_pipe_would_be_read_for_ever(folders: Folders, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "opened/pipe.mp4")
    with pytest.raises(MalformedError, match="neither a file nor a folder"):
        folders.check(tmp_path / "opened/pipe.mp4")


def test_another_program_of_the_user_opens_a_folder_while_the_worker_runs(folders: Folders, tmp_path: Path) -> None:
    launch.open_folder(tmp_path / "closed", tmp_path / "data")
    assert folders.check(tmp_path / "closed/clip.mp4")


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_list_of_folders_that_others_could_have_written_opens_nothing(
    folders: Folders, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    launch.open_folder(tmp_path / "closed", tmp_path / "data")
    (tmp_path / "data" / launch.FOLDERS).chmod(0o666)
    with pytest.raises(ForbiddenError):
        folders.check(tmp_path / "closed/clip.mp4")
    assert "open to other users" in caplog.text


def test_nobody_else_sees_the_data_folder(tmp_path: Path) -> None:
    with Worker(tmp_path / "data") as worker:
        assert worker.data.stat().st_mode & 0o077 == 0
