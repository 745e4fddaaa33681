"""Where every frame of a file is: found in one pass over the packets, decoding nothing where that can be trusted."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError

from tam_core.errors import VideoError
from tam_core.video.packets import decode, first_decoded, open_container, packets, video_stream
from tam_core.video.splices import Splice, in_order, joined

# In these, every packet that is not marked "discard" is one shown frame and carries that frame's time stamp.
MOV, MATROSKA, TRANSPORT = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts"
EXACT_FORMATS = frozenset({MOV, MATROSKA})
EXACT_CODECS = frozenset({"h264", "hevc", "av1", "vp9", "prores", "ffv1", "mjpeg", "png", "dnxhd", "qtrle", "rawvideo"})
# In these, packets carry time stamps of their own, but it takes a decoder to tell which of them are shown.
STAMPED_FORMATS = frozenset({MOV, MATROSKA, TRANSPORT, "flv"})


@dataclass(frozen=True)
class Keyframe:
    """A packet where decoding can begin. ``first``: index of the first frame that is whole when we begin here."""

    pts: int
    dts: int | None
    first: int


@dataclass(frozen=True)
class FrameIndex:
    """Every frame of a file, in the order it is shown.

    ``times``: exact seconds. ``positions``: time stamp -> frame index, or None where time stamps say nothing (raw
    streams, most AVI): then frames are found by counting from the start, and ``keyframes`` is empty.
    ``declared``: how many frames the file should have; more than there are if it was cut short. ``splices``: where its
    clock jumps; ``times`` go on there.
    """

    times: tuple[Fraction, ...] = field(repr=False)
    positions: dict[int, int] | None = field(repr=False)
    keyframes: tuple[Keyframe, ...] = field(repr=False)
    declared: int
    splices: tuple[Splice, ...] = ()

    def keyframe_before(self, index: int) -> Keyframe | None:
        """The last keyframe from which frame ``index`` can be decoded; None: begin at the start of the file."""
        found = bisect_right(self.keyframes, index, key=lambda keyframe: keyframe.first)
        return self.keyframes[found - 1] if found else None


@dataclass(frozen=True)
class PacketEntry:
    """One packet: its time stamps, in units of the stream's time base."""

    pts: int | None
    dts: int | None
    key: bool
    shown: bool


def build_index(path: Path) -> FrameIndex:
    """Index a video file. Raises SourceNotFoundError or VideoError."""
    with open_container(path) as container:
        stream = video_stream(container, path)
        entries = [PacketEntry(p.pts, p.dts, p.is_keyframe, not p.is_discard) for p in packets(container, stream)]
        lost = lost_packets(container, stream, entries)
        stamped = has_time_stamps(container, entries)
        exact = stamped and container.format.name in EXACT_FORMATS and codec_of(stream) in EXACT_CODECS
        time_base = stream.time_base or Fraction(1, 1000)
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        one_clock = container.format.name != TRANSPORT
    pts = shown_time_stamps(path, entries) if exact else decoded_time_stamps(path, len(entries))
    if not pts:
        raise VideoError(f"{path} is not a video: none of its frames can be decoded")
    count = len(pts) + lost
    stamps = [stamp for stamp in pts if stamp is not None]
    if len(stamps) < len(pts):
        begin = (pts[0] or 0) * time_base
        return FrameIndex(tuple(begin + index / rate for index in range(len(pts))), None, (), count)
    own = tuple(stamp * time_base for stamp in stamps)
    times, splices = (own, ()) if in_order(own) and one_clock else joined(own, rate)
    if not in_order(own) or not stamped:
        return FrameIndex(times, None, (), count, splices)
    positions = {stamp: index for index, stamp in enumerate(stamps)}
    return FrameIndex(times, positions, keyframes(entries, stamps), count, splices)


def codec_of(stream: av.VideoStream) -> str:
    """The codec's own name: "av1", not the decoder's "libdav1d"."""
    return str(stream.codec_context.codec.canonical_name)


def has_time_stamps(container: InputContainer, entries: Sequence[PacketEntry]) -> bool:
    """Does every packet carry a time stamp of its own, so that a frame can be told by it after a seek?"""
    all_key = all(entry.key for entry in entries)
    if container.format.name not in STAMPED_FORMATS and not all_key:
        return False
    stamps = {entry.pts for entry in entries if entry.shown}
    return None not in stamps and len(stamps) == sum(entry.shown for entry in entries)


def shown_time_stamps(path: Path, entries: Sequence[PacketEntry]) -> list[int | None]:
    """Time stamps of the shown frames, in order, by the packets alone.

    Pictures that come before the first keyframe on the screen but after it in the file need a picture from before the
    file's beginning (a clip cut out of a longer one): the decoder never shows them, so they are no frames of ours.
    """
    stamps = sorted(entry.pts for entry in entries if entry.shown and entry.pts is not None)
    first = entries[0] if entries else None
    if first is None or not first.key or first.pts is None or not stamps or stamps[0] >= first.pts:
        return list(stamps)
    with open_container(path) as container:
        first_shown = first_decoded(container, video_stream(container, path), path).pts
    return [stamp for stamp in stamps if first_shown is None or stamp >= min(first_shown, first.pts)]


def decoded_time_stamps(path: Path, packet_count: int) -> list[int | None]:
    """Time stamps of all frames in the order a full decode shows them.

    One thread loses no frame to its neighbour's damage, but many are quicker: they go first.
    """
    try:
        stamps = decode_all(path, "AUTO", strict=True)
    except FFmpegError:
        stamps = []
    return stamps if len(stamps) >= packet_count else decode_all(path, "NONE", strict=False)


def decode_all(path: Path, threads: str, strict: bool) -> list[int | None]:
    with open_container(path) as container:
        stream = video_stream(container, path)
        stream.thread_type = threads
        return [frame.pts for frame in decode(stream, packets(container, stream), strict)]


def keyframes(entries: Sequence[PacketEntry], stamps: Sequence[int]) -> tuple[Keyframe, ...]:
    """Keyframes in the order they are shown. A seek to one makes whole what is shown from it on, not before."""
    found = {
        entry.pts: Keyframe(entry.pts, entry.dts, bisect_right(stamps, entry.pts - 1))
        for entry in entries
        if entry.key and entry.pts is not None
    }
    return tuple(sorted(found.values(), key=lambda keyframe: keyframe.pts))


def lost_packets(container: InputContainer, stream: av.VideoStream, entries: Sequence[PacketEntry]) -> int:
    """How many packets the file says it has beyond those that are there; 0 where it does not say."""
    if container.format.name == MOV:
        declared = len(stream.index_entries)
    elif container.format.name == MATROSKA:
        declared = matroska_count(stream, entries)
    else:
        declared = stream.frames
    return max(0, declared - len(entries))


def matroska_count(stream: av.VideoStream, entries: Sequence[PacketEntry]) -> int:
    """Matroska counts no frames, but its duration tag tells how long the stream was when it was whole."""
    stamps = [entry.pts for entry in entries if entry.pts is not None]
    parts = stream.metadata.get("DURATION", "").split(":")
    if len(parts) != 3 or not stamps or not stream.average_rate or not stream.time_base:
        return 0
    duration = int(parts[0]) * 3600 + int(parts[1]) * 60 + Fraction(parts[2])
    missing = (duration - max(stamps) * stream.time_base) * stream.average_rate
    whole = round((duration - min(stamps) * stream.time_base) * stream.average_rate)
    return whole if missing > 2 else 0
