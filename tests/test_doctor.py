"""The doctor, on a machine that is well, and on conditions that are really bad."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inpaint.engines import INPAINTERS
from plugin.doctor import examine, hosts, machine, service
from plugin.doctor.codecs import check_codecs
from plugin.doctor.engines import check_downloads, check_role
from plugin.doctor.finding import Finding, ok, problem
from plugin.doctor.hosts import HOSTS, Host
from plugin.link import launch
from tam_core import device
from tam_core.engines import ENGINES
from tam_core.registry import Registry
from tam_core.video import codecs
from tests.command_line import Tam
from tests.worker_fixtures import served

BLENDER, OBS = HOSTS


def levels(findings: Iterator[Finding]) -> list[str]:
    return [one.level for one in findings]


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


# The command ----------------------------------------------------------------------------------------------------------


def looked_at(monkeypatch: pytest.MonkeyPatch, *findings: Finding) -> None:
    """Let the doctor find this and nothing else."""
    for name in ("packages", "device", "engines", "codecs", "disks", "service"):
        monkeypatch.setattr(examine, f"check_{name}", lambda *_: iter(()))
    monkeypatch.setattr(examine, "check_hosts", lambda: iter(findings))


def test_a_person_reads_what_is_wrong_and_what_to_do(tam: Tam, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at(monkeypatch, ok("GPU", "a fast one"), problem("disk", "full", "make room"))
    said = tam("doctor")
    assert said.code == 1
    assert said.out == (
        "ok       GPU: a fast one\nPROBLEM  disk: full\n         -> make room\n1 problem, no warnings\n"
    )


def test_a_program_reads_json_and_the_exit_code(tam: Tam, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at(monkeypatch, Finding("warning", "port", "taken", "free it"))
    said = tam("doctor", "--json")
    assert said.code == 0
    assert json.loads(said.out) == [{"level": "warning", "about": "port", "found": "taken", "advice": "free it"}]


def test_the_whole_of_it_on_this_machine(tam: Tam, tmp_path: Path) -> None:
    said = tam("doctor", "--json", "--device", "cpu", "--data", tmp_path / "data")
    found = json.loads(said.out)
    assert {"Python", "GPU", "torch", "tracker", "codecs", "disk", "data folder", "worker", "Blender", "OBS"} <= {
        one["about"] for one in found
    }
    starts = next(one for one in found if one["about"] == "worker")
    assert starts["level"] == "ok" and "it starts in" in starts["found"]
    assert all(one["advice"] for one in found if one["level"] != "ok")
    assert said.code == any(one["level"] == "problem" for one in found)
    assert not (tmp_path / "data" / "worker.json").exists()


def test_a_package_that_is_missing_is_named_and_the_rest_still_told(tmp_path: Path) -> None:
    """A folder before all others on Python's path holds a broken PyAV and says that tam-studio needs more."""
    (tmp_path / "av").mkdir()
    (tmp_path / "av" / "__init__.py").write_text("raise ImportError('libavcodec.so is not there')")
    facts = tmp_path / "tam_studio-0.1.0.dist-info"
    facts.mkdir()
    requires = ("no-such-package>=2", "numpy<1", "typer>=0.1", "only-for-gpus; extra == 'gpu'")
    (facts / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", "Name: tam-studio", "Version: 0.1.0"] + [
        f"Requires-Dist: {one}" for one in requires
    ]))  # fmt: skip
    code = "from plugin.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor", "--json", "--data", "/proc/version/no"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 1, done.stderr
    told = {one["about"]: one for one in json.loads(done.stdout)}
    assert told["packages"]["level"] == "problem" and "no-such-package is missing" in told["packages"]["found"]
    assert "numpy is" in told["packages"]["found"] and "only-for-gpus" not in told["packages"]["found"]
    assert told["codecs"]["level"] == "problem" and "libavcodec.so is not there" in told["codecs"]["found"]
    assert told["data folder"]["level"] == "problem" and told["GPU"]["level"] in ("ok", "warning")


# The worker -----------------------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    found = service.check_data_folder(tmp_path / "file" / "data")
    assert found.level == "problem" and str(tmp_path / "file" / "data") in found.found and "--data" in found.advice
    assert service.check_data_folder(Path("/proc/version/data")).level == "problem"
    assert service.check_data_folder(tmp_path / "new" / "data").level == "ok"


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        taken = service.check_port(port)
    assert taken.level == "warning" and f"{port} is taken (Address already in use)" in taken.found
    assert service.check_port(port).level == "ok"


def test_a_worker_that_runs_is_found_and_not_started_again(tmp_path: Path) -> None:
    with served(tmp_path) as (worker, _):
        write_address(worker.access.url, worker.access.token, tmp_path / "data")
        found = list(service.check_service(tmp_path / "data", "cpu"))
    running = found[-1]
    assert running.about == "worker" and running.level == "ok" and worker.access.url in running.found


def write_address(url: str, token: str, data: Path) -> None:
    launch.write_address(launch.Address(url, token, os.getpid(), 1, "0"), data)


def test_a_secret_that_others_can_read(tmp_path: Path) -> None:
    write_address("http://127.0.0.1:9", "secret", tmp_path)
    (tmp_path / launch.ADDRESS).chmod(0o644)
    found = service.check_running(tmp_path)
    assert found is not None and found.level == "problem" and "open to other users" in found.found


def test_a_worker_that_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(program(tmp_path / "python", "echo 'no torch here' >&2; exit 1")))
    found = service.check_start("cpu")
    assert found.level == "problem" and "did not start: no torch here" in found.found and "tam serve" in found.advice
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    assert "cannot be started" in service.check_start("cpu").found


def test_hosts_find_tam_where_programs_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "USUAL_PLACES", (str(tmp_path),))
    assert service.find_command().level == "warning" and sys.executable in service.find_command().advice
    (tmp_path / "tam").write_text("#!/bin/sh\n")
    (tmp_path / "tam").chmod(0o755)
    assert service.find_command().level == "ok" and str(tmp_path / "tam") in service.find_command().found


# Engines, codecs, disks, hosts ---------------------------------------------------------------------------------------


def test_a_role_that_has_nothing_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAM_MODELS", str(tmp_path))
    needing = replace(next(iter(INPAINTERS)), needs=("no_such_package",))
    assert check_role(Registry(needing), "inpainter", "cpu").level == "problem"
    assert check_role(ENGINES, "text", "cpu").level == "ok"
    found = check_role(ENGINES, "tracker", "cpu")
    assert found.found.startswith("auto means pocket; ready: ") and "edgetam" in found.found.partition("not here")[2]


def test_a_download_that_was_cut_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAM_MODELS", str(tmp_path))
    assert not list(check_downloads(list(ENGINES)))
    row = next(row for row in ENGINES if row.name == "edgetam")
    assert row.checkpoint is not None
    Path(row.checkpoint.path).write_bytes(b"cut short")  # type: ignore[union-attr]
    (found,) = check_downloads(list(ENGINES))
    assert found.level == "warning" and "has 9 bytes" in found.found and "tam engines fetch" in found.advice


def test_a_codec_without_its_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [replace(row, encoder="libnosuch264") if row.name == "h264" else row for row in codecs.CODECS]
    monkeypatch.setattr(codecs, "CODECS", rows)
    found = list(check_codecs())
    assert len(found) == 2, [one.found for one in found]
    broken, works = found
    assert broken.level == "warning" and broken.found.startswith("h264 cannot be written")
    assert works.level == "ok" and works.found.startswith("prores, prores422, ffv1, ")


def test_a_disk_without_room(tmp_path: Path) -> None:
    plenty, some, none = (machine.check_room("models", tmp_path / "not/yet", wanted) for wanted in (0, 1e9, 1e9))
    assert plenty.level == "ok" and some.level == none.level == "warning"
    assert "GB free for models" in some.found and some.advice


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LAST", 1e9)
    assert machine.check_room("projects", tmp_path, 2e9).level == "problem"


@pytest.mark.parametrize(
    ("script", "level", "said"),
    [
        ("echo 'Blender 4.2.1 LTS'", "ok", "4.2.1"),
        ("echo 'Blender 2.79 (sub 0)'", "warning", "too old"),
        ("echo 'cannot open libGL.so' >&2; exit 1", "warning", "cannot open libGL.so"),
        ("exec sleep 60", "warning", "does not answer"),
    ],
    ids=["good", "old", "broken", "hangs"],
)
def test_host_programs(script: str, level: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "PATIENCE_SECONDS", 2)
    found = hosts.check_host(BLENDER, program(tmp_path / "blender", script))
    assert found.level == level and said in found.found


def test_a_host_is_found_on_path_and_where_it_is_usually_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = program(tmp_path / "bin" / "blender", "")
    unpacked = program(tmp_path / "blender-4.5" / "blender", "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    host = Host("Blender", "blender", (f"{tmp_path}/blender*/blender", f"{tmp_path}/bin/blender"), (3, 4), "blender")
    assert hosts.find_programs(host) == [on_path, unpacked]
    assert not hosts.find_programs(replace(OBS, command="no such program", places=()))


def test_a_device_that_is_not_there() -> None:
    assert levels(machine.check_device("cuda" if not _cuda() else "mps")) == ["problem"]
    assert levels(machine.check_device("cpu"))[-1] == "ok"


def test_a_gpu_that_torch_cannot_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine._without_gpu(None).level == "ok"
    program(tmp_path / "nvidia-smi", "")
    for built_for, said in ((None, "for processors only"), ("13.2", "(CUDA 13.2) cannot use it")):
        found = machine._without_gpu(built_for)
        assert found.level == "warning" and said in found.found and found.advice


def test_a_gpu_whose_memory_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(device, "resolve_device", lambda _: "cuda")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "A GPU")
    for free, level in ((1_200_000_000, "warning"), (9_000_000_000, "ok")):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda free=free: (free, 16_000_000_000))
        found = next(machine.check_device("auto"))
        assert found.level == level and found.found == f"A GPU, {free / 1e9:.1f} of 16.0 GB free"


def _cuda() -> bool:
    import torch

    return torch.cuda.is_available()
