"""Masklets in and out of files. ``read_masks`` takes any of them; the writers are in a module for each format."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tam_core.errors import MaskletError, SourceNotFoundError
from tam_core.formats import coco, masklet_json, sav, ytvis, ytvos
from tam_core.formats.davis import read_davis
from tam_core.formats.documents import choose, load_document
from tam_core.formats.exr import is_exr_folder, read_exr_masks
from tam_core.formats.folders import by_video, mask_folders
from tam_core.formats.matte_video import is_matte, read_matte
from tam_core.formats.sav_folder import object_folders, read_sav_folder
from tam_core.masklet import Masklet
from tam_core.video.source import VideoInfo

__all__ = ["read_masks"]


@dataclass(frozen=True)
class _JsonFormat:
    """``words``: the keys that only this format has together. ``parse`` takes document, path, info and video."""

    title: str
    words: frozenset[str]
    parse: Callable[[Any, Path, VideoInfo | None, str | None], list[Masklet]]


_JSON_FORMATS = (
    _JsonFormat(
        "masklets of tam track",
        frozenset({"format", "objects"}),
        lambda document, path, info, video: masklet_json.parse_masklets(document, path),
    ),
    _JsonFormat(
        sav.TITLE,
        frozenset({"masklet", "masklet_id"}),
        lambda document, path, info, video: sav.parse_sav(document, path),
    ),
    _JsonFormat(coco.TITLE, frozenset({"images", "annotations"}), coco.parse_coco),
    _JsonFormat(ytvis.TITLE, frozenset({"videos", "annotations"}), ytvis.parse_ytvis),
    _JsonFormat(
        "YouTube-VOS meta.json",
        frozenset({"videos"}),
        lambda document, path, info, video: ytvos.read_ytvos(path, info, video),
    ),
)
_FOLDERS = "DAVIS (00000.png ...), SA-V (VIDEO/000/00000.png ...), YouTube-VOS (meta.json and Annotations)"


def read_masks(path: str | os.PathLike[str], info: VideoInfo | None = None) -> list[Masklet]:
    """Masklets from any file or folder that tam-studio understands: tam's own JSON, SA-V, COCO, YouTube-VIS and
    YouTube-VOS JSON; folders of DAVIS, YouTube-VOS, SA-V and what is laid out like them (MOSE, LVOS); mattes as video
    or pictures, which are one object; EXR with mattes or Cryptomatte.

    Of a data set of several videos, "PATH#VIDEO" is one. ``info``: of the video that the masks are for; it settles
    which frames they belong to where a data set kept only some of a video's. Whether they fit is not checked.

    Raises SourceNotFoundError if nothing is there, and MaskletError that says what was seen and what is understood.
    """
    place, video = _split(Path(path))
    if not place.exists():
        raise SourceNotFoundError(f"no such masks: {place}")
    if is_exr_folder(place):
        return read_exr_masks(place)
    if is_matte(place):
        return read_matte(place, info)
    if place.is_dir():
        return _read_folder(place, info, video)
    return _read_json(place, info, video)


def _split(path: Path) -> tuple[Path, str | None]:
    """A path that is there is meant as it stands, also with a # in it."""
    text, mark, video = str(path).rpartition("#")
    return (Path(text), video) if mark and not path.exists() else (path, None)


def _read_json(path: Path, info: VideoInfo | None, video: str | None) -> list[Masklet]:
    understood = "; ".join(row.title for row in _JSON_FORMATS)
    if path.suffix.lower() != ".json":
        raise MaskletError(f"{path}: masks come as a folder of PNGs or as .json ({understood})")
    document = load_document(path)
    words = set(document) if isinstance(document, dict) else set()
    for row in _JSON_FORMATS:
        if row.words <= words:
            return row.parse(document, path, info, video)
    seen = f"the keys {', '.join(sorted(map(str, words))[:8])}" if words else f"a {type(document).__name__}"
    raise MaskletError(f"{path} holds {seen}; understood are: {understood}")


def _read_folder(folder: Path, info: VideoInfo | None, video: str | None) -> list[Masklet]:
    if (folder / ytvos.META).is_file():
        return ytvos.read_ytvos(folder, info, video)
    found = mask_folders(folder)
    if not found:
        seen = ", ".join(sorted(entry.name for entry in folder.iterdir())[:5]) or "nothing"
        raise MaskletError(f"{folder} has no masks: {seen} is there; understood are {_FOLDERS}")
    chosen = found[video] if video in found else choose(by_video(found), video, folder)
    return read_sav_folder(chosen) if object_folders(chosen) else read_davis(chosen, info)
