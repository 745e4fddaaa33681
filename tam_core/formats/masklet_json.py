"""Masklets as one JSON file: COCO run-length codes, scores, flags, and the size and rate of the video they belong to.

A frame's ``flag`` is written where there is one. Files without flags are the same format and version.
"""

import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from tam_core import rle
from tam_core.formats.documents import load_document, save_document, understanding
from tam_core.masklet import Masklet
from tam_core.video.source import VideoInfo

_FORMAT = "tam-masklets"
_VERSION = 1


def write_masklets(masklets: Iterable[Masklet], path: str | os.PathLike[str], info: VideoInfo) -> None:
    """Write masklets as JSON. The file appears when it is complete; raises OutputError."""
    path = Path(path)
    document = {
        "format": _FORMAT,
        "version": _VERSION,
        "video": {
            "width": info.width,
            "height": info.height,
            "rate": str(info.rate),
            "frame_count": info.frame_count,
        },
        "objects": [_to_json(masklet) for masklet in masklets],
    }
    save_document(path, document)


def read_masklets(path: str | os.PathLike[str]) -> list[Masklet]:
    """Read what ``write_masklets`` wrote. Raises SourceNotFoundError, or MaskletError for anything else."""
    return parse_masklets(load_document(Path(path)), Path(path))


def parse_masklets(document: Any, path: Path) -> list[Masklet]:
    """The same for what has been read from ``path``."""
    with understanding(path, f"a {_FORMAT} file"):
        if document["format"] != _FORMAT:
            raise ValueError(f"its format is '{document['format']}'")
        if document["version"] > _VERSION:
            raise ValueError(f"version {document['version']} is newer than this program knows ({_VERSION})")
        Fraction(document["video"]["rate"])
        return [_from_json(entry) for entry in document["objects"]]


def _to_json(masklet: Masklet) -> dict[str, Any]:
    return {
        "id": masklet.object_id,
        "size": list(masklet.size),
        "frames": {
            str(frame): {
                "counts": masklet.rles[frame].counts.decode("ascii"),
                "score": round(masklet.scores.get(frame, 1.0), 4),
            }
            | ({"flag": masklet.flags[frame]} if frame in masklet.flags else {})
            for frame in masklet.frames
        },
    }


def _from_json(entry: dict[str, Any]) -> Masklet:
    height, width = entry["size"]
    size = (int(height), int(width))
    frames = {int(frame): found for frame, found in entry["frames"].items()}
    return Masklet(
        int(entry["id"]),
        size,
        {frame: rle.parse(size, found["counts"]) for frame, found in frames.items()},
        {frame: float(found["score"]) for frame, found in frames.items()},
        {frame: str(found["flag"]) for frame, found in frames.items() if "flag" in found},
    )
