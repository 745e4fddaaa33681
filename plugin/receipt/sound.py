"""The sound: every packet's bytes and its time, on every audio stream. Nothing is decoded."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path

from plugin.receipt.finding import Finding, counted
from plugin.receipt.pair import Pair
from tam_core.video.packets import open_container
from tam_core.video.passthrough import time_of
from tam_core.video.splices import Onward, Splice

CHECK = "sound"

COARSEST = Fraction(1, 1000)
"""Seconds. In .mp4 and .mov, where a stream begins is rounded down to a clock that may be no finer than this."""


@dataclass(frozen=True)
class AudioPacket:
    """``time`` in seconds; ``digest`` of its bytes."""

    time: Fraction
    digest: bytes


@dataclass(frozen=True)
class AudioStream:
    """``tick``: what its times are counted in, in seconds."""

    codec: str
    tick: Fraction
    packets: list[AudioPacket]


def sound(pair: Pair) -> Finding:
    """The source's streams, over the same span, byte by byte and each in its place."""
    file = pair.source_file
    given = _streams(file.path, file.splices) if file else []
    if not given:
        return _no_sound(pair)
    if pair.pictures:
        return Finding(CHECK, True, "a folder of pictures holds none; the source keeps its own")
    written = _streams(pair.output_path)
    if len(written) != len(given):
        return Finding(CHECK, False, f"{counted(len(written), 'stream')} instead of {len(given)}")
    for number, (wanted, found) in enumerate(zip(given, written, strict=True)):
        differs = _difference(pair, wanted, found)
        if differs:
            return Finding(CHECK, False, f"stream {number}: {differs}")
    packets = sum(len(stream.packets) for stream in written)
    return Finding(CHECK, True, f"{counted(packets, f'{written[0].codec} packet')}, every byte, each in its place")


def _no_sound(pair: Pair) -> Finding:
    found = [] if pair.pictures else _streams(pair.output_path)
    if found:
        return Finding(CHECK, False, f"{counted(len(found), 'stream')}, but the source has none")
    return Finding(CHECK, True, "the source has none")


def _difference(pair: Pair, wanted: AudioStream, found: AudioStream) -> str | None:
    """What is wrong with a stream, in words."""
    if found.codec != wanted.codec:
        return f"{found.codec} instead of {wanted.codec}"
    expected = _expected(pair, wanted)
    if len(found.packets) != len(expected):
        return f"{counted(len(found.packets), 'packet')} instead of {len(expected)}"
    near = max((wanted.tick + found.tick) / 2, COARSEST)
    for number, (one, other) in enumerate(zip(expected, found.packets, strict=True)):
        if one.digest != other.digest:
            return f"packet {number} has other bytes"
        if abs(one.time - other.time) > near:
            return f"packet {number} is heard at {float(other.time):.4f} s instead of {float(one.time):.4f} s"
    return None


def _expected(pair: Pair, stream: AudioStream) -> list[AudioPacket]:
    """The packets of the frames' span, moved with the pictures; what comes before frame 0 goes with it."""
    times, frames = pair.given.times or (), pair.frames
    begin, shift = times[frames.start], times[frames.start] - times[0]
    end = times[frames.stop] if frames.stop < len(times) else None
    return [
        AudioPacket(packet.time - shift, packet.digest)
        for packet in stream.packets
        if (not shift or packet.time >= begin) and (end is None or packet.time < end)
    ]


def _streams(path: Path, splices: Sequence[Splice] = ()) -> list[AudioStream]:
    """The audio streams of a file that can be copied; of each packet only its time and a digest is held.

    ``splices``: where the pictures' clock jumps, and the sound goes on with them.
    """
    with open_container(path) as container:
        audio = [stream for stream in container.streams.audio if stream.codec_context]
        streams = {
            one.index: AudioStream(one.codec_context.codec.canonical_name, one.time_base or Fraction(1, 1000), [])
            for one in audio
        }
        onward = {index: Onward(splices) for index in streams}
        for packet in container.demux(audio) if streams else ():
            if packet.size:
                onward[packet.stream.index].move(packet)
                digest = blake2b(bytes(packet), digest_size=16).digest()
                streams[packet.stream.index].packets.append(AudioPacket(time_of(packet), digest))
    return list(streams.values())
