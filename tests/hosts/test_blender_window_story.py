"""The whole story in Blender's window, with mouse and keyboard: pick, track, remove, undo, save, load, restart."""

import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tam_core.types import Pixels
from tests.hosts.window import Window, blender_window
from tests.media import make_video
from tests.scenes import disc_scene

COUNT = 120
"""Enough that tracking takes a second, in which the worker is killed."""
RADIUS = 16
RED, BLUE = (210, 60, 40), (50, 60, 220)
LONGEST = 0.05
"""Seconds that we may hold Blender's main thread."""


def two_discs() -> Pixels:
    """(COUNT, 120, 160, 3): a red disc goes to the right, a blue one below it to the left."""
    red = disc_scene(lambda i: (30 + 100 * i / COUNT, 35), COUNT, RADIUS, RED)
    blue = disc_scene(lambda i: (130 - 100 * i / COUNT, 88), COUNT, RADIUS, BLUE)
    return np.where(blue.masks[..., None], blue.frames, red.frames)


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    folder = tmp_path_factory.mktemp("story")
    clip = make_video(folder / "discs.mp4", two_discs(), rate=Fraction(24), options={"crf": "10"})
    with blender_window(folder) as window:
        window.ask("movie", path=str(clip), width=160, height=120)
        window.make_room()
        yield window


def seen(window: Window, colour: tuple[int, int, int], path: Path) -> tuple[float, float]:
    """Where the screen shows a colour (RGB) in the preview: the middle of the largest patch."""
    left, top, right, bottom = window.box("PREVIEW")
    time.sleep(1)  # until all is drawn
    whole = cv2.imread(str(window.screen.screenshot(path)))
    assert whole is not None
    picture = whole[top:bottom, left:right, ::-1].astype(int)
    hue = np.array(colour) - np.mean(colour)
    like = ((picture - picture.mean(2, keepdims=True)) @ hue) / np.linalg.norm(hue) > 60
    _, _, patches, middles = cv2.connectedComponentsWithStats(like.astype(np.uint8))
    largest = 1 + int(np.argmax(patches[1:, cv2.CC_STAT_AREA]))
    return left + float(middles[largest][0]), top + float(middles[largest][1])


def quiet(facts: dict[str, Any]) -> bool:
    return bool(facts["session"]) and not facts["waits"] and not facts["problem"]


def test_the_story(window: Window, tmp_path: Path) -> None:
    """One test, as each step needs the one before."""
    _opens(window)
    _picks_two_objects(window, tmp_path)
    _takes_back(window)
    _tracks(window, tmp_path)
    _removes(window)
    _undoes(window)
    _saves_and_loads(window, tmp_path)
    _survives_its_worker(window, tmp_path)


def _opens(window: Window) -> None:
    window.find_button("bpy.ops.tam.open")
    window.ask("open_target", engine="flow", segmenter="grabcut")  # the button takes the best that is there
    assert window.until(quiet)["objects"] == []


def _picks_two_objects(window: Window, tmp_path: Path) -> None:
    """In a view that is zoomed with the wheel and moved with the middle button."""
    window.press("bpy.ops.tam.pick")
    red = seen(window, RED, tmp_path / "red.png")
    window.screen.click(*red)
    first = window.until(lambda facts: quiet(facts) and facts["objects"] == [1])
    assert first["boxes"]["0"]["1"] == pytest.approx([14, 19, 47, 52], abs=2)

    window.screen.click(red[0] + 150, red[1], held=["ctrl"])
    second = window.until(lambda facts: quiet(facts) and facts["step"] == first["step"] + 1)
    assert [one["positive"] for one in second["prompts"]["0"]] == [True, False]

    window.screen.click(*red, button=4)
    window.screen.click(*red, button=4)
    window.screen.drag(red, (red[0] - 60, red[1] - 90), button=2)
    window.screen.key("n")
    x, y = seen(window, BLUE, tmp_path / "blue.png")
    window.screen.drag((x - 120, y - 120), (x + 120, y + 120))
    third = window.until(lambda facts: quiet(facts) and facts["objects"] == [1, 2])
    x0, y0, x1, y1 = third["prompts"]["0"][-1]["xyxy"]
    assert [(x0 + x1) / 2, (y0 + y1) / 2] == pytest.approx([130.5, 88.5], abs=1.5)
    assert 40 < x1 - x0 == pytest.approx(y1 - y0, abs=1)
    assert third["boxes"]["0"]["2"] == pytest.approx([114, 72, 147, 105], abs=2)
    window.screen.screenshot(tmp_path / "picked.png")


def _takes_back(window: Window) -> None:
    """The last click with Backspace and with Ctrl+Z; Ctrl+Shift+Z brings it back."""
    begun = window.ask("known")["step"]
    window.screen.key("BackSpace")
    window.until(lambda facts: quiet(facts) and facts["step"] == begun - 1)
    window.screen.key("ctrl+z")
    window.until(lambda facts: quiet(facts) and facts["step"] == begun)
    window.screen.key("Escape")
    assert not window.until(lambda facts: not facts["tool"])["tool"]
    window.screen.key("ctrl+z")
    assert window.until(lambda facts: quiet(facts) and facts["step"] == begun - 1)["objects"] == [1]
    window.screen.key("ctrl+shift+z")
    assert window.until(lambda facts: quiet(facts) and facts["step"] == begun)["objects"] == [1, 2]


def _tracks(window: Window, tmp_path: Path) -> None:
    """All frames, while Blender's main thread goes on."""
    window.ask("fit")
    held = [_held_by_us_while_tracking(window)]
    window.screen.screenshot(tmp_path / "tracked.png")
    while max(held[-1].values()) >= LONGEST and len(held) < 3:  # a busy machine may have held us ourselves
        held.append(_held_by_us_while_tracking(window))
    assert max(held[-1].values()) < LONGEST, held


def _held_by_us_while_tracking(window: Window) -> dict[str, float]:
    """Longest seconds by name."""
    before = window.ask("known")["step"]
    window.ask("watch")
    window.press("bpy.ops.tam.track")
    facts = window.until(lambda facts: quiet(facts) and facts["step"] > before)
    assert facts["masks"] == COUNT
    assert ["track", "done"] in [job[:2] for job in facts["jobs"]]
    held: dict[str, float] = window.ask("blocked")["ours"]
    return held


def _removes(window: Window) -> None:
    window.press("bpy.ops.tam.edit")
    assert window.until(lambda facts: quiet(facts) and facts["removal"])["objects"] == [1, 2]


def _undoes(window: Window) -> None:
    """Tracking, and does it again."""
    step = window.ask("known")["step"]
    window.screen.move(*window.middle())
    window.screen.key("ctrl+z")
    window.until(lambda facts: quiet(facts) and facts["step"] == step - 1)
    window.screen.key("ctrl+shift+z")
    window.until(lambda facts: quiet(facts) and facts["step"] == step)


def _saves_and_loads(window: Window, tmp_path: Path) -> None:
    file = tmp_path / "story.blend"
    window.ask("save", path=str(file))
    before, saved = window.ask("known"), file.stat().st_mtime_ns
    window.screen.key("ctrl+s")
    time.sleep(1)
    assert file.stat().st_mtime_ns > saved
    window.ask("load", path=str(file))
    after = window.until(lambda facts: quiet(facts) and facts["masks"])
    assert [after[name] for name in ("session", "step", "objects", "listed")] == [
        before[name] for name in ("session", "step", "objects", "listed")
    ]


def _survives_its_worker(window: Window, tmp_path: Path) -> None:
    """It is killed while it tracks: that is said, a button starts it again, and the job goes on."""
    window.ask("kill_worker_while_tracking")
    window.press("bpy.ops.tam.track")
    facts = window.until(lambda facts: facts["problem"])
    assert "Restart Worker" in facts["problem"]
    time.sleep(0.5)
    window.screen.screenshot(tmp_path / "killed.png")
    window.press("bpy.ops.tam.restart_worker")
    window.until(lambda facts: quiet(facts) and any(job[:2] == ["track", "paused"] for job in facts["jobs"]))
    window.screen.screenshot(tmp_path / "restarted.png")
    window.press("bpy.ops.tam.job", across=0.2)
    facts = window.until(lambda facts: quiet(facts) and ["track", "done"] in [job[:2] for job in facts["jobs"]])
    assert facts["masks"]
