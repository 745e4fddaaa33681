"""A screen that nobody sees, with a real mouse and a real keyboard (xdotool). It knows no program on it."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.hosts import programs

SETTLE = "0.12"
"""Seconds after a move or a button, so that a slow program sees one after the other."""


@dataclass(frozen=True)
class Desktop:
    """Positions are pixels from the top left of the screen. ``settings``: what puts a program on it (environment)."""

    settings: Mapping[str, str]
    width: int
    height: int

    def move(self, x: float, y: float) -> None:
        self._xdotool("mousemove", round(x), round(y), "sleep", SETTLE)

    def click(self, x: float, y: float, button: int = 1, held: Sequence[str] = ()) -> None:
        """Press and release a button while keys such as "ctrl" are held. Buttons 4 and 5 turn the wheel."""
        self.move(x, y)
        with self._held(held):
            self._xdotool("mousedown", button, "sleep", "0.05", "mouseup", button, "sleep", SETTLE)

    def drag(self, start: tuple[float, float], stop: tuple[float, float], button: int = 1) -> None:
        """In several moves, as a hand does."""
        self.move(*start)
        self._xdotool("mousedown", button, "sleep", SETTLE)
        for step in range(1, 6):
            x, y = (start[axis] + (stop[axis] - start[axis]) * step / 5 for axis in (0, 1))
            self._xdotool("mousemove", round(x), round(y), "sleep", "0.05")
        self._xdotool("sleep", SETTLE, "mouseup", button, "sleep", SETTLE)

    def key(self, *names: str) -> None:
        """Keys one after the other, such as "Tab" or "ctrl+z"."""
        for name in names:
            self._xdotool("key", name, "sleep", SETTLE)

    def write(self, text: str) -> None:
        self._xdotool("type", "--delay", "30", text, "sleep", SETTLE)

    def screenshot(self, path: Path) -> Path:
        """Of the whole screen; the suffix says in which format."""
        subprocess.run(["import", "-window", "root", str(path)], env=self._own(), check=True, timeout=30)
        return path

    @contextmanager
    def _held(self, keys: Sequence[str]) -> Iterator[None]:
        for key in keys:
            self._xdotool("keydown", key, "sleep", "0.05")
        try:
            yield
        finally:
            for key in reversed(keys):
                self._xdotool("keyup", key, "sleep", "0.05")

    def _xdotool(self, *words: object) -> None:
        command = ["xdotool", *(str(word) for word in words)]
        subprocess.run(command, env=self._own(), check=True, timeout=30, capture_output=True)

    def _own(self) -> dict[str, str]:
        return {**os.environ, **self.settings}


@contextmanager
def desktop(width: int = 1600, height: int = 900, window_manager: bool = False) -> Iterator[Desktop]:
    """A new screen, which ends with the block. ``window_manager``: for programs with more than one window (openbox)."""
    with programs.display(width, height) as settings:
        screen = Desktop(settings, width, height)
        if not window_manager:
            yield screen
            return
        manager = subprocess.Popen(["openbox"], env=screen._own(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield screen
        finally:
            manager.terminate()
            manager.wait(10)
