"""Masks without numpy: COCO's run-length code to and from runs, bitmaps and rows, and pictures of it.

A *bitmap* is bytes, one a pixel, 0 or 1, row after row from the top; *rows* are, per row, the spans (start, stop) of
object pixels. Loops over pixels are left to slices and searches in bytes, which are fast: about 20 ms at 1920x1080.
"""

import re
import struct
import zlib
from collections.abc import Iterable
from itertools import pairwise

from .wire import Rle, WireError

Size = tuple[int, int]
"""(height, width)"""
Rows = list[list[tuple[int, int]]]

_OBJECT = re.compile(b"\x01+")
_TO_GREY = bytes([0]) + bytes([255]) * 255


def runs(mask: Rle) -> list[int]:
    """Lengths of background, object, background ..., down the first column, then the next.

    Raises WireError unless they fill the mask exactly.
    """
    found: list[int] = []
    value = shift = 0
    for character in mask.counts:
        bits = ord(character) - 48
        if not 0 <= bits < 64:
            raise WireError(f"'{mask.counts[:40]}' is not a run-length code")
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:  # the last five bits of this number, of which the highest is the sign
            value -= (bits & 16) << (shift - 4)
            found.append(value + found[-2] if len(found) > 2 else value)
            value = shift = 0
    if shift or min(found, default=0) < 0 or sum(found) != mask.size[0] * mask.size[1]:
        raise WireError(f"a run-length code that does not fill a mask of {mask.size[1]}x{mask.size[0]}")
    return found


def from_runs(lengths: list[int], size: Size) -> Rle:
    """The code of runs as ``runs`` gives them."""
    counts = bytearray()
    for index, length in enumerate(lengths):
        value = length - lengths[index - 2] if index > 2 else length
        while not -16 <= value < 16:
            counts.append(48 + (32 | value & 31))
            value >>= 5
        counts.append(48 + (value & 31))
    return Rle(size, counts.decode("ascii"))


def bitmap(mask: Rle) -> bytes:
    """The mask, one byte a pixel."""
    height, columns = mask.size[0], _columns(mask)
    return b"".join(columns[row::height] for row in range(height))


def from_bitmap(pixels: bytes | bytearray, size: Size) -> Rle:
    """The code of a bitmap."""
    height, width = size
    columns = b"".join(pixels[column::width] for column in range(width))
    ends = [0]
    for span in _OBJECT.finditer(columns):
        ends += span.span()
    ends.append(height * width)
    lengths = [stop - start for start, stop in pairwise(ends)]
    return from_runs(lengths if lengths[-1] else lengths[:-1], size)


def scaled(mask: Rle, size: Size) -> bytes:
    """The mask as a bitmap of another size (height, width), for drawing: each pixel takes the one at its middle."""
    (height, width), columns = mask.size, _columns(mask)
    chosen = b"".join(columns[column * height : (column + 1) * height] for column in _middles(width, size[1]))
    return b"".join(chosen[row::height] for row in _middles(height, size[0]))


def rows(mask: Rle) -> Rows:
    """The spans of every row, from the left."""
    height, columns = mask.size[0], _columns(mask)
    return [[span.span() for span in _OBJECT.finditer(columns[row::height])] for row in range(height)]


def from_rows(spans: Rows, width: int) -> Rle:
    """The code of rows. The spans of a row may overlap; what lies outside the picture is left out."""
    pixels = bytearray(len(spans) * width)
    for row, line in enumerate(spans):
        for start, stop in line:
            fill(pixels, width, row, start, stop)
    return from_bitmap(pixels, (len(spans), width))


def fill(pixels: bytearray, width: int, row: int, start: int, stop: int, value: bool = True) -> None:
    """Set a span of a bitmap, as far as it lies in the picture."""
    start, stop = max(start, 0), min(stop, width)
    if start < stop and 0 <= row * width < len(pixels):
        pixels[row * width + start : row * width + stop] = bytes([value]) * (stop - start)


def grey_png(mask: Rle) -> bytes:
    """A PNG of 8-bit grey: the object is white, the rest black."""
    height, columns = mask.size[0], _columns(mask).translate(_TO_GREY)
    return _png((columns[row::height] for row in range(height)), mask.size, colour_type=0)


def colour_png(mask: Rle, colour: tuple[int, int, int, int]) -> bytes:
    """A PNG of 8-bit RGBA: the object has the colour, the rest is the same colour, transparent.

    So that no dark edge appears when the picture is scaled.
    """
    inside, outside = bytes(colour), bytes(colour[:3]) + b"\0"
    lines = []
    for spans in rows(mask):
        line, end = b"", 0
        for start, stop in spans:
            line += outside * (start - end) + inside * (stop - start)
            end = stop
        lines.append(line + outside * (mask.size[1] - end))
    return _png(lines, mask.size, colour_type=6)


def _columns(mask: Rle) -> bytes:
    """The bitmap column after column, as COCO counts."""
    return b"".join(bytes([index & 1]) * length for index, length in enumerate(runs(mask)))


def _middles(count: int, wanted: int) -> list[int]:
    return [(2 * index + 1) * count // (2 * wanted) for index in range(wanted)]


def _png(lines: Iterable[bytes], size: Size, colour_type: int) -> bytes:
    header = struct.pack(">IIBBBBB", size[1], size[0], 8, colour_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + line for line in lines), 1)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
