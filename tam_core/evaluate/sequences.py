"""One sequence of a data set: its pictures, and what is truly to be seen on those that a person has annotated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from tam_core import rle
from tam_core.errors import MaskletError
from tam_core.formats.davis import read_labels
from tam_core.masklet import Masklet
from tam_core.rle import RLE
from tam_core.types import Mask, ObjectId, Size
from tam_core.video.images import ImageFolderSource

VOID = 255
"""Pixels that are not scored, unless nothing but 0 and 255 is there: then it is the object."""


@dataclass(frozen=True)
class Sequence:
    """``pictures`` are its frames, in order. ``truth`` has an entry for every annotated frame, by object.

    ``voids``: what is not scored on a frame. ``overlapping``: a pixel may belong to several objects; otherwise what
    is found is scored as one picture of labels, in which the higher number is in front. ``scores_last``: whether the
    last annotated frame counts.
    """

    name: str
    pictures: tuple[Path, ...] = field(repr=False)
    truth: Mapping[ObjectId, Masklet] = field(repr=False)
    voids: Mapping[int, RLE] = field(default_factory=dict, repr=False)
    overlapping: bool = False
    scores_last: bool = False

    @cached_property
    def firsts(self) -> dict[ObjectId, int]:
        """The first annotated frame on which each object is seen; one that is never seen has none."""
        seen = {object_id: masklet.visible_frames for object_id, masklet in self.truth.items()}
        return {object_id: frames[0] for object_id, frames in seen.items() if frames}

    @cached_property
    def public(self) -> bool:
        """Whether more is annotated than where objects begin; data sets with a server keep the rest to themselves."""
        annotated = {frame for masklet in self.truth.values() for frame in masklet.frames}
        return not annotated <= set(self.firsts.values())

    @property
    def size(self) -> Size:
        """(height, width) of the annotations."""
        return next(iter(self.truth.values())).size

    def source(self) -> ImageFolderSource:
        """Its frames."""
        return ImageFolderSource(self.pictures[0].parent, files=self.pictures)

    def mask(self, object_id: ObjectId, frame: int) -> Mask:
        """The true mask (H, W) on an annotated frame."""
        mask = self.truth[object_id].mask(frame)
        if mask is None:
            raise MaskletError(f"{self.name} has no annotation of object {object_id} on frame {frame}")
        return mask

    def annotated(self, object_id: ObjectId) -> list[int]:
        """The annotated frames from the object's first one on; none where the truth is not public."""
        if object_id not in self.firsts or not self.public:
            return []
        return [frame for frame in self.truth[object_id].frames if frame >= self.firsts[object_id]]

    def scored(self, object_id: ObjectId) -> list[int]:
        """The frames that count where the first mask was given: behind the first, and without the last by DAVIS's rule.

        A data set's last annotated frame is the sequence's, not the object's.
        """
        frames = self.annotated(object_id)[1:]
        last = max((masklet.frames[-1] for masklet in self.truth.values() if masklet.frames), default=0)
        return [frame for frame in frames if self.scores_last or frame < last]


def read_label_truth(pictures: tuple[Path, ...], folder: Path) -> tuple[dict[ObjectId, Masklet], dict[int, RLE]]:
    """Objects and voids of a folder of label pictures, which are named as the ``pictures`` they are for.

    Raises MaskletError where none fits.
    """
    codes: dict[int, dict[int, RLE]] = {}
    frames, size = [], (0, 0)
    for frame, path in enumerate(pictures):
        file = folder / f"{path.stem}.png"
        if not file.is_file():
            continue
        labels = read_labels(file)
        frames.append(frame)
        size = (labels.shape[0], labels.shape[1])
        for value in np.unique(labels[labels > 0]):
            codes.setdefault(int(value), {})[frame] = rle.encode(labels == value)
    if not codes:
        raise MaskletError(
            f"{folder} has no mask that is named like a picture of {pictures[0].parent} and shows anything"
        )
    voids = codes.pop(VOID) if len(codes) > 1 and VOID in codes else {}
    if set(codes) == {VOID}:
        codes = {1: codes[VOID]}
    return {number: _masklet(number, size, found, frames) for number, found in sorted(codes.items())}, voids


def read_object_truth(pictures: tuple[Path, ...], folder: Path) -> dict[ObjectId, Masklet]:
    """Objects of SA-V, a folder of pictures each (000, 001 ...); we count them from 1. Raises MaskletError."""
    places = {path.stem: frame for frame, path in enumerate(pictures)}
    found: dict[ObjectId, Masklet] = {}
    for entry in sorted(path for path in folder.iterdir() if path.is_dir() and path.name.isdecimal()):
        files = sorted(file for file in entry.glob("*.png") if file.stem in places)
        codes = {places[file.stem]: rle.encode(read_labels(file) > 0) for file in files}
        if codes:
            number = int(entry.name) + 1
            found[number] = _masklet(number, next(iter(codes.values())).size, codes, list(codes))
    if not found:
        raise MaskletError(f"{folder} has no folders of masks that are named like pictures of {pictures[0].parent}")
    return found


def thinned(sequence: Sequence, every: int) -> Sequence:
    """Only every n-th frame of it, as if the camera had been that much slower."""

    def kept(codes: Mapping[int, RLE]) -> dict[int, RLE]:
        return {frame // every: code for frame, code in codes.items() if frame % every == 0}

    truth = {number: Masklet(number, one.size, kept(one.rles)) for number, one in sequence.truth.items()}
    voids = kept(sequence.voids)
    return Sequence(sequence.name, sequence.pictures[::every], truth, voids, sequence.overlapping, sequence.scores_last)


def _masklet(number: ObjectId, size: Size, codes: Mapping[int, RLE], frames: list[int]) -> Masklet:
    nothing = rle.encode(np.zeros(size, bool))
    return Masklet(number, size, {frame: codes.get(frame, nothing) for frame in frames})
