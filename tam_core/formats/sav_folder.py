"""Masklets as SA-V's val and test sets have them: ``Annotations_6fps/VIDEO/OBJECT/00000.png``, a folder an object.

Objects may overlap. SA-V counts them from 000, we count them from 1.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tam_core import rle
from tam_core.atomic import atomic_folder, naming_the_cause
from tam_core.errors import MaskletError, SourceNotFoundError
from tam_core.formats.davis import numbered_pictures, read_labels, save_labels
from tam_core.formats.documents import build
from tam_core.formats.sav import annotated_step
from tam_core.masklet import Masklet
from tam_core.video.source import VideoInfo

ANNOTATIONS = "Annotations_6fps"


def write_sav_folder(
    masklets: Iterable[Masklet],
    folder: str | os.PathLike[str],
    info: VideoInfo,
    *,
    frames: Iterable[int] | None = None,
    every_frame: bool = False,
    video: str | None = None,
) -> None:
    """Write masklets as a data set of one video, named like the folder or ``video``.

    ``frames``: those to take masks from; None: all. ``every_frame``: not only six a second. A frame on which an object
    was never tracked has no picture. The folder appears when it is complete; raises OutputError.
    """
    folder, objects = Path(folder), list(masklets)
    if not objects:
        raise MaskletError("there is no object to write")
    wanted = None if frames is None else set(frames)
    step = 1 if every_frame else annotated_step(info.rate)
    with atomic_folder(folder) as temporary, naming_the_cause(folder):
        for masklet in objects:
            pictures = temporary / ANNOTATIONS / (video or folder.name) / f"{masklet.object_id - 1:03d}"
            pictures.mkdir(parents=True)
            for frame in masklet.frames:
                if frame % step == 0 and (wanted is None or frame in wanted):
                    save_labels(masklet.rles[frame].decode().astype(np.uint8), pictures / f"{frame:05d}.png")


def read_sav_folder(folder: str | os.PathLike[str]) -> list[Masklet]:
    """Masklets of one video's folder, with an entry for each picture.

    Raises SourceNotFoundError, or MaskletError when it holds no folders of numbered pictures or their sizes differ.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SourceNotFoundError(f"no folder {folder}")
    masklets = [_read_object(entry) for entry in object_folders(folder)]
    if not masklets:
        raise MaskletError(f"{folder} has no folders of masks, numbered by object: 000, 001, ...")
    if len({masklet.size for masklet in masklets}) > 1:
        raise MaskletError(f"the masks in {folder} have different sizes")
    return masklets


def object_folders(folder: Path) -> list[Path]:
    """The folders named by an object's number, if there is nothing but such."""
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    if not entries or not all(entry.name.isdecimal() and entry.is_dir() for entry in entries):
        return []
    return sorted(entries, key=lambda entry: int(entry.name))


def _read_object(folder: Path) -> Masklet:
    codes = {int(path.stem): rle.encode(read_labels(path) != 0) for path in numbered_pictures(folder)}
    sizes = {code.size for code in codes.values()}
    if len(sizes) != 1:
        raise MaskletError(f"{folder} has {'masks of different sizes' if sizes else 'no masks'}")
    return build(int(folder.name) + 1, sizes.pop(), codes)
