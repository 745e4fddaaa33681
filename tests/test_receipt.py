"""The receipt passes what was written well and names what was not: each fault is made on purpose in a real file."""

import json
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from inpaint.holes import Holes
from plugin.receipt import examine, write_receipt
from tam_core import rle
from tam_core.errors import OutputError, RequestError
from tam_core.formats.davis import write_davis
from tam_core.masklet import Masklet
from tam_core.types import Mask
from tam_core.video import Frame, LiveSource, VideoWarning, open_video, write_video
from tam_core.video.colour import LIMITED
from tam_core.video.pictures import read_picture, write_picture
from tests.command_line import COUNT as FRAMES
from tests.command_line import Tam
from tests.media import HEIGHT, WIDTH, add_sound, add_unknown_sound, joined_recordings, make_clip, numbered, payloads
from tests.scenes import crossing

COUNT = 50
BT709 = (1, 1, 1, 1)
QUIET = {"x265-params": "log-level=none"}
Edit = Callable[["av.Packet[av.stream.Stream]"], bool]
"""Changes a packet; False leaves it out."""


def hole() -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[20:30, 40:50] = True
    return mask


def holes() -> Holes:
    code = rle.encode(hole())
    return Holes((Masklet(1, (HEIGHT, WIDTH), dict.fromkeys(range(COUNT), code)),), (HEIGHT, WIDTH), 0, 0)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with a tone and stated colours."""
    folder = tmp_path_factory.mktemp("receipt")
    silent = make_clip(folder / "silent.mp4", COUNT, tags=BT709)
    return add_sound(silent, folder / "source.mp4", seconds=2.0)


def edited(source: Path, output: Path, start: int = 0, stop: int = COUNT, outside: bool = False) -> Path:
    """The source with its hole painted white; ``outside``: and one value beside it changed."""

    def painted(frame: Frame) -> Frame:
        frame.pixels[hole()] = 255
        if outside and frame.index == 7:
            frame.pixels[0, 3, 1] ^= 1
        return frame

    video = open_video(source)
    write_video(map(painted, video.frames(start, stop)), output, like=video)
    return output


def remuxed(
    path: Path, output: Path, edit: Edit = lambda packet: True, sound: bool = True, kind: str = "video"
) -> Path:
    """The same packets in a new file, but for what ``edit`` does to those of a ``kind``."""
    with av.open(str(path)) as read, av.open(str(output), "w", options={"avoid_negative_ts": "disabled"}) as written:
        wanted = [read.streams.video[0], *(read.streams.audio if sound else ())]
        copies = {stream.index: written.add_stream_from_template(stream) for stream in wanted}
        for packet in read.demux(wanted):
            if packet.size and (packet.stream.type != kind or edit(packet)):
                packet.stream = copies[packet.stream.index]
                written.mux(packet)
    return output


def failed(source: Path, output: Path, **options: object) -> dict[str, str]:
    """What differs, by the name of the check."""
    receipt = examine(source, output, **options)  # type: ignore[arg-type]
    assert receipt.passed == all(finding.passed for finding in receipt.findings)
    return {finding.check: finding.found for finding in receipt.findings if not finding.passed}


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv", "pictures"])
@pytest.mark.parametrize("span", [(0, COUNT), (0, 20), (13, 37)])
def test_what_is_written_well_passes(source: Path, tmp_path: Path, name: str, span: tuple[int, int]) -> None:
    output = edited(source, tmp_path / name, *span)
    receipt = write_receipt(source, output, tmp_path / "r.json", holes=holes(), frames=range(*span))
    assert receipt.passed, receipt.words()
    receipt.require()
    kept = json.loads((tmp_path / "r.json").read_text())
    assert kept["passed"]
    assert kept["frames"] == list(span)
    assert {check["check"] for check in kept["checks"]} >= {"frame count", "time stamps", "sound", "colour tags"}


def test_lossless_outputs_are_compared_pixel_by_pixel(source: Path, tmp_path: Path) -> None:
    for name in ("out.mkv", "pictures"):
        good = examine(source, edited(source, tmp_path / name), holes=holes())
        assert "every value is the source's on 50 frames" in good.words()
        bad = failed(source, edited(source, tmp_path / f"bad-{name}", outside=True), holes=holes())
        assert bad == {"pixels outside the hole": "1 pixel changed on 1 frame (7)"}


def test_a_dropped_frame_is_caught(source: Path, tmp_path: Path) -> None:
    written = edited(source, tmp_path / "whole.mkv")
    gone: list[int] = []

    def drop(packet: "av.Packet[av.stream.Stream]") -> bool:
        gone.append(packet.pts or 0)
        return len(gone) != 24

    found = failed(source, remuxed(written, tmp_path / "out.mkv", drop))
    assert found["frame count"] == "49 frames instead of 50"
    assert found["time stamps"].startswith("26 frames moved (23, 24,")


def test_a_lost_picture_is_caught(source: Path, tmp_path: Path) -> None:
    output = edited(source, tmp_path / "pictures")
    (output / "00024.png").unlink()
    found = failed(source, output)
    assert found["frame count"] == "49 frames instead of 50"
    assert found["time stamps"] == "no picture of frame 24; wanted 00000 to 00049"


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_a_shifted_time_stamp_is_caught(source: Path, tmp_path: Path, name: str) -> None:
    written = edited(source, tmp_path / f"whole-{name}")
    tick = open_tick(written)
    seen: list[int] = []

    def shift(packet: "av.Packet[av.stream.Stream]") -> bool:
        seen.append(1)
        if len(seen) == COUNT:
            packet.pts = (packet.pts or 0) + max(1, round(Fraction(1, 500) / tick))
        return True

    found = failed(source, remuxed(written, tmp_path / name, shift))
    assert set(found) == {"time stamps"}
    assert found["time stamps"].startswith("1 frame moved")


def test_lost_sound_is_caught(source: Path, tmp_path: Path) -> None:
    written = edited(source, tmp_path / "whole.mp4")
    found = failed(source, remuxed(written, tmp_path / "out.mp4", sound=False))
    assert found == {"sound": "0 streams instead of 1"}


def test_sound_that_nobody_can_copy_is_not_missed(source: Path, tmp_path: Path) -> None:
    spatial = add_unknown_sound(source, tmp_path / "spatial.mp4")
    with pytest.warns(VideoWarning, match="left out"):
        written = edited(spatial, tmp_path / "out.mp4")
    assert failed(spatial, written, holes=holes()) == {}


@pytest.mark.filterwarnings("ignore:.* is several recordings")
@pytest.mark.parametrize("span", [(0, 80), (50, 70)])
def test_recordings_that_were_joined_pass(tmp_path: Path, span: tuple[int, int]) -> None:
    _, joined = joined_recordings(tmp_path, 40, (1000, 1000), 1.5)
    written = edited(joined, tmp_path / "out.mkv", *span)
    assert failed(joined, written, frames=range(*span)) == {}


def test_sound_that_comes_late_is_caught(source: Path, tmp_path: Path) -> None:
    def late(packet: "av.Packet[av.stream.Stream]") -> bool:
        packet.pts, packet.dts = (packet.pts or 0) + 480, (packet.dts or 0) + 480
        return True

    written = edited(source, tmp_path / "whole.mp4")
    found = failed(source, remuxed(written, tmp_path / "out.mp4", late, kind="audio"))
    assert set(found) == {"sound"}
    assert found["sound"].startswith("stream 0: packet 0 is heard at ")


def test_a_changed_byte_of_sound_is_caught(source: Path, tmp_path: Path) -> None:
    mended = tmp_path / "out.mp4"
    written = bytearray(edited(source, tmp_path / "whole.mp4").read_bytes())
    sounds = payloads(tmp_path / "whole.mp4")
    place = written.find(sounds[20][1])
    written[place + len(sounds[20][1]) // 2] ^= 1
    mended.write_bytes(written)
    assert failed(source, mended) == {"sound": "stream 0: packet 20 has other bytes"}


def test_sound_that_was_encoded_again_is_caught(source: Path, tmp_path: Path) -> None:
    silent = remuxed(edited(source, tmp_path / "whole.mp4"), tmp_path / "silent.mp4", sound=False)
    found = failed(source, add_sound(silent, tmp_path / "out.mp4", seconds=1.0))
    assert "instead of" in found["sound"]


def test_a_changed_colour_tag_is_caught(source: Path, tmp_path: Path) -> None:
    video = open_video(source)
    make_clip(tmp_path / "silent.mp4", COUNT, tags=(9, 1, 1, 1))
    found = failed(source, add_sound(tmp_path / "silent.mp4", tmp_path / "out.mp4", seconds=2.0))
    assert video.info.colour.primaries == 1
    assert found == {"colour tags": "primaries is 9 instead of 1 (numbers of H.273)"}


@pytest.mark.parametrize("stated", [0, LIMITED])
@pytest.mark.parametrize(("name", "codec"), [("out.mp4", "h264"), ("out.mp4", "hevc"), ("out.webm", "vp9")])
def test_the_usual_range_may_be_said_or_not(stated: int, name: str, codec: str, tmp_path: Path) -> None:
    encoder = "libx265" if stated else "libx264"  # x264 does not say it where nothing else is said
    clip = make_clip(tmp_path / "in.mp4", 6, codec=encoder, options=QUIET, tags=(2, 2, 2, stated))
    video = open_video(clip)
    assert video.info.colour.range == stated
    write_video(video.frames(), tmp_path / name, like=video, codec=codec)
    assert not failed(clip, tmp_path / name)


def test_a_full_range_that_is_not_said_is_caught(tmp_path: Path) -> None:
    full = make_clip(tmp_path / "in.mp4", 6, tags=(2, 2, 2, 2))
    make_clip(tmp_path / "out.mp4", 6, tags=(2, 2, 2, 0))
    assert failed(full, tmp_path / "out.mp4") == {"colour tags": "range is 1 instead of 2 (numbers of H.273)"}


def test_another_size_depth_and_aspect_are_caught(tmp_path: Path) -> None:
    deep = make_clip(tmp_path / "deep.mp4", 6, pixel_format="yuv420p10le", aspect=Fraction(4, 3))
    pictures = [numbered(index)[:40] for index in range(6)]
    write_video(pictures, tmp_path / "out.mp4", rate=Fraction(25))
    found = failed(deep, tmp_path / "out.mp4")
    assert found == {
        "resolution": "64x40 instead of 64x48",
        "bit depth": "8 bits instead of 10",
        "rotation and pixel aspect": "pixels are 1:1 instead of 4:3",
    }


def test_deep_pixels_are_compared_at_their_depth(tmp_path: Path) -> None:
    deep = make_clip(tmp_path / "deep.mp4", 6, pixel_format="yuv420p10le")
    video = open_video(deep, deep=True)
    write_video(video.frames(), tmp_path / "out.mkv", like=video)
    receipt = examine(video, tmp_path / "out.mkv", holes=holes())
    assert receipt.passed, receipt.words()
    assert "every value is the source's on 6 frames" in receipt.words()
    write_video(map(one_level_up, video.frames()), tmp_path / "up.mkv", like=video)
    assert "pixels outside the hole" in failed(deep, tmp_path / "up.mkv", holes=holes())


def one_level_up(frame: Frame) -> Frame:
    """A step of a 16-bit picture that 8 bits do not show."""
    frame.pixels[0, 0, 0] = min(int(frame.pixels[0, 0, 0]) + 1, 65535)
    return frame


def test_a_turned_source_may_be_written_upright(tmp_path: Path) -> None:
    turned = make_clip(tmp_path / "turned.mp4", 6, rotation=90)
    video = open_video(turned)
    write_video(video.frames(), tmp_path / "out.mp4", like=video)
    receipt = examine(turned, tmp_path / "out.mp4")
    assert receipt.passed, receipt.words()
    assert "marked to be turned by" in receipt.words()


def test_variable_rate_survives(tmp_path: Path) -> None:
    stamps = [0, 3, 4, 9, 10, 17, 18, 30]
    uneven = make_clip(tmp_path / "vfr.mp4", 8, pts=stamps, tick=Fraction(1, 90))
    video = open_video(uneven)
    for name in ("out.mp4", "out.mkv"):
        write_video(video.frames(2), tmp_path / name, like=video)
        receipt = examine(uneven, tmp_path / name, frames=range(2, 8))
        assert receipt.passed, receipt.words()
    write_video((frame.pixels for frame in video.frames(2)), tmp_path / "even.mp4", rate=video.info.rate)
    assert "time stamps" in failed(uneven, tmp_path / "even.mp4", frames=range(2, 8))


def test_a_picture_folder_is_a_source_too(tmp_path: Path) -> None:
    for index in range(4):
        (tmp_path / "in").mkdir(exist_ok=True)
        write_picture(tmp_path / "in" / f"{index:05d}.png", numbered(index))
    video = open_video(tmp_path / "in")
    write_video(video.frames(1), tmp_path / "out", like=video)
    assert examine(tmp_path / "in", tmp_path / "out", holes=holes(), frames=range(1, 4)).passed
    changed = read_picture(tmp_path / "out/00002.png")
    changed[0, 0] = 0
    write_picture(tmp_path / "out/00002.png", changed)
    found = failed(tmp_path / "in", tmp_path / "out", holes=holes(), frames=range(1, 4))
    assert found == {"pixels outside the hole": "1 pixel changed on 1 frame (2)"}


def test_a_failed_receipt_is_written_and_raises(source: Path, tmp_path: Path) -> None:
    written = remuxed(edited(source, tmp_path / "whole.mp4"), tmp_path / "out.mp4", sound=False)
    receipt = write_receipt(source, written, tmp_path / "r.json")
    with pytest.raises(OutputError, match=r"sound: 0 streams instead of 1 .*r\.json"):
        receipt.require()
    assert not json.loads((tmp_path / "r.json").read_text())["passed"]


def test_a_live_source_has_no_receipt(source: Path) -> None:
    with pytest.raises(RequestError, match="live source"):
        examine(LiveSource([numbered(0)]), source)


def open_tick(path: Path) -> Fraction:
    with av.open(str(path)) as container:
        return container.streams.video[0].time_base or Fraction(1)


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    drawn = crossing(FRAMES)
    codes = {index: rle.encode(mask) for index, mask in enumerate(drawn.masks)}
    write_davis([Masklet(1, drawn.masks.shape[1:], codes)], tmp_path / "masks", range(FRAMES))
    return tmp_path / "masks"


@pytest.mark.parametrize("name", ["clean.mkv", "clean"])
def test_a_removal_gives_a_receipt(tam: Tam, clip: Path, masks: Path, tmp_path: Path, name: str) -> None:
    span = ("--start", 2, "--stop", 9)
    result = tam("remove", clip, "--masks", masks, "-o", name, "--receipt", "receipt.json", *span)
    assert result.code == 0, result.err
    kept = json.loads((tmp_path / "receipt.json").read_text())
    found = {check["check"]: check["found"] for check in kept["checks"]}
    assert kept["passed"]
    assert kept["frames"] == [2, 9]
    assert found["pixels outside the hole"] == "every value is the source's on 7 frames"


def test_a_removal_that_loses_a_frame_exits_with_1(
    tam: Tam, clip: Path, masks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lossy(frames: Iterable[Frame], path: Path, **options: object) -> int:
        return write_video((one for one in frames if one.index != 5), path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("plugin.removing.write_video", lossy)
    result = tam("remove", clip, "--masks", masks, "-o", "clean.mkv", "--receipt", "receipt.json")
    assert result.code == 1
    assert f"frame count: {FRAMES - 1} frames instead of {FRAMES}" in result.err
    assert not json.loads((tmp_path / "receipt.json").read_text())["passed"]
