"""Sound and subtitles of the source, copied packet by packet: nothing is decoded, every byte stays."""

import warnings
from collections.abc import Iterator
from fractions import Fraction

import av
from av.container import OutputContainer
from av.stream import Stream

from tam_core.video.containers import can_hold
from tam_core.video.file import FileSource
from tam_core.video.packets import open_container
from tam_core.video.source import VideoWarning
from tam_core.video.splices import Onward


class Passthrough:
    """Copies audio and subtitle packets of ``source`` into ``target``, in step with the pictures.

    ``shift``: seconds that all times move towards 0, because the pictures begin that much later than the source's. What
    belongs to the time before the first picture is then left out, to the nearest packet.

    Streams that ``target`` cannot hold as they are, and those whose codec FFmpeg does not know, are left out with a
    warning. (For sound, check_sound() makes an error of the first of these, before any work is done.) Where the clock
    of the source jumps, packets go on as the pictures do.
    """

    def __init__(self, source: FileSource, target: OutputContainer, begin: Fraction, shift: Fraction) -> None:
        self._path = source.path
        self._source = open_container(source.path)
        self._target = target
        self._begin = begin
        self._shift = shift
        self._warned = False
        self._streams = self._adopt()
        self._onward = {index: Onward(source.splices) for index in self._streams}
        self._packets = self._wanted()
        self._next = next(self._packets, None)

    def close(self) -> None:
        self._source.close()

    def copy_until(self, time: Fraction | None) -> None:
        """Copy what comes before ``time``, in seconds of the source; None: all that is left."""
        while self._next is not None and (time is None or time_of(self._next) < time):
            self._copy(self._next)
            self._next = next(self._packets, None)

    def _adopt(self) -> dict[int, Stream]:
        """Source stream index -> new stream of the target."""
        adopted: dict[int, Stream] = {}
        for stream in (*self._source.streams.audio, *self._source.streams.subtitles):
            reason = self._reason_against(stream)
            if reason:
                left_out = f"stream {stream.index} ({stream.type}) is left out: {reason}"
                warnings.warn(VideoWarning(f"{self._path}: {left_out}"), stacklevel=2)
            else:
                adopted[stream.index] = self._target.add_stream_from_template(stream)
        return adopted

    def _reason_against(self, stream: Stream) -> str | None:
        """Why a stream cannot be copied, if it cannot."""
        if stream.codec_context is None:
            return "this FFmpeg does not know its codec"
        if can_hold(self._target.format.name, stream):
            return None
        return f"{self._target.format.name} cannot hold {stream.codec_context.codec.canonical_name}"

    def _wanted(self) -> Iterator["av.Packet[Stream]"]:
        if not self._streams:
            return
        for packet in self._source.demux([self._source.streams[index] for index in self._streams]):
            if not packet.size:
                continue
            if not self._onward[packet.stream.index].move(packet):
                self._warn_of_jump(packet)
            if self._shift == 0 or time_of(packet) >= self._begin:
                yield packet

    def _warn_of_jump(self, packet: "av.Packet[Stream]") -> None:
        """Say so once."""
        if not self._warned:
            self._warned = True
            where = f"stream {packet.stream.index} ({packet.stream.type}) jump back at {float(time_of(packet)):.2f} s"
            warnings.warn(VideoWarning(f"{self._path}: time stamps of {where}; it goes on there"), stacklevel=2)

    def _copy(self, packet: "av.Packet[Stream]") -> None:
        ticks = round(self._shift / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - ticks
        packet.dts = None if packet.dts is None else packet.dts - ticks
        packet.stream = self._streams[packet.stream.index]
        self._target.mux(packet)


def time_of(packet: "av.Packet[Stream]") -> Fraction:
    """When a packet begins, in seconds."""
    stamp = packet.dts if packet.pts is None else packet.pts
    return (stamp or 0) * packet.time_base
