"""Effects over a whole video, and ``tam effect``."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from inpaint.effects import Target, find_effect, with_effects
from inpaint.effects.following import follower
from inpaint.effects.taking import Remove
from tam_core import rle
from tam_core.errors import NotVisibleError
from tam_core.formats.davis import write_davis
from tam_core.masklet import Masklet
from tam_core.types import Mask, Size
from tam_core.video import ArraySource, open_video, write_video
from tests.command_line import Tam, run_tam
from tests.scenes import crossing, disc

COUNT = 12
SCENE = crossing(COUNT)
SOURCE = ArraySource(SCENE.frames)


def masklet_of(masks: list[Mask], object_id: int = 1) -> Masklet:
    codes = {index: rle.encode(mask) for index, mask in enumerate(masks)}
    return Masklet(object_id, masks[0].shape, codes, dict.fromkeys(codes, 1.0))


MASKLET = masklet_of(list(SCENE.masks))


def test_two_layers_are_independent() -> None:
    top, under = find_effect("overlay:red", "object"), find_effect("desaturate", "background")
    both = list(with_effects(SOURCE, [MASKLET], top, under, feather=0))
    assert [frame.index for frame in both] == list(range(COUNT))
    for frame, mask in zip(both, SCENE.masks, strict=True):
        assert (frame.pixels[~mask].max(1) == frame.pixels[~mask].min(1)).all()
        assert frame.pixels[mask][:, 0].mean() > 200


def test_frames_without_an_effect_are_the_source() -> None:
    for frame in with_effects(SOURCE, [MASKLET], start=3, stop=6):
        assert np.array_equal(frame.pixels, SCENE.frames[frame.index])


def test_deep_frames_stay_deep() -> None:
    deep = ArraySource(SCENE.frames.astype(np.uint16) * 257)
    frame = next(with_effects(deep, [MASKLET], find_effect("glow", "object"), find_effect("blur", "background")))
    assert frame.pixels.dtype == np.uint16


def test_a_cut_out_is_transparent_around_the_object_and_all_that_is_drawn_with_it() -> None:
    under = find_effect("cutout", "background")
    plain, glowing = (
        next(with_effects(SOURCE, [MASKLET], find_effect(name, "object"), under, alpha=True, feather=0)).pixels
        for name in ("original", "glow")
    )
    mask = SCENE.masks[0]
    assert np.array_equal(plain[..., 3], np.where(mask, 255, 0))
    assert np.array_equal(plain[mask][:, :3], SCENE.frames[0][mask])
    assert (glowing[..., 3] > plain[..., 3]).sum() > 100
    assert glowing[0, 159, 3] == 0
    over_black = glowing[..., :3] * (glowing[..., 3:] / 255)
    keyed = next(
        with_effects(
            SOURCE, [MASKLET], find_effect("glow", "object"), find_effect("cutout:black", "background"), feather=0
        )
    )
    assert np.abs(over_black - keyed.pixels).max() < 3


def test_a_colour_stands_for_transparency_where_there_is_none() -> None:
    frame = next(with_effects(SOURCE, [MASKLET], None, find_effect("cutout:blue", "background"), feather=0))
    assert frame.pixels.shape[2] == 3
    assert (frame.pixels[~SCENE.masks[0]] == (0, 0x47, 0xBB)).all()


def test_an_erased_object_leaves_its_background_and_its_place_takes_the_other_effect() -> None:
    erase = find_effect("erase:plate", "object")
    gone = list(with_effects(SOURCE, [MASKLET], erase))
    grey = list(with_effects(SOURCE, [MASKLET], erase, find_effect("desaturate", "background")))
    middle = SCENE.masks[6]
    before = np.abs(SCENE.frames[6].astype(int) - SCENE.background[6])[middle].mean()
    assert np.abs(gone[6].pixels.astype(int) - SCENE.background[6])[middle].mean() < before / 3
    assert (np.ptp(grey[6].pixels, axis=2) == 0).all()


@pytest.mark.parametrize("size", [(480, 854), (1080, 1920), (2160, 3840), (1920, 1080)])
def test_a_wide_erasure_takes_more_than_the_usual_one_in_any_picture(size: Size) -> None:
    usual, wide = (find_effect(f"erase:{variant}", "object") for variant in ("auto", "wide"))
    assert isinstance(usual, Remove) and isinstance(wide, Remove)
    assert 1.5 * usual.pixels(size) < wide.pixels(size) < size[1] / 30


def test_soft_edges_come_from_the_picture() -> None:
    loose = masklet_of([disc(30 + 100 * i / (COUNT - 1), 60, 17) for i in range(COUNT)])
    hard, soft = (
        next(with_effects(SOURCE, [loose], None, find_effect("cutout:black", "background"), soft=soft, feather=0))
        for soft in (False, True)
    )
    beside = disc(30, 60, 17) & ~SCENE.masks[0]
    assert soft.pixels[beside].mean() < hard.pixels[beside].mean()


def test_nothing_to_draw_on_is_said() -> None:
    with pytest.raises(NotVisibleError):
        with_effects(SOURCE, [masklet_of([np.zeros((120, 160), bool)] * COUNT)], find_effect("glow", "object"))


def test_boxes_follow_a_straight_way_without_a_lag_and_without_jitter() -> None:
    random = np.random.default_rng(0)
    masks = [disc(30 + 2 * i + random.normal(0, 1), 60 + random.normal(0, 1), 16) for i in range(40)]
    masklet = masklet_of(masks)
    path = follower([masklet], 24)
    smooth = np.array([path.at(i)[0].centre for i in range(40)])
    truth = np.array([(30 + 2 * i + 0.5, 60.5) for i in range(40)])
    rough = np.array([Target(*masklet.rles[i].box).centre for i in range(40)])  # type: ignore[misc]
    assert np.abs(smooth - truth).max() < 1.6
    assert np.abs(np.diff(smooth, 2, axis=0)).mean() < 0.15 * np.abs(np.diff(rough, 2, axis=0)).mean()


def test_what_follows_an_object_fades_where_it_is_hidden() -> None:
    masks = [disc(80, 60, 16) if not 10 <= i < 40 else np.zeros((120, 160), bool) for i in range(60)]
    path = follower([masklet_of(masks)], 24)
    presence = [path.at(i)[0].presence if path.at(i) else 0.0 for i in range(60)]
    assert presence[5] == presence[9] == presence[45] == 1
    assert presence[12] > presence[14] > 0
    assert presence[25] == 0


@pytest.mark.parametrize("name", ["arrow:ring", "arrow:corners", "emoji:cover", "burst", "spotlight"])
def test_what_follows_an_object_goes_with_it_out_of_the_picture(name: str) -> None:
    masks = np.zeros((24, 120, 160), bool)
    for index, mask in enumerate(masks):
        mask[40 + 4 * index : 100 + 4 * index, 60 + 6 * index : 100 + 6 * index] = True
    source = ArraySource(np.full((24, 120, 160, 3), 100, np.uint8))
    masklet = masklet_of(list(masks))
    for index in range(24):
        assert all(min(target.size) > 0 for target in follower([masklet], 24).at(index))
    drawn = list(with_effects(source, [masklet], find_effect(name, "object")))
    assert (drawn[0].pixels != 100).any()
    assert (drawn[-1].pixels == 100).all()


def test_tam_effect_from_files_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_video(SOURCE.frames(), tmp_path / "clip.mkv", rate=SOURCE.info.rate)
    write_davis([MASKLET], tmp_path / "masks", range(COUNT))
    words = ["effect", tmp_path / "clip.mkv", "--masks", tmp_path / "masks", "-o"]
    result = run_tam(capsys, *words, tmp_path / "out.mkv", "--object", "overlay:red", "--feather", 0)
    assert (result.code, result.err.count("error")) == (0, 0)
    assert "12 frames, 1 object; objects: overlay:red" in result.out
    made = open_video(tmp_path / "out.mkv").read(4).pixels
    assert np.array_equal(made[~SCENE.masks[4]], SCENE.frames[4][~SCENE.masks[4]])
    assert made[SCENE.masks[4]][:, 0].mean() > 220
    assert run_tam(capsys, *words, tmp_path / "cut", "--background", "cutout").code == 0
    import cv2

    assert cv2.imread(str(next((tmp_path / "cut").iterdir())), cv2.IMREAD_UNCHANGED).shape[2] == 4


def test_tam_effect_keeps_the_depth_of_its_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = crossing(3)
    deep = [frame.astype(np.uint16) * 257 + 60 for frame in scene.frames]
    write_video(deep, tmp_path / "in.mkv", rate=Fraction(24), codec="ffv1")
    write_davis([masklet_of(scene.masks)], tmp_path / "masks", range(3))
    words = ("effect", tmp_path / "in.mkv", "-o", tmp_path / "out.mkv", "--masks", tmp_path / "masks")
    assert run_tam(capsys, *words, "--object", "overlay:red", "--feather", 0).code == 0
    for index, frame in enumerate(open_video(tmp_path / "out.mkv", deep=True).frames()):
        assert np.array_equal(frame.pixels[~scene.masks[index]], deep[index][~scene.masks[index]])


def test_tam_effect_says_what_it_cannot_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = run_tam(capsys, "effect", tmp_path / "none.mp4", "-o", tmp_path / "o.mp4", "--object", "glwo")
    assert wrong.code == 2
    assert "did you mean 'glow'" in wrong.err
    nothing = run_tam(capsys, "effect", tmp_path / "none.mp4", "-o", tmp_path / "o.mp4")
    assert nothing.code == 2
    assert "--object NAME" in nothing.err


def test_tam_effect_says_at_once_which_inpainter_is_not_downloaded(tam: Tam, clip: Path) -> None:
    for more in (("--object", "erase:lama"), ("--object", "erase", "--inpainter", "lama")):
        result = tam("effect", clip, "-o", "out.mp4", "--click", "30,60", *more)
        assert (result.code, "tam engines fetch lama" in result.err) == (1, True)
        assert "tracking" not in result.err


def test_a_cut_out_has_its_colour_in_files_that_hold_no_alpha(tam: Tam, clip: Path) -> None:
    write_davis([MASKLET], Path("masks"), range(COUNT))
    given = ("--masks", "masks", "--background", "cutout:blue", "--codec", "vp9")
    assert tam("effect", clip, "-o", "out.mp4", *given).code == 0
    assert np.abs(open_video("out.mp4").read(0).pixels[:20].astype(int) - (0, 0x47, 0xBB)).max() < 8


def test_tam_effect_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    listed = run_tam(capsys, "effect", "--list")
    assert listed.code == 0
    assert "spotlight" in listed.out
    assert ":sunset" in listed.out
