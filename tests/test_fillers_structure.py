"""Straight edges go on through a hole; nothing is continued that is not there on both sides."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from inpaint.fillers.patch import PatchFiller
from inpaint.fillers.structure import continued, lines
from inpaint.patches import synthesise
from tam_core.types import Mask, Pixels
from tests.scenes import HEIGHT, WIDTH, disc

STILLS = Path(__file__).parents[2] / "shared/data/stills/images"


def slope(angle: float, through: tuple[float, float] = (80, 60)) -> Pixels:
    """Two halves, dark and bright, with an edge through a point; a little grain."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    normal = np.array([-np.sin(np.radians(angle)), np.cos(np.radians(angle))])
    beyond = (x - through[0]) * normal[0] + (y - through[1]) * normal[1] > 0
    grain = np.random.default_rng(4).normal(0, 2, (HEIGHT, WIDTH, 3))
    plain = np.where(beyond[..., None], (180, 170, 60), (50, 70, 110)) + grain
    return cv2.GaussianBlur(plain.clip(0, 255).astype(np.uint8), (0, 0), 0.8)


def without(plate: Pixels, hole: Mask) -> Pixels:
    return np.where(hole[..., None], np.array((255, 0, 255), plate.dtype), plate)


@pytest.mark.parametrize("angle", [0, 25, 60, 90, 140])
def test_an_edge_goes_straight_through(angle: float) -> None:
    plate, hole = slope(angle), disc(80, 60, 22)
    guided, unknown = continued(without(plate, hole), hole)
    strip = hole & ~unknown
    assert strip.sum() > 300, "about eleven pixels wide and as long as the hole"
    assert np.abs(guided[strip].astype(int) - plate[strip]).mean() < 6
    filled = PatchFiller().fill(without(plate, hole)[None], hole[None])[0]
    alone = synthesise(without(plate, hole), hole)
    error, before = (np.abs(one[hole].astype(int) - plate[hole]).mean() for one in (filled, alone))
    assert error < 6 and error < 0.5 * before


def test_deep_pictures_are_guided_alike() -> None:
    plate, hole = slope(25), disc(80, 60, 22)
    shallow = continued(without(plate, hole), hole)
    deep = continued(without(plate, hole).astype(np.uint16) * 257, hole)
    assert np.array_equal(shallow[1], deep[1]) and deep[0].dtype == np.uint16
    assert np.abs(deep[0] / 257 - shallow[0]).max() <= 1


def test_an_edge_that_ends_in_the_hole_is_not_continued() -> None:
    plate, hole = slope(0), disc(80, 60, 22)
    plate[:, 80:] = (50, 70, 110)
    assert not lines(without(plate, hole), hole)


def test_edges_that_do_not_meet_or_differ_in_colour_are_two() -> None:
    plate, hole = slope(0), disc(80, 60, 22)
    shifted = plate.copy()
    shifted[:, 80:] = np.roll(plate, 14, 0)[:, 80:]
    assert not lines(without(shifted, hole), hole)
    other = plate.copy()
    other[:, 80:] = other[:, 80:, ::-1] // 2
    assert not lines(without(other, hole), hole)


def test_of_two_lines_that_cross_the_clearer_one_is_continued() -> None:
    plate, hole = slope(0), disc(80, 60, 20)
    cv2.line(plate, (60, 0), (100, 119), (80, 90, 120), 3)
    assert len(lines(without(plate, hole), hole)) >= 1
    for one, other in lines(without(plate, hole), hole):
        assert abs(one.near[1] - other.near[1]) < 5, "the edge of strong contrast"


def test_a_hole_without_edges_and_one_that_is_all_are_left_alone() -> None:
    flat = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    for hole in (disc(80, 60, 20), np.ones((HEIGHT, WIDTH), bool), np.zeros((HEIGHT, WIDTH), bool)):
        guided, unknown = continued(flat, hole)
        assert np.array_equal(guided, flat) and np.array_equal(unknown, hole)


def test_holes_cut_into_photographs_are_filled_better_than_by_telea() -> None:
    if not STILLS.is_dir():
        pytest.skip(f"no {STILLS}")
    ours, theirs = [], []
    for file in sorted(STILLS.glob("*.jpg"))[:6]:
        picture = cv2.imread(str(file))[100:300, 200:460, ::-1]
        hole = disc(130, 100, 28, (200, 260))
        shown = without(picture, hole)
        for errors, filled in (
            (ours, PatchFiller().fill(shown[None], hole[None])[0]),
            (theirs, cv2.inpaint(shown, hole.astype(np.uint8), 5, cv2.INPAINT_TELEA)),
        ):
            errors.append(((filled[hole].astype(float) - picture[hole]) ** 2).mean())
    gain = 10 * np.log10(np.array(theirs) / np.array(ours))
    assert gain.mean() > 0.3, gain
