"""FileSource: which frames there are, when they are shown, and that every way to read them gives the same."""

import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tam_core.errors import FrameRangeError, RequestError, SourceNotFoundError, VideoError
from tam_core.video import ColourTags, FileSource, FrameSource, VideoWarning, decoder, file
from tests.media import HEIGHT, WIDTH, add_sound, make_clip, make_video, number_of, numbered, shared_clip

COUNT = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="module")
def clip(folder: Path) -> Path:
    """B-frames, open GOPs of 20 frames, 60 frames at 25 a second."""
    return make_clip(folder / "clip.mp4", COUNT)


def numbers(source: FrameSource, *span: int | None) -> list[int]:
    return [number_of(frame.pixels) for frame in source.frames(*span)]  # type: ignore[arg-type]


KINDS = {
    "mp4": {},
    "mov": {},
    "mkv": {},
    "ts": {},
    "avi": {},
    "h264": {},
    "fragmented.mp4": {"container": {"movflags": "frag_keyframe+empty_moov"}},
    "hevc.mp4": {"codec": "libx265", "options": {"x265-params": "keyint=20:open-gop=1:log-level=error"}},
    "mpeg4.avi": {"codec": "mpeg4", "options": {"bf": "2", "g": "12", "qscale": "2"}},
    "mpeg4.mp4": {"codec": "mpeg4", "options": {"bf": "2", "g": "12", "qscale": "2"}},
    "mjpeg.avi": {"codec": "mjpeg", "pixel_format": "yuvj420p", "options": {}},
    "vp8.webm": {"codec": "libvpx", "options": {"auto-alt-ref": "1", "lag-in-frames": "16", "b": "500k"}},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"lag-in-frames": "16", "b": "500k"}},
    "ffv1.mkv": {"codec": "ffv1", "pixel_format": "bgr0", "options": {}},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_every_frame_in_every_order(folder: Path, kind: str) -> None:
    source = FileSource(make_clip(folder / f"kind.{kind}", COUNT, **KINDS[kind]))
    assert source.info.frame_count == COUNT
    assert numbers(source) == list(range(COUNT))
    assert numbers(source, COUNT - 1, None, -1) == list(range(COUNT))[::-1]
    order = random.Random(0).sample(range(COUNT), COUNT)
    assert [number_of(source.read(index).pixels) for index in order] == order
    steps = [later - earlier for earlier, later in zip(source.info.times, source.info.times[1:], strict=False)]
    assert set(steps) == {Fraction(1, 25)}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=12))
def test_random_access_is_the_same_as_reading_on(clip: Path, order: list[int]) -> None:
    source = FileSource(clip)
    linear = {frame.index: frame for frame in source.frames()}
    for index in order:
        frame = source.read(index)
        assert (frame.index, frame.time) == (index, linear[index].time)
        assert np.array_equal(frame.pixels, linear[index].pixels)


@pytest.mark.parametrize(
    "span", [(3, 50, 7), (0, None, 25), (59, 3, -5), (59, None, -30), (20, 21, 1), (5, 5, 1), (5, 9, -1)]
)
def test_spans_are_those_of_range(clip: Path, span: tuple[int, int | None, int]) -> None:
    start, stop, step = span
    expected = range(COUNT)[start:stop:step]
    assert numbers(FileSource(clip), *span) == list(expected)


def test_several_readers_do_not_disturb_each_other(clip: Path) -> None:
    source = FileSource(clip)
    ahead, behind, back = source.frames(30), source.frames(), source.frames(59, None, -1)
    for offset in range(20):
        assert number_of(next(ahead).pixels) == 30 + offset
        assert number_of(next(behind).pixels) == offset
        assert number_of(next(back).pixels) == 59 - offset
        assert number_of(source.read(40 - offset).pixels) == 40 - offset


def size_of_a_picture(path: Path) -> int:
    """Bytes that the decoder takes for one."""
    with av.open(str(path)) as container:
        return sum(plane.buffer_size for plane in next(container.decode(video=0)).planes)


def decoded_backwards(path: Path, memory: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many pictures are decoded to give all frames backwards with that much memory."""
    decoded: list[int] = []
    real = decoder.Decoder._numbered

    def counted(*arguments: object) -> Iterator[decoder.Decoded]:
        for one in real(*arguments):  # type: ignore[arg-type]
            decoded.append(one.index)
            yield one

    monkeypatch.setattr(decoder.Decoder, "_numbered", counted)
    monkeypatch.setattr(file, "BACKWARD_BYTES", memory)
    assert numbers(FileSource(path), COUNT - 1, None, -1) == list(range(COUNT))[::-1]
    return len(decoded)


def test_backwards_through_a_group_larger_than_memory_allows(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert decoded_backwards(clip, 7 * size_of_a_picture(clip), monkeypatch) > COUNT


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p", "yuv420p10le"])
def test_backwards_a_group_that_fits_into_memory_is_decoded_once(
    folder: Path, pixel_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"x264-params": "keyint=250:scenecut=0"}
    path = make_clip(folder / f"{pixel_format}.mp4", COUNT, pixel_format=pixel_format, options=options)
    assert decoded_backwards(path, COUNT * size_of_a_picture(path), monkeypatch) == COUNT
    half = decoded_backwards(path, COUNT // 2 * size_of_a_picture(path), monkeypatch)
    assert COUNT < half < 2 * COUNT, "decoded anew for the second half, but no oftener"


def test_reading_on_does_not_decode_twice(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    real = file.Cursor._begin
    monkeypatch.setattr(file.Cursor, "_begin", lambda self, keyframe: (begun.append(keyframe), real(self, keyframe))[1])
    source = FileSource(clip)
    for index in range(COUNT):
        source.read(index)
    source.read(COUNT - 1)
    assert len(begun) == 1


def test_frames_that_are_kept_cannot_be_spoiled(clip: Path) -> None:
    source = FileSource(clip)
    source.read(5).pixels[:] = 0
    assert number_of(source.read(5).pixels) == 5


def test_uneven_time_stamps_are_exact(folder: Path) -> None:
    pts = [0, 3000, 6000, 15000, 18000, 21003, 40000, 43000]
    pictures = [numbered(index) for index in range(len(pts))]
    path = make_video(folder / "vfr.mp4", pictures, pts=pts, tick=Fraction(1, 90000), options={"bf": "3"})
    source = FileSource(path)
    assert source.info.times == tuple(Fraction(stamp, 90000) for stamp in pts)
    assert [frame.time for frame in source.frames()] == list(source.info.times)
    assert [number_of(source.read(index).pixels) for index in (7, 2, 4)] == [7, 2, 4]


def test_a_clip_cut_out_of_an_open_gop_has_the_frames_that_are_shown(folder: Path, clip: Path) -> None:
    path = folder / "cut-out.mkv"
    with av.open(str(clip)) as source, av.open(str(path), "w") as output:
        stream = source.streams.video[0]
        copied = output.add_stream_from_template(stream)
        packets = [packet for packet in source.demux(stream) if packet.size]
        second_key = [n for n, packet in enumerate(packets) if packet.is_keyframe][1]
        for packet in packets[second_key:]:
            packet.stream = copied
            output.mux(packet)
    shown = []
    with av.open(str(path)) as container:
        shown = [frame.pts * frame.time_base for frame in container.decode(video=0)]
    cut = FileSource(path)
    assert list(cut.info.times) == shown
    assert numbers(cut) == list(range(COUNT - len(shown), COUNT))


def test_an_edit_list_hides_what_players_hide(folder: Path, clip: Path) -> None:
    """Trimmed without re-encoding, as phones do: decoding begins at a keyframe, showing begins 7 frames later."""
    path = folder / "trimmed.mp4"
    with av.open(str(clip)) as source, av.open(str(path), "w") as output:
        stream = source.streams.video[0]
        copied = output.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.size:
                packet.pts, packet.dts, packet.stream = packet.pts - 7 * 512, packet.dts - 7 * 512, copied
                output.mux(packet)
    with av.open(str(path)) as container:
        shown = [frame.pts * frame.time_base for frame in container.decode(video=0)]
    trimmed = FileSource(path)
    assert list(trimmed.info.times) == shown
    assert numbers(trimmed) == list(range(COUNT - len(shown), COUNT))
    assert numbers(trimmed, len(shown) - 1, None, -1) == list(range(COUNT - len(shown), COUNT))[::-1]
    assert len(shown) == COUNT - 7


@pytest.mark.parametrize(("turn", "corner"), [(90, (-1, 0)), (180, (-1, -1)), (270, (0, -1)), (0, (0, 0))])
def test_turned_video_comes_upright(folder: Path, turn: int, corner: tuple[int, int]) -> None:
    path = make_clip(folder / f"turned{turn}.mp4", 3, rotation=turn, aspect=Fraction(4, 3))
    source = FileSource(path)
    pixels = source.read(1).pixels
    upright = turn % 180 == 0
    assert source.info.size == pixels.shape[:2] == ((HEIGHT, WIDTH) if upright else (WIDTH, HEIGHT))
    assert source.info.rotation == -turn % 360
    assert source.info.pixel_aspect == (Fraction(4, 3) if upright else Fraction(3, 4))
    red, green, _ = pixels[corner].astype(int)
    assert red > green + 80
    assert number_of(np.rot90(pixels, -turn // 90)) == 1


def test_ten_bit_comes_as_eight_bit_rgb(folder: Path) -> None:
    source = FileSource(make_clip(folder / "deep.mp4", 5, pixel_format="yuv420p10le"))
    assert source.info.bit_depth == 10
    assert source.read(3).pixels.dtype == np.uint8
    assert np.abs(source.read(3).pixels.astype(int) - numbered(3)).mean() < 6


@pytest.mark.parametrize("height", [48, 720])
@pytest.mark.parametrize("tags", [(1, 1, 1, 1), (1, 1, 1, 2), (6, 6, 5, 1), (9, 14, 9, 1), None])
def test_colours_are_read_by_the_matrix_and_range_of_the_file(
    folder: Path, tags: tuple[int, int, int, int] | None, height: int
) -> None:
    """What is not said is BT.709 from 720 lines on, BT.601 below."""
    colours = np.array([[200, 40, 40], [40, 200, 40], [40, 40, 200], [128, 128, 128]], np.uint8)
    picture = np.repeat(np.repeat(colours[None], height, 0), 16, 1)
    path = folder / f"colours-{height}-{tags}.mkv"
    guessed = (1 if height >= 720 else 5, 1)
    matrix, extent = tags[2:] if tags else guessed
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
    frame = frame.reformat(format="yuv444p", dst_colorspace=matrix, dst_color_range=extent)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=25)
        stream.codec_context.width, stream.codec_context.height = 64, height
        stream.codec_context.pix_fmt = "yuv444p"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = tags or (2, 2, 2, 0)
        output.mux([*stream.encode(frame), *stream.encode(None)])
    source = FileSource(path)
    assert np.abs(source.read(0).pixels.astype(int) - picture).max() <= 3
    if tags:
        assert source.info.colour == ColourTags(*tags)


def test_colours_are_not_darker_than_they_were(folder: Path) -> None:
    picture = np.kron(np.random.default_rng(0).integers(30, 220, (6, 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    path = make_video(folder / "patches.mp4", [picture] * 2, options={"crf": "1"}, tags=(1, 1, 1, 1))
    inner = np.s_[3::8, 3::8]
    error = FileSource(path).read(0).pixels[inner].astype(int) - picture[inner]
    assert abs(error.mean()) < 0.5, "libswscale's quick conversion comes out more than a level too dark"


def test_sound_and_facts_are_told(folder: Path, clip: Path) -> None:
    info = FileSource(add_sound(clip, folder / "sound.mp4")).info
    assert info.audio is not None
    assert (info.audio.codec, info.audio.rate, info.audio.channels) == ("aac", 48000, 2)
    assert (info.codec, info.rate, info.frame_count, info.size) == ("h264", 25, COUNT, (HEIGHT, WIDTH))


def test_what_is_no_video_says_so(folder: Path, clip: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="no such file"):
        FileSource(folder / "nothing.mp4")
    with pytest.raises(VideoError, match="folder"):
        FileSource(folder)
    for name, content in {"noise.mp4": b"\x93" * 4000, "empty.mp4": b"", "notes.txt": b"hello\n" * 99}.items():
        (folder / name).write_bytes(content)
        with pytest.raises(VideoError, match="is not a video"):
            FileSource(folder / name)
    headless = folder / "headless.mp4"
    headless.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    with pytest.raises(VideoError, match="is not a video"):
        FileSource(headless)


def test_a_file_of_sound_only_has_no_video_stream(folder: Path) -> None:
    path = folder / "sound.m4a"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.int16), format="s16", layout="stereo")
        frame.sample_rate = 48000
        output.mux([*stream.encode(frame), *stream.encode(None)])
    with pytest.raises(VideoError, match="no video stream"):
        FileSource(path)


def test_frames_that_are_not_there(clip: Path) -> None:
    source = FileSource(clip)
    for index in (-1, COUNT):
        with pytest.raises(FrameRangeError, match=f"frame {index} of a video of 60 frames"):
            source.read(index)
        with pytest.raises(FrameRangeError):
            source.frames(index)
    with pytest.raises(RequestError, match="step 0"):
        source.frames(0, None, 0)


@pytest.mark.parametrize("kind", ["mp4", "mkv", "avi"])
def test_a_file_that_was_cut_short_has_the_frames_that_are_there(folder: Path, kind: str) -> None:
    whole = make_clip(folder / f"whole.{kind}", COUNT, container={"movflags": "faststart"} if kind == "mp4" else None)
    short = folder / f"short.{kind}"
    with av.open(str(whole)) as container:
        packets = [packet for packet in container.demux(container.streams.video[0]) if packet.size]
        position, size = packets[35].pos, packets[35].size
    short.write_bytes(whole.read_bytes()[: position + size // 2])
    with pytest.warns(VideoWarning, match=r"cut short: \d+ of 60 frames"):
        source = FileSource(short)
    shown = numbers(source)
    assert 30 < len(shown) == source.info.frame_count < COUNT
    assert shown[:30] == list(range(30))
    assert numbers(source, len(shown) - 1, None, -1) == shown[::-1]


def spoil(path: Path, target: Path, first: int, last: int) -> Path:
    """Overwrite the payload of packets first..last (in file order) with noise; sizes and container stay."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(container.streams.video[0]) if packet.size]
    for position, size in packets[first : last + 1]:
        data[position + 4 : position + size] = b"\xff" * (size - 4)
    target.write_bytes(data)
    return target


@pytest.mark.parametrize(("first", "last"), [(25, 33), (0, 3), (55, 59), (20, 39)])
def test_damage_keeps_the_count_and_is_told(folder: Path, clip: Path, first: int, last: int) -> None:
    path = spoil(clip, folder / f"spoilt-{first}.mp4", first, last)
    source = FileSource(path)
    with pytest.warns(VideoWarning, match="cannot be decoded; frame"):
        frames = list(source.frames())
    assert [frame.index for frame in frames] == list(range(COUNT))
    assert [frame.time for frame in frames] == [Fraction(index, 25) for index in range(COUNT)]
    healthy = [frame.index for frame in frames if number_of(frame.pixels) == frame.index]
    assert len(healthy) >= COUNT - 45
    fresh = FileSource(path)
    with pytest.warns(VideoWarning):
        again = [fresh.read(index) for index in reversed(range(COUNT))][::-1]
    assert [number_of(frame.pixels) for frame in again if frame.index in healthy] == healthy


@pytest.mark.parametrize(
    ("name", "count", "rate"), [("cat.mp4", 149, Fraction(3725, 126)), ("cyclist.mp4", 241, Fraction(24000, 1001))]
)
def test_real_clips(name: str, count: int, rate: Fraction) -> None:
    source = FileSource(shared_clip(name))
    assert (source.info.frame_count, source.info.rate) == (count, rate)
    for index in (count - 1, 0, 100, 101, 57):
        first = next(source.frames(index))
        assert np.array_equal(first.pixels, source.read(index).pixels)
        assert first.time == source.info.times[index]


def test_what_a_read_costs_is_known_and_a_source_that_rested_goes_on(clip: Path) -> None:
    source = FileSource(clip)
    assert source.way_to(15) == 0, "decoding begins at a keyframe"
    before = source.read(15).pixels
    assert (source.way_to(15), source.way_to(17), source.way_to(7)) == (15, 16, 0)
    source.rest()
    assert source.way_to(15) == 0
    assert np.array_equal(source.read(15).pixels, before)
