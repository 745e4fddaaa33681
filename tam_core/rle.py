"""Masks as COCO run-length codes: a few hundred bytes a frame instead of a picture.

Area, box and IoU are answered without decoding. The codes are pycocotools' own, so they go to COCO, YouTube-VOS and
SA-V files as they are.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools import mask as coco

from tam_core.errors import MaskletError
from tam_core.types import XYXY, Mask, Size


@dataclass(frozen=True, slots=True)
class RLE:
    """One mask. ``size`` is (height, width); ``counts`` is COCO's compressed string."""

    size: Size
    counts: bytes

    @property
    def area(self) -> int:
        """Number of object pixels."""
        return int(coco.area(self._coco()))

    @property
    def box(self) -> XYXY | None:
        """Tight box ``(x0, y0, x1, y1)``, or None when the mask is empty."""
        x, y, width, height = (float(value) for value in coco.toBbox(self._coco()))
        return (x, y, x + width, y + height) if width and height else None

    def decode(self, box: tuple[int, int, int, int] | None = None) -> Mask:
        """The mask, (H, W) bool, or the part of it in a ``box`` (x0, y0, x1, y1) of whole pixels."""
        x0, y0, x1, y1 = box or (0, 0, self.size[1], self.size[0])
        return np.ascontiguousarray(coco.decode(self._coco())[y0:y1, x0:x1], dtype=bool)

    def iou(self, other: "RLE") -> float:
        """Intersection over union, 0..1; two empty masks agree: 1."""
        if self.size != other.size:
            raise MaskletError(f"IoU of masks of different sizes: {self.size} and {other.size}")
        if not self.area and not other.area:
            return 1.0
        return float(coco.iou([self._coco()], [other._coco()], [0])[0, 0])

    def _coco(self) -> dict[str, Any]:
        return {"size": list(self.size), "counts": self.counts}


def encode(mask: Mask) -> RLE:
    """The run-length code of a mask (H, W) bool."""
    code = coco.encode(np.asfortranarray(mask, dtype=np.uint8))
    return RLE((int(code["size"][0]), int(code["size"][1])), code["counts"])


def parse(size: Size, counts: str) -> RLE:
    """A code read from a file. Raises MaskletError unless its runs fill a mask of ``size`` (height, width) exactly."""
    pixels = size[0] * size[1]
    try:
        runs = _runs(counts.encode("ascii"))
    except (ValueError, IndexError) as error:
        raise MaskletError(f"'{counts[:40]}' is not a COCO run-length code") from error
    if min(runs, default=0) < 0 or sum(runs) != pixels:
        raise MaskletError(f"a run-length code for {sum(runs)} pixels in a mask of {size[1]}x{size[0]}")
    return RLE(size, counts.encode("ascii"))


_MOST_BITS = 60
"""Of a run's length: endless ones, from who knows where, would be added up for hours."""


def _runs(counts: bytes) -> list[int]:
    """Run lengths of COCO's compressed string: five bits a character, low first, from the third run on as differences.

    pycocotools trusts the string and would read and write out of bounds, so strings from files are counted here first.
    """
    runs: list[int] = []
    position = 0
    while position < len(counts):
        value, shift, more = 0, 0, True
        while more:
            bits = counts[position] - 48
            if not 0 <= bits < 64 or shift > _MOST_BITS:
                raise ValueError("not the code of a run")
            value |= (bits & 0x1F) << shift
            more = bool(bits & 0x20)
            position += 1
            shift += 5
            if not more and bits & 0x10:
                value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
    return runs


def merge(rles: list[RLE]) -> RLE:
    """The union of masks of one size, without decoding."""
    code = coco.merge([rle._coco() for rle in rles])
    return RLE((int(code["size"][0]), int(code["size"][1])), code["counts"])
