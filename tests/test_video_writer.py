"""write_video: what goes in comes out, whole or not at all."""

import errno
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
import pytest

from tam_core.errors import OutputError, RequestError
from tam_core.types import Pixels
from tam_core.video import ArraySource, FileSource, Frame, ImageFolderSource, write_video
from tests.media import (
    HEIGHT,
    WIDTH,
    clip_with_tone,
    leftovers,
    make_clip,
    make_video,
    number_of,
    numbered,
    numbers,
    payloads,
    pictures,
    shared_clip,
)

COUNT = 40
UNEVEN = [0, 3000, 6000, 15000, 18000, 21003, 40000, 43000]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip_with_tone(tmp_path_factory.mktemp("written"), COUNT)


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "h264.mkv", "out.mkv", "out.webm", "hevc.mp4"])
def test_every_codec_keeps_the_frames_and_their_times(tmp_path: Path, name: str) -> None:
    codec = name.split(".")[0] if name.split(".")[0] in ("h264", "hevc") else None
    source = ArraySource(np.stack(list(pictures(12))), Fraction(24000, 1001))
    assert write_video(source.frames(), tmp_path / name, like=source, codec=codec) == 12
    written = FileSource(tmp_path / name)
    assert [number_of(frame.pixels) for frame in written.frames()] == list(range(12))
    tolerance = 0 if name.endswith(("mp4", "mov")) else Fraction(1, 2000)
    pairs = zip(written.info.times, source.info.times, strict=True)
    assert max(abs(got - wanted) for got, wanted in pairs) <= tolerance
    assert leftovers(tmp_path) == [name]


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_uneven_time_stamps_stay_exact(tmp_path: Path, suffix: str) -> None:
    source = FileSource(make_video(tmp_path / "in.mp4", pictures(), pts=UNEVEN, tick=Fraction(1, 90000)))
    assert source.info.times == tuple(Fraction(stamp, 90000) for stamp in UNEVEN)
    write_video(source.frames(), tmp_path / f"out.{suffix}", like=source)
    assert FileSource(tmp_path / f"out.{suffix}").info.times == source.info.times
    write_video((frame.pixels for frame in source.frames()), tmp_path / f"arrays.{suffix}", like=source)
    assert FileSource(tmp_path / f"arrays.{suffix}").info.times == source.info.times


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_a_video_that_does_not_begin_at_zero_keeps_its_beginning(tmp_path: Path, suffix: str) -> None:
    pts = [1001 * index + 1001 for index in range(8)]
    path = make_video(tmp_path / "late.ts", pictures(), rate=Fraction(30000, 1001), pts=pts, tick=Fraction(1, 30000))
    source = FileSource(path)
    assert source.info.times[0] > 0
    write_video(source.frames(), tmp_path / f"out.{suffix}", like=source)
    assert FileSource(tmp_path / f"out.{suffix}").info.times == source.info.times


def test_frames_bring_their_own_times(tmp_path: Path) -> None:
    times = [Fraction(0), Fraction(1001, 24000), Fraction(1, 3)]
    frames = [Frame(index, time, numbered(index)) for index, time in enumerate(times)]
    write_video(frames, tmp_path / "own.mp4")
    assert list(FileSource(tmp_path / "own.mp4").info.times) == times


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "h264"), ("mp4", "hevc"), ("mov", "prores")])
@pytest.mark.parametrize("seconds", [[0, 10, 20], [0, 1, 9, 10], [0, 0.25, 0.5, 1400, 1400.25, 1400.5, 1401]])
def test_frames_that_are_far_apart_keep_their_times(
    tmp_path: Path, suffix: str, codec: str, seconds: list[float]
) -> None:
    times = tuple(Fraction(time) for time in seconds)
    frames = [Frame(index, time, numbered(index)) for index, time in enumerate(times)]
    write_video(frames, tmp_path / f"out.{suffix}", codec=codec)
    assert FileSource(tmp_path / f"out.{suffix}").info.times == times
    assert numbers(tmp_path / f"out.{suffix}") == list(range(len(times)))


def test_frames_that_are_too_far_apart_for_a_file_say_which_can_hold_them(tmp_path: Path) -> None:
    frames = [
        Frame(index, time, numbered(index)) for index, time in enumerate([Fraction(0), Fraction(1), Fraction(7201)])
    ]
    for name in ("out.mp4", "out.mov"):
        with pytest.raises(OutputError, match=r"frames 0 and 2 are 7201 s apart: .* write \.mkv"):
            write_video(frames, tmp_path / name)
    assert leftovers(tmp_path) == []
    write_video(frames, tmp_path / "out.mkv")
    assert FileSource(tmp_path / "out.mkv").info.times == (0, 1, 7201)


@pytest.mark.parametrize("rate", [24, 25, 30, 48, 50, 60, 120, 240, 23.976, 29.97, 47.952, 59.94, 119.88, 239.76, 1000])
def test_frames_without_a_source_have_the_exact_times_of_the_usual_rates(tmp_path: Path, rate: float) -> None:
    step = 1 / Fraction(rate) if rate == int(rate) else Fraction(1001, round(rate * 1001 / 1000) * 1000)
    frames = [Frame(index, index * step, numbered(index)) for index in range(4)]
    write_video(frames, tmp_path / "out.mp4")
    assert FileSource(tmp_path / "out.mp4").info.times == tuple(index * step for index in range(4))


@pytest.mark.parametrize(("pause", "error"), [(1, 0), (1200, Fraction(1, 1_440_000)), (7200, Fraction(1, 2000))])
def test_a_fine_clock_is_kept_unless_a_pause_is_too_long_for_it(tmp_path: Path, pause: int, error: Fraction) -> None:
    pts = [0, 40_001, 80_003, pause * 10**6 + 80_007, pause * 10**6 + 120_011]
    times = tuple(Fraction(stamp, 10**6) for stamp in pts)
    frames = [Frame(index, time, numbered(index)) for index, time in enumerate(times)]

    class Slow(ArraySource):
        info = replace(ArraySource(np.stack([frame.pixels for frame in frames])).info, times=times)  # type: ignore

    write_video(frames, tmp_path / "out.mp4", like=Slow(np.stack([frame.pixels for frame in frames])))
    written = FileSource(tmp_path / "out.mp4").info.times
    assert max(abs(ours - theirs) for ours, theirs in zip(written, times, strict=True)) <= error


def test_arrays_have_the_rate_that_is_given(tmp_path: Path) -> None:
    write_video(pictures(4), tmp_path / "rate.mp4", rate=Fraction(30000, 1001))
    info = FileSource(tmp_path / "rate.mp4").info
    assert info.times == tuple(Fraction(1001, 30000) * index for index in range(4))
    assert info.rate == Fraction(30000, 1001)


@pytest.mark.parametrize("tags", [(1, 1, 1, 1), (1, 1, 1, 2), (5, 6, 5, 1), (9, 16, 9, 1), None])
@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_colours_and_their_tags_stay(tmp_path: Path, tags: tuple[int, int, int, int] | None, suffix: str) -> None:
    patches = np.kron(np.random.default_rng(1).integers(40, 210, (3, 4, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    path = make_video(tmp_path / "in.mp4", [patches] * 3, tags=tags, options={"crf": "1"}, aspect=Fraction(4, 3))
    source = FileSource(path)
    write_video(source.frames(), tmp_path / f"out.{suffix}", like=source)
    written = FileSource(tmp_path / f"out.{suffix}")
    stated = source.info.colour if suffix == "mp4" else replace(source.info.colour, range=1)  # ProRes is limited
    assert written.info.colour == stated
    assert written.info.pixel_aspect == Fraction(4, 3)
    difference = written.read(1).pixels.astype(int) - source.read(1).pixels
    assert abs(difference.mean()) < (0.3 if tags is None or tags[3] == 1 else 0.8)
    assert np.abs(difference[4::16, 4::16]).max() <= 5


def test_turned_video_is_written_upright(tmp_path: Path) -> None:
    source = FileSource(make_clip(tmp_path / "in.mp4", 4, rotation=90, aspect=Fraction(4, 3)))
    write_video(source.frames(), tmp_path / "out.mp4", like=source)
    written = FileSource(tmp_path / "out.mp4")
    assert (written.info.size, written.info.rotation) == (source.info.size, 0)
    assert written.info.pixel_aspect == Fraction(3, 4)
    assert np.abs(written.read(2).pixels.astype(int) - source.read(2).pixels).mean() < 4


@pytest.mark.parametrize("channels", [3, 4])
def test_ffv1_keeps_every_value(tmp_path: Path, channels: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (5, 33, 47, channels)).astype(np.uint8)
    write_video(iter(noise), tmp_path / "noise.mkv")
    with av.open(str(tmp_path / "noise.mkv")) as container:
        layout = "rgb24" if channels == 3 else "rgba"
        decoded = [frame.to_ndarray(format=layout) for frame in container.decode(video=0)]
    assert np.array_equal(np.stack(decoded), noise)
    if channels == 3:
        assert np.array_equal([frame.pixels for frame in FileSource(tmp_path / "noise.mkv").frames()], noise)


def test_prores_keeps_alpha(tmp_path: Path) -> None:
    alpha = np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))
    write_video((np.dstack([picture, alpha]) for picture in pictures(3)), tmp_path / "alpha.mov")
    with av.open(str(tmp_path / "alpha.mov")) as container:
        first = next(container.decode(video=0)).to_ndarray(format="rgba")
    assert np.abs(first[..., 3].astype(int) - alpha).max() <= 1
    assert np.abs(first[..., :3].astype(int) - numbered(0)).mean() < 2


def test_a_codec_without_alpha_says_which_have_it(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="choose prores, ffv1 or png"):
        write_video([np.zeros((16, 16, 4), np.uint8)], tmp_path / "out.mp4")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("name", ["odd.mp4", "odd.mov", "odd.mkv", "odd.webm"])
@pytest.mark.parametrize("size", [(49, 65), (48, 65), (49, 64)])
def test_odd_sizes(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    write_video(pictures(3, *size), tmp_path / name)
    written = FileSource(tmp_path / name)
    assert written.info.size == size
    assert np.abs(written.read(2).pixels.astype(int) - numbered(2, *size)).mean() < 5


@pytest.mark.parametrize("channels", [3, 4])
def test_a_path_without_suffix_is_a_folder_of_pictures(tmp_path: Path, channels: int) -> None:
    stack = np.random.default_rng(0).integers(0, 256, (3, 8, 9, channels)).astype(np.uint8)
    assert write_video(iter(stack), tmp_path / "frames") == 3
    assert leftovers(tmp_path / "frames") == ["00000.png", "00001.png", "00002.png"]
    if channels == 3:
        assert np.array_equal([frame.pixels for frame in ImageFolderSource(tmp_path / "frames").frames()], stack)
    write_video(iter(stack[:2]), tmp_path / "frames")
    assert leftovers(tmp_path / "frames") == ["00000.png", "00001.png"]


def test_pictures_are_named_by_their_frames_and_none_is_lost(tmp_path: Path) -> None:
    one, other = ArraySource(np.stack(list(pictures(5)))), ArraySource(np.stack(list(pictures(9))))
    for frames, names, shown in (
        (one.frames(1, None, 2), [1, 3], [1, 3]),
        (chain(one.frames(), other.frames()), range(14), [*range(5), *range(9)]),
        (chain(one.frames(), other.frames(7)), [0, 1, 2, 3, 4, 7, 8], [*range(5), 7, 8]),
        (one.frames(4, None, -1), range(4, 9), [4, 3, 2, 1, 0]),
    ):
        assert write_video(frames, tmp_path / "frames", rate=Fraction(24)) == len(shown)
        assert leftovers(tmp_path / "frames") == [f"{name:05d}.png" for name in names]
        assert [number_of(frame.pixels) for frame in ImageFolderSource(tmp_path / "frames").frames()] == shown


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    with pytest.raises(OutputError, match="thesis"):
        write_video(pictures(2), tmp_path / "mine")
    assert leftovers(tmp_path) == ["mine"] and leftovers(tmp_path / "mine") == ["thesis.txt"]


@pytest.mark.parametrize("name", ["00001.MTS", "0002.mp4", "2023/wedding.mov", "001/00000.png", "00000.jpg"])
def test_a_folder_with_numbered_footage_is_left_alone(tmp_path: Path, name: str) -> None:
    file = tmp_path / "card" / name
    file.parent.mkdir(parents=True)
    file.write_text("all of it")
    with pytest.raises(OutputError, match="is not a numbered picture"):
        write_video(pictures(2), tmp_path / "card")
    assert file.read_text() == "all of it"


def test_a_folder_behind_a_link_is_replaced_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "large disk").mkdir()
    (tmp_path / "frames").symlink_to(tmp_path / "large disk")
    for count in (3, 2):
        write_video(pictures(count), tmp_path / "frames")
        assert len(leftovers(tmp_path / "large disk")) == count
    assert (tmp_path / "frames").is_symlink() and leftovers(tmp_path) == ["frames", "large disk"]


def test_the_folder_one_is_in_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="a new folder in it"):
        write_video(pictures(2), Path("."))
    assert leftovers(tmp_path) == []


def test_a_result_that_cannot_take_its_place_leaves_the_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_video(pictures(3), tmp_path / "frames")
    replace = Path.replace

    def refusing(self: Path, target: Path) -> Path:
        if target == tmp_path / "frames" and (self / "00001.png").exists() and not (self / "00002.png").exists():
            raise PermissionError(13, "Permission denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refusing)
    with pytest.raises(OutputError, match="permission"):
        write_video(pictures(2), tmp_path / "frames")
    assert leftovers(tmp_path) == ["frames"] and len(leftovers(tmp_path / "frames")) == 3


@pytest.mark.parametrize("name", ["out.mp4", "frames"])
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, GeneratorExit])
def test_what_fails_midway_leaves_the_old_output(tmp_path: Path, name: str, error: type[BaseException]) -> None:
    def broken() -> Iterator[Pixels]:
        yield from pictures(5)
        raise error

    with pytest.raises(error):
        write_video(broken(), tmp_path / name)
    assert leftovers(tmp_path) == []
    write_video(pictures(2), tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(error):
        write_video(broken(), tmp_path / name)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_source_may_be_written_over(tmp_path: Path, clip: Path) -> None:
    path = tmp_path / "same.mp4"
    path.write_bytes(clip.read_bytes())
    source = FileSource(path)
    write_video(source.frames(), path, like=source)
    assert numbers(path) == list(range(COUNT))
    assert len(payloads(path)) == len(payloads(clip))


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True)
    if mount.returncode:
        pytest.skip(f"cannot mount a small disk: {mount.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("name", ["full.mkv", "full.mp4", "full"])
def test_a_full_disk_says_so_and_is_left_clean(tiny_disk: Path, name: str) -> None:
    dice = np.random.default_rng(0)
    with pytest.raises(OutputError, match="disk is full") as caught:
        write_video((dice.integers(0, 256, (128, 256, 3)).astype(np.uint8) for _ in range(30)), tiny_disk / name)
    assert isinstance(caught.value.__cause__, OSError) and caught.value.__cause__.errno == errno.ENOSPC
    assert leftovers(tiny_disk) == []


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for place in (tmp_path / "file" / "out.mp4", tmp_path / "missing" / "out.mp4", Path("/proc/out.mp4")):
        with pytest.raises(OutputError):
            write_video(pictures(2), place)
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(OutputError, match="folder"):
        write_video(pictures(2), tmp_path / "folder.mp4")
    with pytest.raises(OutputError, match="file"):
        write_video(pictures(2), tmp_path / "file")


def test_unknown_formats_list_what_there_is(tmp_path: Path) -> None:
    for arguments in ({"path": "out.xyz"}, {"path": "out.mp4", "codec": "divx"}, {"path": "x.mp4", "codec": "prores"}):
        path = tmp_path / arguments.pop("path")
        with pytest.raises(RequestError, match="prores"):
            write_video(pictures(2), path, **arguments)
    with pytest.raises(RequestError, match="pass one of them"):
        write_video(pictures(2), tmp_path / "x.mp4", like=ArraySource(np.stack(list(pictures(2)))), rate=Fraction(3))


def test_frames_that_do_not_fit(tmp_path: Path) -> None:
    small = np.zeros((16, 16, 3), np.uint8)
    backwards = [Frame(1, Fraction(1), small), Frame(0, Fraction(0), small)]
    for wrong, words in (
        ([], "no frames"),
        ([small, small[:8]], "one size only"),
        ([small.astype(np.float32)], "float32"),
        ([small[..., 0]], "RGB"),
        (backwards, "comes after"),
    ):
        with pytest.raises(OutputError, match=words):
            write_video(wrong, tmp_path / "out.mp4")
    source = ArraySource(np.stack([small] * 2))
    with pytest.raises(OutputError, match="the source has 2 frames"):
        write_video([small] * 3, tmp_path / "out.mp4", like=source)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("name", ["cat.mp4", "cyclist.mp4"])
def test_real_clips_keep_count_times_tags_and_sound(tmp_path: Path, name: str) -> None:
    path = shared_clip(name)
    source = FileSource(path)
    small = (replace(frame, pixels=frame.pixels[::4, ::4]) for frame in source.frames())  # to be quick
    assert write_video(small, tmp_path / name, like=source) == source.info.frame_count
    written = FileSource(tmp_path / name)
    assert written.info.times == source.info.times
    assert (written.info.colour, written.info.rate) == (source.info.colour, source.info.rate)
    assert (written.info.audio, written.info.pixel_aspect) == (source.info.audio, source.info.pixel_aspect)
    if source.info.audio:
        assert [data for _, data in payloads(tmp_path / name)] == [data for _, data in payloads(path)]


@pytest.mark.parametrize("count", [1, 2])
def test_the_shortest_hevc_videos_are_written_every_time(tmp_path: Path, count: int) -> None:
    for number in range(6):
        path = tmp_path / f"{number}.mp4"
        write_video([np.full((64, 128, 3), 90, np.uint8)] * count, path, rate=Fraction(24), codec="hevc")
        assert [frame.time for frame in FileSource(path).frames()] == [Fraction(at, 24) for at in range(count)]
