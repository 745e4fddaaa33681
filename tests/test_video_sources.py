"""Pictures, arrays and live streams as sources, and open_video()."""

import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tam_core.errors import FrameRangeError, OutputError, RequestError, SourceNotFoundError, VideoError
from tam_core.types import Pixels
from tam_core.video import ArraySource, FileSource, ImageFolderSource, LiveSource, images, open_video, write_video
from tam_core.video.pictures import read_picture, write_picture
from tests.media import make_clip, number_of, numbered


def stack(count: int = 5) -> Pixels:
    return np.stack([numbered(index) for index in range(count)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """img0 ... img11, so that text order is not the order meant; and things that are no pictures."""
    for index in range(12):
        write_picture(tmp_path / f"img{index}.PNG", numbered(index))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "._img3.png").write_bytes(b"what macOS leaves")
    return tmp_path


def test_a_folder_is_read_in_natural_order(folder: Path) -> None:
    source = ImageFolderSource(folder, Fraction(25))
    assert [number_of(frame.pixels) for frame in source.frames()] == list(range(12))
    assert [number_of(frame.pixels) for frame in source.frames(11, 3, -3)] == [11, 8, 5]
    assert source.read(7).time == Fraction(7, 25)
    assert np.array_equal(source.read(7).pixels, numbered(7))
    with pytest.raises(FrameRangeError):
        source.read(12)


def test_a_kept_picture_cannot_be_spoiled(folder: Path) -> None:
    for source in (ImageFolderSource(folder), ArraySource(stack())):
        source.read(1).pixels[:] = 0
        assert number_of(source.read(1).pixels) == 1


def test_threads_read_one_folder_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a propagation that reads ahead and a person who clicks. Loading is quick, so that they meet often."""
    write_video([np.full((8, 8, 3), index, np.uint8) for index in range(40)], tmp_path / "pictures")
    source = ImageFolderSource(tmp_path / "pictures")
    monkeypatch.setattr(images, "read_picture", lambda file, deep: np.full((8, 8, 3), int(file.stem), np.uint8))
    before = sys.getswitchinterval()

    def wrong(seed: int) -> int:
        order = random.Random(seed).choices(range(40), k=20_000)
        return sum(source.read(index).pixels[0, 0, 0] != index for index in order)

    try:
        sys.setswitchinterval(1e-5)
        with ThreadPoolExecutor(4) as threads:
            assert sum(threads.map(wrong, range(4))) == 0
    finally:
        sys.setswitchinterval(before)


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "webp", "bmp", "tif", "tiff", "png"])
def test_every_kind_of_picture(tmp_path: Path, suffix: str) -> None:
    cv2.imwrite(str(tmp_path / f"ünïcode.{suffix}"), numbered(3)[..., ::-1])
    assert np.abs(ImageFolderSource(tmp_path).read(0).pixels.astype(int) - numbered(3)).mean() < 12


def test_grey_deep_and_transparent_pictures_become_rgb(tmp_path: Path) -> None:
    for name, picture in {
        "grey": np.full((4, 5), 100, np.uint8),
        "deep": np.full((4, 5, 3), 100 * 257, np.uint16),
        "clear": np.full((4, 5, 4), 100, np.uint8),
    }.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
        pixels = read_picture(tmp_path / f"{name}.png")
        assert (pixels.shape, pixels.dtype) == ((4, 5, 3), np.uint8) and (pixels == 100).all()


def test_a_source_says_whether_it_has_an_alpha_channel(tmp_path: Path) -> None:
    rgba = [np.dstack([numbered(index), np.full((48, 64), 100, np.uint8)]) for index in range(3)]
    for name, codec in (("a.mov", "prores"), ("a.mkv", "ffv1"), ("a.webm", "vp9"), ("a", "png")):
        for channels in (3, 4):
            path = tmp_path / f"{channels}{name}"
            write_video([picture[..., :channels] for picture in rgba], path, rate=Fraction(24), codec=codec)
            assert open_video(path).info.alpha == (channels == 4)
    assert not ArraySource(stack()).info.alpha


def test_another_size_is_named(folder: Path) -> None:
    write_picture(folder / "img5.PNG", np.zeros((8, 8, 3), np.uint8))
    source = ImageFolderSource(folder)
    with pytest.raises(VideoError, match=r"img5.PNG is 8x8.*64x48"):
        list(source.frames())
    (folder / "img6.PNG").write_bytes(b"\x89PNG damaged")
    with pytest.raises(VideoError, match=r"img6.PNG is not a picture"):
        source.read(6)


def test_folders_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="holds no picture"):
        ImageFolderSource(tmp_path)
    with pytest.raises(SourceNotFoundError):
        ImageFolderSource(tmp_path / "missing")
    with pytest.raises(SourceNotFoundError):
        read_picture(tmp_path / "missing.png")


@pytest.mark.parametrize("channels", [3, 4])
def test_pictures_are_written_as_they_are(tmp_path: Path, channels: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (7, 9, channels)).astype(np.uint8)
    write_picture(tmp_path / "ünï.png", noise)
    stored = cv2.imdecode(np.fromfile(tmp_path / "ünï.png", np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(stored[..., [2, 1, 0, 3][:channels]], noise)
    with pytest.raises(OutputError):
        write_picture(tmp_path / "missing" / "x.png", noise)


def test_an_array_is_a_video() -> None:
    source = ArraySource(stack(), Fraction(30000, 1001))
    assert (source.info.frame_count, source.info.size) == (5, (48, 64))
    assert [number_of(frame.pixels) for frame in source.frames(4, None, -2)] == [4, 2, 0]
    assert source.read(3).time == Fraction(3003, 30000)


@pytest.mark.parametrize("shape", [(0, 4, 4, 3), (4, 4, 3), (2, 4, 4, 4), (2, 4, 4)])
def test_other_arrays_are_no_video(shape: tuple[int, ...]) -> None:
    with pytest.raises(VideoError, match="T, H, W, 3"):
        open_video(np.zeros(shape, np.uint8))
    with pytest.raises(VideoError, match="float64"):
        ArraySource(np.zeros((1, 4, 4, 3)))  # type: ignore[arg-type]


def test_open_video_takes_what_is_there(tmp_path: Path, folder: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 3)
    assert isinstance(open_video(str(clip)), FileSource)
    assert isinstance(open_video(folder), ImageFolderSource)
    assert isinstance(open_video(stack()), ArraySource)
    for nothing in ("", tmp_path / "nothing.mp4"):
        with pytest.raises(SourceNotFoundError, match="no such file or folder"):
            open_video(nothing)
    with pytest.raises(RequestError, match="int"):
        open_video(3)  # type: ignore[arg-type]


def camera(count: int, taken: list[int]) -> Iterator[Pixels]:
    for index in range(count):
        taken.append(index)
        yield numbered(index)


def test_a_live_stream_is_taken_as_it_is_asked_for() -> None:
    taken: list[int] = []
    source = LiveSource(camera(30, taken), Fraction(10))
    assert (source.info.frame_count, source.info.times, source.info.size) == (None, None, (48, 64))
    assert taken == [0]
    stream = source.frames()
    assert [next(stream).index for _ in range(3)] == [0, 1, 2]
    assert taken == [0, 1, 2]
    assert [frame.index for frame in source.frames(stop=12, step=2)] == [3, 5, 7, 9, 11]
    assert source.read(12).time == Fraction(12, 10)
    assert [frame.index for frame in source.frames()] == list(range(12, 30))


def test_a_live_stream_keeps_the_last_few_frames_only() -> None:
    source = LiveSource(camera(30, []))
    list(source.frames(stop=20))
    assert number_of(source.read(19).pixels) == 19 and number_of(source.read(13).pixels) == 13
    for index in (0, 11, 25):
        with pytest.raises(FrameRangeError, match="only holds frames 12 to 19"):
            source.read(index)
    with pytest.raises(FrameRangeError, match="forwards"):
        source.frames(0, None, -1)


def test_a_live_stream_that_is_wrong() -> None:
    with pytest.raises(VideoError, match="ended before"):
        LiveSource([])
    with pytest.raises(VideoError, match="frame 1"):
        list(LiveSource([numbered(0), numbered(1)[:8]]).frames())


def test_a_live_stream_can_be_recorded(tmp_path: Path) -> None:
    source = LiveSource(camera(6, []), Fraction(30000, 1001))
    assert write_video(source.frames(), tmp_path / "live.mp4", like=source) == 6
    assert FileSource(tmp_path / "live.mp4").info.times == tuple(Fraction(1001, 30000) * index for index in range(6))
