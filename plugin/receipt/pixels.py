"""Bit for bit: outside the holes every pixel of the output is the source's own. Frames are compared one at a time."""

from collections.abc import Iterator

from plugin.receipt.finding import Finding, counted, listed
from plugin.receipt.pair import Pair
from tam_core.types import Pixels
from tam_core.video.colour import PLAIN_BITS
from tam_core.video.deep import deepened_pixels
from tam_core.video.open import deepened

CHECK = "pixels outside the hole"


def pixels_outside(pair: Pair) -> Finding:
    """Passes where the output's kind keeps no exact values, and says so; differs if any pixel does."""
    codec = pair.codec
    if codec is None or not codec.lossless or not pair.written.is_rgb:
        return Finding(CHECK, True, f"not compared: {pair.written.codec} does not keep every value")
    if pair.holes is None:
        return Finding(CHECK, True, "not compared: the whole picture was to be changed")
    if pair.written.size != pair.given.size:
        return Finding(CHECK, False, "cannot be compared: the pictures have another size")
    changed: dict[int, int] = {}
    for (source, output), index in zip(_both(pair), pair.frames, strict=False):
        count = int((source != output).any(2)[~pair.holes.hole(index)].sum())
        if count:
            changed[index] = count
    if changed:
        frames = list(changed)
        return Finding(
            CHECK,
            False,
            f"{counted(sum(changed.values()), 'pixel')} changed on {counted(len(frames), 'frame')} ({listed(frames)})",
        )
    compared = "every value of the colours" if pair.given.alpha else "every value"
    return Finding(CHECK, True, f"{compared} is the source's on {counted(len(pair.frames), 'frame')}")


def _both(pair: Pair) -> Iterator[tuple[Pixels, Pixels]]:
    """Pixels of the source and of the output, in 16 bits where the output has more than 8."""
    deep = pair.written.bit_depth > PLAIN_BITS
    source, output = (deepened(one) if deep else one for one in (pair.source, pair.output))
    given = source.frames(pair.frames.start, pair.frames.stop)
    for one, other in zip(given, output.frames(), strict=False):
        yield deepened_pixels(one.pixels) if deep and one.pixels.itemsize == 1 else one.pixels, other.pixels
