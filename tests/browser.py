"""The page in a real browser on a real worker, used as a person uses it: at pixels of the video, by keys and words.

Everything that the page asks for and everything that goes wrong in it is noted, and looked at when the test ends.
"""

import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from plugin.worker.app import create_app
from plugin.worker.security import Access
from plugin.worker.worker import Worker
from tests.worker_fixtures import until

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

TOKEN = "only-for-tests"
PATIENCE = 60_000
"""Milliseconds. Long, for machines that have other work; nothing waits longer than it has to."""

SAMPLE = Path(__file__).parents[1] / "examples/sample/video.mp4"


def chromium() -> str:
    """A Chromium of this machine, or skip."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("TAM_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no Chromium: install it, or name it in TAM_CHROMIUM")
    return found


@contextmanager
def launched() -> Iterator[Any]:
    """A browser with a profile of its own, without a window."""
    path = chromium()
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def serving(data: Path, opened: Path, port: int = 0) -> Iterator[Worker]:
    """A worker behind a real port. The same data and port again: the same worker, restarted."""
    with (
        socket.create_server(("127.0.0.1", port)) as door,
        Worker(data, access=Access(port=door.getsockname()[1], token=TOKEN), folders=[opened], device="cpu") as worker,
    ):
        config = uvicorn.Config(create_app(worker), lifespan="off", ws="none", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=[[door]])
        thread.start()
        try:
            until(lambda: server.started)
            yield worker
        finally:
            worker.events.close()
            server.should_exit = True
            thread.join()


@dataclass
class Studio:
    """A tab with the page. ``asked`` are the addresses of all requests, ``wrong`` what the page complained of."""

    page: Any
    worker: Worker
    asked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Parts of complaints that the test provokes."""
    _ours: tuple[str, ...] = ("willReadFrequently",)
    """Chromium advises against what ``colour`` does."""

    def start(self) -> None:
        """The page as ``tam serve`` opens it."""
        self.page.goto(f"{self.worker.access.url}/#token={TOKEN}")
        self.page.wait_for_selector("#open-path")

    def open(self, path: Path) -> None:
        """By typing its path, until the first picture is there."""
        self.start()
        self.page.fill("#open-path", str(path))
        self.page.keyboard.press("Enter")
        self.until("s.session && s.times.length && document.querySelector('#viewer').dataset.frame === '0'")

    def state(self, expression: str) -> Any:
        """Of the page's state ``s``, as JSON."""
        return self.page.evaluate(f"import('/static/store.js').then(({{state: s}}) => {expression})")

    def until(self, expression: str) -> None:
        """Wait for something to be true of the page's state ``s``."""
        deadline = time.monotonic() + PATIENCE / 1000
        while not self.state(f"Boolean({expression})"):
            assert time.monotonic() < deadline, f"it never came: {expression}"
            self.page.wait_for_timeout(20)

    def until_not(self, happens: Callable[[], bool]) -> None:
        """Wait for something to be over."""
        deadline = time.monotonic() + PATIENCE / 1000
        while happens():
            assert time.monotonic() < deadline, "it never ended"
            self.page.wait_for_timeout(20)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where the middle of a source pixel is in the window."""
        seen = self.page.evaluate("import('/static/viewer.js').then(({view: v}) => [v.x, v.y, v.scale])")
        box = self.page.locator("#viewer").bounding_box()
        return box["x"] + seen[0] + (x + 0.5) * seen[2], box["y"] + seen[1] + (y + 0.5) * seen[2]

    def click(self, x: float, y: float, *, negative: bool = False) -> None:
        """On a source pixel, and wait for the answer."""
        before = self.revision
        self.page.mouse.click(*self.place(x, y), button="right" if negative else "left")
        self.answered(before)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """From one source pixel to another, and wait for the answer."""
        before = self.revision
        self.page.mouse.move(*self.place(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.place(*end), steps=6)
        self.page.mouse.up()
        self.answered(before)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def revision(self) -> int:
        return int(self.state("s.session.revision"))

    def answered(self, before: int) -> None:
        """The worker has answered what was said, and the page shows it."""
        self.until(f"s.session.revision > {before} && !s.pending.length")

    def done(self, kind: str) -> None:
        """A job of that kind has ended well, and the session says so."""
        self.until(f"[...s.jobs.values()].some(j => j.kind === '{kind}' && j.status !== 'queued')")
        self.until(f"[...s.jobs.values()].filter(j => j.kind === '{kind}').every(j => j.status === 'done')")

    def mask(self, frame: int, object_id: int = 1) -> bytes | None:
        """The mask that the page shows, (height * width) bytes of 0 and 1; None if it knows none."""
        script = """async ([frame, id]) => {
            const masks = await import('/static/masks.js');
            const { decode } = await import('/static/rle.js');
            const found = masks.masksOf(frame).get(id);
            return found ? Array.from(decode(found.rle)) : null;
        }"""
        found = self.page.evaluate(script, [frame, object_id])
        return None if found is None else bytes(found)

    def covers(self, x: int, y: int, frame: int = 0, object_id: int = 1) -> bool:
        """Whether the mask that the page shows has a source pixel."""
        found = self.mask(frame, object_id)
        return found is not None and bool(found[y * int(self.state("s.session.video.width")) + x])

    def colour(self, x: float, y: float) -> list[int]:
        """What is drawn at a source pixel: red, green, blue."""
        script = """([x, y]) => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
            const canvas = document.querySelector('#viewer');
            const box = canvas.getBoundingClientRect();
            const at = (value, size, pixels) => Math.floor(value * pixels / size);
            const [px, py] = [at(x - box.left, box.width, canvas.width), at(y - box.top, box.height, canvas.height)];
            resolve(Array.from(canvas.getContext('2d').getImageData(px, py, 1, 1).data).slice(0, 3));
        })))"""
        found: list[int] = self.page.evaluate(script, list(self.place(x, y)))
        return found

    def fine(self) -> None:
        """Nothing went wrong, and nobody else was asked."""
        foreign = [url for url in self.asked if not url.startswith((self.worker.access.url, "blob:", "data:"))]
        assert foreign == []
        assert [said for said in self.wrong if not any(part in said for part in self.expected + self._ours)] == []


@contextmanager
def tab(browser: Any, worker: Worker, *, expected: tuple[str, ...] = (), **settings: Any) -> Iterator[Studio]:
    """A new tab, checked when the test is over. ``settings`` go to Playwright's new_context."""
    settings.setdefault("viewport", {"width": 1280, "height": 720})
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    studio = Studio(page, worker, expected=expected)
    page.on("request", lambda request: studio.asked.append(request.url))
    page.on("pageerror", lambda error: studio.wrong.append(str(error)))
    page.on("console", lambda said: said.type in ("error", "warning") and studio.wrong.append(said.text))
    try:
        yield studio
        studio.fine()
    finally:
        context.close()


def posted(request: Any) -> dict[str, Any]:
    """The JSON that a request carried."""
    body: dict[str, Any] = json.loads(request.post_data)
    return body
