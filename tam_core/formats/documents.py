"""What the annotation files of data sets have in common: COCO codes, numbered frames, one video out of several.

It knows no single format, and no folder.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pycocotools import mask as coco

from tam_core import rle
from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.errors import MaskletError, RequestError, SourceNotFoundError
from tam_core.masklet import Masklet
from tam_core.rle import RLE
from tam_core.types import ObjectId, Size
from tam_core.video.source import VideoInfo

Json = dict[str, Any]
Item = TypeVar("Item")

OBJECT = "object"
"""The category of what nobody named."""

_FARTHEST = 4
"""Polygons may leave the picture, but pycocotools takes memory for every pixel of the way."""
_NAMES_SHOWN = 8


def load_document(path: Path) -> Any:
    """The JSON of a file. Raises SourceNotFoundError or MaskletError."""
    if not path.is_file():
        raise SourceNotFoundError(f"no masklet file {path}")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise MaskletError(f"{path} is not JSON: {error}") from error


def save_document(path: Path, document: Json) -> None:
    """Write it as JSON; the file appears when it is complete. Raises OutputError."""
    with atomic_file(path) as temporary, naming_the_cause(path):
        temporary.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")


@contextmanager
def understanding(path: Path, title: str) -> Iterator[None]:
    """Turn what goes wrong with a file's contents into a MaskletError that names the file and what it should be."""
    try:
        yield
    except RequestError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError, MaskletError) as error:
        missing = f"there is no {error}" if isinstance(error, KeyError) else error
        raise MaskletError(f"{path} is not {title}: {missing}") from error


def to_coco(code: RLE) -> Json:
    """A mask as every COCO tool reads it."""
    return {"size": list(code.size), "counts": code.counts.decode("ascii")}


def from_coco(segmentation: Any, size: Size) -> RLE:
    """A segmentation of an annotation: a code, compressed or as a list of runs, or polygons [[x, y, x, y ...] ...].

    ``size`` is the picture's (height, width). Raises MaskletError.
    """
    if isinstance(segmentation, Mapping):
        if tuple(segmentation.get("size", size)) != size:
            raise MaskletError(f"a mask of size {segmentation['size']} in a picture of {list(size)} (height, width)")
        counts = segmentation["counts"]
        return rle.parse(size, counts) if isinstance(counts, str) else _from_runs(counts, size)
    return _from_polygons(segmentation, size)


def _from_runs(counts: Sequence[int], size: Size) -> RLE:
    runs = [int(run) for run in counts]
    if min(runs, default=0) < 0 or sum(runs) != size[0] * size[1]:
        raise MaskletError(f"runs for {sum(runs)} pixels in a mask of {size[1]}x{size[0]}")
    code = coco.frPyObjects({"size": list(size), "counts": runs}, *size)
    return RLE(size, code["counts"])


def _from_polygons(polygons: Sequence[Sequence[float]], size: Size) -> RLE:
    reach = _FARTHEST * max(size)
    outlines = [[float(value) for value in polygon] for polygon in polygons]
    for outline in outlines:
        if len(outline) < 6 or len(outline) % 2 or not all(abs(value) <= reach for value in outline):
            raise MaskletError("a polygon needs three points or more, x and y of each, in the picture")
    if not outlines:
        return empty(size)
    return rle.merge([RLE(size, code["counts"]) for code in coco.frPyObjects(outlines, *size)])


def empty(size: Size) -> RLE:
    """A mask of nothing."""
    return rle.encode(np.zeros(size, dtype=bool))


def boxed(code: RLE) -> list[float]:
    """COCO's box: x, y, width, height; zeros for an empty mask."""
    x0, y0, x1, y1 = code.box or (0.0, 0.0, 0.0, 0.0)
    return [x0, y0, x1 - x0, y1 - y0]


def numbers_in(names: Sequence[str]) -> list[int] | None:
    """The number at the end of each file's name ("clip/img_0012.jpg": 12), or None if not all have one of their own."""
    found = [re.search(r"(\d+)\D*$", Path(name).stem) for name in names]
    numbers = [int(match[1]) for match in found if match]
    return numbers if len(set(numbers)) == len(names) else None


def frames_for(numbers: Sequence[int], info: VideoInfo | None) -> list[int]:
    """The frame that each number is.

    A number is its frame's, but data sets also keep every fifth frame of a video under its old number: numbers that run
    past the end of a video that has just as many frames count in order.
    """
    if info is None or info.frame_count != len(numbers) or max(numbers, default=0) < len(numbers):
        return list(numbers)
    place = {number: index for index, number in enumerate(sorted(numbers))}
    return [place[number] for number in numbers]


def choose(found: Mapping[str, Item], wanted: str | None, path: Path) -> Item:
    """The video that is wanted, by name, or the only one. Raises MaskletError that names those that there are."""
    if wanted is None and len(found) == 1:
        return next(iter(found.values()))
    if wanted is not None and wanted in found:
        return found[wanted]
    shown = ", ".join(list(found)[:_NAMES_SHOWN]) + (" ..." if len(found) > _NAMES_SHOWN else "")
    if wanted is not None:
        raise MaskletError(f"{path} has no video {wanted!r}; there are {len(found)}: {shown}")
    raise MaskletError(
        f"{path} has the masks of {len(found)} videos ({shown}); choose one: '{path}#{next(iter(found), '')}'"
    )


def build(
    object_id: ObjectId, size: Size, codes: Mapping[int, RLE], scores: Mapping[int, float] | None = None
) -> Masklet:
    """A masklet of masks that a person or another program made; without scores they are fully trusted."""
    return Masklet(object_id, size, dict(codes), {frame: (scores or {}).get(frame, 1.0) for frame in codes})


class Categories:
    """COCO's numbers for the objects' names, from 1 in alphabetical order; objects without a name are an "object"."""

    def __init__(self, masklets: Iterable[Masklet], names: Mapping[ObjectId, str] | None) -> None:
        self._names = {one.object_id: (names or {}).get(one.object_id, OBJECT) for one in masklets}
        self._numbers = {name: number for number, name in enumerate(sorted(set(self._names.values())), 1)}

    def of(self, masklet: Masklet) -> int:
        return self._numbers[self._names[masklet.object_id]]

    def entries(self) -> list[Json]:
        return [{"id": number, "name": name, "supercategory": OBJECT} for name, number in self._numbers.items()]
