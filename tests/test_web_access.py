"""The page for everyone: axe-core finds nothing serious in any theme or dialog, and all has a name and is in sight."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Studio, launched, serving, tab
from tests.media import make_video
from tests.scenes import crossing

pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")

SEVERE = ("serious", "critical")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as opened:
        yield opened


def complaints(studio: Studio) -> list[str]:
    """What axe-core says is seriously wrong with what is on the screen."""
    axe = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    studio.page.evaluate(axe)
    found = studio.page.evaluate("axe.run()")
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in found["violations"]
        if one["impact"] in SEVERE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_serious_is_wrong(browser: Any, tmp_path: Path, theme: str) -> None:
    (tmp_path / "videos").mkdir()
    clip = make_video(tmp_path / "videos/disc.mp4", crossing(6).frames)
    with (
        serving(tmp_path / "data", clip.parent) as worker,
        tab(browser, worker, color_scheme=theme, reduced_motion="reduce") as studio,
    ):
        studio.start()
        assert complaints(studio) == []
        studio.open(clip)
        studio.click(30, 60)
        studio.press("n")
        studio.drag((100, 20), (130, 50))
        studio.press("t")
        studio.done("track")
        assert complaints(studio) == []
        for key in ("r", "e", "?", "Control+,", "Control+o"):
            studio.press(key)
            studio.page.locator("dialog[open]").wait_for()
            assert complaints(studio) == [], key
            studio.press("Escape")
            studio.page.locator("dialog[open]").wait_for(state="detached")
        studio.press("p")
        studio.page.get_by_role("button", name="Engine and device").click()
        studio.page.get_by_role("button", name="Engines and downloads").click()
        assert complaints(studio) == []


def test_everything_is_in_sight_and_nothing_scrolls(browser: Any, tmp_path: Path) -> None:
    """At 1280x720: every button of the page lies inside the window, and has a name."""
    (tmp_path / "videos").mkdir()
    clip = make_video(tmp_path / "videos/disc.mp4", crossing(6).frames)
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker) as studio:
        studio.open(clip)
        studio.click(30, 60)
        script = """() => [...document.querySelectorAll('button, input, [tabindex="0"]')]
            .filter(one => one.offsetParent)
            .map(one => [one.getAttribute('aria-label') || one.innerText || one.labels?.[0]?.innerText || one.outerHTML,
                         one.getBoundingClientRect().toJSON()])"""
        for name, box in studio.page.evaluate(script):
            assert name and not name.startswith("<"), name
            assert box["left"] >= 0 and box["top"] >= 0 and box["right"] <= 1280 and box["bottom"] <= 720, name
        size = studio.page.evaluate("[document.scrollingElement.scrollWidth, document.scrollingElement.scrollHeight]")
        assert size == [1280, 720]
