"""What can be put in: pictures, folders and clips, with their alpha, by time."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint.replacing.insert import open_insert
from tam_core.errors import RequestError, SourceNotFoundError, VideoError
from tam_core.types import Pixels
from tam_core.video import Frame, write_video


def rgba(level: int) -> Pixels:
    """32x48: grey, opaque on the left, half transparent on the right."""
    picture = np.full((32, 48, 4), level, np.uint8)
    picture[:, :24, 3], picture[:, 24:, 3] = 255, 128
    return picture


def test_a_picture_keeps_its_alpha_at_any_time(tmp_path: Path) -> None:
    Image.fromarray(rgba(90)).save(tmp_path / "logo.png")
    insert = open_insert(tmp_path / "logo.png")
    assert insert.still
    assert insert.size == (32, 48)
    assert np.array_equal(insert.at(Fraction(7)), rgba(90))


@pytest.mark.parametrize(("name", "codec"), [("a.mov", "prores"), ("a.mkv", "ffv1"), ("a.webm", "vp9")])
def test_a_clip_keeps_its_alpha_and_plays_by_time(tmp_path: Path, name: str, codec: str) -> None:
    pictures = [Frame(index, Fraction(index, 10), rgba(40 + 50 * index)) for index in range(4)]
    write_video(pictures, tmp_path / name, codec=codec, rate=Fraction(10))
    insert = open_insert(tmp_path / name)
    for time, level in ((0, 40), (Fraction(1, 4), 140), (Fraction(3, 10), 190), (Fraction(1, 2), 90)):
        shown = insert.at(Fraction(time)).astype(int)
        assert np.abs(shown[:, :20, 0] - level).max() <= 3
        assert np.abs(shown[:, :20, 3] - 255).max() <= 1
        assert np.abs(shown[:, 28:, 3] - 128).max() <= 2


def test_a_folder_of_pictures_is_a_clip_of_24_a_second(tmp_path: Path) -> None:
    for index in range(3):
        Image.fromarray(rgba(50 * index)).save(tmp_path / f"{index}.png")
    insert = open_insert(tmp_path, "hold")
    shown = [int(insert.at(Fraction(index, 24))[0, 0, 0]) for index in range(5)]
    assert shown == [0, 50, 100, 100, 100]
    assert insert.at(Fraction(0))[0, 40, 3] == 128


def test_what_cannot_be_put_in_is_said(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(VideoError, match=r"text\.png is not a picture"):
        open_insert(tmp_path / "text.png")
    with pytest.raises(SourceNotFoundError, match=r"gone\.mov"):
        open_insert(tmp_path / "gone.mov")
    with pytest.raises(RequestError, match="loop, hold"):
        open_insert(rgba(3), "backwards")
