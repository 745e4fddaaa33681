"""Pictures of a story in Blender's window for docs/blender.md: python -m tests.hosts.blender_screens docs/blender"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2

from tests.hosts.window import Window, blender_window
from tests.web_story import ROBOT

QUALITY = 70
WIDTH, HEIGHT = 640, 360


def quiet(facts: dict[str, Any]) -> bool:
    assert not facts["problem"], facts["problem"]
    return bool(facts["session"]) and not facts["waits"]


def at(window: Window, x: float, y: float) -> tuple[float, float]:
    """Where a source pixel is on the screen, when the whole picture is shown."""
    left, top, right, bottom = window.box("PREVIEW")
    scale = min((right - left) / WIDTH, (bottom - top) / HEIGHT)
    return (left + right) / 2 + (x - WIDTH / 2) * scale, (top + bottom) / 2 + (y - HEIGHT / 2) * scale


def take(window: Window, path: Path) -> None:
    """Of the preview's editor with its sidebar."""
    time.sleep(1)
    left, top, right, bottom = window.box("area")
    whole = cv2.imread(str(window.screen.screenshot(path.with_suffix(".png"))))
    assert whole is not None
    path.with_suffix(".png").unlink()
    cv2.imwrite(str(path), whole[top:bottom, left:right], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    print(path, f"{path.stat().st_size / 1000:.0f} kB", flush=True)


def tell(window: Window, folder: Path) -> None:
    window.ask("movie", path=str(ROBOT.clip.resolve()), width=WIDTH, height=HEIGHT)
    window.make_room()
    take(window, folder / "01-open.jpg")
    window.press("bpy.ops.tam.open")
    window.until(quiet)
    _pick(window, folder)
    window.press("bpy.ops.tam.track")
    window.until(lambda facts: any(kind == "track" and done > 20 for kind, _, done in facts["jobs"]))
    take(window, folder / "03-track.jpg")
    window.until(lambda facts: quiet(facts) and facts["masks"] == 72, 300)
    window.press("bpy.ops.tam.edit")
    window.until(lambda facts: quiet(facts) and facts["removal"], 300)
    window.press("bpy.ops.tam.edited_strip")
    window.until(lambda facts: quiet(facts) and facts["strips"] > 1)
    window.ask("overlays", shown=False)
    take(window, folder / "04-removed.jpg")
    window.ask("overlays", shown=True)
    window.ask("kill_worker")
    window.until(lambda facts: facts["problem"])
    window.find_button("bpy.ops.tam.restart_worker")
    take(window, folder / "05-restart.jpg")


def _pick(window: Window, folder: Path) -> None:
    window.press("bpy.ops.tam.pick")
    for point in ROBOT.on:
        window.screen.click(*at(window, *point))
        window.until(quiet)
    window.screen.click(*at(window, *ROBOT.beside), held=["ctrl"])
    window.until(quiet)
    window.screen.key("n")
    start, stop = ROBOT.other
    window.screen.drag(at(window, *start), at(window, *stop))
    window.until(lambda facts: quiet(facts) and facts["objects"] == [1, 2])
    window.screen.move(*at(window, *ROBOT.on[0]))
    take(window, folder / "02-pick.jpg")
    window.screen.key("Escape")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, blender_window(Path(scratch)) as window:
        tell(window, folder)


if __name__ == "__main__":
    main()
