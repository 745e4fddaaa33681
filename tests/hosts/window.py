"""A Blender with a window, on a screen of its own: a test has its mouse and keyboard, and asks ``window_agent.py``."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugin.pack import pack
from tests.hosts import programs
from tests.hosts.desktop import Desktop, desktop

AGENT = Path(__file__).parent / "blender" / "window_agent.py"
PATIENCE = 60.0
WIDTH, HEIGHT = 1600, 1000


@dataclass(frozen=True)
class Window:
    """``screen`` is what the user has; ``ask`` calls a function of the agent."""

    screen: Desktop
    folder: Path
    process: "subprocess.Popen[bytes]"

    def ask(self, name: str, **arguments: Any) -> Any:
        """What the function gave. Fails if Blender does not answer."""
        answer = self.folder / "answer.json"
        answer.unlink(missing_ok=True)
        (self.folder / "ask.part").write_text(json.dumps([name, arguments]))
        (self.folder / "ask.part").rename(self.folder / "ask.json")
        self._wait(answer.exists, f"Blender does not answer '{name}'")
        said = json.loads(answer.read_text())
        assert "error" not in said, said["error"]
        return said["answer"]

    def until(self, happened: Callable[[dict[str, Any]], object], patience: float = PATIENCE) -> dict[str, Any]:
        """What is known when it has happened."""
        deadline = time.monotonic() + patience
        while True:
            facts: dict[str, Any] = self.ask("known")
            if happened(facts):
                return facts
            assert time.monotonic() < deadline, f"it did not happen: {facts}"
            time.sleep(0.1)

    def box(self, region: str) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) of the preview's editor ("area") or a region of it: "PREVIEW", "UI"."""
        left, top, right, bottom = self.ask("layout")["SEQUENCE_EDITOR PREVIEW"][region]
        return left, top, right, bottom

    def middle(self) -> tuple[float, float]:
        """Of the preview."""
        left, top, right, bottom = self.box("PREVIEW")
        return (left + right) / 2, (top + bottom) / 2

    def make_room(self) -> None:
        """Drag the border below the preview down, and open our tab of its sidebar, with the mouse."""
        layout = self.ask("layout")["SEQUENCE_EDITOR PREVIEW"]["area"]
        border = (layout[0] + 300, layout[3])
        self.screen.move(border[0], border[1] - 20)
        self.screen.move(*border)
        time.sleep(0.5)
        self.screen.drag(border, (border[0], 770))
        self.ask("sidebar", shown=True)
        _, top, right, _ = self.box("UI")
        self.screen.click(right - 14, top + 133)
        self.ask("fit")

    def find_button(self, command: str, across: float = 0.35) -> tuple[float, float]:
        """Where the sidebar has a button whose command begins so; it is scrolled if need be."""
        left, top, right, bottom = self.box("UI")
        x, there = left + across * (right - left), set[str]()
        for wheel in (None, 4, 5):
            for _ in range(20 if wheel else 0):
                self.screen.click(x, (top + bottom) / 2, button=wheel or 0)
            for y in range(top + 6, bottom, 11):
                said = self._command_at(x, y)
                if said.startswith(command):
                    return x, y
                there.add(said)
        raise AssertionError(f"no button for {command}; there are: {sorted(there)}")

    def _command_at(self, x: float, y: float) -> str:
        """Ctrl+C over a button copies its command."""
        self.ask("clipboard")
        self.screen.move(x, y)
        self.screen.key("ctrl+c")
        return str(self.ask("clipboard"))

    def press(self, command: str, across: float = 0.35) -> None:
        """A button of the sidebar."""
        self.screen.click(*self.find_button(command, across))

    def _wait(self, there: Callable[[], bool], problem: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not there():
            assert self.process.poll() is None, f"Blender ended with {self.process.returncode}\n{self._log()}"
            assert time.monotonic() < deadline, f"{problem}\n{self._log()}"
            time.sleep(0.02)

    def _log(self) -> str:
        return "\n".join((self.folder / "blender.log").read_text(errors="replace").splitlines()[-40:])


@contextmanager
def blender_window(folder: Path) -> Iterator[Window]:
    """Blender's Video Editing workspace with the add-on installed; it and its worker end with the block."""
    program = programs.blender("blender").command[0]
    pack("blender", folder)
    archive = next(folder.glob("tam_studio-*.zip"))
    with desktop(WIDTH, HEIGHT) as screen:
        size = ("--window-geometry", "0", "0", str(WIDTH), str(HEIGHT))
        command = [program, "--factory-startup", "--app-template", "Video_Editing", *size, "--python", str(AGENT)]
        settings = {**programs.environment(folder), **screen.settings}
        with (folder / "blender.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--", str(archive), str(folder)],
                env=settings,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        window = Window(screen, folder, process)
        try:
            window.ask("install")
            yield window
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            programs.end_worker(folder)
