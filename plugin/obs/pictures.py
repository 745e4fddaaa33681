"""Pictures with nothing but the standard library: of OBS for the worker, masks for OBS, both as PNG.

PNGs are packed fast rather than small: nothing of it leaves this machine.
"""

import struct
import zlib

from .ports import Picture

GREY, RGB = 0, 2


def rgb_png(picture: Picture) -> bytes:
    """8-bit RGB of what OBS drew."""
    width, line = picture.width, 1 + 3 * picture.width
    rows = bytearray(line * picture.height)  # each row begins with a 0: not filtered
    for row in range(picture.height):
        pixels = picture.pixels[row * picture.line : row * picture.line + 4 * width]
        for channel, place in enumerate((2, 1, 0)):
            rows[row * line + 1 + channel : (row + 1) * line : 3] = pixels[place::4]
    return _png(bytes(rows), (width, picture.height), RGB)


def reduced(picture: Picture, size: tuple[int, int]) -> Picture:
    """A smaller picture of ``size`` (width, height): of the pixels that are there, those nearest."""
    width, height = size
    columns = [4 * ((2 * x + 1) * picture.width // (2 * width)) for x in range(width)]
    rows = []
    for y in range(height):
        begin = (2 * y + 1) * picture.height // (2 * height) * picture.line
        rows += [picture.pixels[begin + column : begin + column + 4] for column in columns]
    return Picture(width, height, 4 * width, b"".join(rows))


def grey_png(pixels: bytes | bytearray, size: tuple[int, int]) -> bytes:
    """8-bit grey, one byte a pixel; ``size`` is (width, height)."""
    width, height = size
    rows = b"".join(b"\0" + pixels[row * width : (row + 1) * width] for row in range(height))
    return _png(rows, size, GREY)


def _png(rows: bytes, size: tuple[int, int], colour_type: int) -> bytes:
    header = struct.pack(">IIBBBBB", *size, 8, colour_type, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
