"""Small real media files for tests. Every frame carries its number in its pixels, so that a test sees which it got."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tam_core.types import Pixels
from tam_core.video import FileSource

HEIGHT, WIDTH = 48, 64
BITS = 8
CLIPS = Path(__file__).parents[2] / "shared/data/clips"


def pictures(count: int = 8, height: int = HEIGHT, width: int = WIDTH) -> Iterator[Pixels]:
    """That many numbered ones."""
    return (numbered(index, height, width) for index in range(count))


def clip_with_tone(folder: Path, count: int = 40) -> Path:
    """Numbered frames with an AAC tone of 1.6 s."""
    return add_sound(make_clip(folder / "pictures.mp4", count), folder / "clip.mp4", seconds=1.6)


def numbered(number: int, height: int = HEIGHT, width: int = WIDTH) -> Pixels:
    """(height, width, 3) RGB: ``number`` as a binary code of 8 bars in the left half, a moving ramp in the right one.

    The top bar is the lowest bit; the bar at the very top left corner is red, so that a turned picture can be told.
    """
    ramp = (np.arange(width) * 3 + np.arange(height)[:, None] * 2 + number * 5) % 200 + 20
    pixels = np.repeat(ramp[..., None], 3, axis=2).astype(np.uint8)
    bar = height // BITS
    for bit in range(BITS):
        pixels[bit * bar : (bit + 1) * bar, : width // 2] = 220 if number >> bit & 1 else 30
    pixels[:bar, : width // 8] = (220, 30, 30)
    return pixels


def number_of(pixels: Pixels) -> int:
    """The number that numbered() drew."""
    height, width = pixels.shape[:2]
    bar = height // BITS
    middle = pixels[bar // 2 : bar * BITS : bar, width // 4 : width * 3 // 8].mean((1, 2))
    return sum(1 << bit for bit in range(BITS) if middle[bit] > 125)


def make_video(
    path: Path,
    pictures: Iterable[Pixels],
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    rate: Fraction = Fraction(25),
    pts: Sequence[int] | None = None,
    tick: Fraction | None = None,
    options: Mapping[str, str] | None = None,
    container: Mapping[str, str] | None = None,
    tags: tuple[int, int, int, int] | None = None,
    aspect: Fraction | None = None,
    rotation: int = 0,
) -> Path:
    """Encode RGB pictures. ``pts`` counts ``tick`` seconds; ``tags``: primaries, transfer, matrix, range."""
    tick = tick or 1 / rate
    with av.open(str(path), "w", options=dict(container or {})) as output:
        stream = output.add_stream(codec, rate=rate, options=dict(options or {}))
        assert isinstance(stream, av.VideoStream)
        context = stream.codec_context
        stream.time_base = context.time_base = tick
        if tags:
            context.color_primaries, context.color_trc, context.colorspace, context.color_range = tags
        if aspect:
            context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        for index, pixels in enumerate(pictures):
            if not context.is_open:
                context.height, context.width, context.pix_fmt = *pixels.shape[:2], pixel_format
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
                format=pixel_format, dst_colorspace=tags[2] if tags else None, dst_color_range=tags[3] if tags else None
            )
            frame.pts, frame.time_base = (pts[index] if pts else index), tick
            if tags:
                frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range = tags
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def make_clip(path: Path, count: int = 60, **settings: object) -> Path:
    """A video of ``count`` numbered frames; B-frames and an open GOP of 20, which is the hard case."""
    settings.setdefault("options", {"x264-params": "keyint=20:bframes=3:open-gop=1:scenecut=0"})
    return make_video(path, (numbered(index) for index in range(count)), **settings)  # type: ignore[arg-type]


def add_sound(
    video: Path, path: Path, codec: str = "aac", seconds: float = 3.0, subtitles: str | None = None, later: int = 0
) -> Path:
    """Copy a video to ``path``, ``later`` by so many seconds, with a tone and with subtitles (a file) if given."""
    options = {"output_ts_offset": str(later)}
    with av.open(str(video)) as source, av.open(str(path), "w", options=options) as output:
        pictures = source.streams.video[0]
        copied = output.add_stream_from_template(pictures)
        sound = output.add_stream(codec, rate=48000)
        words = av.open(subtitles) if subtitles else None
        written = output.add_stream_from_template(words.streams.subtitles[0]) if words else None
        for packet in source.demux(pictures):
            if packet.size:
                packet.stream = copied
                output.mux(packet)
        for packet in tone(sound, seconds):
            output.mux(packet)
        for packet in words.demux() if words else ():
            if packet.size:
                packet.stream = written
                output.mux(packet)
    return path


def joined_recordings(folder: Path, count: int, begins: Sequence[int], seconds: float) -> tuple[list[Path], Path]:
    """Recordings of ``count`` frames with sound of that length, whose clocks begin there, and all in one file."""
    silent = make_clip(folder / "silent.mp4", count)
    parts = [add_sound(silent, folder / f"{n}.ts", "mp2", seconds, later=begin) for n, begin in enumerate(begins)]
    joined = folder / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    return parts, joined


def add_unknown_sound(clip: Path, path: Path) -> Path:
    """Copy a video with sound to an .mp4 file, and before its sound the same of a codec that nobody knows."""
    with av.open(str(clip)) as source, av.open(str(path), "w") as output:
        pictures, sound = source.streams.video[0], source.streams.audio[0]
        copies = {pictures.index: [output.add_stream_from_template(pictures)]}
        copies[sound.index] = [output.add_stream_from_template(sound) for _ in range(2)]
        for packet in source.demux(pictures, sound):
            for copied in copies[packet.stream.index] if packet.size else ():
                twin = av.Packet(bytes(packet))
                twin.pts, twin.dts, twin.time_base = packet.pts, packet.dts, packet.time_base
                twin.duration, twin.is_keyframe, twin.stream = packet.duration, packet.is_keyframe, copied
                output.mux(twin)
    data = path.read_bytes()
    for word in (b"mp4a", b"esds"):
        data = data.replace(word, b"what", 1)
    path.write_bytes(data)
    return path


def tone(stream: "av.AudioStream", seconds: float) -> Iterable["av.Packet[av.AudioStream]"]:
    """Encoded packets of a 440 Hz tone."""
    samples = np.sin(np.arange(round(48000 * seconds)) * (2 * np.pi * 440 / 48000)).astype(np.float32)
    for begin in range(0, len(samples) - 1023, 1024):
        block = (samples[begin : begin + 1024] * 20000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(block, 2)[None], format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, begin, Fraction(1, 48000)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def payloads(path: Path, kind: str = "audio") -> list[tuple[Fraction, bytes]]:
    """(time in seconds, bytes) of every packet of the first stream of a kind."""
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in container.demux(stream) if packet.size]


def shared_clip(name: str) -> Path:
    """A real clip, or skip the test where those are not at hand."""
    path = CLIPS / name
    if not path.exists():
        pytest.skip(f"no {path}")
    return path


def numbers(path: Path) -> list[int]:
    """What numbered() drew on each frame of a video."""
    return [number_of(frame.pixels) for frame in FileSource(path).frames()]


def leftovers(folder: Path) -> list[str]:
    """All that lies in a folder."""
    return sorted(entry.name for entry in folder.iterdir())
