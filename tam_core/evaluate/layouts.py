"""The folder layouts of the field's data sets. To add one: a row in LAYOUTS.

| layout | pictures | masks | scored |
|---|---|---|---|
| DAVIS 2016, 2017 | JPEGImages/480p/SEQ/00000.jpg | Annotations/480p/SEQ/00000.png | all but first and last |
| SA-V | JPEGImages_24fps/SEQ/00000.jpg | Annotations_6fps/SEQ/000/00000.png | all but first and last |
| YouTube-VOS, LVOS | JPEGImages/SEQ/00000.jpg, and a meta.json | Annotations/SEQ/00000.png | all behind the first |
| MOSE | JPEGImages/SEQ/00000.jpg | Annotations/SEQ/00000.png | all but first and last |
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tam_core.errors import MaskletError, RequestError, SourceNotFoundError
from tam_core.evaluate.sequences import Sequence, read_label_truth, read_object_truth
from tam_core.video.images import list_pictures

_RESOLUTION = "480p"
"""The one that DAVIS is measured at, where there are others."""


@dataclass(frozen=True)
class Layout:
    """``pictures`` and ``masks``: folders with one for each sequence. ``fits``: whether a data set is laid out so."""

    name: str
    pictures: str
    masks: str
    scores_last: bool
    fits: Callable[[Path], bool]
    by_object: bool = False
    by_resolution: bool = False


@dataclass(frozen=True)
class DataSet:
    """A folder whose layout was recognised, and the ``names`` of its sequences."""

    folder: Path
    layout: Layout
    pictures: Path
    masks: Path
    names: tuple[str, ...]

    def frames(self, name: str) -> tuple[Path, ...]:
        """The pictures of a sequence, in order."""
        return tuple(list_pictures(self.pictures / name))

    def load(self, name: str) -> Sequence:
        """A sequence with its truth. Raises MaskletError where the masks do not fit the pictures."""
        pictures, masks = self.frames(name), self.masks / name
        by_object, scores_last = self.layout.by_object, self.layout.scores_last
        if by_object:
            return Sequence(name, pictures, read_object_truth(pictures, masks), {}, by_object, scores_last)
        return Sequence(name, pictures, *read_label_truth(pictures, masks), by_object, scores_last)


def _meta_says(word: str) -> Callable[[Path], bool]:
    def fits(folder: Path) -> bool:
        for file in sorted(folder.glob("*meta.json")):
            try:
                videos = json.loads(file.read_text())["videos"]
                objects = next(iter(videos.values()))["objects"]
                if any(word in one for one in objects.values()):
                    return True
            except (ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
                raise MaskletError(f"{file} is not the list of a data set's objects") from error
        return False

    return fits


def _nested(folder: Path) -> bool:
    """Whether sequences lie one deeper, below their resolution."""
    return bool(_folders(folder / "JPEGImages")) and all(_folders(one) for one in _folders(folder / "JPEGImages"))


LAYOUTS = (
    Layout("SA-V", "JPEGImages_24fps", "Annotations_6fps", False, lambda folder: True, by_object=True),
    Layout("DAVIS", "JPEGImages", "Annotations", False, _nested, by_resolution=True),
    Layout("LVOS", "JPEGImages", "Annotations", True, _meta_says("frame_range")),
    Layout("YouTube-VOS", "JPEGImages", "Annotations", True, _meta_says("frames")),
    Layout("MOSE", "JPEGImages", "Annotations", False, lambda folder: True),
)


def find_data_set(folder: Path) -> DataSet:
    """The data set in a folder, by its layout. Raises SourceNotFoundError, RequestError."""
    if not folder.is_dir():
        raise SourceNotFoundError(f"no folder {folder}")
    for layout in LAYOUTS:
        pictures, masks = folder / layout.pictures, folder / layout.masks
        if pictures.is_dir() and masks.is_dir() and layout.fits(folder):
            if layout.by_resolution:
                resolution = _resolution(pictures, masks)
                pictures, masks = pictures / resolution, masks / resolution
            names = tuple(one.name for one in _folders(masks) if (pictures / one.name).is_dir())
            if names:
                return DataSet(folder, layout, pictures, masks, names)
    seen = ", ".join(sorted(entry.name for entry in folder.iterdir())[:8]) or "nothing"
    known = "; ".join(sorted({f"{layout.pictures} and {layout.masks} ({layout.name})" for layout in LAYOUTS}))
    raise RequestError(f"{folder} holds {seen}; a data set has the folders {known}, often below 'valid' or 'train'")


def _resolution(pictures: Path, masks: Path) -> str:
    there = [one.name for one in _folders(masks) if (pictures / one.name).is_dir()]
    if not there:
        raise RequestError(f"{pictures} and {masks} have no folder of one name, such as {_RESOLUTION}")
    return _RESOLUTION if _RESOLUTION in there else there[0]


def _folders(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
