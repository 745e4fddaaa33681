"""Soft mattes: closer to the truth than the mask, exact away from its outline, steady in time, without a halo."""

import subprocess
import sys
from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from tam_core import rle
from tam_core.masklet import Masklet
from tam_core.matte import MatteSettings, decontaminated, soft_alpha, soft_alphas
from tam_core.types import FloatMap, Mask, Pixels
from tam_core.video import ArraySource
from tests.scenes import texture

SIZE = (140, 180)
QUALITY = MatteSettings(quality=True)


@dataclass(frozen=True)
class Blend:
    """``pixels`` mixed from ``front`` and ``back`` by ``alpha``: a known answer."""

    pixels: Pixels
    alpha: FloatMap
    front: Pixels
    back: Pixels

    @property
    def mask(self) -> Mask:
        return np.asarray(self.alpha > 0.5)


def blend(x: float = 90, y: float = 70, radius: float = 40, softness: float = 3, seed: int = 1) -> Blend:
    """A disc with a soft edge ``softness`` pixels wide over a background of another colour."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    depth = radius - np.hypot(columns - x, rows - y)
    alpha = np.clip(depth / softness + 0.5, 0, 1).astype(np.float32)
    front, back = texture(seed, (200, 60, 50), *SIZE), texture(seed + 1, (60, 110, 150), *SIZE)
    pixels = front * alpha[..., None] + back * (1 - alpha[..., None])
    return Blend(np.rint(pixels).astype(np.uint8), alpha, front, back)


def wobbling(mask: Mask, seed: int, pixels: float = 1.5) -> Mask:
    """A mask whose outline is off by ``pixels`` (standard deviation), as a tracker's is."""
    inner = mask.astype(np.uint8)
    depth = cv2.distanceTransform(inner, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - inner, cv2.DIST_L2, 5)
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=mask.shape), (0, 0), 8)
    return np.asarray(depth + noise * (pixels / noise.std()) > 0)


def error(alpha: FloatMap, truth: FloatMap) -> float:
    return float(np.abs(alpha - truth).sum())


def feathered(mask: Mask) -> FloatMap:
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1), np.float32)


@pytest.mark.parametrize("settings", [MatteSettings(), QUALITY], ids=["fast", "quality"])
def test_a_soft_edge_is_found(settings: MatteSettings) -> None:
    if settings.quality:
        pytest.importorskip("pymatting")
    scene = blend()
    found = soft_alpha(scene.pixels, scene.mask, settings=settings)
    assert error(found, scene.alpha) < 0.4 * error(scene.mask.astype(np.float32), scene.alpha)


@pytest.mark.parametrize("settings", [MatteSettings(), QUALITY], ids=["fast", "quality"])
def test_a_mask_that_is_off_is_put_right_by_the_colours(settings: MatteSettings) -> None:
    if settings.quality:
        pytest.importorskip("pymatting")
    scene = blend()
    mask = wobbling(scene.mask, 3)
    found = soft_alpha(scene.pixels, mask, settings=settings)
    assert error(found, scene.alpha) < 0.5 * error(feathered(mask), scene.alpha)


def test_where_colours_say_nothing_the_mask_is_kept() -> None:
    scene = blend()
    found = soft_alpha(np.full((*SIZE, 3), 128, np.uint8), scene.mask)
    assert np.array_equal(found > 0.5, scene.mask)


def test_away_from_the_outline_nothing_is_soft() -> None:
    scene = blend()
    found = soft_alpha(scene.pixels, scene.mask, settings=MatteSettings(band=4))
    reach = np.ones((11, 11), np.uint8)
    inside = cv2.erode(scene.mask.astype(np.uint8), reach) > 0
    outside = cv2.dilate(scene.mask.astype(np.uint8), reach) == 0
    assert found.dtype == np.float32 and found.min() >= 0 and found.max() <= 1
    assert (found[inside] == 1).all() and (found[outside] == 0).all()


def test_what_lies_far_away_changes_nothing() -> None:
    scene = blend()
    wide = np.zeros((400, 600, 3), np.uint8)
    mask = np.zeros((400, 600), bool)
    wide[100:240, 200:380], mask[100:240, 200:380] = scene.pixels, scene.mask
    found = soft_alpha(wide, mask)
    assert np.array_equal(found[100:240, 200:380], soft_alpha(scene.pixels, scene.mask))


def test_nothing_and_everything_stay_what_they_are() -> None:
    pixels = blend().pixels
    for mask in (np.zeros(SIZE, bool), np.ones(SIZE, bool)):
        assert np.array_equal(soft_alpha(pixels, mask), mask)


def test_an_object_at_the_edge_of_the_picture_ends_there_sharply() -> None:
    scene = blend(x=0)
    found = soft_alpha(scene.pixels, scene.mask)
    assert (found[50:90, 0] == 1).all()


def test_a_thin_object_keeps_a_core() -> None:
    mask = np.zeros(SIZE, bool)
    mask[:, 88:92] = True
    pixels = np.where(mask[..., None], np.uint8(220), np.uint8(40)).repeat(3, 2)
    assert soft_alpha(pixels, mask, score=0.2, settings=MatteSettings(band=8))[20:-20, 89:91].min() > 0.9


def test_16_bits_give_the_same_matte() -> None:
    scene = blend()
    deep = scene.pixels.astype(np.uint16) * 257
    assert np.abs(soft_alpha(deep, scene.mask) - soft_alpha(scene.pixels, scene.mask)).max() < 1e-3


def test_a_mask_that_is_less_trusted_gets_a_wider_band() -> None:
    scene = blend()
    soft = [((found > 0) & (found < 1)).sum() for found in (soft_alpha(scene.pixels, scene.mask, s) for s in (1, 0.3))]
    assert soft[1] > 1.5 * soft[0]


def test_own_colours_show_no_old_background() -> None:
    scene = blend()
    edge = (scene.alpha > 0.2) & (scene.alpha < 1)
    own = decontaminated(scene.pixels, scene.alpha)
    kept, left = (np.abs(one.astype(int) - scene.front)[edge].mean() for one in (scene.pixels, own))
    assert left < 0.4 * kept
    solid = scene.alpha == 1
    assert np.array_equal(own[solid], scene.pixels[solid]) and own.dtype == np.uint8


def test_own_colours_of_16_bits_are_the_same() -> None:
    scene = blend()
    deep = decontaminated(scene.pixels.astype(np.uint16) * 257, scene.alpha)
    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - decontaminated(scene.pixels, scene.alpha)).max() <= 1


def video(scenes: list[Blend], masks: list[Mask]) -> tuple[ArraySource, Masklet]:
    codes = {index: rle.encode(mask) for index, mask in enumerate(masks)}
    source = ArraySource(np.stack([scene.pixels for scene in scenes]))
    return source, Masklet(1, SIZE, codes, dict.fromkeys(codes, 1.0))


def test_neighbouring_frames_quiet_a_mask_that_trembles() -> None:
    scenes = [blend(x=80 + 2 * index) for index in range(6)]
    source, masklet = video(scenes, [wobbling(scene.mask, index) for index, scene in enumerate(scenes)])
    steady = [one.alphas[1] for one in soft_alphas(source, [masklet])]
    alone = [soft_alpha(scene.pixels, masklet.mask(index)) for index, scene in enumerate(scenes)]  # type: ignore[arg-type]
    truth = [scene.alpha for scene in scenes]
    assert len(steady) == 6

    def trembling(alphas: list[FloatMap]) -> float:
        return float(np.square(np.diff(np.stack(alphas), axis=0) - np.diff(np.stack(truth), axis=0)).mean())

    assert trembling(steady) < 0.8 * trembling(alone)


def test_nothing_comes_from_behind_a_cut() -> None:
    before, after = [blend(seed=1)] * 3, [blend(x=100, y=60, radius=30, seed=30)] * 3
    for scene in after:
        scene.pixels[:] = scene.pixels[:, :, ::-1]
    scenes = before + after
    source, masklet = video(scenes, [scene.mask for scene in scenes])
    found = list(soft_alphas(source, [masklet]))
    assert [one.after_cut for one in found] == [False, False, False, True, False, False]
    first = next(soft_alphas(source, [masklet], 3))
    assert np.array_equal(found[3].alphas[1], first.alphas[1])
    last = list(soft_alphas(source, [masklet], 0, 3))[-1]
    assert np.array_equal(found[2].alphas[1], last.alphas[1])


def test_only_tracked_objects_have_a_matte() -> None:
    scenes = [blend()] * 3
    source, masklet = video(scenes, [scene.mask for scene in scenes])
    found = list(soft_alphas(source, [masklet.without([1])], 0, 3))
    assert [sorted(one.alphas) for one in found] == [[1], [], [1]]


def test_the_fast_matte_needs_no_extra_package() -> None:
    code = "import sys, tam_core.matte; print({'pymatting', 'numba', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
