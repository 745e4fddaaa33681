"""Blender with a window, a real mouse and a real keyboard: picking objects in the picture."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tam_core.types import Pixels
from tests.hosts.window import Window, blender_window

LEVELS = 2
"""Of red for every column of the measured picture, and of green for every row."""
WIDTH, HEIGHT = 110, 100

PLACES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "offset": {"offset_x": 13, "offset_y": -9},
    "smaller": {"scale_x": 0.5, "scale_y": 0.7},
    "larger": {"scale_x": 1.6, "scale_y": 1.3},
    "rotated": {"rotation": -0.4, "origin": (0.2, 0.9), "offset_x": 10},
    "cropped": {"crop": (20, 10, 15, 5)},
    "flipped": {"flip": (True, True), "offset_x": 10, "rotation": 0.2},
    "everything at half resolution": {
        "offset_x": 8,
        "offset_y": 6,
        "scale_x": 1.4,
        "scale_y": 0.8,
        "rotation": 0.3,
        "origin": (0.3, 0.6),
        "crop": (5, 5, 5, 5),
        "flip": (True, False),
        "percentage": 50,
    },
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """The pick tool is on, over a picture whose colours say which pixel is seen."""
    folder = tmp_path_factory.mktemp("measured")
    (folder / "pictures").mkdir()
    paths = [folder / "pictures" / f"{number}.png" for number in range(2)]
    for path in paths:
        cv2.imwrite(str(path), coordinates())
    with blender_window(folder) as window:
        window.ask("pictures", paths=[str(path) for path in paths], width=WIDTH + 30, height=HEIGHT + 31)
        window.ask("open_target", engine="flow", segmenter="grabcut")
        window.until(lambda facts: facts["session"] and not facts["waits"])
        window.screen.move(*window.middle())
        window.screen.key("alt+y")
        window.until(lambda facts: facts["tool"])
        yield window


@pytest.mark.parametrize("name", PLACES)
def test_a_click_lands_on_the_pixel_under_the_mouse(measured: Window, name: str, tmp_path: Path) -> None:
    """At three zoom levels, the last one panned too. What is seen under the mouse is read from the screen.

    It is seen in pixels of the scene: where these are larger than the source's, the mouse may be half of one beside.
    """
    look = PLACES[name]
    coarse = np.array([look.get("scale_x", 1), look.get("scale_y", 1)]) * look.get("percentage", 100) / 100
    slack = np.maximum(1, 0.5 + 0.5 / coarse)
    measured.ask("place", **look)
    for zoom in (1, 3, 7):
        measured.ask("fit")
        measured.ask("zoom", ratio=zoom)
        if zoom == 7:
            x, y = measured.middle()
            measured.screen.drag((x, y), (x + 41, y - 23), button=2)
        for place, seen in points_seen(measured, measured.box("PREVIEW"), tmp_path / "screen.png"):
            said = click(measured, place)
            assert (abs(said - seen) <= slack).all(), f"zoom {zoom}, {place}: {said} instead of {seen}"


@pytest.mark.parametrize(
    ("editor", "instead_of", "shown"),
    [("IMAGE_EDITOR", "FILE_BROWSER", "image"), ("CLIP_EDITOR", "IMAGE_EDITOR", "clip")],
)
def test_a_click_lands_there_in_the_other_editors(
    measured: Window, editor: str, instead_of: str, shown: str, tmp_path: Path
) -> None:
    """They show the same file, so the clicks are of the same session."""
    measured.screen.move(5, 5)  # not over what changes
    picture = str(measured.folder / "pictures" / "0.png")
    measured.ask("show_editor", instead_of=instead_of, kind=editor, **{shown: picture})
    measured.ask("fit_editor", kind=editor)
    box = measured.ask("layout")[editor]["WINDOW"]
    for turns in (0, 2):
        for _ in range(turns):
            measured.screen.click((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, button=4)
        for place, seen in points_seen(measured, tuple(box), tmp_path / "screen.png"):
            said = click(measured, place)
            assert (abs(said - seen) <= 1).all(), f"{turns} turns, {place}: {said} instead of {seen}"


def coordinates() -> Pixels:
    """(HEIGHT, WIDTH, 3) BGR: red and green say where, blue that it is of this picture."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([np.full_like(rows, 200), LEVELS * rows + 20, LEVELS * columns + 20], axis=2).astype(np.uint8)


def points_seen(
    window: Window, box: tuple[int, int, int, int], path: Path
) -> list[tuple[tuple[int, int], np.ndarray[Any, Any]]]:
    """Pixels of the screen in a box that lie apart, and the source point seen there."""
    window.screen.move(5, 5)
    window.ask("show_objects", shown=False)
    time.sleep(1)  # until that is drawn
    whole = cv2.imread(str(window.screen.screenshot(path)))
    assert whole is not None
    picture = whole.astype(int)
    left, top, right, bottom = box
    blue = np.abs(picture[..., 0] - 200) <= 2
    same = cv2.erode(blue.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    same[: top + 5], same[bottom - 5 :], same[:, : left + 5], same[:, right - 60 :] = False, False, False, False
    rows, columns = np.nonzero(same)
    assert len(rows) > 100, "the picture is not seen"
    found = []
    for part in (0.1, 0.9):
        x, y = columns[int(part * len(rows))], rows[int(part * len(rows))]
        _, green, red = picture[y, x]
        found.append(((int(x), int(y)), np.array([(red - 20) / LEVELS + 0.5, (green - 20) / LEVELS + 0.5])))
    return found


def click(window: Window, place: tuple[int, int]) -> np.ndarray[Any, Any]:
    """The source point that the worker was told."""
    before = window.ask("known")
    window.screen.click(*place)
    facts = window.until(lambda facts: facts["step"] > before["step"] and not facts["waits"])
    said = facts["prompts"]["0"][-1]
    return np.array([said["x"], said["y"]])
