"""Masklets as YouTube-VIS JSON: an annotation an object, with a list of ``segmentations``, one or null a frame.

Null says that the object is not visible there; the format has no word for a frame that nobody looked at.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tam_core.errors import MaskletError
from tam_core.formats.documents import (
    Categories,
    Json,
    boxed,
    build,
    choose,
    empty,
    frames_for,
    from_coco,
    load_document,
    numbers_in,
    save_document,
    to_coco,
    understanding,
)
from tam_core.masklet import Masklet
from tam_core.rle import RLE
from tam_core.types import ObjectId, Size
from tam_core.video.source import VideoInfo

TITLE = "YouTube-VIS JSON"


def write_ytvis(
    masklets: Iterable[Masklet],
    path: str | os.PathLike[str],
    frames: Iterable[int],
    info: VideoInfo,
    video: str | None = None,
    names: Mapping[ObjectId, str] | None = None,
) -> None:
    """Write ``frames`` of the masklets as one video, named like the file or ``video``.

    ``names`` are the objects' categories, of those without it is "object". The file appears when it is complete; raises
    OutputError.
    """
    path, objects, shown = Path(path), list(masklets), list(frames)
    name, categories = video or path.stem, Categories(objects, names)
    document = {
        "info": {"description": f"masks of {name}"},
        "videos": [
            {
                "id": 1,
                "width": info.width,
                "height": info.height,
                "length": len(shown),
                "file_names": [f"{name}/{frame:05d}.jpg" for frame in shown],
            }
        ],
        "annotations": [_annotation(masklet, shown, categories.of(masklet)) for masklet in objects],
        "categories": categories.entries(),
    }
    save_document(path, document)


def read_ytvis(path: str | os.PathLike[str], info: VideoInfo | None = None, video: str | None = None) -> list[Masklet]:
    """Masklets of one video, chosen by the folder of its pictures or its id where there are several.

    Objects are numbered from 1 in the order of the file. Raises SourceNotFoundError or MaskletError.
    """
    return parse_ytvis(load_document(Path(path)), Path(path), info, video)


def parse_ytvis(document: Any, path: Path, info: VideoInfo | None, video: str | None) -> list[Masklet]:
    """The same for what has been read from ``path``."""
    with understanding(path, TITLE):
        chosen = choose({_name(entry): entry for entry in document["videos"]}, video, path)
        size = (int(chosen["height"]), int(chosen["width"]))
        frames = _frames(chosen, info)
        own = [entry for entry in document["annotations"] or [] if entry["video_id"] == chosen["id"]]
        return [
            build(number, size, _codes(entry["segmentations"], frames, size), _scores(entry, frames))
            for number, entry in enumerate(own, 1)
        ]


def _annotation(masklet: Masklet, frames: Sequence[int], category: int) -> Json:
    codes = [masklet.rles.get(frame) for frame in frames]
    seen = [code if code is not None and code.area else None for code in codes]
    scores = [masklet.scores.get(frame, 1.0) for frame in frames if frame in masklet.rles]
    return {
        "id": masklet.object_id,
        "video_id": 1,
        "category_id": category,
        "segmentations": [code and to_coco(code) for code in seen],
        "areas": [code and code.area for code in seen],
        "bboxes": [code and boxed(code) for code in seen],
        "iscrowd": 0,
        "score": round(sum(scores) / len(scores), 4) if scores else 0.0,
    }


def _name(video: Mapping[str, Any]) -> str:
    """A video is named by the folder of its pictures."""
    first = next(iter(video.get("file_names") or []), "")
    return Path(first).parent.as_posix() if Path(first).parent.name else str(video["id"])


def _frames(video: Json, info: VideoInfo | None) -> list[int]:
    names = [str(name) for name in video["file_names"]]
    numbers = numbers_in(names)
    return list(range(len(names))) if numbers is None else frames_for(numbers, info)


def _codes(segmentations: Sequence[Any], frames: Sequence[int], size: Size) -> dict[int, RLE]:
    if len(segmentations) != len(frames):
        raise MaskletError(f"{len(segmentations)} segmentations for {len(frames)} pictures")
    pairs = zip(frames, segmentations, strict=True)
    return {frame: from_coco(entry, size) if entry else empty(size) for frame, entry in pairs}


def _scores(annotation: Json, frames: Sequence[int]) -> dict[int, float]:
    return dict.fromkeys(frames, float(annotation.get("score", 1.0)))
