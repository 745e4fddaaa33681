"""Cuts: where a shot ends, and what only looks like an end."""

from collections.abc import Callable

import numpy as np
import pytest

from tam_core.shots import CutDetector, Shot, find_shots
from tam_core.types import Pixels
from tam_core.video import ArraySource, LiveSource, open_video
from tests.media import shared_clip
from tests.scenes import HEIGHT, WIDTH, texture
from tests.shots import BEACH, FOREST, LENGTH, LOST, STREET, shot


def walk(frames: Pixels) -> list[int]:
    cuts = CutDetector()
    return [index for index, pixels in enumerate(frames) if cuts.cut_before(pixels)]


def test_shots_of_a_video() -> None:
    assert list(find_shots(ArraySource(LOST))) == [Shot(0, 10), Shot(10, 20), Shot(20, 30)]
    assert list(find_shots(ArraySource(LOST), 5, 15)) == [Shot(5, 10), Shot(10, 15)]
    assert list(find_shots(LiveSource(iter(LOST)))) == [Shot(0, 10), Shot(10, 20), Shot(20, 30)]


def test_cuts_at_both_ends_and_backwards() -> None:
    frames = np.concatenate([BEACH[None], shot(STREET), FOREST[None]])
    assert walk(frames) == [1, 11]
    assert walk(frames[::-1]) == [1, 11]


def fast_pan() -> Pixels:
    wide = texture(3, (90, 120, 100), HEIGHT, 4 * WIDTH)
    return np.stack([wide[:, x : x + WIDTH] for x in range(0, 300, 30)])


def flash(amount: Callable[[Pixels], Pixels]) -> Pixels:
    frames = shot(STREET, (30, 30))
    frames[4] = np.clip(amount(frames[4].astype(float)), 0, 255).astype(np.uint8)
    return frames


@pytest.mark.parametrize(
    ("name", "frames"),
    [
        ("still", shot(STREET)),
        ("fast pan", fast_pan()),
        ("a flash of light", flash(lambda pixels: pixels * 1.5 + 60)),
        ("a white flash", flash(lambda pixels: pixels + 255)),
        ("lights out", flash(lambda pixels: pixels * 0)),
        ("slow fade to black and back", np.stack([(STREET * abs(i / 8 - 1)).astype(np.uint8) for i in range(17)])),
    ],
)
def test_what_is_no_cut(name: str, frames: Pixels) -> None:
    assert walk(frames) == []


def test_cut_through_black_is_where_something_is_seen_again() -> None:
    black = np.zeros((3, HEIGHT, WIDTH, 3), np.uint8)
    assert walk(np.concatenate([shot(STREET), black, shot(BEACH)])) == [LENGTH + 3]


def test_cuts_of_a_real_clip() -> None:
    source = open_video(shared_clip("bikes-cuts.mp4"))
    assert [found.start for found in find_shots(source)] == [0, 30, 76, 137, 187, 242]
