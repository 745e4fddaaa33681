"""``tam remove`` and ``tam forecast`` as a person uses them: layers, painted frames, provenance, receipts."""

import json
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from inpaint.holes import grown
from inpaint.removal import Removed
from plugin.provenance import with_provenance
from tam_core import rle
from tam_core.formats.masklet_json import write_masklets
from tam_core.masklet import Masklet
from tam_core.types import Mask
from tam_core.video import Frame, open_video, write_video
from tam_core.video.pictures import write_picture
from tests.command_line import COUNT, Tam
from tests.media import add_sound
from tests.scenes import crossing


@pytest.fixture
def masks(tam: Tam, clip: Path) -> Path:
    """The disc's true masks of the fixture ``clip``."""
    del tam
    codes = {index: rle.encode(mask) for index, mask in enumerate(crossing(COUNT).masks)}
    write_masklets([Masklet(1, crossing(COUNT).masks.shape[1:], codes)], Path("m.json"), open_video(clip).info)
    return Path("m.json")


def hole(index: int) -> Mask:
    return grown(crossing(COUNT).masks[index], 4)


@pytest.mark.parametrize("output", ["clean.mkv", "clean"])
def test_outside_the_hole_not_a_bit_changes(tam: Tam, clip: Path, masks: Path, output: str) -> None:
    result = tam("remove", clip, "--masks", masks, "-o", output, "--receipt", "receipt.json")
    assert result.code == 0, result.err
    assert "% copied" in result.out
    for before, after in zip(open_video(clip).frames(), open_video(Path(output)).frames(), strict=True):
        outside = ~hole(before.index)
        assert np.array_equal(before.pixels[outside], after.pixels[outside])
        assert not np.array_equal(before.pixels, after.pixels)
    assert json.loads(Path("receipt.json").read_text())["passed"]


def test_a_layer_over_the_source_is_the_removed_video(tam: Tam, clip: Path, masks: Path) -> None:
    assert tam("remove", clip, "--masks", masks, "-o", "clean.mkv").code == 0
    assert tam("remove", clip, "--masks", masks, "-o", "layer", "--layer").code == 0
    for before, after in zip(open_video(clip).frames(), open_video(Path("clean.mkv")).frames(), strict=True):
        bgra = cv2.imread(f"layer/{before.index:05d}.png", cv2.IMREAD_UNCHANGED)
        share = bgra[..., 3:].astype(float) / 255
        laid = np.rint(bgra[..., 2::-1] * share + before.pixels * (1 - share))
        assert np.array_equal(laid, after.pixels)
        assert not share[~hole(before.index)].any()


def test_a_layer_is_prores_with_alpha(tam: Tam, clip: Path, masks: Path) -> None:
    result = tam("remove", clip, "--masks", masks, "-o", "layer.mov", "--layer")
    assert result.code == 0, result.err
    with av.open("layer.mov") as container:
        assert "yuva444p" in container.streams.video[0].codec_context.pix_fmt
        first = next(container.decode(video=0)).to_ndarray(format="rgba")
    assert (first[crossing(COUNT).masks[0]][:, 3] > 250).all()
    assert (first[~hole(0)][:, 3] == 0).all()


@pytest.mark.filterwarnings("default::tam_core.video.VideoWarning")
def test_an_alpha_channel_that_is_not_kept_is_said_and_named_in_the_receipt(tam: Tam, masks: Path) -> None:
    half = np.full(crossing(COUNT).masks.shape[1:], 128, np.uint8)
    write_video([np.dstack([one, half]) for one in crossing(COUNT).frames], "clear.mkv", rate=Fraction(24))
    result = tam("remove", "clear.mkv", "--masks", masks, "-o", "clean.mkv", "--receipt", "r.json")
    assert result.code == 0 and "clear.mkv has an alpha channel, which the result will not have" in result.err
    found = {check["check"]: check["found"] for check in json.loads(Path("r.json").read_text())["checks"]}
    assert "the source's alpha channel is left out" in found["transparency"]
    assert "every value of the colours is the source's" in found["pixels outside the hole"]
    assert "alpha" not in tam("remove", "clear.mkv", "--masks", masks, "-o", "layer.mkv", "--layer").err


def test_a_painted_frame_is_carried_through_the_shot(tam: Tam, clip: Path, masks: Path) -> None:
    picture = open_video(clip).read(5).pixels
    picture[crossing(COUNT).masks[5]] = (10, 240, 10)
    write_picture("painted.png", picture)
    result = tam("remove", clip, "--masks", masks, "-o", "clean.mkv", "--patch", "5=painted.png")
    assert result.code == 0, result.err
    shown = open_video(Path("clean.mkv")).read(5).pixels[crossing(COUNT).masks[5]]
    assert np.array_equal(shown, np.broadcast_to((10, 240, 10), shown.shape))


def test_provenance_is_pictures_and_a_legend(tam: Tam, clip: Path, masks: Path) -> None:
    for _ in range(2):  # an earlier provenance may be written over
        result = tam("remove", clip, "--masks", masks, "-o", "clean.mkv", "--provenance", "prov")
        assert result.code == 0, result.err
    said = json.loads(Path("prov/legend.json").read_text())
    assert sorted(said["frames"], key=int) == [str(index) for index in range(COUNT)]
    colours = open_video(Path("prov")).frames()
    for colour, matte in zip(colours, open_video(Path("prov/matte")).frames(), strict=True):
        outside = ~hole(colour.index)
        assert not colour.pixels[outside].any() and not matte.pixels[outside].any()
        counted = said["frames"][str(colour.index)]
        assert (matte.pixels[..., 0] == 255).sum() == counted["synthesised"]
        assert (matte.pixels[..., 0] == 128).sum() == counted["copied"]
    assert f"{round(100 * said['all']['copied_share'])} % copied" in result.out


@pytest.fixture
def nothing_tracked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tracking fails the test: what is wrong has to be said before it."""
    monkeypatch.setattr("plugin.finding.track_objects", lambda *_: pytest.fail("objects were tracked first"))


@pytest.mark.usefixtures("nothing_tracked")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("-o", "a.mkv", "--inpainter", "lama"), 1, "tam engines fetch lama"),
        (("-o", "a.mkv", "--patch", "99=painted.png"), 2, "a painted frame 99 for a video of 12 frames"),
        (("-o", "a.mkv", "--patch", "3=painted.png"), 2, "the painted frame 3 is 8x6, the video 160x120"),
        (("-o", "a.webm"), 1, "webm cannot hold the aac sound"),
        (("-o", "a.mp4", "--codec", "vp9", "--layer"), 2, "ffv1, vp9 in .webm and .mkv, png have"),
    ],
)
def test_what_the_video_does_not_allow_is_told_before_it_is_tracked(
    tam: Tam, clip: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    write_picture("painted.png", np.zeros((6, 8, 3), np.uint8))
    add_sound(clip, Path("loud.mkv"))
    result = tam("remove", "loud.mkv", "--click", "30,60", *arguments)
    assert (result.code, message in result.err) == (code, True), result.err
    assert sorted(map(str, Path().iterdir())) == ["loud.mkv", "painted.png"]


@pytest.mark.usefixtures("nothing_tracked")
def test_a_forecast_says_at_once_what_is_not_downloaded(tam: Tam, clip: Path) -> None:
    result = tam("forecast", clip, "--click", "30,60", "--inpainter", "lama")
    assert result.code == 1 and "tam engines fetch lama" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-o", "layer.mp4", "--layer"), "a layer needs alpha, which only prores"),
        (("-o", "layer.mov", "--layer", "--receipt", "r.json"), "do not go together"),
        (("-o", "a.mkv", "--patch", "first"), "--patch first"),
        (("-o", "a.mkv", "--patch", "3=nothing.png"), "nothing.png: no such picture"),
        (("-o", "a.mkv", "--memory", "0.1"), "at least 0.5 GB"),
        (("-o", "a.mkv", "--memory", "nan"), "at least 0.5 GB"),
        (("-o", "a.mkv", "--memory", "inf"), "at least 0.5 GB"),
    ],
)
def test_what_cannot_be_done_is_told_before_the_work(
    tam: Tam, clip: Path, masks: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = tam("remove", clip, "--masks", masks, *arguments)
    assert result.code == 2 and message in result.err
    assert not [path for path in Path().iterdir() if path != masks]


def test_nobodys_folder_is_thrown_away_for_a_provenance(tam: Tam, clip: Path, masks: Path) -> None:
    Path("mine").mkdir()
    Path("mine/letter.txt").write_text("dear")
    result = tam("remove", clip, "--masks", masks, "-o", "a.mkv", "--provenance", "mine")
    assert result.code == 1 and "holds other files" in result.err
    assert Path("mine/letter.txt").read_text() == "dear"


def test_a_removal_that_ends_early_leaves_no_provenance(tmp_path: Path) -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    one = Removed(Frame(0, Fraction(0), pixels), (0, 0, 6, 4), pixels, *2 * [np.zeros((4, 6), np.int32)])
    run = with_provenance(iter([one, one]), tmp_path / "prov")
    next(run)
    assert list(tmp_path.iterdir())
    run.close()
    assert not list(tmp_path.iterdir())


def test_forecast_in_words_and_in_json(tam: Tam, clip: Path, masks: Path) -> None:
    words = tam("forecast", clip, "--masks", masks)
    assert words.code == 0, words.err
    assert "can be copied" in words.out and "GB of memory" in words.out
    said = json.loads(tam("forecast", clip, "--masks", masks, "--json").out)
    assert 0.8 < said["seen"] <= 1
    assert said["frames"] == COUNT and said["seconds"] > 0
    assert {"frame", "hole", "seen"} == set(said["worst"][0])
    assert "at least 0.5 GB" in tam("forecast", clip, "--masks", masks, "--memory", "-3").err


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("window=20", ""),
        ("window=2", "16 to 160"),
        ("match_light=loud", "none, linear, local"),
        ("shine=1", "window, match"),
    ],
)
def test_the_inpainter_takes_its_settings(tam: Tam, clip: Path, masks: Path, setting: str, said: str) -> None:
    result = tam("remove", clip, "--masks", masks, "-o", "clean.mkv", "--set", setting)
    assert (result.code, Path("clean.mkv").exists()) == ((2, False) if said else (0, True))
    assert said in result.err


def test_a_shadow_goes_with_its_object(tam: Tam) -> None:
    rng = np.random.default_rng(3)
    ground = cv2.GaussianBlur(rng.uniform(90, 200, (120, 160, 3)).astype(np.float32), (0, 0), 2)
    frames, codes = [], {}
    for index in range(16):
        thing, shade = (np.zeros((120, 160), bool) for _ in range(2))
        thing[40:80, 20 + 6 * index : 40 + 6 * index] = True
        shade[80:92, 20 + 6 * index : 52 + 6 * index] = True
        picture = np.where(shade[..., None], ground * 0.55, ground)
        frames.append(np.where(thing[..., None], (200, 30, 40), picture).astype(np.uint8))
        codes[index] = rle.encode(thing)
    write_video(frames, "in.mkv", rate=Fraction(24), codec="ffv1")
    write_masklets([Masklet(1, (120, 160), codes)], Path("m.json"), open_video("in.mkv").info)
    left = []
    for output, more in (("without.mkv", ("--with-shadow",)), ("with.mkv", ())):
        assert tam("remove", "in.mkv", "--masks", "m.json", "-o", output, *more).code == 0
        picture = open_video(output).read(8).pixels.astype(float)
        left.append(np.abs(picture - ground)[83:90, 80:92].mean())
    assert left[0] < 12 < 40 < left[1]
