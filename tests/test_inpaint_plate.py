"""The inpainter ``plate`` by itself: its contract, and the parts it is made of."""

import cv2
import numpy as np
import pytest

from inpaint.base import SYNTHESISED, UNTOUCHED, Window
from inpaint.engines import INPAINTERS
from inpaint.engines.plate import PlateInpainter, load, measure_links
from inpaint.flow import FlowSettings
from inpaint.light import measure_light
from inpaint.membrane import extend
from inpaint.patches import synthesise
from tam_core.types import Mask, Pixels
from tests.test_inpaint_remove import crossing, texture


@pytest.fixture
def plate() -> PlateInpainter:
    engine = INPAINTERS.get("plate", "inpainter").load()
    assert isinstance(engine, PlateInpainter)
    return engine


def some_holes(kind: str, shape: tuple[int, int, int]) -> Mask:
    holes = np.zeros(shape, bool)
    if kind == "all":
        holes[:] = True
    elif kind == "one frame":
        holes[2] = True
    elif kind == "corner":
        holes[:, :9, :9] = True
    return holes


@pytest.mark.parametrize("kind", ["none", "corner", "one frame", "all"])
@pytest.mark.parametrize("size", [(40, 56), (9, 11)])
def test_fill_keeps_shape_type_and_everything_outside(plate: PlateInpainter, kind: str, size: tuple[int, int]) -> None:
    frames = np.stack([texture(*size, seed) for seed in range(5)])
    before = frames.copy()
    holes = some_holes(kind, (5, *size))
    filled = plate.fill(frames, holes)
    assert filled.shape == frames.shape
    assert filled.dtype == np.uint8
    assert np.array_equal(filled[~holes], frames[~holes])
    assert np.array_equal(frames, before)


def test_no_copy_crosses_a_cut(plate: PlateInpainter) -> None:
    red, blue = (np.zeros((6, 60, 80, 3), np.uint8) for _ in range(2))
    red[..., 0] = 200 - texture(60, 80, 1)[..., 0] // 4
    blue[..., 2] = 200 - texture(60, 80, 2)[..., 0] // 4
    truth = np.concatenate([red, blue])
    holes = np.zeros(truth.shape[:3], bool)
    holes[:6, 20:40, 30:50] = True
    filled = plate.fill(np.where(holes[..., None], 0, truth).astype(np.uint8), holes)
    assert filled[:6, ..., 2].max() == 0


def test_finished_frames_are_carried_on(plate: PlateInpainter) -> None:
    frames = np.repeat(texture(60, 80)[None], 4, 0)
    holes = np.zeros(frames.shape[:3], bool)
    holes[:, 20:40, 30:50] = True
    invention = np.roll(frames[0], 25, 1)[20:40, 30:50]
    frames[0, 20:40, 30:50] = invention
    frames[1:][holes[1:]] = 0
    finished = np.array([True, False, False, False])
    origins = np.full(holes.shape, UNTOUCHED, np.int32)
    origins[0, 20:40, 30:40], origins[0, 20:40, 40:50] = SYNTHESISED, 3
    window = Window(np.arange(8, 12, dtype=np.int32), frames, holes, ~finished, finished, origins)
    fill = plate.fill_window(window)
    filled = fill.frames
    difference = filled[1:, 22:38, 32:48].astype(int) - invention[2:-2, 2:-2]
    assert np.abs(difference - difference.mean((1, 2), keepdims=True)).mean() < 12
    assert (fill.origins[1:, 21:39, 31:39] == SYNTHESISED).all()
    assert (fill.origins[1:, 21:39, 41:49] == 3).all()
    assert (fill.origins[1:][~holes[1:]] == UNTOUCHED).all()
    assert (fill.origins[0] == UNTOUCHED).all()


def test_copies_know_the_frame_they_are_from(plate: PlateInpainter) -> None:
    frames = np.repeat(texture(60, 80)[None], 3, 0)
    holes = np.zeros(frames.shape[:3], bool)
    holes[1, 20:40, 10:30] = True
    holes[:, 20:40, 50:70] = True
    every = np.ones(3, bool)
    nothing = np.full(holes.shape, UNTOUCHED, np.int32)
    fill = plate.fill_window(Window(np.array([5, 6, 9], np.int32), frames, holes, every, ~every, nothing))
    assert set(np.unique(fill.origins[1, 20:40, 10:30])) <= {5, 9}
    assert (fill.origins[:, 22:38, 52:68] == SYNTHESISED).all()
    assert (fill.origins[~holes] == UNTOUCHED).all()


def test_links_follow_a_turning_camera_behind_the_hole() -> None:
    scene = texture(120, 160)
    turn = cv2.getRotationMatrix2D((70, 50), 2, 1.03)
    turn[:, 2] += 3, -2
    frames = np.stack([scene, cv2.warpAffine(scene, turn, (160, 120), borderMode=cv2.BORDER_REFLECT)])
    holes = np.zeros(frames.shape[:3], bool)
    holes[:, 40:80, 60:100] = True
    frames[holes] = 0
    (way,) = measure_links(frames, holes, FlowSettings())
    points = np.array([[80, 60], [65, 45], [95, 75]], np.float32)
    truth = points @ turn[:, :2].T + turn[:, 2]
    assert np.abs(way.to_later(points) - truth).max() < 0.25
    assert np.abs(way.to_earlier(truth.astype(np.float32)) - points).max() < 0.25


def test_light_is_measured_without_bias_by_noise() -> None:
    rng = np.random.default_rng(0)
    scene = texture(80, 80).astype(np.float32) * 0.5 + 40

    def noisy(picture: np.ndarray) -> Pixels:
        return (picture + rng.normal(0, 3, picture.shape)).clip(0, 255).astype(np.uint8)

    light = measure_light(noisy(scene), noisy(scene * 1.2 + 5), np.ones((80, 80), bool))
    assert np.abs(light.gain - 1.2).max() < 0.04


def test_membrane_is_a_plane_between_the_rims_of_a_plane() -> None:
    y, x = np.mgrid[:50, :70].astype(np.float32)
    plane = (2 * x + y)[..., None]
    known = np.ones((50, 70), bool)
    known[10:40, 15:60] = False
    assert np.abs(extend(plane * known[..., None], known) - plane).max() < 6


def test_patches_continue_a_pattern() -> None:
    x = np.arange(96)
    stripes = np.where((x // 6) % 2, 220, 30).astype(np.uint8)
    picture = np.repeat(np.repeat(stripes[None, :, None], 72, 0), 3, 2)
    unknown = np.zeros((72, 96), bool)
    unknown[24:48, 36:60] = True
    made = synthesise(np.where(unknown[..., None], 128, picture).astype(np.uint8), unknown)
    assert np.array_equal(made[~unknown], picture[~unknown])
    assert np.corrcoef(made[unknown].ravel(), picture[unknown].ravel())[0, 1] > 0.9


def test_objects_that_share_the_frame_do_not_lend_their_pixels(plate: PlateInpainter) -> None:
    truth = np.repeat(texture(72, 96)[None], 12, 0)
    frames, masks = crossing(truth)
    frames[masks] = [255, 0, 255]
    magenta = np.abs(plate.fill(frames, masks).astype(int) - [255, 0, 255]).sum(3) < 40
    assert not (magenta & masks).any()


def test_deep_pictures_are_filled_at_their_depth(plate: PlateInpainter) -> None:
    rng = np.random.default_rng(5)
    fine = rng.integers(0, 257, (72, 96, 3)).astype(np.uint16)  # what 8 bits cannot say
    truth = np.repeat((texture(72, 96).astype(np.uint16) * 250 + fine)[None], 8, 0)
    frames, masks = crossing(truth)
    filled = plate.fill(frames, masks)
    assert filled.dtype == np.uint16
    assert np.array_equal(filled[~masks], truth[~masks])
    seen = masks & ~masks.all(0)
    assert np.median(np.abs(filled[seen].astype(int) - truth[seen])) < 128


def test_light_is_matched_as_asked() -> None:
    scene = texture(72, 96).astype(np.float32) * 0.6 + 30
    truth = np.stack([scene * (1 + 0.03 * t) for t in range(12)]).clip(0, 255).astype(np.uint8)
    frames, masks = crossing(truth)
    seen = masks & ~masks.all(0)
    error = {}
    for light in ("none", "linear", "local"):
        engine = load("cpu", match_light=light)
        error[light] = np.abs(engine.fill(frames, masks)[seen].astype(int) - truth[seen]).mean()
    assert max(error["linear"], error["local"]) < error["none"] / 2
