"""Sound and subtitles of written videos: copied packet by packet, each at its time, or left out and named."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from tam_core.errors import OutputError
from tam_core.video import FileSource, VideoWarning, write_video
from tests.media import (
    add_sound,
    add_unknown_sound,
    clip_with_tone,
    joined_recordings,
    leftovers,
    numbers,
    payloads,
)

COUNT = 40


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip_with_tone(tmp_path_factory.mktemp("written"), COUNT)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_sound_is_copied_byte_by_byte(tmp_path: Path, clip: Path, suffix: str) -> None:
    source = FileSource(clip)
    out = tmp_path / f"out.{suffix}"
    write_video(source.frames(), out, like=source)
    assert [data for _, data in payloads(out)] == [data for _, data in payloads(clip)]
    drift = [abs(ours - theirs) for (ours, _), (theirs, _) in zip(payloads(out), payloads(clip), strict=True)]
    assert max(drift) <= Fraction(1, 1000)
    assert numbers(out) == list(range(COUNT))
    assert abs(FileSource(out).info.times[0]) == 0


def test_a_span_takes_its_own_sound_along(tmp_path: Path, clip: Path) -> None:
    source = FileSource(clip)
    write_video(source.frames(10, 30), tmp_path / "span.mp4", like=source)
    span = FileSource(tmp_path / "span.mp4")
    assert span.info.times == source.info.times[:20]
    begin, end = source.info.times[10], source.info.times[30]
    wanted = [(time - begin, data) for time, data in payloads(clip) if begin <= time < end]
    got = payloads(tmp_path / "span.mp4")
    assert [data for _, data in got] == [data for _, data in wanted]
    assert max(abs(ours - theirs) for (ours, _), (theirs, _) in zip(got, wanted, strict=True)) <= Fraction(1, 2000)


@pytest.mark.parametrize("seconds", [1.2, 1.6, 2.0])
@pytest.mark.parametrize("begins", [(0, 0), (1000, 1000), (1000, 990), (1000, 0)])
@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_joined_recordings_go_on_and_sound_stays_with_the_pictures(
    tmp_path: Path, name: str, begins: tuple[int, int], seconds: float
) -> None:
    parts, path = joined_recordings(tmp_path, COUNT, begins, seconds)
    with pytest.warns(VideoWarning, match="is several recordings in one: its time stamps jump from"):
        source = FileSource(path)
    begin = FileSource(parts[0]).info.times[0]
    assert source.info.times == tuple(begin + Fraction(index, 25) for index in range(2 * COUNT))
    write_video(source.frames(), tmp_path / name, like=source, codec="h264")
    assert numbers(tmp_path / name) == [*range(COUNT)] * 2
    wanted = []
    for number, part in enumerate(parts):
        shift = begin + Fraction(COUNT * number, 25) - FileSource(part).info.times[0]
        wanted += [(time + shift, data) for time, data in payloads(part)]
    got = payloads(tmp_path / name)
    assert [data for _, data in got] == [data for _, data in wanted]
    overlap = round(max(0, seconds - COUNT / 25) * 48000 / 1152) + 2
    half = len(wanted) // 2
    for number, ((ours, _), (theirs, _)) in enumerate(zip(got, wanted, strict=True)):
        assert abs(ours - theirs) <= Fraction(1, 1000) or half <= number < half + overlap
    assert all(earlier < later for (earlier, _), (later, _) in pairwise(got))


def test_a_span_behind_a_splice_takes_its_own_sound_along(tmp_path: Path) -> None:
    parts, path = joined_recordings(tmp_path, COUNT, (1000, 1000), 1.6)
    with pytest.warns(VideoWarning, match="several recordings"):
        source = FileSource(path)
    write_video(source.frames(COUNT + 10, COUNT + 30), tmp_path / "span.mp4", like=source)
    times = FileSource(parts[1]).info.times
    wanted = [(time, data) for time, data in payloads(parts[1]) if times[10] <= time < times[30]]
    got = payloads(tmp_path / "span.mp4")
    assert [data for _, data in got] == [data for _, data in wanted]
    shift = times[10] - source.info.times[0]
    drift = [abs(ours - theirs + shift) for (ours, _), (theirs, _) in zip(got, wanted, strict=True)]
    assert max(drift) <= Fraction(1, 1000)


def one_stream_later(path: Path, target: Path, kind: str, seconds: Fraction) -> bytes:
    """The same packets, those of a kind so much later."""
    with av.open(str(path)) as read, av.open(str(target), "w") as written:
        copies = {stream.index: written.add_stream_from_template(stream) for stream in read.streams}
        for packet in read.demux():
            if packet.size:
                ticks = int(seconds / packet.time_base) if packet.stream.type == kind else 0
                packet.pts, packet.dts, packet.stream = (
                    packet.pts + ticks,
                    packet.dts + ticks,
                    copies[packet.stream.index],
                )
                written.mux(packet)
    return target.read_bytes()


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_sound_that_jumps_back_alone_goes_on_and_is_told(tmp_path: Path, clip: Path, name: str) -> None:
    parts = [
        one_stream_later(clip, tmp_path / "0.ts", "audio", Fraction(5)),
        one_stream_later(clip, tmp_path / "1.ts", "video", Fraction(COUNT, 25)),
    ]
    path = tmp_path / "in.ts"
    path.write_bytes(b"".join(parts))
    source = FileSource(path)
    with pytest.warns(VideoWarning, match=r"stream 1 \(audio\) jump back .*; it goes on there"):
        write_video(source.frames(), tmp_path / name, like=source, codec="h264")
    assert FileSource(tmp_path / name).info.frame_count == 2 * COUNT
    got = payloads(tmp_path / name)
    assert [data for _, data in got] == [data for _, data in payloads(clip)] * 2
    packet = Fraction(1024, 48000)
    assert all(abs(later - earlier - packet) <= Fraction(2, 1000) for (earlier, _), (later, _) in pairwise(got))


def test_subtitles_are_copied_or_named(tmp_path: Path, clip: Path) -> None:
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:00,100 --> 00:00:00,900\nhello\n\n2\n00:00:01,000 --> 00:00:01,400\nworld\n")
    source = FileSource(add_sound(clip, tmp_path / "in.mkv", subtitles=str(words)))
    write_video(source.frames(), tmp_path / "out.mkv", like=source)
    assert [data for _, data in payloads(tmp_path / "out.mkv", "subtitles")] == [b"hello", b"world"]
    with pytest.warns(VideoWarning, match=r"\(subtitle\) is left out: mp4 cannot hold"):
        write_video(source.frames(), tmp_path / "out.mp4", like=source)
    assert numbers(tmp_path / "out.mp4") == list(range(COUNT))


def test_subtitles_that_overlap_stay_in_their_places(tmp_path: Path, clip: Path) -> None:
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:00,100 --> 00:00:09,000\nlong\n\n2\n00:00:01,000 --> 00:00:01,400\nshort\n")
    source = FileSource(add_sound(clip, tmp_path / "in.mkv", subtitles=str(words)))
    write_video(source.frames(), tmp_path / "out.mkv", like=source)
    assert payloads(tmp_path / "out.mkv", "subtitles") == [(Fraction(1, 10), b"long"), (Fraction(1), b"short")]


@pytest.mark.parametrize(
    ("codec", "kind", "output", "words"),
    [
        ("aac", "mp4", "out.webm", r"write \.mp4 or \.m4v or \.mov or \.mkv, which can"),
        ("libopus", "mkv", "out.mov", r"write \.mp4 or \.mkv or \.webm, which can"),
        ("flac", "mkv", "out.mov", r"write \.mp4 or \.mkv, which can"),
        ("pcm_alaw", "mov", "out.mkv", r"write \.mov, which can"),
    ],
)
def test_sound_that_the_container_cannot_hold_says_which_can(
    tmp_path: Path, clip: Path, codec: str, kind: str, output: str, words: str
) -> None:
    source = FileSource(add_sound(clip, tmp_path / f"in.{kind}", codec, seconds=1.6))
    taken: list[int] = []
    with pytest.raises(OutputError, match=rf"cannot hold the {codec.removeprefix('lib')} sound of .*; {words}"):
        write_video((taken.append(frame.index) or frame for frame in source.frames()), tmp_path / output, like=source)
    assert taken == [], "found before the work"
    assert leftovers(tmp_path) == [f"in.{kind}"]
    for suffix in words.replace("\\", "").split("write ")[1].split(", which")[0].split(" or "):
        write_video(source.frames(), tmp_path / f"able{suffix}", like=source)
        assert [data for _, data in payloads(tmp_path / f"able{suffix}")] == [data for _, data in payloads(source.path)]


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_sound_of_an_unknown_codec_is_left_out_and_named(tmp_path: Path, clip: Path, suffix: str) -> None:
    source = FileSource(add_unknown_sound(clip, tmp_path / "spatial.mp4"))
    assert source.info.audio is not None and source.info.audio.codec == "aac"
    with pytest.warns(VideoWarning, match=r"stream 1 \(audio\) is left out: this FFmpeg does not know its codec"):
        write_video(source.frames(), tmp_path / f"out.{suffix}", like=source)
    assert [data for _, data in payloads(tmp_path / f"out.{suffix}")] == [data for _, data in payloads(clip)]
    assert numbers(tmp_path / f"out.{suffix}") == list(range(COUNT))
