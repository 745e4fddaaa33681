"""``tam replace``, from files to files."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tam_core.formats.davis import write_davis
from tam_core.masklet import Masklet
from tam_core.rle import encode
from tam_core.video import open_video
from tests.command_line import COUNT, Tam
from tests.scenes import HEIGHT, WIDTH, crossing


def masks(folder: Path) -> Path:
    codes = {index: encode(mask) for index, mask in enumerate(crossing(COUNT).masks)}
    write_davis([Masklet(1, (HEIGHT, WIDTH), codes, {})], folder / "masks", range(COUNT))
    return folder / "masks"


def star(folder: Path) -> Path:
    picture = np.zeros((40, 40, 4), np.uint8)
    picture[4:36, 4:36] = (20, 40, 230, 255)
    Image.fromarray(picture).save(folder / "star.png")
    return folder / "star.png"


def test_a_picture_follows_the_object_and_the_receipt_is_clean(tam: Tam, clip: Path, tmp_path: Path) -> None:
    given = ("--masks", masks(tmp_path), "--with", star(tmp_path), "--receipt", "receipt.json", "--no-grain")
    result = tam("replace", clip, "-o", "out.mkv", *given)
    assert result.code == 0, result.err
    assert "1 object replaced by" in result.out
    assert "from frame" in result.out
    assert json.loads(Path("receipt.json").read_text())["passed"]
    for frame in open_video("out.mkv").frames():
        rows, columns = np.nonzero(crossing(COUNT).masks[frame.index])
        centre = frame.pixels[int(rows.mean()), int(columns.mean())].astype(int)
        assert centre[2] > centre[0] + 80


def test_a_background_goes_behind_the_object(tam: Tam, clip: Path, tmp_path: Path) -> None:
    result = tam("replace", clip, "-o", "frames", "--masks", masks(tmp_path), "--background", "navy", "--stop", 3)
    assert result.code == 0, result.err
    assert len(list(Path("frames").iterdir())) == 3
    assert (np.abs(open_video("frames").read(2).pixels[:10].astype(int) - (0, 0, 128)) <= 1).all()


def test_one_thing_has_to_be_said_and_only_one(tam: Tam, clip: Path, tmp_path: Path) -> None:
    where = ("replace", clip, "-o", "out.mkv", "--masks", masks(tmp_path))
    for extra in ((), ("--with", star(tmp_path), "--background", "teal")):
        result = tam(*where, *extra)
        assert result.code == 2
        assert "one of --with IMAGE|CLIP, --prompt TEXT, --background" in result.err
    assert not Path("out.mkv").exists()


def test_mistakes_in_the_options_are_said_before_the_work(tam: Tam, clip: Path, tmp_path: Path) -> None:
    where = ("replace", clip, "-o", "out.mkv", "--masks", masks(tmp_path), "--with", star(tmp_path))
    for extra, words in (
        (("--fit", "wide"), "contain, cover, stretch, height"),
        (("--offset", "3;4"), "expected DX,DY"),
        (("--shadow", "7"), "a number, 0 to 1"),
        (("--motion", "dance"), "auto, similarity, affine, homography"),
        (("--anchor", "99"), "anchor frame 99"),
        (("--memory", "-3"), "at least 0.5 GB"),
    ):
        result = tam(*where, *extra)
        assert result.code == 2
        assert words in result.err
    assert not Path("out.mkv").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--with", "none.png"), 2, "'none.png' to put in"),
        (("--with", "notes.png"), 1, "notes.png is not a picture"),
        (("--with", "star.png", "--inpainter", "lama"), 1, "tam engines fetch lama"),
        (("--with", "star.png", "--anchor", "50"), 2, "the anchor frame 50 is not among the frames 0 to 11"),
        (("--background", "none.jpg"), 2, "'none.jpg' is neither a picture"),
        (("--prompt", " "), 2, "in words"),
        (("--prompt", "a red car", "--model", "nobody/nothing"), 1, "tam engines fetch nobody/nothing"),
    ],
)
def test_what_cannot_be_put_in_is_said_before_anything_is_tracked(
    tam: Tam, clip: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, words: str
) -> None:
    monkeypatch.setattr("plugin.finding.track_objects", lambda *_: pytest.fail("objects were tracked first"))
    star(Path())
    Path("notes.png").write_text("milk, eggs")
    result = tam("replace", clip, "-o", "out.mkv", "--click", "30,60", *arguments)
    assert (result.code, words in result.err) == (code, True), result.err


def test_words_need_a_model_and_say_which(tam: Tam, clip: Path, tmp_path: Path) -> None:
    result = tam("replace", clip, "-o", "out.mkv", "--masks", masks(tmp_path), "--prompt", "a red car")
    assert result.code == 1
    assert "tam engines fetch" in result.err
