"""What every inpainter of the table must do."""

from pathlib import Path

import numpy as np
import pytest

from inpaint.base import Inpainter
from inpaint.engines import INPAINTERS
from tests.scenes import crossing, disc
from tests.tiny_lama import save_lama


@pytest.fixture(params=[row.name for row in INPAINTERS])
def inpainter(request: pytest.FixtureRequest, tmp_path: Path) -> Inpainter:
    stand_in = f"={save_lama(tmp_path / 'lama.pt')}" if request.param == "lama" else ""
    row = INPAINTERS.get(request.param + stand_in, "inpainter")
    if not row.ready:
        pytest.skip(f"{row.name} is not ready on this machine")
    return row.load("cpu")


def test_changes_nothing_outside_the_holes(inpainter: Inpainter) -> None:
    scene = crossing(8)
    before = scene.frames.copy()
    filled = inpainter.fill(scene.frames, scene.masks)
    assert filled.shape == scene.frames.shape
    assert filled.dtype == np.uint8
    assert np.array_equal(filled[~scene.masks], scene.frames[~scene.masks])
    assert np.array_equal(scene.frames, before), "the input was changed"


def test_shows_the_background_that_other_frames_saw(inpainter: Inpainter) -> None:
    scene = crossing(24)
    filled = inpainter.fill(scene.frames, scene.masks)
    error = np.abs(filled[scene.masks].astype(int) - scene.background[scene.masks])
    assert error.mean() < 6


def test_fills_what_no_frame_ever_showed(inpainter: Inpainter) -> None:
    scene = crossing(4)
    frames = scene.background[:4].copy()
    hole = np.repeat(disc(80, 60, 14)[None], 4, 0)
    frames[hole] = (255, 0, 255)
    filled = inpainter.fill(frames, hole)
    assert np.abs(filled[hole].astype(int) - (255, 0, 255)).mean() > 60


def test_takes_one_frame_and_no_hole(inpainter: Inpainter) -> None:
    scene = crossing(1)
    nothing = np.zeros_like(scene.masks)
    assert np.array_equal(inpainter.fill(scene.frames, nothing), scene.frames)
    assert inpainter.fill(scene.frames, scene.masks).shape == scene.frames.shape
