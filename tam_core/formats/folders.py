"""Which folder of masks is meant by the folder that was given: itself, or the one of a video somewhere below it."""

import os
from collections.abc import Iterator
from pathlib import Path

from tam_core.formats.davis import numbered_pictures
from tam_core.formats.sav_folder import object_folders

_DEEPEST = 3
"""Annotations/480p/VIDEO is as deep as data sets lie."""


def mask_folders(root: Path) -> dict[str, Path]:
    """Folders of masks of a video in ``root`` or below it, by their path from there ("" is ``root`` itself).

    Where there are folders called Annotations..., the pictures beside them are not masks.
    """
    return {path.relative_to(root).as_posix().removeprefix("."): path for path in _walk(root, 0)}


def by_video(folders: dict[str, Path]) -> dict[str, Path]:
    """The same by the videos' names alone, where these differ."""
    names = {path.name: path for path in folders.values()}
    return names if len(names) == len(folders) else folders


def has_masks(folder: Path) -> bool:
    """Are there numbered PNGs, or folders of such for each object?"""
    return _has_pictures(folder) or any(_has_pictures(entry) for entry in object_folders(folder)[:1])


def _has_pictures(folder: Path) -> bool:
    return next(numbered_pictures(folder), None) is not None


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    if has_masks(folder):
        yield folder
        return
    if depth == _DEEPEST:
        return
    with os.scandir(folder) as entries:
        below = sorted(entry.path for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    annotated = [path for path in below if Path(path).name.startswith("Annotations")]
    for path in annotated or below:
        yield from _walk(Path(path), depth + 1)
