"""Recordings joined end to end, as ``cat a.ts b.ts`` does: their clock jumps, and what is shown goes on without a gap.

The pictures say where and by how much; their sound moves with them, so that the two stay together. Jumps ahead are
pauses, unless they are too long for the clock of a transport stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from av import Packet
from av.stream import Stream

A_SLIP = Fraction(1)
"""Seconds. Time stamps that go back by no more are a slip of the program that wrote them."""
HALF_A_CLOCK = Fraction(2**32, 90000)
"""Seconds: 13 hours. The clock of a transport stream has 33 bits, so FFmpeg takes a jump back for one far ahead."""
NEAR = Fraction(5)
"""Seconds by which the sound of a recording may begin before the pictures, and end after them."""
APART = Fraction(1, 1000)
"""Seconds between packets whose own time stamps are not in order: any file can tell these apart."""


@dataclass(frozen=True)
class Splice:
    """The clock jumps from ``before`` to ``after``, in seconds of the file; what follows is shown so much ``later``."""

    before: Fraction
    after: Fraction
    later: Fraction


def jumps(before: Fraction, after: Fraction) -> bool:
    """Whether another recording begins between these two times."""
    return after < before - A_SLIP or after > before + HALF_A_CLOCK


def joined(times: Sequence[Fraction], rate: Fraction) -> tuple[tuple[Fraction, ...], tuple[Splice, ...]]:
    """The pictures' times without their jumps. Where they are not in order besides, ``rate`` says how they go on."""
    shown: list[Fraction] = []
    splices: list[Splice] = []
    for begin, end in pairwise([0, *(n for n in range(1, len(times)) if jumps(times[n - 1], times[n])), len(times)]):
        own = times[begin:end]
        later = Fraction(0)
        if shown:
            later = shown[-1] + 1 / rate - own[0]
            splices.append(Splice(times[begin - 1], own[0], later))
        if not in_order(own):
            own = [own[0] + index / rate for index in range(len(own))]
        shown += [time + later for time in own]
    return tuple(shown), tuple(splices)


def in_order(times: Sequence[Fraction]) -> bool:
    """Whether each is later than the one before."""
    return all(earlier < later for earlier, later in pairwise(times))


class Onward:
    """Moves the packets of one stream as its pictures were moved. One for each stream, for one walk through it."""

    def __init__(self, splices: Sequence[Splice]) -> None:
        self._splices = list(splices)
        self._later = Fraction(0)
        self._begin: Fraction | None = None
        self._end = Fraction(0)
        self._last: int | None = None

    def move(self, packet: "Packet[Stream]") -> bool:
        """Set its time stamps. False where they jump back and the pictures' do not: it follows the one before it."""
        stamp = packet.pts if packet.dts is None else packet.dts
        if stamp is None:
            return True
        begin = stamp * packet.time_base
        known = self._begin is None or not jumps(self._begin, begin) or self._enter(self._begin, begin)
        self._begin, self._end = begin, begin + (packet.duration or 0) * packet.time_base
        moved = self._behind_the_last(stamp + round(self._later / packet.time_base), packet.time_base)
        packet.dts = None if packet.dts is None else moved
        packet.pts = None if packet.pts is None else packet.pts + moved - stamp
        return known

    def _behind_the_last(self, stamp: int, tick: Fraction) -> int:
        """``stamp``, or a little more than the last one. With long ticks, packets may have the same."""
        if self._last is not None and stamp < self._last + (tick < APART):
            stamp = self._last + max(1, round(APART / tick))
        self._last = stamp
        return stamp

    def _enter(self, before: Fraction, after: Fraction) -> bool:
        """Go on in the recording that ``after`` is a time of; False if the pictures say nothing about it."""
        for number, splice in enumerate(self._splices):
            if before < splice.before + NEAR and after > splice.after - NEAR:
                self._splices = self._splices[number + 1 :]
                self._later = splice.later
                return True
        if after < before:
            self._later += self._end - after
        return after > before
