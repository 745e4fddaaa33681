"""Whether run-length codes from a file may be decoded: all of them at once, for there are thousands.

pycocotools trusts its strings and would read and write out of bounds; ``tam_core.rle.parse`` looks at one at a time.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tam_core.errors import MaskletError
from tam_core.types import Size

_Ints = npt.NDArray[np.int64]
_LONGEST = 7
"""Characters of a number, of five bits each: more than any mask has pixels."""


def check_counts(size: Size, codes: Sequence[bytes]) -> None:
    """Raise MaskletError unless every code fills a mask of ``size`` (height, width) exactly."""
    if not codes:
        return
    if not all(isinstance(code, bytes) and code for code in codes):
        raise MaskletError("a mask without a run-length code")
    bits = np.frombuffer(b"".join(codes), np.uint8) - np.uint8(48)
    row_ends = np.cumsum([len(code) for code in codes]) - 1
    last = bits & 0x20 == 0
    if bits.max() > 63 or not last[row_ends].all():
        raise MaskletError("what should be run-length codes is something else")
    ends = np.flatnonzero(last)
    firsts = np.concatenate([[0], np.searchsorted(ends, row_ends[:-1]) + 1])
    runs = _runs(_values(bits, ends), firsts)
    if runs.min() < 0 or (np.add.reduceat(runs, firsts) != size[0] * size[1]).any():
        raise MaskletError(f"run-length codes that do not fill masks of {size[1]}x{size[0]}")


def _values(bits: npt.NDArray[np.uint8], ends: _Ints) -> _Ints:
    """The numbers that are written, each from five bits a character, low first; the last one has the sign."""
    starts = np.concatenate([[0], ends[:-1] + 1])
    length = ends - starts + 1
    if length.max() > _LONGEST:
        raise MaskletError("a run that is longer than any mask")
    values = np.zeros(len(ends), np.int64)
    for place in range(length.max()):
        longer = np.flatnonzero(length > place)
        values[longer] += (bits[starts[longer] + place] & 0x1F).astype(np.int64) << 5 * place
    result: _Ints = values - ((bits[ends] & 0x10 != 0).astype(np.int64) << 5 * length)
    return result


def _runs(values: _Ints, firsts: _Ints) -> _Ints:
    """The runs that the numbers stand for; ``firsts`` are the places of every code's first.

    From a code's fourth number on, each is the difference to the run before the last.
    """
    lengths = np.diff(np.append(firsts, len(values)))
    place = np.arange(len(values)) - np.repeat(firsts, lengths)
    runs = values.copy()
    for parity in (1, 0):
        chain = np.flatnonzero((place % 2 == parity) & (place > 0))
        sums = np.cumsum(values[chain])
        steps = np.bincount(np.repeat(np.arange(len(firsts)), lengths)[chain], minlength=len(firsts))
        before = np.concatenate([[0], sums])[np.cumsum(steps) - steps]
        runs[chain] = sums - np.repeat(before, steps)
    return runs
