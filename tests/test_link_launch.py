"""Finding and starting the worker, with a small program in its place."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin.link import launch, wire
from plugin.link.errors import LinkError, ProtocolMismatch, WorkerGone
from plugin.link.launch import Address, find, find_or_start, open_folder, opened_folders, read_address, write_address
from plugin.link.private import alone
from plugin.link.wire import to_json
from tests.stand_in import stand_in

WORKER = f"""
    import os, sys, time
    sys.path.insert(0, {str(Path(__file__).parents[1])!r})
    from pathlib import Path
    from plugin.link import wire
    from plugin.link.launch import Address, write_address
    from tests.stand_in import stand_in

    data = Path(sys.argv[sys.argv.index("--data") + 1])
    with open(data / "starts", "a") as starts:
        starts.write(f"{{os.getpid()}} {{os.getsid(0)}} {{sorted(n for n in os.environ if n.startswith('PYTHON'))}}\\n")
    time.sleep(0.2)
    with stand_in() as worker:
        health = wire.Health("1", wire.PROTOCOL, os.getpid(), 0.0, "cpu")
        worker.answers["GET /health"] = (200, wire.to_json(health).encode())
        write_address(Address(worker.url, "t", os.getpid(), wire.PROTOCOL, "1"), data)
        time.sleep(30)
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder; what was started in it is ended."""
    folder = tmp_path / "data"
    yield folder
    starts = folder / "starts"
    for line in starts.read_text().splitlines() if starts.exists() else []:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(line.split()[0]), signal.SIGKILL)


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, ...]:
    script = tmp_path / "worker.py"
    script.write_text(textwrap.dedent(WORKER))
    return sys.executable, str(script)


def starts(data: Path) -> list[str]:
    return (data / "starts").read_text().splitlines()


def test_a_worker_is_started_once_and_found_again(
    data: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "3")
    assert find(data) is None
    client = find_or_start(command=command, data=data)
    again = find_or_start(command=("this would fail",), data=data)
    assert again.url == client.url and client.token == "t"
    (start,) = starts(data)
    pid, session, settings = start.split(" ", 2)
    assert pid == session, "it has a session of its own, so that it outlives the host and its terminal"
    assert settings == "[]", "a host's Python settings would break another Python"


def test_two_hosts_that_start_at_once_get_the_same_worker(data: Path, command: tuple[str, ...], tmp_path: Path) -> None:
    host = tmp_path / "host.py"
    host.write_text(
        f"import sys; from pathlib import Path; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        "from plugin.link.launch import find_or_start\n"
        "print(find_or_start(command=sys.argv[2:], data=Path(sys.argv[1])).url)\n"
    )
    hosts = [
        subprocess.Popen([sys.executable, host, data, *command], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    urls = {host.communicate(timeout=60)[0] for host in hosts}
    assert len(urls) == 1 and len(starts(data)) == 1


def test_after_a_kill_another_is_started(data: Path, command: tuple[str, ...]) -> None:
    first = find_or_start(command=command, data=data)
    address = read_address(data)
    assert address is not None
    os.kill(address.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while find(data) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(WorkerGone):
        first.health()
    assert find_or_start(command=command, data=data).health().pid != address.pid


def test_a_worker_that_fails_says_why(data: Path) -> None:
    failing = (sys.executable, "-c", "import sys; sys.exit('Error: the port is taken')")
    with pytest.raises(LinkError, match="did not start: Error: the port is taken"):
        find_or_start(command=failing, data=data)
    with pytest.raises(LinkError, match="cannot be started with '/nowhere/tam'"):
        find_or_start(command=["/nowhere/tam", "serve"], data=data)
    with pytest.raises(WorkerGone, match="not ready after 0 seconds: it said nothing"):
        find_or_start(command=(sys.executable, "-c", "import time; time.sleep(20)"), data=data, timeout=0.2)


def test_without_a_command_tam_is_looked_for(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "venv/bin/tam"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho $0 $* >&2\nexit 3\n")
    program.chmod(0o755)
    said = f"{program} serve --data {data}"
    with pytest.raises(LinkError, match=said):
        find_or_start(python=program.parent / "python", data=data)
    monkeypatch.setattr(launch, "USUAL_PLACES", ())
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    with pytest.raises(LinkError, match=said):
        find_or_start(data=data)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(LinkError, match="no 'tam' on PATH: install tam-studio"):
        find_or_start(data=data)
    with pytest.raises(LinkError, match="no 'tam' beside /usr/bin/python3"):
        find_or_start(python=Path("/usr/bin/python3"), data=data)


def test_an_address_that_is_no_secret_is_refused(data: Path) -> None:
    address = Address("http://127.0.0.1:1", "t", os.getpid(), wire.PROTOCOL, "1")
    write_address(address, data)
    assert read_address(data) == address
    assert (data / "worker.json").stat().st_mode & 0o777 == 0o600
    assert data.stat().st_mode & 0o777 == 0o700
    (data / "worker.json").chmod(0o640)
    with pytest.raises(LinkError, match="open to other users"):
        find(data)
    (data / "worker.json").chmod(0o600)
    (data / "worker.json").write_text("{}")
    with pytest.raises(LinkError, match="not what it should be"):
        find(data)


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can give a file away")
def test_an_address_of_another_user_is_refused(data: Path) -> None:
    write_address(Address("http://127.0.0.1:1", "t", 1, wire.PROTOCOL, "1"), data)
    os.chown(data / "worker.json", 12345, 12345)
    with pytest.raises(LinkError, match="belongs to another user"):
        find(data)


def test_another_process_at_the_old_address_is_not_the_worker(data: Path) -> None:
    with stand_in() as stranger:
        write_address(Address(stranger.url, "t", os.getpid(), wire.PROTOCOL, "1"), data)
        health = wire.Health("1", wire.PROTOCOL, os.getpid() + 1, 0.0, "cpu")
        stranger.answers["GET /health"] = (200, to_json(health).encode())
        assert find(data) is None


def test_a_worker_of_another_age_is_not_replaced(data: Path) -> None:
    with stand_in() as newer:
        write_address(Address(newer.url, "t", os.getpid(), 99, "9"), data)
        newer.answers["GET /health"] = (200, to_json(wire.Health("9", 99, os.getpid(), 0.0, "cpu")).encode())
        with pytest.raises(ProtocolMismatch, match="update this program"):
            find_or_start(command=("nothing",), data=data)


def test_opened_folders_are_added_once(data: Path, tmp_path: Path) -> None:
    assert opened_folders(data) == []
    for name in ("a", "b", "a"):
        (tmp_path / name).mkdir(exist_ok=True)
        open_folder(tmp_path / name, data)
    assert opened_folders(data) == [tmp_path / "a", tmp_path / "b"]
    assert (data / "folders.json").stat().st_mode & 0o777 == 0o600
    assert not list(data.glob("*.part"))
    with pytest.raises(LinkError, match="there is no folder"):
        open_folder(tmp_path / "c", data)
    (data / "folders.json").chmod(0o666)
    with pytest.raises(LinkError, match="open to other users"):
        opened_folders(data)


def test_a_lock_is_waited_for_only_so_long(tmp_path: Path) -> None:
    with (
        alone(tmp_path / "lock", 1),
        pytest.raises(LinkError, match="another program has held"),
        alone(tmp_path / "lock", 0.1),
    ):
        pass
    with alone(tmp_path / "lock", 0):
        pass


def test_the_data_folder_is_where_the_system_keeps_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert launch.data_folder() == Path("/home/ann/.local/share/tam-studio")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert launch.data_folder() == Path("/data/tam-studio")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert launch.data_folder() == Path("/home/ann/Library/Application Support/tam-studio")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert launch.data_folder() == Path("/local/tam-studio")


def test_the_address_is_what_the_contract_says(data: Path) -> None:
    write_address(Address("http://127.0.0.1:7411", "t", 5, wire.PROTOCOL, "1"), data)
    assert list(json.loads((data / "worker.json").read_text())) == ["url", "token", "pid", "protocol", "version"]
