"""Shadows that go with objects, on scenes whose shadow is known."""

import cv2
import numpy as np
import pytest

from tam_core import rle
from tam_core.formats.davis import read_davis
from tam_core.masklet import Masklet
from tam_core.shadow import shadow_masklets
from tam_core.types import Mask, Pixels
from tam_core.video import ArraySource
from tests.media import CLIPS
from tests.scenes import iou, texture

COUNT, HEIGHT, WIDTH = 16, 120, 240


def scene(
    shade: float, pan: float = 0.0, colour: tuple[float, float, float] = (1, 1, 1), speed: float = 9.0
) -> tuple[Pixels, Masklet, list[Mask]]:
    """A box crosses a textured ground; beside it lies an ellipse that is ``shade`` times as bright."""
    wide = texture(5, (150, 140, 130), HEIGHT, WIDTH + 200)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    noise = np.random.default_rng(1)
    frames, masks, shadows = [], [], []
    for index in range(COUNT):
        left = round(20 + speed * index)
        ground = wide[:, round(pan * index) : round(pan * index) + WIDTH].astype(np.float32)
        body = (x >= left) & (x < left + 20) & (y >= 40) & (y < 90)
        shadow = (((x - left - 25) / 24) ** 2 + ((y - 87) / 8) ** 2 < 1) & ~body
        soft = cv2.GaussianBlur(shadow.astype(np.float32), (0, 0), 1.0)[..., None]
        lit = ground * (1 - soft + soft * shade * np.array(colour, np.float32))
        lit[body] = (60, 90, 190)
        frames.append((lit + noise.normal(0, 2, lit.shape)).clip(0, 255).astype(np.uint8))
        masks.append(body)
        shadows.append(shadow)
    codes = {index: rle.encode(mask) for index, mask in enumerate(masks)}
    return np.stack(frames), Masklet(3, (HEIGHT, WIDTH), codes, dict.fromkeys(codes, 1.0)), shadows


@pytest.mark.parametrize("pan", [0.0, 2.5])
def test_a_shadow_that_goes_along_is_found_and_linked(pan: float) -> None:
    frames, masklet, truth = scene(0.6, pan)
    (found,) = shadow_masklets(ArraySource(frames), [masklet])
    assert found.object_id == 3
    assert found.size == (HEIGHT, WIDTH)
    pairs = [(found.mask(index), truth[index]) for index in range(3, COUNT - 3)]
    assert np.mean([(mask & real).sum() / real.sum() for mask, real in pairs]) > 0.9
    assert np.mean([iou(mask, real) for mask, real in pairs]) > 0.6
    assert all(0 < score <= 1 for score in found.scores.values())


@pytest.mark.parametrize(
    ("shade", "colour"),
    [(1.0, (1, 1, 1)), (0.6, (1.6, 0.7, 0.5)), (0.05, (1, 1, 1))],
    ids=["no shadow", "a coloured thing", "a black thing"],
)
def test_nothing_is_found_where_no_shadow_is(shade: float, colour: tuple[float, float, float]) -> None:
    frames, masklet, _ = scene(shade, 0.0, colour)
    assert shadow_masklets(ArraySource(frames), [masklet]) == []


def test_a_dark_place_that_stays_is_no_shadow() -> None:
    frames, masklet, _ = scene(1.0)
    frames[:, 75:105, 80:160] = (frames[:, 75:105, 80:160] * 0.6).astype(np.uint8)
    assert shadow_masklets(ArraySource(frames), [masklet]) == []


def test_an_object_that_stands_still_hides_its_background() -> None:
    frames, masklet, _ = scene(0.6, speed=0.0)
    assert shadow_masklets(ArraySource(frames), [masklet]) == []


def test_frames_outside_the_span_are_not_looked_at() -> None:
    frames, masklet, _ = scene(0.6)
    (found,) = shadow_masklets(ArraySource(frames), [masklet], 2, 14)
    assert set(found.frames) <= set(range(2, 14))
    assert shadow_masklets(ArraySource(frames), []) == []


@pytest.mark.slow
def test_the_shadow_of_a_car() -> None:
    folder = CLIPS.parent / "davis2016-val-half"
    if not folder.exists():
        pytest.skip(f"no {folder}")
    from tam_core.video import open_video

    (car,) = read_davis(folder / "Annotations/480p/car-shadow")
    (found,) = shadow_masklets(open_video(folder / "JPEGImages/480p/car-shadow"), [car])
    assert len(found.rles) > 30
    boxes = [(found.rles[index].box, car.rles[index].box) for index in found.rles]
    assert all(shadow[3] > body[1] + 0.6 * (body[3] - body[1]) for shadow, body in boxes)  # type: ignore[index]
