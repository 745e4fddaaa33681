"""Fillers leave what is known, are shown what they need, and say what is missing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from inpaint.base import Check, unchecked
from inpaint.engines import INPAINTERS
from inpaint.fillers.base import Filler
from inpaint.fillers.crops import CropRule, crops
from inpaint.fillers.patch import PatchFiller
from tam_core.errors import EngineNotReadyError
from tam_core.types import Mask, Pixels
from tests.scenes import disc, texture
from tests.tiny_lama import save_lama


def holed(hole: Mask) -> Pixels:
    return np.where(hole[..., None], np.uint8(255), texture(3, (90, 120, 60)))


def test_a_crop_is_a_square_around_the_hole_inside_the_picture() -> None:
    hole = disc(150, 20, 8)
    (crop,) = crops(hole, CropRule(side=512, context=0.5, margin=20))
    assert (crop.y, crop.x) == (slice(0, 57), slice(103, 160))
    assert crop.hole.sum() == hole.sum()
    assert (crop.height, crop.width) == (57, 57), "what fits is shown as it is"


def test_holes_far_apart_are_filled_apart_and_near_ones_together() -> None:
    rule = CropRule(side=512, margin=10)
    assert len(list(crops(disc(20, 20, 5) | disc(140, 100, 5), rule))) == 2
    (crop,) = crops(disc(60, 60, 5) | disc(75, 60, 5), rule)
    assert crop.hole.sum() == (disc(60, 60, 5) | disc(75, 60, 5)).sum()


def test_a_large_crop_is_shown_smaller_and_a_small_one_larger_if_asked() -> None:
    hole = disc(80, 60, 30)
    (small,) = crops(hole, CropRule(side=64, margin=10, multiple=8))
    assert max(small.height, small.width) == 64 and small.shown(holed(hole)).shape == (64, 64, 3)
    (large,) = crops(disc(80, 60, 5), CropRule(side=64, margin=10, enlarge=True))
    assert (large.height, large.width) == (64, 64)


def test_a_thin_hole_is_not_lost_when_it_is_shown_smaller() -> None:
    hole = np.zeros((120, 160), bool)
    hole[60, 10:150] = True
    (crop,) = crops(hole, CropRule(side=32, margin=4))
    assert crop.shown_hole().any(0).mean() > 0.8


def test_what_a_network_made_is_evened_out_at_the_rim() -> None:
    """A network that shows everything 40 levels too bright must not leave a step."""
    plate = texture(3, (90, 120, 60))
    hole = disc(80, 60, 12)
    (crop,) = crops(hole, CropRule(side=512, margin=20))
    made = np.clip(crop.shown(plate).astype(np.float32) + 40, 0, 255) / 255
    picture = holed(hole)
    crop.lay_in(picture, made.astype(np.float32), even=True)
    assert np.abs(picture.astype(int) - plate).max() <= 2
    crop.lay_in(picture, made.astype(np.float32), even=False)
    assert np.abs(picture[hole].astype(int) - plate[hole]).mean() > 30


def test_sixteen_bits_stay_sixteen_bits(tmp_path: Path) -> None:
    hole = disc(80, 60, 12)
    deep = holed(hole).astype(np.uint16) * 257
    lama = INPAINTERS.get(f"lama={save_lama(tmp_path / 'own.pt')}", "inpainter").load("cpu").filler
    filled = lama.fill(deep[None], hole[None])[0]
    assert filled.dtype == np.uint16
    assert np.array_equal(filled[~hole], deep[~hole])
    assert (filled[hole] % 257).all(), "levels that 8 bits do not have"


@pytest.mark.parametrize("size", [(61, 83), (64, 64), (40, 200)])
def test_lama_is_shown_masked_pictures_of_the_right_size(size: tuple[int, int], tmp_path: Path) -> None:
    """The stand-in refuses other sides than multiples of 8, and fills holes with the mean of what is known."""
    frame = texture(5, (60, 120, 200), *size)
    hole = disc(size[1] // 2, size[0] // 2, 9, size)
    frame[hole] = (255, 0, 255)
    engine = INPAINTERS.get(f"lama={save_lama(tmp_path / 'own.pt')}", "inpainter").load("cpu")
    filled = engine.filler.fill(frame[None], hole[None])[0]
    assert np.array_equal(filled[~hole], frame[~hole])
    assert np.abs(filled[hole].mean(0) - frame[~hole].mean(0)).max() < 12


def test_a_file_that_is_no_lama_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pt"
    wrong.write_bytes(b"not a network")
    with pytest.raises(EngineNotReadyError, match=r"wrong\.pt is not a TorchScript file"):
        INPAINTERS.get(f"lama={wrong}", "inpainter").load("cpu")


def test_lama_that_is_not_downloaded_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAM_MODELS", str(tmp_path))
    with pytest.raises(EngineNotReadyError, match=r"big-lama\.pt, 206 MB, licence Apache-2\.0.*tam engines fetch lama"):
        INPAINTERS.get("lama", "inpainter").load("cpu")


def test_patch_is_another_name_of_plate() -> None:
    assert INPAINTERS.get("patch", "inpainter") is INPAINTERS.get("plate", "inpainter")


@dataclass(frozen=True)
class Flat:
    """Fills with one colour, and notes how often it was asked."""

    asked: list[int]

    def fill(self, frames: Pixels, holes: Mask, check: Check = unchecked) -> Pixels:
        self.asked.append(len(frames))
        return np.where(holes[..., None], np.uint8(77), frames)


def test_only_key_frames_are_filled_and_the_rest_is_carried() -> None:
    from dataclasses import replace

    plate = texture(3, (90, 120, 60))
    hole = np.repeat(disc(80, 60, 12)[None], 6, 0)
    frames = np.where(hole[..., None], np.uint8(255), np.repeat(plate[None], 6, 0))
    flat = Flat([])
    filler: Filler = flat
    engine = replace(INPAINTERS.get("plate", "inpainter").load("cpu"), filler=filler)
    filled = engine.fill(frames, hole)
    assert flat.asked == [1], "one key frame of six"
    inner = np.repeat(disc(80, 60, 6)[None], 6, 0)
    assert np.abs(filled[inner].astype(int) - filled[0][inner[0]].astype(int).mean(0)).max() < 25


def test_patches_are_the_same_every_time_and_can_be_stopped() -> None:
    hole = disc(80, 60, 14)
    frame = holed(hole)
    once, twice = (PatchFiller().fill(frame[None], hole[None]) for _ in range(2))
    assert np.array_equal(once, twice)

    def stop(done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PatchFiller().fill(frame[None], hole[None], stop)
