"""More than 8 bits: what is read, worked on and written keeps the source's depth, and 8-bit video is as it was."""

import warnings
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tam_core.errors import OutputError, VideoError
from tam_core.video import (
    ArraySource,
    ColourTags,
    FileSource,
    ImageFolderSource,
    VideoInfo,
    VideoWarning,
    deepened,
    open_video,
    write_video,
)
from tam_core.video.deep import FromDeepRgb, ToDeepRgb, deepened_pixels, dithered, framed, narrowed, widened
from tests.media import make_clip, numbered

Deep = npt.NDArray[np.uint16]
HEIGHT, WIDTH, COUNT = 46, 62, 3
LUMA = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}


def ramps() -> Deep:
    """(COUNT, HEIGHT, WIDTH, 3): smooth, in gamut, and moving by less than a level of 8 bits a frame."""
    across = np.linspace(3000, 60000, WIDTH)[None, None, :, None] + np.linspace(0, 3000, HEIGHT)[None, :, None, None]
    return np.rint(across + np.array([0, 700, -900]) + np.arange(COUNT)[:, None, None, None] * 41).astype(np.uint16)


def store(
    path: Path, codec: str, pixel_format: str, pictures: Deep, tags: tuple[int, int, int, int] | None = None
) -> Path:
    """Encode uint16 RGB with FFmpeg alone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            codec, rate=24, options={"x265-params": "log-level=error"} if "265" in codec else {}
        )
        stream.height, stream.width, stream.pix_fmt = *pictures.shape[1:3], pixel_format
        if tags:
            context = stream.codec_context
            context.color_primaries, context.color_trc, context.colorspace, context.color_range = tags
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb48le").reformat(format=pixel_format)
            if tags:
                frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range = tags
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def in_floats(yuv: npt.NDArray[np.int64], bits: int, matrix: int, full: bool) -> npt.NDArray[np.float64]:
    """RGB 0..65535 of (H, W, 3) YUV codes, by the formulas of H.273 in float64."""
    step, top = 1 << (bits - 8), (1 << bits) - 1
    luma, blue, red = np.moveaxis(yuv.astype(np.float64), -1, 0)
    if full:
        luma, blue, red = luma / top, (blue - 128 * step) / top, (red - 128 * step) / top
    else:
        luma, blue, red = (
            (luma - 16 * step) / (219 * step),
            (blue - 128 * step) / (224 * step),
            (red - 128 * step) / (224 * step),
        )
    share_red, share_blue = LUMA[matrix]
    r, b = luma + 2 * (1 - share_red) * red, luma + 2 * (1 - share_blue) * blue
    g = (luma - share_red * r - share_blue * b) / (1 - share_red - share_blue)
    return np.clip(np.stack([r, g, b], -1), 0, 1) * 65535


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", [1, 6, 9])
@pytest.mark.parametrize("bits", [10, 12, 16])
def test_yuv_becomes_rgb_as_in_floats_and_back_to_the_same_codes(bits: int, matrix: int, full: bool) -> None:
    dice, step = np.random.default_rng(0), 1 << (bits - 8)
    codes = [dice.integers(16 * step, 236 * step, (HEIGHT, WIDTH)).astype(np.uint16) for _ in range(3)]
    tags = ColourTags(1, 1, matrix, 2 if full else 1)
    info = VideoInfo(WIDTH, HEIGHT, Fraction(24), colour=tags)
    pixels = ToDeepRgb(info)(framed(codes, f"yuv444p{bits}le"))
    exact = in_floats(np.stack(codes, -1), bits, matrix, full)
    assert pixels.dtype == np.uint16
    assert np.abs(pixels - exact).max() < 0.6
    inside = ((exact > 0) & (exact < 65535)).all(-1)
    assert inside.sum() > 100
    back = FromDeepRgb(f"yuv444p{bits}le", tags)(pixels)
    for plane, wanted in zip(back.planes, codes, strict=True):
        got = np.frombuffer(plane, np.uint16).reshape(plane.height, -1)[:, :WIDTH]
        assert np.array_equal(got[inside], wanted[inside])


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 16])
def test_every_code_of_rgb_comes_back(bits: int) -> None:
    codes = np.arange(1 << bits).astype(np.uint16)
    spread = widened(codes, bits)
    assert (spread[0], spread[-1]) == (0, 65535)
    assert np.array_equal(narrowed(spread, bits), codes)


STORED = [
    ("hi10.mp4", "libx264", "yuv420p10le", 10),
    ("main10.mp4", "libx265", "yuv420p10le", 10),
    ("hq.mov", "prores_ks", "yuv422p10le", 10),
    ("4444.mov", "prores_ks", "yuv444p10le", 12),  # FFmpeg decodes ProRes 4444 to 12 bits, whatever was encoded
    ("ten.mkv", "ffv1", "gbrp10le", 10),
    ("sixteen.mkv", "ffv1", "gbrp16le", 16),
    ("grey.mkv", "ffv1", "gray16le", 16),
    ("plain.mp4", "libx264", "yuv420p", 8),
]


@pytest.mark.parametrize(("name", "codec", "pixel_format", "depth"), STORED)
def test_the_depth_of_a_file_is_told_and_kept(
    tmp_path: Path, name: str, codec: str, pixel_format: str, depth: int
) -> None:
    source = open_video(store(tmp_path / name, codec, pixel_format, ramps()), deep=True)
    assert source.info.bit_depth == depth
    frames = [frame.pixels for frame in source.frames()]
    assert {frame.dtype for frame in frames} == {np.dtype(np.uint16)}
    assert np.array_equal(source.read(1).pixels, frames[1])
    plain = open_video(tmp_path / name)
    eight = np.stack([frame.pixels for frame in plain.frames()])
    assert eight.dtype == np.uint8
    assert np.abs(np.stack(frames) / 257 - eight).mean() < 1.2
    levels = len(np.unique(np.stack(frames)[..., 1]))
    assert levels > 700 if depth > 8 else levels <= 256


def test_a_twin_of_a_source_is_deep_and_leaves_it_alone(tmp_path: Path) -> None:
    plain = FileSource(store(tmp_path / "a.mkv", "ffv1", "gbrp12le", ramps()))
    twin = deepened(plain)
    assert twin.read(2).pixels.dtype == np.uint16
    assert plain.read(2).pixels.dtype == np.uint8
    assert [frame.time for frame in twin.frames()] == [frame.time for frame in plain.frames()]
    eight = FileSource(make_clip(tmp_path / "b.mp4", 3))
    assert deepened(eight) is eight


def test_eight_bits_opened_deep_are_the_same_levels(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", 3)
    for plain, deep in zip(open_video(path).frames(), open_video(path, deep=True).frames(), strict=True):
        assert np.array_equal(deepened_pixels(plain.pixels), deep.pixels)
        assert np.array_equal(dithered(deep.pixels), plain.pixels)
    array = np.stack([numbered(0), numbered(1)])
    assert np.array_equal(open_video(array, deep=True).read(1).pixels, deepened_pixels(array[1]))


@pytest.mark.parametrize("name", ["out.mkv", "out"])
@pytest.mark.parametrize("channels", [3, 4])
def test_ffv1_and_png_keep_every_value_of_16_bits(tmp_path: Path, name: str, channels: int) -> None:
    noise = np.random.default_rng(0).integers(0, 65536, (3, 33, 47, channels)).astype(np.uint16)
    write_video(iter(noise), tmp_path / name)
    source = open_video(tmp_path / name, deep=True)
    assert source.info.bit_depth == 16
    assert np.array_equal([frame.pixels for frame in source.frames()], noise[..., :3])
    if channels == 4 and name == "out":
        stored = cv2.imread(str(tmp_path / name / "00001.png"), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(stored[..., 3], noise[1, ..., 3])
    elif channels == 4:
        with av.open(str(tmp_path / name)) as container:
            decoded = [frame.to_ndarray(format="rgba64le") for frame in container.decode(video=0)]
        assert np.array_equal(decoded, noise)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_ffv1_of_rgb_has_the_source_s_depth_and_values(tmp_path: Path, bits: int) -> None:
    dice = np.random.default_rng(1)
    noise = widened(dice.integers(0, 1 << bits, (3, 33, 47, 3)).astype(np.uint16), bits)
    first = store(tmp_path / "in.mkv", "ffv1", "gbrp16le", noise)
    write_video(iter(noise), tmp_path / "in.mkv", like=_info_of(first, bits))
    source = open_video(first, deep=True)
    assert source.info.pixel_format == f"gbrp{bits}le"
    assert np.array_equal([frame.pixels for frame in source.frames()], noise)


class _Source(ArraySource):
    def __init__(self, frames: Deep, info: VideoInfo) -> None:
        super().__init__(frames)
        self._info = info


def _info_of(path: Path, bits: int) -> ArraySource:
    """A source of the size of ``path``, stored as RGB of ``bits`` bits."""
    info = FileSource(path).info
    made = VideoInfo(info.width, info.height, info.rate, info.times, bit_depth=bits, pixel_format=f"gbrp{bits}le")
    return _Source(np.zeros((1, info.height, info.width, 3), np.uint16), made)


@pytest.mark.parametrize(
    ("name", "codec", "stored", "far"),
    [
        ("out.mp4", "hevc", "yuv420p10le", 400),
        ("out.mov", None, "yuv444p12le", 130),
        ("hq.mov", "prores422", "yuv422p10le", 130),
        ("out.mkv", None, "gbrp16le", 0),
        ("out", None, "rgb48le", 0),
    ],
)
def test_ten_bit_video_goes_through_at_its_depth(
    tmp_path: Path, name: str, codec: str | None, stored: str, far: int
) -> None:
    tags = (9, 16, 9, 1)  # BT.2020, PQ
    source = open_video(store(tmp_path / "in.mov", "prores_ks", "yuv422p10le", ramps(), tags), deep=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_video(source.frames(), tmp_path / name, like=source, codec=codec)
    written = open_video(tmp_path / name, deep=True)
    assert written.info.pixel_format == stored
    if name != "out":
        drift = [abs(ours - theirs) for ours, theirs in zip(written.info.times, source.info.times, strict=True)]
        assert max(drift) <= (Fraction(1, 2000) if name == "out.mkv" else 0)
        assert (written.info.colour.primaries, written.info.colour.transfer) == (9, 16)
        assert written.info.colour.matrix == (0 if name == "out.mkv" else 9)
    pairs = zip(written.frames(), source.frames(), strict=True)
    error = np.stack([ours.pixels.astype(int) - theirs.pixels for ours, theirs in pairs])
    assert np.abs(error).mean() <= far
    assert abs(error.mean()) < 64  # a code of 10 bits


def test_a_codec_of_8_bits_dithers_and_says_so(tmp_path: Path) -> None:
    flat = np.full((2, 64, 64, 3), 100 * 257 + 64, np.uint16)  # a quarter of a level above 100
    with pytest.warns(VideoWarning, match=r"h264 keeps 8 of 16 bits a channel; all are kept by ffv1, png"):
        write_video(flat, tmp_path / "out.mp4", like=ArraySource(flat))
    assert 0.2 < dithered(flat[0]).mean() - 100 < 0.3
    assert set(np.unique(dithered(flat[0]))) == {100, 101}
    source = FileSource(make_clip(tmp_path / "eight.mp4", 3))
    write_video(source.deepened().frames(), tmp_path / "again.mp4", like=source)
    write_video(source.frames(), tmp_path / "plain.mp4", like=source)
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / "plain.mp4").read_bytes()


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_folders_of_16_bit_pictures(tmp_path: Path, suffix: str) -> None:
    pictures = ramps()
    for index, picture in enumerate(pictures):
        cv2.imwrite(str(tmp_path / f"{index}.{suffix}"), np.ascontiguousarray(picture[..., ::-1]))
    deep = open_video(tmp_path, deep=True)
    assert deep.info.bit_depth == 16
    assert np.array_equal([frame.pixels for frame in deep.frames()], pictures)
    plain = ImageFolderSource(tmp_path)
    assert (plain.info.bit_depth, plain.read(0).pixels.dtype) == (16, np.uint8)
    assert np.array_equal(deepened(plain).read(1).pixels, pictures[1])


def test_turned_deep_video_is_upright(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "in.mp4", 3, pixel_format="yuv420p10le", rotation=90)
    plain, deep = open_video(path), open_video(path, deep=True)
    assert deep.read(1).pixels.shape == plain.read(1).pixels.shape
    assert np.abs(deep.read(1).pixels / 257 - plain.read(1).pixels).mean() < 1


def test_what_prores_422_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="even width, and the frames are 65 wide; prores takes any"):
        write_video([numbered(0, 48, 65)], tmp_path / "odd.mov", codec="prores422")
    write_video([numbered(0, 49, 64)], tmp_path / "odd.mov", codec="prores422")
    assert np.abs(FileSource(tmp_path / "odd.mov").read(0).pixels.astype(int) - numbered(0, 49, 64)).mean() < 3


def test_frames_of_two_depths_are_refused(tmp_path: Path) -> None:
    mixed = [np.zeros((16, 16, 3), np.uint16), np.zeros((16, 16, 3), np.uint8)]
    with pytest.raises(OutputError, match="one depth only"):
        write_video(mixed, tmp_path / "out.mkv")
    with pytest.raises(VideoError, match="uint8 or uint16"):
        ArraySource(np.zeros((1, 4, 4, 3), np.float32))
