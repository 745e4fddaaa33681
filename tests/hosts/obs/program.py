"""OBS on a desktop of its own, with a configuration of its own, watched through its log and its remote control."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from tests.hosts import programs
from tests.hosts.desktop import Desktop, desktop
from tests.hosts.obs.configuration import NAME, write_configuration
from tests.hosts.obs.websocket import Observer

T = TypeVar("T")
LEAKS = re.compile(r"Number of memory leaks: (\d+)")


class Obs:
    """A running OBS. After the block of ``running`` has ended: its exit code, and its whole log."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: Path, screen: Desktop, folder: Path) -> None:
        self.process, self.screen, self.folder = process, screen, folder
        self._said = said
        self.observer: Observer
        self.code: int | None = None

    @property
    def log(self) -> str:
        return self._said.read_text(errors="replace")

    @property
    def leaks(self) -> int:
        """What OBS counted at its exit."""
        found = LEAKS.findall(self.log)
        assert found, f"OBS did not say how many leaks there are\n{self.log[-2000:]}"
        return int(found[-1])

    def open_scripts(self) -> None:
        """Tools > Scripts, with the first script chosen, in a window whose place is known. Needs a window manager."""
        self.bring("^OBS [0-9]")
        self.screen.key("alt+t", "Up", "Up", "Return")
        self.bring("^Scripts$", "windowsize", "900", "760", "windowmove", "20", "5")
        self.screen.click(110, 60)

    def bring(self, title: str, *then: str) -> None:
        """Wait for a window and bring it to the front; ``then`` are more words for xdotool."""
        words = ["search", "--sync", "--onlyvisible", "--name", title, "windowactivate", "--sync", *then, "sleep", "1"]
        environment = {**os.environ, **self.screen.settings}
        subprocess.run(["xdotool", *words], env=environment, check=True, timeout=30, capture_output=True)

    def until(self, happened: Callable[[], T | None], what: str, patience: float = 60) -> T:
        """The first true answer. It fails at once when OBS has ended."""
        deadline = time.monotonic() + patience
        while True:
            assert self.process.poll() is None, f"OBS ended with {self.process.returncode}\n{self.log[-3000:]}"
            if answer := happened():
                return answer
            assert time.monotonic() < deadline, f"{what}: not within {patience:g} s\n{self.log[-3000:]}"
            time.sleep(0.1)


@contextmanager
def running(
    folder: Path,
    clip: Path,
    scripts: dict[Path, dict[str, Any]],
    *,
    size: tuple[int, int] = (320, 240),
    window_manager: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Obs]:
    """OBS that has loaded everything. It is asked to end, as a person would, when the block ends."""
    program, port = programs.obs(), _free_port()
    settings = programs.environment(folder)
    config = Path(settings["XDG_CONFIG_HOME"])
    write_configuration(config, port=port, clip=clip, size=size, recordings=folder / "recordings", scripts=scripts)
    words = ["--multi", "--disable-shutdown-check", "--disable-updater", "--disable-missing-files-check"]
    command = [program, *words, "--collection", NAME, "--profile", NAME]
    said = folder / "obs.log"
    with desktop(1280, 800, window_manager) as screen, said.open("wb") as log:
        settings |= {**screen.settings, **(environment or {})}
        process = subprocess.Popen(
            command,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        obs = Obs(process, said, screen, folder)
        try:
            with closing(obs.until(lambda: _connected(port), "OBS answers")) as obs.observer:
                yield obs
        finally:
            obs.code = _ended(process)


def _connected(port: int) -> Observer | None:
    try:
        observer = Observer(port)
    except OSError:
        return None
    observer.ask("GetVersion")
    return observer


def _ended(process: "subprocess.Popen[bytes]") -> int:
    """Asked again, as OBS may miss a signal while it is busy.

    Not at once: OBS 29 alone, without any script, crashes or hangs in half of the cases when it ends right after a
    source was taken out of a scene, and never 0.7 s later (14 times).
    """
    time.sleep(1)
    for _ in range(6):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(10)
    process.kill()
    return process.wait()


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port
