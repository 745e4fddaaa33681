"""The host programs of this machine: where they are, and how a test runs a script inside one.

A script that runs inside a Blender finds behind ``--`` in ``sys.argv`` what ``run`` was given, and last the name of the
file that it writes its facts to, as JSON. It ends with ``os._exit``: the bpy wheels may hang in their exit handlers.

A host that is not here skips its tests, saying so, unless ``TAM_HOSTS`` names it: there it has to be.
"""

import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plugin.link import launch

BLENDERS = ("blender", "bpy-4.5", "bpy-5.2")
"""The program on PATH, and the bpy wheels: in the Pythons of ``TAM_BPY``, or of venvs in ``~/.cache/tam-studio``."""

TOOLS = ("Xvfb", "xdotool", "openbox", "import")
"""What a test with a window needs besides the host."""


@dataclass(frozen=True)
class Blender:
    """One of ``BLENDERS``. ``command`` is what stands before the script."""

    name: str
    command: tuple[str, ...]

    def run(self, script: Path, folder: Path, *arguments: object, timeout: float = 120) -> dict[str, Any]:
        """The facts that the script wrote. It sees ``folder`` as its user's home, see ``environment``.

        Output is kept in ``folder`` and said when the script fails or takes longer than ``timeout`` seconds.
        """
        facts, said = folder / f"{script.stem}.facts.json", folder / f"{script.stem}.log"
        facts.unlink(missing_ok=True)
        command = [*self.command, str(script), "--", *map(str, arguments), str(facts)]
        code = _run(command, environment(folder), said, timeout)
        ended = f"took more than {timeout:g} s" if code is None else f"ended with {code}"
        assert code == 0 and facts.exists(), f"{self.name}: {script.name} {ended}\n{_tail(said)}"
        found: dict[str, Any] = json.loads(facts.read_text())
        return found


def blender(name: str) -> Blender:
    """One of ``BLENDERS``, or skip the test."""
    command: tuple[str, ...] = ()
    if name == "blender" and (program := shutil.which("blender", path=os.defpath)):
        command = (program, "-b", "--factory-startup", "--python-exit-code", "3", "--python")
    elif python := _bpy_pythons().get(name):
        command = (str(python), "-I")
    if not command:
        absent(name, "no 'blender' on PATH" if name == "blender" else f"no Python of TAM_BPY has {name}")
    return Blender(name, command)


def obs() -> str:
    """The path of the program, or skip the test."""
    program = shutil.which("obs", path=os.defpath)
    if program is None:
        absent("obs", "no 'obs' on PATH")
    return str(program)


def windows() -> None:
    """Skip the test unless there is what a test with a window needs."""
    for tool in TOOLS:
        if shutil.which(tool, path=os.defpath) is None:
            absent("windows", f"no '{tool}' on PATH")


def absent(name: str, reason: str) -> None:
    """Skip the test, or fail it where ``TAM_HOSTS`` says that the host has to be here."""
    if name in os.environ.get("TAM_HOSTS", "").split():
        pytest.fail(f"{reason}, but TAM_HOSTS says that {name} is here", pytrace=False)
    pytest.skip(reason)


def environment(folder: Path) -> dict[str, str]:
    """What a host is started with: a home of its own in ``folder``, with ``tam`` where a person's own programs are.

    Our virtual environment is not on PATH: an embedded Python would take it for its own and see our packages.
    """
    programs = folder / "home" / ".local" / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    if not (programs / "tam").exists():
        (programs / "tam").symlink_to(Path(sys.executable).with_name("tam"))
    (folder / "run").mkdir(mode=0o700, exist_ok=True)
    blenders_own = {name: str(folder / "blender" / name.lower()) for name in ("RESOURCES", "CONFIG", "SCRIPTS")}
    for path in blenders_own.values():
        Path(path).mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.defpath,
        "HOME": str(folder / "home"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "LANG": "C.UTF-8",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "2"),
        **{f"BLENDER_USER_{name}": path for name, path in blenders_own.items()},
    }


def end_worker(folder: Path) -> None:
    """End the worker that a host started with ``environment(folder)``: it outlives its host."""
    address = launch.read_address(folder / "data" / "tam-studio")
    if address is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(address.pid, signal.SIGTERM)


@contextmanager
def display(width: int = 1600, height: int = 900) -> Iterator[dict[str, str]]:
    """A screen of its own for a host with a window: what to add to its environment."""
    windows()
    reading, writing = os.pipe()
    screen = ("-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp")
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), *screen], pass_fds=[writing], stderr=subprocess.DEVNULL
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()  # the whole line: the number alone is written first
            assert number, "Xvfb did not start"
            yield {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    finally:
        server.terminate()
        server.wait()


@functools.cache
def _bpy_pythons() -> Mapping[str, Path]:
    """``bpy-4.5`` and so on -> the Python that has it. Nothing is imported: a wheel's folder says its version."""
    cache = Path.home() / ".cache" / "tam-studio"
    usual = os.pathsep.join(str(cache / name / "bin" / "python") for name in BLENDERS[1:])
    found = {}
    for python in map(Path, (os.environ.get("TAM_BPY") or usual).strip(os.pathsep).split(os.pathsep)):
        for folder in python.parent.parent.glob("lib/python3*/site-packages/bpy/[0-9]*.[0-9]*"):
            found[f"bpy-{folder.name}"] = python
    return found


def _run(command: list[str], settings: Mapping[str, str], said: Path, timeout: float) -> int | None:
    """The exit status; None when it took too long, and it and all that it started was ended."""
    with said.open("wb") as log:
        process = subprocess.Popen(
            command, env=settings, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _tail(said: Path) -> str:
    return "\n".join(said.read_text(errors="replace").splitlines()[-40:])
