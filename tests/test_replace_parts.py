"""The measurements behind a replacement, each against a known answer."""

import cv2
import numpy as np
import pytest

from inpaint.replacing.fit import choose_model, fit
from inpaint.replacing.grain import Grain, measure_grain
from inpaint.replacing.linear import to_display, to_light
from inpaint.replacing.place import placed
from inpaint.replacing.render import Card, draw
from inpaint.replacing.sharpness import edge_blur
from tam_core.types import FloatMap
from tests.scenes import texture

BOX = (20.0, 10.0, 60.0, 90.0)


@pytest.mark.parametrize("softness", [0.0, 0.7, 1.2])
@pytest.mark.parametrize("level", [2.0, 5.0])
def test_grain_is_measured_as_it_was_made(level: float, softness: float) -> None:
    made = Grain(np.eye(3, dtype=np.float32) * np.float32(level), softness)
    shading = cv2.GaussianBlur(texture(3, (120, 120, 120), 240, 320).astype(np.float32), (0, 0), 6)
    shot = np.rint(shading + made.field(240, 320, 1)).clip(0, 255).astype(np.uint8)
    found = measure_grain(shot, np.ones((240, 320), bool))
    assert found is not None
    assert found.level == pytest.approx(level, rel=0.25)
    assert abs(found.softness - softness) <= 0.3


def test_texture_that_stays_from_frame_to_frame_is_not_grain() -> None:
    made = Grain(np.eye(3, dtype=np.float32) * 2)
    rough = texture(3, (120, 120, 120), 240, 320).astype(np.float32)
    first, second = (np.rint(rough + made.field(240, 320, seed)).clip(0, 255).astype(np.uint8) for seed in (1, 2))
    alone = measure_grain(first, np.ones((240, 320), bool))
    compared = measure_grain(first, np.ones((240, 320), bool), second)
    assert alone is not None
    assert compared is not None
    assert compared.level == pytest.approx(2, rel=0.2)
    assert alone.level > 1.5 * compared.level


def test_a_shot_without_flat_parts_in_view_tells_no_grain() -> None:
    assert measure_grain(np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), bool)) is None
    assert measure_grain(texture(1, (99, 99, 99)), np.zeros((120, 160), bool)) is None


@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.5])
def test_edge_blur_tells_how_soft_an_edge_is(sigma: float) -> None:
    fine = np.zeros((800, 800), np.float32)
    fine[200:600, 200:600] = 180
    fine = cv2.warpAffine(fine, cv2.getRotationMatrix2D((400, 400), 20, 1), (800, 800))
    soft = cv2.resize(cv2.GaussianBlur(fine, (0, 0), 4 * sigma), (200, 200), interpolation=cv2.INTER_AREA)
    noisy = soft + np.random.default_rng(1).normal(0, 2, soft.shape).astype(np.float32)
    found = edge_blur(noisy, np.ones(soft.shape, bool))
    assert found == pytest.approx(sigma, abs=0.25)


def test_a_flat_picture_has_no_edge_to_measure() -> None:
    assert edge_blur(np.full((60, 60), 90, np.float32), np.ones((60, 60), bool)) is None


def pairs(matrix: FloatMap, noise: float) -> tuple[FloatMap, FloatMap]:
    rng = np.random.default_rng(2)
    start = rng.uniform(0, 200, (120, 2)).astype(np.float32)
    moved = start @ matrix[:, :2].T + matrix[:, 2]
    end = moved[:, :2] / moved[:, 2:] + rng.normal(0, noise, start.shape)
    end[:20] += rng.uniform(20, 60, (20, 2))
    return start, end.astype(np.float32)


@pytest.mark.parametrize(
    ("model", "matrix"),
    [
        ("similarity", [[1.1, -0.2, 9], [0.2, 1.1, -4], [0, 0, 1]]),
        ("affine", [[1.1, 0.1, 9], [0.2, 0.9, -4], [0, 0, 1]]),
        ("homography", [[1.1, 0.1, 9], [0.2, 0.9, -4], [0.0006, 0.0004, 1]]),
    ],
)
def test_the_simplest_model_that_is_enough_is_chosen_and_wrong_points_do_not_count(
    model: str, matrix: list[list[float]]
) -> None:
    start, end = pairs(np.array(matrix), 0.2)
    assert choose_model([(start, end)] * 4) == model
    found = fit(start, end, model)
    assert found is not None
    assert not found.agree[:20].any()
    assert found.agree[20:].mean() > 0.95
    assert np.allclose(found.matrix / found.matrix[2, 2], matrix, rtol=0.02, atol=0.2)


def test_too_few_points_give_no_motion() -> None:
    start = np.zeros((3, 2), np.float32)
    assert fit(start, start, "homography") is None


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("contain", (20, 40, 60, 60)),
        ("cover", (-40, 10, 120, 90)),
        ("stretch", (20, 10, 60, 90)),
        ("height", (-40, 10, 120, 90)),
    ],
)
def test_a_picture_goes_into_the_box(how: str, expected: tuple[int, ...]) -> None:
    matrix, crop = placed((50, 100), BOX, how, 1.0, (0, 0))
    corners = np.array([[-0.5, -0.5, 1], [99.5, 49.5, 1]]) @ matrix.T + [0.5, 0.5, 0]
    assert corners[:, :2].ravel() == pytest.approx(expected)
    assert crop == ((37.5, 0, 62.5, 50) if how == "cover" else (0, 0, 100, 50))


def test_scale_and_offset_move_it_on_the_anchor_frame() -> None:
    matrix, _ = placed((50, 100), BOX, "height", 0.5, (7, -3))
    corners = np.array([[-0.5, -0.5, 1], [99.5, 49.5, 1]]) @ matrix.T + [0.5, 0.5, 0]
    assert corners[:, :2].ravel() == pytest.approx((7, 47, 87, 87))


def test_light_and_display_values_undo_each_other() -> None:
    values = np.linspace(0, 1, 33, dtype=np.float32)
    assert to_display(to_light(values)) == pytest.approx(values, abs=1e-5)


def test_drawing_covers_exactly_the_area_of_the_picture_at_any_size() -> None:
    card = Card(np.full((200, 300, 4), 255, np.uint8))
    for zoom in (0.05, 0.33, 1.0, 1.7):
        matrix = np.array([[zoom, 0, 30.3], [0, zoom, 40.7], [0, 0, 1]])
        layer = draw(card, [matrix], (600, 800))
        assert layer is not None
        assert float(layer.alpha.sum()) == pytest.approx(200 * 300 * zoom**2, rel=0.02)
        assert layer.light.max() <= 1.001


def test_what_lies_outside_of_the_frame_is_not_drawn() -> None:
    card = Card(np.full((20, 30, 4), 255, np.uint8))
    assert draw(card, [np.array([[1, 0, 900.0], [0, 1, 0], [0, 0, 1]])], (100, 100)) is None
