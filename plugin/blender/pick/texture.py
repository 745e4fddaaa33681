"""Masks as the pixels of one texture, made without numpy and fast enough for the main thread.

A texel holds the number of the mask it belongs to, so that one texture and a palette draw all objects of a frame. The
texture covers no more than the masks do, and lies on its side: run-length codes count down the columns, so a column of
the picture is a row of the texture. It knows no Blender: ``overlay.py`` draws it.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...link import raster, wire

MOST = 500_000
"""Texels; of larger masks every second or third pixel is taken. As floats, which Blender wants, they are 2 MB."""

Span = tuple[int, int, int]
"""(column, first row, row after the last)"""


@dataclass(frozen=True)
class Texels:
    """``data``: float32, 1 / 255 times the number of the mask, counted from 1, 0 outside; ``size``: (height, width) of
    the picture's part ``box`` (x0, y0, x1, y1), in source pixels, in steps of ``step`` pixels."""

    data: bytearray
    size: tuple[int, int]
    box: tuple[int, int, int, int]
    step: int


def texels(masks: Sequence[wire.Rle], most: int = MOST) -> Texels | None:
    """Where masks overlap, the last is seen. None when there is nothing to see. Raises WireError."""
    found = [list(column_spans(mask)) for mask in masks]
    spans = [span for one in found for span in one]
    if not spans:
        return None
    x0, x1 = min(span[0] for span in spans), max(span[0] for span in spans) + 1
    y0, y1 = min(span[1] for span in spans), max(span[2] for span in spans)
    step = 1
    while -(-(x1 - x0) // step) * -(-(y1 - y0) // step) > most:
        step += 1
    height, width = -(-(y1 - y0) // step), -(-(x1 - x0) // step)
    data = bytearray(4 * height * width)
    for number, one in enumerate(found, 1):
        _fill(data, one, struct.pack("f", number / 255), (x0, y0), height, step)
    return Texels(data, (height, width), (x0, y0, x0 + width * step, y0 + height * step), step)


def _fill(
    data: bytearray, spans: Sequence[Span], texel: bytes, corner: tuple[int, int], height: int, step: int
) -> None:
    x0, y0 = corner
    for column, top, bottom in spans:
        line, left_over = divmod(column - x0, step)
        first, stop = -(-(top - y0) // step), -(-(bottom - y0) // step)
        if not left_over and first < stop:
            begin = 4 * (line * height + first)
            data[begin : begin + 4 * (stop - first)] = texel * (stop - first)


def column_spans(mask: wire.Rle) -> Iterator[Span]:
    """Where the object is in each column, from the top. Raises WireError."""
    height, position = mask.size[0], 0
    for index, length in enumerate(raster.runs(mask)):
        stop = position + length
        while index % 2 and position < stop:
            column, row = divmod(position, height)
            end = min(row + stop - position, height)
            yield column, row, end
            position += end - row
        position = stop
