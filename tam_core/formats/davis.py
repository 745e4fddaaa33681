"""Masklets as a DAVIS folder: one indexed PNG a frame (``00000.png``), pixel value = object number."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from tam_core import rle
from tam_core.atomic import atomic_folder, naming_the_cause
from tam_core.errors import MaskletError, SourceNotFoundError
from tam_core.formats.documents import build, empty, frames_for
from tam_core.masklet import Masklet
from tam_core.rle import RLE
from tam_core.types import Mask, ObjectId, Size
from tam_core.video.pictures import grey_levels
from tam_core.video.source import VideoInfo

_VOID = 255
"""DAVIS 2017 marks pixels that are not scored with 255; alone in a picture, 255 is an ordinary mask."""


def write_davis(masklets: Iterable[Masklet], folder: str | os.PathLike[str], frames: Iterable[int]) -> None:
    """Write one indexed PNG for each of ``frames``, named by its frame number.

    Where objects overlap, the one with the higher number is in front. The folder appears when it is complete; raises
    OutputError.
    """
    folder, objects = Path(folder), check_objects(masklets)
    with atomic_folder(folder) as temporary, naming_the_cause(folder):
        for frame in frames:
            write_labels(objects, frame, temporary)


def check_objects(masklets: Iterable[Masklet]) -> list[Masklet]:
    """The masklets from back to front. Raises MaskletError if an indexed PNG cannot hold them."""
    objects = sorted(masklets, key=lambda masklet: masklet.object_id)
    if not objects:
        raise MaskletError("there is no object to write")
    if objects[-1].object_id >= _VOID:
        raise MaskletError(
            f"object {objects[-1].object_id}: an indexed PNG holds numbers up to {_VOID - 1}; write .json instead"
        )
    return objects


def write_labels(objects: list[Masklet], frame: int, folder: Path) -> None:
    """Write what ``objects`` are on a frame, named by its number."""
    save_labels(_labels(objects, frame), folder / f"{frame:05d}.png")


def save_labels(labels: npt.NDArray[np.uint8], path: Path) -> None:
    """Object numbers (H, W) as an indexed PNG in the DAVIS colours."""
    picture = Image.fromarray(labels)
    picture.putpalette(_palette())
    picture.save(path, compress_level=3)


def read_davis(folder: str | os.PathLike[str], info: VideoInfo | None = None) -> list[Masklet]:
    """Masklets from a folder of numbered PNG masks; the number in a file's name is its frame, see ``frames_for``.

    Raises SourceNotFoundError, or MaskletError when there are no such files or their sizes differ.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SourceNotFoundError(f"no folder {folder}")
    pictures = sorted(numbered_pictures(folder), key=lambda path: int(path.stem))
    if not pictures:
        raise MaskletError(f"{folder} has no masks: files named by frame number, such as 00000.png, were looked for")
    codes: dict[ObjectId, dict[int, RLE]] = {}
    sizes: set[Size] = set()
    frames = frames_for([int(path.stem) for path in pictures], info)
    for path, frame in zip(pictures, frames, strict=True):
        labels = read_labels(path)
        sizes.add((labels.shape[0], labels.shape[1]))
        for object_id, mask in split_labels(labels):
            codes.setdefault(object_id, {})[frame] = rle.encode(mask)
    if len(sizes) > 1:
        raise MaskletError(f"the masks in {folder} have different sizes (height, width): {sorted(sizes)}")
    return _with_absences(codes, frames, sizes.pop())


def numbered_pictures(folder: Path) -> Iterator[Path]:
    """The PNGs of a folder that are named by a number, as they come."""
    return (path for path in folder.glob("*.png") if path.stem.isdecimal())


def read_labels(path: str | os.PathLike[str]) -> npt.NDArray[np.uint8]:
    """The object numbers in a mask picture, (H, W) uint8; a colour picture counts by its brightness."""
    path = Path(path)
    if not path.is_file():
        raise SourceNotFoundError(f"no mask file {path}")
    try:
        with Image.open(path) as picture:
            if picture.mode == "P":
                return np.array(picture)
            return grey_levels(picture, few=True)
    except (UnidentifiedImageError, OSError) as error:
        raise MaskletError(f"{path} is not a picture: {error}") from error


def split_labels(labels: npt.NDArray[np.uint8]) -> Iterator[tuple[ObjectId, Mask]]:
    """Each object of a label picture as (number, mask). A picture of only 0 and 255 shows object 1."""
    values = [int(value) for value in np.unique(labels) if value]
    if values == [_VOID]:
        yield 1, labels == _VOID
        return
    for value in values:
        if value != _VOID:
            yield value, labels == value


def _with_absences(codes: dict[ObjectId, dict[int, RLE]], frames: list[int], size: Size) -> list[Masklet]:
    """A picture without an object's number says that the object was not visible there."""
    nothing = empty(size)
    return [
        build(object_id, size, {frame: found.get(frame, nothing) for frame in frames})
        for object_id, found in sorted(codes.items())
    ]


def _labels(objects: list[Masklet], frame: int) -> npt.NDArray[np.uint8]:
    labels = np.zeros(objects[0].size, dtype=np.uint8)
    for masklet in objects:
        mask = masklet.mask(frame)
        if mask is not None:
            labels[mask] = masklet.object_id
    return labels


def object_colour(object_id: ObjectId) -> tuple[int, int, int]:
    """The DAVIS (and PASCAL VOC) colour of an object number: its bits, dealt to red, green and blue in turn."""
    red = green = blue = 0
    for bit in range(8):
        shift = 7 - bit
        red |= (object_id >> (3 * bit) & 1) << shift
        green |= (object_id >> (3 * bit + 1) & 1) << shift
        blue |= (object_id >> (3 * bit + 2) & 1) << shift
    return red, green, blue


def _palette() -> list[int]:
    return [channel for object_id in range(256) for channel in object_colour(object_id)]
