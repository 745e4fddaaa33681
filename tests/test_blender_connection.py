"""How the add-on finds, loses and restarts the worker, with a launcher that a test plays."""

import sys
from pathlib import Path
from typing import Any

import pytest

from plugin.blender import connection as module
from plugin.blender.connection import ENDED, Connection, Settings
from plugin.link import wire
from plugin.link.errors import LinkError, WorkerGone


class Worker:
    """A client that answers until it is dead."""

    def __init__(self) -> None:
        self.dead = False

    def check(self) -> wire.Health:
        return wire.Health("0.1", wire.PROTOCOL, 1, 0.0, "cpu")

    def catalogue(self) -> wire.Catalogue:
        return wire.Catalogue([], {})

    def state(self, session_id: str) -> str:
        if self.dead:
            raise WorkerGone("no worker answers")
        return f"state of {session_id}"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    """The workers that were started."""
    workers: list[Worker] = []

    def start(**_: Any) -> Worker:
        workers.append(Worker())
        return workers[-1]

    monkeypatch.setattr(module.launch, "find", lambda *_: None)
    monkeypatch.setattr(module.launch, "read_address", lambda *_: None)
    monkeypatch.setattr(module.launch, "find_or_start", start)
    return workers


def result(pending: Any) -> Any:
    assert pending.wait(10)
    return pending.result()


def linked(folder: Path) -> Settings:
    """The worker of this very Python."""
    return Settings(str(Path(sys.executable).with_name("tam")))


def test_the_first_question_starts_the_worker(started: list[Worker], tmp_path: Path) -> None:
    connection = Connection(lambda: linked(tmp_path))
    assert connection.state == "off"
    assert result(connection.later("state", "s1")) == "state of s1"
    assert (connection.state, len(started)) == ("ready", 1)
    assert connection.catalogue == wire.Catalogue([], {})


def test_a_dead_worker_is_started_by_the_user_only(started: list[Worker], tmp_path: Path) -> None:
    connection = Connection(lambda: linked(tmp_path))
    result(connection.later("state", "s1"))
    started[0].dead = True
    with pytest.raises(WorkerGone):
        result(connection.later("state", "s1"))
    assert connection.state == "gone"
    with pytest.raises(WorkerGone, match=ENDED):
        result(connection.later("state", "s1"))
    result(connection.restart())
    assert (connection.state, len(started)) == ("ready", 2)


def test_a_worker_that_is_nowhere_is_said_and_looked_for_again(started: list[Worker], tmp_path: Path) -> None:
    where = [Settings(str(tmp_path / "nothing" / "python"))]
    connection = Connection(lambda: where[0])
    with pytest.raises(LinkError, match="install tam-studio, then choose its Python in the add-on's preferences"):
        result(connection.later("state", "s1"))
    assert connection.state == "off"
    where[0] = linked(tmp_path)
    assert result(connection.later("state", "s1")) == "state of s1"


@pytest.mark.parametrize("given", ["bin/python", "bin", "", "bin/tam"])
def test_a_python_a_folder_and_a_program_all_lead_to_the_worker(tmp_path: Path, given: str) -> None:
    program = tmp_path / "bin" / "tam"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert Settings(str(tmp_path / given), "cuda").command() == [str(program), "serve", "--device", "cuda"]
    assert Settings(str(tmp_path / given), memory=6.5).command() == [str(program), "serve", "--memory", "6.5"]


def test_a_folder_for_results_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LinkError, match="Choose another cache folder"):
        module.share_folder(tmp_path / "file" / "results")
