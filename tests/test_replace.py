"""Replacement, against scenes whose truth is known."""

from collections.abc import Iterator
from fractions import Fraction

import cv2
import numpy as np
import pytest

from inpaint.camera import apply
from inpaint.holes import grown
from inpaint.replace import PARAMETERS, Replacement, ReplaceSettings, replace
from tam_core import rle
from tam_core.errors import FrameRangeError, MaskletError, NotVisibleError, RequestError, SourceNotFoundError
from tam_core.masklet import Masklet
from tam_core.types import Mask, Pixels
from tam_core.video import ArraySource, Frame
from tests.replacing_scenes import HEIGHT, SHEET, WIDTH, SheetScene, Way, sheet_scene, tilting, turning

PLAIN = ReplaceSettings(fit="stretch", light=False, tone=0, grain=False, motion_blur=False, sharpness=False)
PINK = np.array([230, 60, 200], np.uint8)


class Grey:
    """Fills holes with grey at once: what is behind is not what these tests are about."""

    from inpaint.base import WindowSpec

    window = WindowSpec(8, 2)

    def fill(self, frames: Pixels, holes: Mask) -> Pixels:
        result = frames.copy()
        result[holes] = 128
        return result


def picture(colour: tuple[int, ...] = tuple(PINK), height: int = 48, width: int = 60) -> Pixels:
    return np.full((height, width, len(colour)), colour, np.uint8)


def replaced(scene: SheetScene, settings: ReplaceSettings = PLAIN, with_: Pixels | None = None) -> Pixels:
    shown = picture() if with_ is None else with_
    run = replace(ArraySource(scene.frames), [scene.masklet], shown, settings, inpainter=Grey())
    return np.stack([frame.pixels for frame in run])


def course_error(scene: SheetScene, settings: ReplaceSettings) -> tuple[float, str]:
    """The largest distance in pixels of the sheet's corners from the truth, over all frames; and the model."""
    run = Replacement(ArraySource(scene.frames), [scene.masklet], picture(), settings, inpainter=Grey())
    assert sum(1 for _ in run.measure()) == run.steps
    (course,) = run.courses
    true = scene.corners(course.anchor).astype(np.float32)
    moved = [apply(course.matrix(frame), true) - scene.corners(frame) for frame in range(len(scene.frames))]
    return float(np.linalg.norm(moved, axis=2).max()), course.model


@pytest.mark.parametrize(("way", "model"), [(turning, "similarity"), (tilting, "homography")])
def test_the_corners_stay_where_the_truth_is(way: Way, model: str) -> None:
    error, found = course_error(sheet_scene(way, noise=2), PLAIN)
    assert error < 1
    assert found == model


def test_the_model_is_what_was_asked_for() -> None:
    error, model = course_error(sheet_scene(tilting), ReplaceSettings(motion="affine"))
    assert model == "affine"
    assert error < 4


def test_the_picture_takes_the_place_of_the_object_on_every_frame() -> None:
    scene = sheet_scene()
    for frame, mask in zip(replaced(scene), scene.masks, strict=True):
        pink = np.abs(frame.astype(int) - PINK).max(2) < 12
        inner = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        union = (pink & grown(mask, 12)) | mask
        assert pink[inner].mean() > 0.75  # the box of a turned sheet is turned with it, from the anchor on
        assert (pink & mask).sum() / union.sum() > 0.6


def test_outside_of_the_old_object_and_the_new_thing_every_pixel_is_the_sources() -> None:
    scene = sheet_scene(noise=3)
    source = ArraySource(scene.frames)
    run = Replacement(source, [scene.masklet], picture(), ReplaceSettings(shadow=0.8, scale=1.3), inpainter=Grey())
    for _ in run.measure():
        pass
    changed = 0
    for frame in run.frames():
        outside = ~run.hole(frame.index)
        assert outside.mean() > 0.5
        assert np.array_equal(frame.pixels[outside], scene.frames[frame.index][outside])
        changed += int((frame.pixels != scene.frames[frame.index]).any())
    assert changed == len(scene.frames)


def test_where_the_picture_is_transparent_the_shot_shows() -> None:
    scene = sheet_scene()
    half = picture((*map(int, PINK), 255))
    half[:, 30:, 3] = 0
    frame = replaced(scene, PLAIN, half)[0]
    pink = np.abs(frame.astype(int) - PINK).max(2) < 12
    full = np.abs(replaced(scene)[0].astype(int) - PINK).max(2) < 12
    assert 0.4 < pink.sum() / full.sum() < 0.6


def behind_a_pole(pan: int) -> tuple[SheetScene, SheetScene, list[slice]]:
    """The scene, the same with a pole in front, and where that is; it goes ``pan`` pixels to the left a frame."""
    scene = sheet_scene(count=30)
    frames, masks = scene.frames.copy(), scene.masks.copy()
    poles = [slice(120 - pan * index, 138 - pan * index) for index in range(30)]
    for frame, mask, pole in zip(frames, masks, poles, strict=True):
        frame[:, pole] = (30, 40, 30)
        mask[:, pole] = False
    return scene, SheetScene(frames, masks, scene.way), poles


def test_what_stands_before_the_object_stays_in_front_of_what_is_put_in() -> None:
    scene, covered, poles = behind_a_pole(pan=2)
    result = replaced(covered, ReplaceSettings(**{**PLAIN.__dict__, "scale": 1.2}))
    crossed = [i for i in range(30) if scene.masks[i][:, poles[i]].any()]
    assert len(crossed) > 10
    over, under = 0, 0
    for index in crossed:
        pink = np.abs(result[index].astype(int) - PINK).max(2) < 40
        inside = slice(poles[index].start + 2, poles[index].stop - 2)
        over, under = over + pink[:, inside].sum(), under + scene.masks[index][:, inside].sum()
        assert pink.sum() > 400
    assert over < 0.03 * under


def test_what_passes_before_the_object_stays_in_front_where_it_hides_much() -> None:
    scene, covered, poles = behind_a_pole(pan=-1)
    result = replaced(covered)
    hidden = [(m[:, pole].sum() / max(m.sum(), 1)) for m, pole in zip(scene.masks, poles, strict=True)]
    much = [index for index, share in enumerate(hidden) if share > 0.25]
    assert len(much) > 5
    for index in much:
        pink = np.abs(result[index].astype(int) - PINK).max(2) < 40
        inside = slice(poles[index].start + 2, poles[index].stop - 2)
        assert pink[:, inside].sum() <= 0.1 * scene.masks[index][:, inside].sum()


def test_without_occlusion_it_is_drawn_over_everything() -> None:
    scene = sheet_scene(count=30)
    scene.frames[:, :, 100:118] = (30, 40, 30)
    scene.masks[:, :, 100:118] = False
    settings = ReplaceSettings(**{**PLAIN.__dict__, "occlusion": False})
    pink = np.abs(replaced(scene, settings).astype(int) - PINK).max(3) < 12
    assert pink[:, :, 104:114].any((1, 2)).sum() > 10


def test_an_object_that_is_hidden_for_a_while_is_found_again() -> None:
    scene = sheet_scene(count=24)
    masks = scene.masks.copy()
    masks[9:15] = False
    frames = scene.frames.copy()
    frames[9:15] = frames[8:9]
    result = replaced(SheetScene(frames, masks, scene.way))
    pink = np.abs(result.astype(int) - PINK).max(3) < 12
    assert not pink[9:15].any()
    for index in (16, 20, 23):
        assert (pink[index] & masks[index]).sum() > 0.75 * masks[index].sum()


def test_exposure_is_followed() -> None:
    scene = sheet_scene(ramp=0.02)
    settings = ReplaceSettings(fit="stretch", tone=0, grain=False, motion_blur=False, anchor=0)
    result = replaced(scene, settings, picture((120, 100, 80)))
    for index in (5, 12, 19):
        y, x = (int(v) for v in scene.corners(index).mean(0)[::-1])
        shown = result[index][y - 3 : y + 4, x - 3 : x + 4].mean((0, 1))
        assert np.abs(shown - np.array([120, 100, 80]) * (1 + 0.02 * index)).max() < 5


def test_the_grain_is_the_shots() -> None:
    scene = sheet_scene(noise=6)
    settings = ReplaceSettings(fit="stretch", light=False, tone=0, motion_blur=False, scale=0.7)
    result = replaced(scene, settings, picture((120, 110, 100)))
    spread = []
    for index in range(0, 20, 3):
        x, y = (int(v) for v in scene.corners(index).mean(0))
        spread.append(result[index][y - 8 : y + 9, x - 8 : x + 9].astype(float).std((0, 1)).mean())
    assert 5 < np.mean(spread) < 7.5


def test_the_same_seed_gives_the_same_pixels_and_another_does_not() -> None:
    scene = sheet_scene(noise=4, count=6)
    one, same, other = (replaced(scene, ReplaceSettings(seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def rushing(time: float) -> np.ndarray:
    """Slow at first, then as fast as 9 pixels a frame."""
    return np.array([[1, 0, 20 + 0.45 * time**2 / 2], [0, 1, 45], [0, 0, 1]], np.float64)


def test_motion_blur_is_as_long_as_the_shutter_is_open() -> None:
    scene = sheet_scene(rushing)
    settings = ReplaceSettings(**{**PLAIN.__dict__, "motion_blur": True, "shutter": 180.0})
    row = replaced(scene, settings, picture((255, 255, 255)))[16]
    left = int(scene.corners(16)[0, 0])
    y = int(scene.corners(16).mean(0)[1])
    ramp = (row[y, left - 8 : left + 9].astype(float) / 255) ** 2.2
    share = (ramp[:, 0] - ramp[0, 0]) / (ramp[-1, 0] - ramp[0, 0])
    width = ((share > 0.1) & (share < 0.9)).sum() / 0.8
    assert abs(width - 0.5 * 0.45 * 16) <= 1.3  # half of the way from one frame to the next


@pytest.mark.parametrize("shutter", [0.25, 0.75])
def test_the_shutter_is_measured(shutter: float) -> None:
    scene = sheet_scene(rushing, shutter=shutter)
    run = Replacement(ArraySource(scene.frames), [scene.masklet], picture(), PLAIN, inpainter=Grey())
    for _ in run.measure():
        pass
    assert abs(run.courses[0].shutter - 360 * shutter) < 60


def test_a_soft_object_makes_a_soft_picture() -> None:
    sharp = sheet_scene(count=6)
    soft = SheetScene(np.stack([cv2.GaussianBlur(f, (0, 0), 2.0) for f in sharp.frames]), sharp.masks, sharp.way)
    checks = np.kron(np.indices((6, 6)).sum(0) % 2, np.ones((10, 10)))[..., None].repeat(3, 2) * 200
    settings = ReplaceSettings(**{**PLAIN.__dict__, "sharpness": True})
    steep = [
        np.abs(np.diff(replaced(scene, settings, checks.astype(np.uint8))[2].astype(int), axis=1)).max()
        for scene in (sharp, soft)
    ]
    assert steep[1] < 0.7 * steep[0]


def test_a_shadow_darkens_the_ground_under_it_alone() -> None:
    scene = sheet_scene(count=4)
    with_shadow, without = (
        replaced(scene, ReplaceSettings(**{**PLAIN.__dict__, "shadow": dark})).astype(int) for dark in (0.8, 0.0)
    )
    change = (with_shadow - without).sum(3)
    assert change.max() <= 0
    rows = np.flatnonzero(change[0].min(1) < -60)
    assert len(rows)
    assert rows.min() > scene.corners(0).mean(0)[1]


class Slides(ArraySource):
    """A clip that shows 0, 1, 2 ... as grey levels of 20 each."""

    def __init__(self, count: int, rate: int) -> None:
        levels = np.arange(count, dtype=np.uint8)[:, None, None, None] * 20 + 20
        super().__init__(np.broadcast_to(levels, (count, 12, 15, 3)).copy(), Fraction(rate))


@pytest.mark.parametrize(("repeat", "last"), [("loop", 1), ("hold", 2)])
def test_a_clip_plays_by_time_and_then_loops_or_holds(repeat: str, last: int) -> None:
    scene = sheet_scene(count=10)
    settings = ReplaceSettings(**{**PLAIN.__dict__, "repeat": repeat})
    run = replace(ArraySource(scene.frames), [scene.masklet], Slides(3, 12), settings, inpainter=Grey())
    x, y = (int(v) for v in scene.corners(0).mean(0))
    shown = []
    for frame in run:
        x, y = (int(v) for v in scene.corners(frame.index).mean(0))
        shown.append(round((frame.pixels[y, x].mean() - 20) / 20))
    assert shown[:6] == [0, 0, 1, 1, 2, 2]
    assert shown[8] == last


def test_deep_sources_stay_deep() -> None:
    scene = sheet_scene(count=4)
    deep = ArraySource(scene.frames.astype(np.uint16) * 257)
    frames = [frame.pixels for frame in replace(deep, [scene.masklet], picture(), PLAIN)]
    plain = replace(ArraySource(scene.frames), [scene.masklet], picture(), PLAIN)
    for one, other in zip(frames, plain, strict=True):
        assert one.dtype == np.uint16
        assert np.abs(one / 257 - other.pixels).mean() < 1


def test_frames_keep_their_numbers_and_times() -> None:
    scene = sheet_scene()
    source = ArraySource(scene.frames)
    run = replace(source, [scene.masklet], picture(), PLAIN, inpainter=Grey(), start=4, stop=15)
    found = [(frame.index, frame.time) for frame in run]
    assert found == [(index, source.read(index).time) for index in range(4, 15)]


class Closing(ArraySource):
    """Counts the frames that were read."""

    reads = 0

    def read(self, index: int) -> Frame:
        self.reads += 1
        return super().read(index)


def test_nothing_is_read_before_the_first_frame_and_close_ends_it() -> None:
    scene = sheet_scene()
    source = Closing(scene.frames)
    run = replace(source, [scene.masklet], picture(), PLAIN, inpainter=Grey())
    assert source.reads == 0
    assert isinstance(run, Iterator)
    next(run)
    read = source.reads
    run.close()  # type: ignore[attr-defined]
    assert source.reads == read


def test_mistakes_are_said_before_the_work() -> None:
    scene = sheet_scene(count=6)
    source, masklet = ArraySource(scene.frames), scene.masklet
    with pytest.raises(SourceNotFoundError, match="nowhere"):
        replace(source, [masklet], "nowhere.png")
    with pytest.raises(FrameRangeError, match="anchor frame 40"):
        replace(source, [masklet], picture(), ReplaceSettings(anchor=40))
    gone = Masklet(1, (HEIGHT, WIDTH), {**masklet.rles, 2: rle.encode(np.zeros((HEIGHT, WIDTH), bool))})
    with pytest.raises(NotVisibleError, match="not seen on the anchor frame 2; it is on frames 0 to 5"):
        replace(source, [gone], picture(), ReplaceSettings(anchor=2))
    with pytest.raises(MaskletError):
        replace(source, [Masklet(1, (9, 9), {0: rle.encode(np.ones((9, 9), bool))})], picture())
    with pytest.raises(RequestError, match="loop, hold"):
        replace(source, [masklet], picture(), ReplaceSettings(repeat="bounce"))


def test_the_parameters_are_the_settings() -> None:
    defaults = ReplaceSettings()
    assert {one.name: one.default for one in PARAMETERS} == defaults.__dict__
    assert SHEET == (48, 60)
