"""Where Blender puts the pixels of a strip, and what is drawn over them: each Blender without a window."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from plugin.pack import pack
from tam_core.types import Pixels
from tests.hosts.programs import Blender

SCRIPTS = Path(__file__).parent / "blender"
WIDTH, HEIGHT = 110, 100
PLAIN: dict[str, Any] = {
    "canvas": (160, 140),
    "percentage": 100,
    "crop": (0, 0, 0, 0),
    "flip": (False, False),
    "offset_x": 0,
    "offset_y": 0,
    "scale_x": 1,
    "scale_y": 1,
    "rotation": 0,
    "origin": (0.5, 0.5),
}
PLACES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "odd canvas": {"canvas": (161, 141)},
    "offset": {"offset_x": 13, "offset_y": -9},
    "smaller": {"scale_x": 0.5, "scale_y": 0.25},
    "larger": {"scale_x": 1.6, "scale_y": 1.3},
    "rotated about a corner": {"rotation": -0.4, "origin": (0.2, 0.9), "offset_x": 10},
    "cropped": {"crop": (20, 10, 15, 5)},
    "flipped": {"flip": (True, True), "offset_x": 10, "rotation": 0.2},
    "half": {"percentage": 50, "offset_x": 8, "scale_x": 1.2},
    "all at half": {
        "percentage": 50,
        "offset_x": 8,
        "offset_y": 6,
        "scale_x": 1.4,
        "scale_y": 0.8,
        "rotation": 0.3,
        "origin": (0.3, 0.6),
        "crop": (5, 7, 9, 11),
        "flip": (True, False),
    },
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    pack("blender", folder)
    return next(folder.glob("*.zip"))


def test_pixels_are_rendered_where_the_add_on_takes_them_to_be(blender: Blender, archive: Path, tmp_path: Path) -> None:
    """Within half a pixel of the source on the whole, and what is cropped is not there."""
    picture, places = tmp_path / "picture.png", tmp_path / "places.json"
    cv2.imwrite(str(picture), coordinates())
    places.write_text(json.dumps({name: PLAIN | look for name, look in PLACES.items()}))
    facts = blender.run(SCRIPTS / "window_render.py", tmp_path, archive, picture, places, tmp_path)
    for name, look in PLACES.items():
        rendered = cv2.imread(str(tmp_path / f"{name}.png"), cv2.IMREAD_UNCHANGED)
        assert rendered is not None
        seen, taken = compared(rendered, facts[name], look)
        off = np.median(np.abs(seen - taken), axis=0)
        assert (off <= 0.5).all(), f"{name}: {off}"
        left, top, right, bottom = facts[name]["visible"]
        assert (seen.min(axis=0) >= np.array([left, top]) - 0.6).all(), name
        assert (seen.max(axis=0) <= np.array([right, bottom]) + 0.6).all(), name


def coordinates() -> Pixels:
    """(HEIGHT, WIDTH, 3) BGR: red and green say where, in steps of 2."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([np.full_like(rows, 200), 2 * rows + 20, 2 * columns + 20], axis=2).astype(np.uint8)


def compared(rendered: Pixels, facts: dict[str, Any], look: dict[str, Any]) -> tuple[Any, Any]:
    """(N, 2) source points as the colours say, and as the add-on says, of the rendered pixels inside the picture."""
    height, width = rendered.shape[:2]
    solid = cv2.erode((rendered[..., 3] == 255).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rows, columns = np.nonzero(solid)
    seen = (rendered[solid][:, [2, 1]].astype(float) - 20) / 2 + 0.5
    scale = look.get("percentage", 100) / 100
    view = np.stack([(columns + 0.5 - width / 2) / scale, (height / 2 - rows - 0.5) / scale])
    a, b, c, d, e, f = facts["to_view"]
    taken = np.linalg.solve(np.array([[a, b], [d, e]]), view - np.array([[c], [f]]))
    return seen, taken.T


def test_a_mask_is_tinted_and_outlined_to_the_pixel(blender: Blender, archive: Path, tmp_path: Path) -> None:
    """The mask's pixels are four pixels wide here. Older Blenders can draw in a window only."""
    facts = blender.run(SCRIPTS / "window_overlay.py", tmp_path, archive)
    if not facts:
        pytest.skip(f"{blender.name} draws nothing without a window")
    assert facts["inside"] == pytest.approx([128, 64, 0, 255], abs=2)
    for edge in ("left edge", "right edge", "top edge"):
        assert facts[edge] == pytest.approx([255, 128, 0, 255], abs=2), edge
    for beside in ("beside the left edge", "beside the right edge", "above the top edge"):
        assert facts[beside] == [0, 0, 0, 255], beside
