"""Masklets as a YouTube-VOS folder: ``meta.json`` lists the objects, ``Annotations/VIDEO`` has an indexed PNG a frame.

Its JSON sister, YouTube-VIS, is in ytvis.py.
"""

import json
import os
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from tam_core.atomic import atomic_folder, naming_the_cause
from tam_core.errors import MaskletError
from tam_core.formats.davis import check_objects, read_davis, write_labels
from tam_core.formats.documents import OBJECT, build, choose, empty, load_document, understanding
from tam_core.masklet import Masklet
from tam_core.types import ObjectId
from tam_core.video.source import VideoInfo

TITLE = "a YouTube-VOS folder"
META, ANNOTATIONS = "meta.json", "Annotations"


def write_ytvos(
    masklets: Iterable[Masklet],
    folder: str | os.PathLike[str],
    frames: Iterable[int],
    video: str | None = None,
    names: Mapping[ObjectId, str] | None = None,
) -> None:
    """Write ``frames`` of the masklets as a data set of one video, named like the folder or ``video``.

    Where objects overlap, the one with the higher number is in front. ``names`` are the objects' categories, of those
    without it is "object". The folder appears when it is complete; raises OutputError.
    """
    folder, objects = Path(folder), check_objects(masklets)
    name, seen = video or folder.name, {masklet.object_id: set(masklet.visible_frames) for masklet in objects}
    shown: list[int] = []
    with atomic_folder(folder) as temporary, naming_the_cause(folder):
        pictures = temporary / ANNOTATIONS / name
        pictures.mkdir(parents=True)
        for frame in frames:
            write_labels(objects, frame, pictures)
            shown.append(frame)
        entries = {
            str(number): {"category": (names or {}).get(number, OBJECT), "frames": _stems(shown, visible)}
            for number, visible in seen.items()
        }
        (temporary / META).write_text(json.dumps({"videos": {name: {"objects": entries}}}, indent=1), encoding="utf-8")


def _stems(frames: Iterable[int], visible: Container[int]) -> list[str]:
    """The names of the pictures that show an object, without suffix."""
    return [f"{frame:05d}" for frame in frames if frame in visible]


def read_ytvos(path: str | os.PathLike[str], info: VideoInfo | None = None, video: str | None = None) -> list[Masklet]:
    """Masklets of one video of a folder, or of its meta.json; ``video`` names it where there are several.

    Raises SourceNotFoundError or MaskletError.
    """
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    document = load_document(folder / META)
    with understanding(folder, TITLE):
        name, entry = choose({name: (name, entry) for name, entry in document["videos"].items()}, video, folder)
        listed = [int(number) for number in entry["objects"]]
    found = {masklet.object_id: masklet for masklet in read_davis(folder / ANNOTATIONS / name, info)}
    return [found.get(number) or _never_seen(number, found) for number in sorted({*listed, *found})]


def _never_seen(number: ObjectId, found: dict[ObjectId, Masklet]) -> Masklet:
    """An object that is listed, but on no picture."""
    other = next(iter(found.values()), None)
    if other is None:
        raise MaskletError("its pictures show no object at all")
    return build(number, other.size, dict.fromkeys(other.frames, empty(other.size)))
