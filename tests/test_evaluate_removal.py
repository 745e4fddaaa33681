"""The removal benchmark on scenes drawn here, and its scenes from the real data where those are at hand."""

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from inpaint.engines import INPAINTERS
from inpaint.evaluation.baselines import BASELINES, median, navier_stokes, nearest, telea
from inpaint.evaluation.footage import CutOut, Footage, covering, soft
from inpaint.evaluation.measuring import Figures, baseline, measure, measure_frames, removal
from inpaint.evaluation.scenes import SCENES, Recipe, Scene, alike
from inpaint.evaluation.static import random_shape, static_scene
from plugin.evaluate import PROTOCOLS, Request, find_protocol, parse_size
from plugin.evaluate.removal import stand
from tam_core.errors import OutputError, RequestError, SourceNotFoundError
from tam_core.video.pictures import write_picture
from tests.command_line import Tam
from tests.scenes import crossing, disc, texture

DATA = Path(__file__).parents[2] / "shared/data"
SMALL = (72, 128)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data's layout in small: footage that pans, and a DAVIS sequence with a red disc on grey."""
    world = texture(5, (100, 120, 90), 96, 200)
    for index in range(12):
        clean = world[:, 2 * index : 2 * index + 170]
        put(tmp_path / "data/clean-plate/dancer/clean", index, clean)
        mask = disc(60 + 3 * index, 50, 20, (96, 170))
        frame = np.full((96, 170, 3), 128, np.uint8)
        frame[mask] = (220, 40, 40)
        put(tmp_path / "data/davis2016-val-half/JPEGImages/480p/ball", index, frame)
        put(tmp_path / "data/davis2016-val-half/Annotations/480p/ball", index, np.repeat(mask[..., None], 3, 2) * 255)
    return tmp_path / "data"


def put(folder: Path, index: int, picture: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_picture(folder / f"{index:05d}.png", np.ascontiguousarray(picture, np.uint8))


def recipe(seed: int = 1) -> Recipe:
    footage = Footage("clean-plate/dancer/clean", 1, 10)
    return Recipe("small", "pans", footage, CutOut("ball", 2), 0.4, (0.3, 0.5), (0.7, 0.5), seed)


def still(count: int = 10) -> Scene:
    drawn = crossing(count)
    return Scene("still", drawn.frames, drawn.background, drawn.masks)


def test_a_scene_changes_nothing_but_what_is_pasted(data: Path) -> None:
    scene = recipe().build(data, SMALL)
    assert scene.frames.shape == scene.clean.shape == (10, *SMALL, 3)
    assert np.array_equal(scene.frames[~scene.masks], scene.clean[~scene.masks])
    assert (scene.frames != scene.clean).any(3)[scene.masks].mean() > 0.95
    assert not scene.holes[scene.masks].size - scene.holes[scene.masks].sum()
    assert scene.holes.sum() > scene.masks.sum()


def test_the_pasted_object_goes_its_way_in_its_size(data: Path) -> None:
    scene = recipe().build(data, SMALL)
    middles = [np.argwhere(mask).mean(0) / SMALL for mask in scene.masks]
    assert np.abs(np.array(middles)[[0, -1]] - [(0.5, 0.3), (0.5, 0.7)]).max() < 0.06
    assert np.ptp(np.argwhere(scene.masks[4])[:, 0]) + 1 == pytest.approx(0.4 * SMALL[0], abs=4)
    red = scene.frames[4][disc(*np.argwhere(scene.masks[4]).mean(0)[::-1], 8, SMALL)]
    assert np.abs(red.astype(int) - (220, 40, 40)).max() <= 3


def test_a_scene_is_the_same_every_time(data: Path) -> None:
    first, again, other = (recipe(seed).build(data, SMALL) for seed in (1, 1, 2))
    assert np.array_equal(first.frames, again.frames)
    assert not np.array_equal(first.masks, other.masks)


def test_there_is_no_way_across_a_cut() -> None:
    drawn = still()
    cut = drawn.clean.copy()
    cut[5:] = texture(9, (60, 60, 160))
    ways = Scene("cut", cut, cut, drawn.masks).ways
    assert [index for index, one in enumerate(ways) if one is None] == [0, 5]
    assert alike(cut[0], cut[1])
    assert not alike(cut[4], cut[5])


def test_pictures_are_cut_to_size_at_both_sides() -> None:
    wide = np.zeros((40, 120, 3), np.uint8)
    wide[:, 30:90] = 200
    assert (covering(wide, (40, 60)) == 200).all()
    assert covering(wide, (80, 100)).shape == (80, 100, 3)


def test_the_soft_edge_of_a_mask_lies_inside_it() -> None:
    mask = disc(30, 30, 12, (60, 60))
    alpha = soft(mask.astype(np.uint8))
    assert alpha.max() == pytest.approx(1)
    assert alpha[disc(30, 30, 8, (60, 60))].min() > 0.99
    assert alpha[~disc(30, 30, 14, (60, 60))].max() == 0


@pytest.mark.parametrize("row", BASELINES, ids=lambda row: row.name)
def test_baselines_fill_holes_and_touch_nothing_else(row: object) -> None:
    scene = still()
    filled = np.stack(list(row.fill(scene.frames, scene.holes)))  # type: ignore[attr-defined]
    assert np.array_equal(filled[~scene.holes], scene.frames[~scene.holes])
    before, after = (np.abs(each[scene.masks].astype(int) - scene.clean[scene.masks]).mean()
                     for each in (scene.frames, filled))  # fmt: skip
    assert after < before / 2


def test_copying_baselines_are_exact_on_a_still_background() -> None:
    scene = still(20)
    seen = ~scene.holes.all(0)
    for fill in (median, nearest):
        filled = np.stack(list(fill(scene.frames, scene.holes)))
        assert np.array_equal(filled[:, seen], scene.clean[:, seen])


def test_the_nearest_frame_is_the_earlier_of_two() -> None:
    frames = np.stack([np.full((8, 8, 3), value, np.uint8) for value in (10, 0, 30, 40)])
    holes = np.zeros((4, 8, 8), bool)
    holes[1:3, 4, 4] = True
    filled = list(nearest(frames, holes))
    assert [int(frame[4, 4, 0]) for frame in filled] == [10, 10, 40, 40]


@pytest.mark.parametrize("fill", [telea, navier_stokes])
def test_inpainting_around_the_hole_is_inpainting_the_whole_picture(fill: object) -> None:
    scene = still(2)
    how = cv2.INPAINT_TELEA if fill is telea else cv2.INPAINT_NS
    whole = cv2.inpaint(scene.frames[1], scene.holes[1].astype(np.uint8), 5, how)
    filled = list(fill(scene.frames, scene.holes))[1]  # type: ignore[operator]
    assert np.abs(filled.astype(int) - whole).mean() < 0.01


def test_the_truth_has_the_best_figures() -> None:
    scene = still()
    figures = measure(scene, iter(scene.clean))
    assert figures.psnr == float("inf")
    assert figures.flicker == 0
    assert figures.warp == pytest.approx(0, abs=1e-6)
    assert figures.untouched
    worse = measure(scene, baseline(telea)(scene))
    assert worse.psnr < 35
    assert worse.warp > 0
    assert worse.seconds > 0


def test_changes_outside_the_hole_are_noticed() -> None:
    scene = still()
    changed = scene.clean.copy()
    changed[3, 0, 0, 0] ^= 1
    assert not measure(scene, iter(changed)).untouched


def test_a_result_that_is_too_short_is_no_result() -> None:
    scene = still()
    with pytest.raises(ValueError, match="longer"):
        measure(scene, iter(scene.clean[:-1]))


def test_our_removal_is_measured_like_the_others() -> None:
    scene = still(16)
    engine = INPAINTERS.get("plate", "inpainter").load("cpu")
    ours = measure(scene, removal(engine)(scene))
    assert ours.untouched
    assert ours.psnr > measure(scene, baseline(telea)(scene)).psnr + 3


def test_whole_frames_are_counted_for_the_papers() -> None:
    scene = still(3)
    scene.frames[:] = scene.clean
    scene.frames[:, scene.masks[0]] += 20
    figures = measure_frames(scene, iter(scene.frames))
    share = scene.masks[0].mean()
    assert figures.frames == 3
    assert figures.psnr == pytest.approx(10 * np.log10(255**2 / (share * 400)), abs=0.2)
    assert 0.8 < figures.ssim < 1


def test_random_shapes_follow_the_papers_law() -> None:
    shapes = [random_shape(np.random.default_rng(seed), (240, 432)) for seed in range(200)]
    areas = np.array([shape.mean() for shape in shapes])
    assert 0.06 < areas.mean() < 0.11
    assert areas.min() > 0.003
    assert areas.max() < 0.4
    assert np.array_equal(shapes[7], random_shape(np.random.default_rng(7), (240, 432)))


def test_a_static_scene_hides_the_same_place_on_every_frame(data: Path) -> None:
    scene = static_scene("ball", data, SMALL)
    assert scene.masks.any()
    assert (scene.masks == scene.masks[0]).all()
    assert np.array_equal(scene.holes, scene.masks)
    assert np.array_equal(scene.frames[~scene.masks], scene.clean[~scene.masks])


def test_every_protocol_can_be_loaded() -> None:
    for row in PROTOCOLS:
        module, function = row.runner.split(":")
        assert callable(getattr(__import__(module, fromlist=[function]), function))
    with pytest.raises(RequestError, match="there are: removal, completion"):
        find_protocol("removing")
    assert parse_size("432x240") == (240, 432)
    for wrong in ("432", "432x", "x", "8x8", "-1x240", "432x240x3"):
        with pytest.raises(RequestError, match="WIDTHxHEIGHT"):
            parse_size(wrong)


@pytest.fixture
def one_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.evaluate.removal.SCENES", (recipe(),))


@pytest.mark.usefixtures("one_scene")
def test_the_command_measures_prints_and_keeps(tam: Tam, data: Path, tmp_path: Path) -> None:
    arguments = ("evaluate", "removal", data, "--size", "128x72", "--inpainter", "plate", "-o", tmp_path / "out")
    first = tam(*arguments)
    assert first.code == 0, first.err
    for word in ("telea", "ns", "median", "nearest", "plate", "PSNR", "flicker", "128x72: plate"):
        assert word in first.out
    report = json.loads((tmp_path / "out/removal.json").read_text())
    assert set(report["128x72"]["scenes"]["small"]) == {"telea", "ns", "median", "nearest", "plate"}
    assert report["128x72"]["plate"]["gains"].keys() == {"small"}


@pytest.mark.usefixtures("one_scene")
def test_a_run_that_was_stopped_goes_on(tam: Tam, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("evaluate", "removal", data, "--size", "128x72", "--inpainter", "plate", "-o", tmp_path / "out")
    calls: list[int] = []

    def failing(engine: object) -> object:
        calls.append(1)
        raise OutputError("the power is gone")

    monkeypatch.setattr("plugin.evaluate.removal.removal", lambda engine: failing)
    assert tam(*arguments).code == 1
    kept = json.loads((tmp_path / "out/small-128x72.json").read_text())
    assert set(kept) == {"telea", "ns", "median", "nearest"}
    kept["telea"]["psnr"] = 99.0
    (tmp_path / "out/small-128x72.json").write_text(json.dumps(kept))
    monkeypatch.setattr("plugin.evaluate.removal.removal", removal)
    second = tam(*arguments)
    assert second.code == 0, second.err
    assert "99.00" in second.out


def test_what_cannot_be_measured_is_said(tam: Tam, data: Path, tmp_path: Path) -> None:
    assert "there are: hall-still" in tam("evaluate", "removal", data, "--scene", "moon").err
    assert "there are: ball" in tam("evaluate", "completion", data, "--scene", "moon").err
    assert "no inpainter is named 'plates'" in tam("evaluate", "removal", data, "--inpainter", "plates").err
    nothing = tam("evaluate", "removal", tmp_path / "nowhere", "--scene", "road")
    assert nothing.code == 2
    assert "needs the project's measuring data" in nothing.err
    with pytest.raises(RequestError, match="432x240"):
        find_protocol("completion").run(Request(data, sizes=((480, 854),)))


def test_completion_prints_the_published_rows(
    tam: Tam, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.evaluate.completion.SIZE", SMALL)
    result = tam("evaluate", "completion", data, "--engine", "plate", "-o", tmp_path / "out")
    assert result.code == 0, result.err
    for word in ("DFVI", "28.81", "ProPainter", "34.47", "1 sequences, 12 frames", "plate: PSNR"):
        assert word in result.out
    assert json.loads((tmp_path / "out/completion.json").read_text())["ball"]["plate"]["frames"] == 12


def test_the_standing_is_to_the_best_baseline() -> None:
    def outcome(ours: float, **others: float) -> dict[str, Figures]:
        psnrs = {row.name: 10.0 for row in BASELINES} | others | {"ours": ours}
        return {name: Figures(value, 0.5, 1, 1, 0.1, 0.1, True) for name, value in psnrs.items()}

    both = {"one": outcome(24, median=20, nearest=12), "two": outcome(17, median=16, nearest=18)}
    standing = stand({**both, "exact": outcome(math.inf, median=math.inf)}, "ours")
    assert standing.gains == {"one": 4, "two": -1, "exact": 0}
    assert standing.worst == "two"
    first_two = stand(both, "ours")
    assert (first_two.best, first_two.mean, first_two.gain) == ("median", 20.5, 2.5)
    assert "20.50 dB on the mean of 2 scenes, +2.50 to median" in first_two.words()
    assert "to the best one of each scene +1.50, at worst -1.00 (two)" in first_two.words()


@pytest.mark.parametrize("row", SCENES, ids=lambda row: row.name)
def test_the_real_scenes_have_an_object_on_every_frame(row: Recipe) -> None:
    if not (DATA / row.footage.path).exists():
        pytest.skip(f"no {DATA / row.footage.path}")
    short = Footage(row.footage.path, row.footage.start, 3)
    scene = Recipe(row.name, row.hard, short, row.cut_out, row.tall, row.begin, row.end, row.seed).build(DATA, SMALL)
    shares = scene.holes.mean((1, 2))
    assert shares.min() > 0.01
    assert shares.max() < 0.5
    assert 40 <= row.footage.count <= 60


def test_without_the_data_the_scenes_say_so(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="measuring data"):
        SCENES[0].build(tmp_path, SMALL)
