"""The pictures and videos that clips are made from, read once and kept in memory.

Knows the folder layout (``images/NAME.jpg`` with ``masks/NAME.png``, ``unlabelled/NAME.jpg``,
``videos/SEQ/{images,masks}/NNNNN``) and which labels are objects worth learning from. Knows nothing of motion.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.errors import SourceNotFoundError
from tam_core.formats.davis import read_labels
from tam_core.types import Pixels
from tam_core.video.pictures import read_picture

Labels: TypeAlias = npt.NDArray[np.uint8]
"""(H, W) or (T, H, W) uint8: a small number for every pixel, or an opacity."""

UNKNOWN = 255
"""Label of pixels that nobody decided about; they are not scored."""

SMALLEST_SHARE, LARGEST_SHARE = 0.004, 0.6
"""Of the picture: smaller regions are hardly seen, larger ones are scenery."""

SMALLEST_CUTOUT = 400
"""Pixels: smaller objects are too coarse to be enlarged."""

PARTITIONS = ("bsds_",)
"""Name prefixes of pictures cut up whole: their regions are objects, parts and scenery alike."""

CLASS_VIDEOS = ("chen-",)
"""Name prefixes of videos labelled by class: all players share an id, and 0 is anything. Left out."""


@dataclass(frozen=True)
class Picture:
    """``image`` (H, W, 3) uint8 RGB; ``labels`` (H, W) uint8; ``ids``: the labels that are usable objects."""

    image: Pixels = field(repr=False)
    labels: Labels = field(repr=False)
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Cutout:
    """One object: a view of its picture and of its labels, cropped to the object with a small margin."""

    image: Pixels = field(repr=False)
    labels: Labels = field(repr=False)
    id: int

    @property
    def alpha(self) -> Labels:
        """(h, w) uint8, 255 = the object."""
        return np.where(self.labels == self.id, np.uint8(255), np.uint8(0))


@dataclass(frozen=True)
class LabelledVideo:
    """``images`` (T, H, W, 3) uint8 RGB and ``labels`` (T, H, W) uint8: 0 background, 1..k objects, 255 unknown."""

    name: str
    images: Pixels = field(repr=False)
    labels: Labels = field(repr=False)


@dataclass(frozen=True)
class Library:
    """``backgrounds`` are all photographs (H, W, 3) uint8 RGB, labelled or not; ``videos`` may be empty."""

    backgrounds: tuple[Pixels, ...] = field(repr=False)
    pictures: tuple[Picture, ...] = field(repr=False)
    cutouts: tuple[Cutout, ...] = field(repr=False)
    videos: tuple[LabelledVideo, ...] = field(repr=False)

    @cached_property
    def objects(self) -> npt.NDArray[np.float64]:
        """How many usable objects each picture has."""
        return np.array([len(picture.ids) for picture in self.pictures], float)


def load_library(folder: Path, shorter_side: int = 320) -> Library:
    """Read the whole folder; pictures are reduced to ``shorter_side`` pixels, never enlarged.

    Raises SourceNotFoundError if there is no labelled picture, or a picture lacks its mask.
    """
    names = sorted((folder / "images").glob("*.jpg"))
    if not names:
        raise SourceNotFoundError(
            f"no training pictures in {folder / 'images'}: put NAME.jpg there and its labels into {folder / 'masks'}"
        )
    labelled = [_read_picture(name, folder / "masks", shorter_side) for name in names]
    pictures = tuple(picture for picture in labelled if picture.ids)
    others = [_reduced(read_picture(name), shorter_side) for name in sorted((folder / "unlabelled").glob("*.jpg"))]
    return Library(
        backgrounds=tuple([picture.image for picture in labelled] + others),
        pictures=pictures,
        cutouts=tuple(cutout for picture in pictures for cutout in _cutouts(picture)),
        videos=tuple(
            _read_video(sequence, shorter_side)
            for sequence in sorted((folder / "videos").glob("*/"))
            if not sequence.name.startswith(CLASS_VIDEOS)
        ),
    )


def _read_picture(name: Path, masks: Path, shorter_side: int) -> Picture:
    image = _reduced(read_picture(name), shorter_side)
    labels = _read_labels(masks / f"{name.stem}.png", image)
    return Picture(image, labels, _usable_ids(labels, partition=name.name.startswith(PARTITIONS)))


def _read_video(sequence: Path, shorter_side: int) -> LabelledVideo:
    names = sorted((sequence / "images").glob("*.jpg"))
    if not names:
        raise SourceNotFoundError(f"no frames in {sequence / 'images'}: put NNNNN.jpg there, or remove the folder")
    images = [_reduced(read_picture(name), shorter_side) for name in names]
    labels = [_read_labels(sequence / "masks" / f"{n.stem}.png", image) for n, image in zip(names, images, strict=True)]
    return LabelledVideo(sequence.name, np.stack(images), np.stack(labels))


def _read_labels(name: Path, image: Pixels) -> Labels:
    """Labels (H, W) in the size of ``image``."""
    if not name.exists():
        raise SourceNotFoundError(f"no labels {name}: every training picture needs a PNG with 0, 1..k and 255")
    size = image.shape[1::-1]
    return np.asarray(cv2.resize(read_labels(name), size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _reduced(image: Pixels, shorter_side: int) -> Pixels:
    scale = shorter_side / min(image.shape[:2])
    if scale >= 1:
        return image
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _usable_ids(labels: Labels, partition: bool) -> tuple[int, ...]:
    counts = np.bincount(labels.ravel(), minlength=256) / labels.size
    ids = [int(i) for i in np.flatnonzero((counts > SMALLEST_SHARE) & (counts < LARGEST_SHARE)) if i not in (0, 255)]
    return tuple(i for i in ids if not partition or _sides_touched(labels, i) <= 1)


def _sides_touched(labels: Labels, id: int) -> int:
    return sum(bool((side == id).any()) for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]))


def _cutouts(picture: Picture) -> list[Cutout]:
    """Objects large enough to be pasted, and not those of a trimap whose limbs are unknown."""
    found = []
    for id in picture.ids:
        inside = picture.labels == id
        x, y, w, h = cv2.boundingRect(inside.astype(np.uint8))
        top, left = max(y - 2, 0), max(x - 2, 0)
        box = np.s_[top : y + h + 2, left : x + w + 2]
        area = np.count_nonzero(inside)
        if area >= SMALLEST_CUTOUT and np.count_nonzero(picture.labels[box] == UNKNOWN) < 0.2 * area:
            found.append(Cutout(picture.image[box], picture.labels[box], id))
    return found
