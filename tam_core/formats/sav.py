"""Masklets as SA-V JSON (SAM 2's data set, sav_dataset/README.md), ``VIDEO_manual.json`` or ``VIDEO_auto.json``.

Videos of 24 frames a second are annotated six times a second: the outer list of ``masklet`` is over those frames, the
inner one over objects. The frames between have no mask. SA-V counts objects from 0, we count them from 1.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from tam_core.errors import MaskletError
from tam_core.formats.documents import (
    Json,
    build,
    empty,
    from_coco,
    load_document,
    save_document,
    to_coco,
    understanding,
)
from tam_core.masklet import Masklet
from tam_core.rle import RLE
from tam_core.types import ObjectId
from tam_core.video.source import VideoInfo

TITLE = "SA-V JSON"
MANUAL, AUTO = "manual", "auto"

_ANNOTATED_RATE = 6
_SMALL, _MEDIUM = 32**2, 96**2


def write_sav(
    masklets: Iterable[Masklet],
    path: str | os.PathLike[str],
    info: VideoInfo,
    *,
    frames: Iterable[int] | None = None,
    every_frame: bool = False,
    edited: Mapping[ObjectId, int] | None = None,
    environment: str = "",
    split: str = "train",
) -> None:
    """Write masklets as SA-V has them. A file name that ends in ``_auto`` holds automatic masklets, any other manual.

    ``frames``: those to take masks from; None: all. ``every_frame``: not only six a second. ``edited``: on how many
    frames a person corrected a manual masklet; where it is not said, those count whose score is 1, which are the user's
    own. ``environment``: "Indoor" or "Outdoor". The scores of automatic masklets stand as their stability.

    On an annotated frame SA-V has a mask for every object, so one that was never tracked there gets an empty mask.
    Raises MaskletError for no objects or a video of unknown length, OutputError if it cannot be written.
    """
    path, objects = Path(path), sorted(masklets, key=lambda masklet: masklet.object_id)
    if not objects or info.frame_count is None:
        raise MaskletError("SA-V needs at least one object, and a video whose length is known")
    wanted = range(info.frame_count) if frames is None else set(frames)
    step = 1 if every_frame else annotated_step(info.rate)
    annotated = range(0, info.frame_count, step)
    codes = [[_code(masklet, frame, frame in wanted) for masklet in objects] for frame in annotated]
    by_hand = {masklet.object_id: _own(masklet, annotated) for masklet in objects} | dict(edited or {})
    document = _video(path, info, environment, split) | _masklets(objects, codes, annotated, by_hand, _kind(path))
    save_document(path, document)


def read_sav(path: str | os.PathLike[str]) -> list[Masklet]:
    """Masklets with masks on the annotated frames. Raises SourceNotFoundError or MaskletError."""
    return parse_sav(load_document(Path(path)), Path(path))


def parse_sav(document: Any, path: Path) -> list[Masklet]:
    """The same for what has been read from ``path``."""
    with understanding(path, TITLE):
        size = (int(document["video_height"]), int(document["video_width"]))
        rows, ids = document["masklet"], [int(number) + 1 for number in document["masklet_id"]]
        step = _step_of(document, len(rows))
        stability = document.get("masklet_stability_score") or []
        codes: dict[ObjectId, dict[int, RLE]] = {object_id: {} for object_id in ids}
        scores: dict[ObjectId, dict[int, float]] = {object_id: {} for object_id in ids}
        for place, row in enumerate(rows):
            for column, (object_id, entry) in enumerate(zip(ids, row, strict=True)):
                if entry is not None:
                    codes[object_id][place * step] = from_coco(entry, size)
                    scores[object_id][place * step] = _score(stability, len(rows), place, column)
        return [build(object_id, size, codes[object_id], scores[object_id]) for object_id in ids]


def annotated_step(rate: Fraction) -> int:
    """Every how many frames SA-V would annotate a video of that rate: 4 at 24 frames a second."""
    return max(1, round(rate / _ANNOTATED_RATE))


def _step_of(document: Json, annotated: int) -> int:
    """The step between annotated frames: six a second if that gives so many, or else the one that does."""
    count = int(document["video_frame_count"])
    usual = annotated_step(Fraction(count / float(document["video_duration"])).limit_denominator(1001))
    for step in (usual, -(-count // max(1, annotated))):
        if step and -(-count // step) == annotated:
            return step
    raise MaskletError(f"masks for {annotated} frames of {count}, which is no regular step")


def _score(stability: Sequence[Any], annotated: int, place: int, column: int) -> float:
    """Automatic masklets have a score for each mask; manual ones a null for each object."""
    if len(stability) != annotated or not isinstance(stability[place], list):
        return 1.0
    return float(stability[place][column])


def _code(masklet: Masklet, frame: int, wanted: bool) -> RLE:
    code = masklet.rles.get(frame) if wanted else None
    return empty(masklet.size) if code is None else code


def _kind(path: Path) -> str:
    return AUTO if path.stem.endswith(f"_{AUTO}") else MANUAL


def _video(path: Path, info: VideoInfo, environment: str, split: str) -> Json:
    """The numbers are floats, as in the data set."""
    count = info.frame_count or 0
    return {
        "video_id": path.stem.removesuffix(f"_{AUTO}").removesuffix(f"_{MANUAL}"),
        "video_duration": float(count / info.rate),
        "video_frame_count": float(count),
        "video_height": float(info.height),
        "video_width": float(info.width),
        "video_resolution": float(info.height * info.width),
        "video_environment": environment,
        "video_split": split,
    }


def _masklets(
    objects: Sequence[Masklet],
    codes: Sequence[Sequence[RLE]],
    annotated: Sequence[int],
    edited: Mapping[ObjectId, int],
    kind: str,
) -> Json:
    """``codes``: of each annotated frame, of each object."""
    areas = [[row[column].area for row in codes] for column in range(len(objects))]
    sizes = [_visible_mean(area) for area in areas]
    height, width = objects[0].size
    return {
        "masklet": [[to_coco(code) for code in row] for row in codes],
        "masklet_id": [masklet.object_id - 1 for masklet in objects],
        "masklet_size_rel": [size / (height * width) for size in sizes],
        "masklet_size_abs": sizes,
        "masklet_size_bucket": [_bucket(size) for size in sizes],
        "masklet_visibility_changes": [_changes(area) for area in areas],
        "masklet_first_appeared_frame": [float(_first(area)) for area in areas],
        "masklet_frame_count": [len(annotated)] * len(objects),
        "masklet_edited_frame_count": [edited[masklet.object_id] if kind == MANUAL else 0 for masklet in objects],
        "masklet_type": [kind] * len(objects),
        "masklet_stability_score": (
            [None] * len(objects)
            if kind == MANUAL
            else [[masklet.scores.get(frame, 0.0) for masklet in objects] for frame in annotated]
        ),
        "masklet_num": len(objects),
    }


def _visible_mean(areas: Sequence[int]) -> float:
    seen = [area for area in areas if area]
    return sum(seen) / len(seen) if seen else 0.0


def _bucket(size: float) -> str:
    return "small" if size < _SMALL else "medium" if size < _MEDIUM else "large"


def _first(areas: Sequence[int]) -> int:
    """Where the object appears first, counted in annotated frames; 0 if it never does."""
    return next((place for place, area in enumerate(areas) if area), 0)


def _changes(areas: Sequence[int]) -> int:
    """How often the object comes or goes after it appeared first."""
    return sum(bool(before) != bool(after) for before, after in pairwise(areas[_first(areas) :]))


def _own(masklet: Masklet, annotated: Iterable[int]) -> int:
    """On how many frames the mask is the user's own."""
    return sum(masklet.scores.get(frame) == 1.0 for frame in annotated)
