"""Masklets as COCO instances JSON: an image a frame, with ``videos`` and ``track_id`` as COCO-VID and TAO have them.

A track without an annotation on an image is not visible there; an image that is not listed was never annotated.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tam_core import rle
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
from tam_core.video.images import natural_key
from tam_core.video.source import VideoInfo

TITLE = "COCO instances JSON"


def write_coco(
    masklets: Iterable[Masklet],
    path: str | os.PathLike[str],
    frames: Iterable[int],
    info: VideoInfo,
    video: str | None = None,
    names: Mapping[ObjectId, str] | None = None,
) -> None:
    """Write ``frames`` of the masklets as one video named ``video`` (None: like the file).

    ``names`` are the objects' categories, of those without it is "object". An annotation also has its mask's ``score``.
    The file appears when it is complete; raises OutputError.
    """
    path, objects, shown = Path(path), list(masklets), list(frames)
    name, categories = video or path.stem, Categories(objects, names)
    document = {
        "info": {"description": f"masks of {name}"},
        "videos": [{"id": 1, "name": name, "width": info.width, "height": info.height, "length": len(shown)}],
        "images": [_image(frame, number, name, info) for number, frame in enumerate(shown, 1)],
        "tracks": [
            {"id": masklet.object_id, "video_id": 1, "category_id": categories.of(masklet)} for masklet in objects
        ],
        "annotations": list(_annotations(objects, shown, categories)),
        "categories": categories.entries(),
    }
    save_document(path, document)


def read_coco(path: str | os.PathLike[str], info: VideoInfo | None = None, video: str | None = None) -> list[Masklet]:
    """Masklets of one video of a COCO file; ``video`` names it where there are several.

    Objects are the tracks. Without tracks, an object is all that is of one category: the data set does not say which
    person is which. Plain images, without videos, are frames in the order of their names. Raises SourceNotFoundError or
    MaskletError.
    """
    return parse_coco(load_document(Path(path)), Path(path), info, video)


def parse_coco(document: Any, path: Path, info: VideoInfo | None, video: str | None) -> list[Masklet]:
    """The same for what has been read from ``path``."""
    with understanding(path, TITLE):
        images = choose(_images_by_video(document), video, path)
        size = _one_size(images)
        numbers = dict(zip((image["id"] for image in images), _frames(images, info), strict=True))
        found = [entry for entry in document["annotations"] if entry["image_id"] in numbers]
        objects = _objects(found)
        codes: dict[ObjectId, dict[int, list[RLE]]] = {}
        scores: dict[ObjectId, dict[int, float]] = {}
        for annotation, object_id in zip(found, objects, strict=True):
            frame, code = numbers[annotation["image_id"]], from_coco(annotation["segmentation"], size)
            codes.setdefault(object_id, {}).setdefault(frame, []).append(code)
            scores.setdefault(object_id, {})[frame] = float(annotation.get("score", 1.0))
        return [
            build(object_id, size, _whole(codes[object_id], numbers.values(), size), scores[object_id])
            for object_id in sorted(codes)
        ]


def _image(frame: int, number: int, name: str, info: VideoInfo) -> Json:
    """``frame_index`` is TAO's word for what COCO-VID calls ``frame_id``."""
    return {
        "id": number,
        "video_id": 1,
        "frame_index": frame,
        "frame_id": frame,
        "file_name": f"{name}/{frame:05d}.jpg",
        "width": info.width,
        "height": info.height,
    }


def _annotations(objects: Sequence[Masklet], frames: Sequence[int], categories: Categories) -> Iterator[Json]:
    seen = (
        (image_id, masklet, frame)
        for image_id, frame in enumerate(frames, 1)
        for masklet in objects
        if frame in masklet.rles and masklet.rles[frame].area
    )
    for number, (image_id, masklet, frame) in enumerate(seen, 1):
        code = masklet.rles[frame]
        yield {
            "id": number,
            "image_id": image_id,
            "video_id": 1,
            "track_id": masklet.object_id,
            "category_id": categories.of(masklet),
            "segmentation": to_coco(code),
            "area": code.area,
            "bbox": boxed(code),
            "iscrowd": 0,
            "score": round(masklet.scores.get(frame, 1.0), 4),
        }


def _images_by_video(document: Json) -> Mapping[str, list[Json]]:
    """The images of each video by its name; plain images are one video without a name."""
    videos = {video["id"]: str(video.get("name", video["id"])) for video in document.get("videos", [])}
    found: dict[str, list[Json]] = {name: [] for name in videos.values()}
    for image in document["images"]:
        found.setdefault(videos[image["video_id"]] if videos else "", []).append(image)
    filled = {name: images for name, images in found.items() if images}
    if not filled:
        raise MaskletError("it lists no images")
    return filled


def _one_size(images: Sequence[Json]) -> Size:
    sizes = {(int(image["height"]), int(image["width"])) for image in images}
    if len(sizes) > 1:
        raise MaskletError(f"its images have different sizes (height, width): {sorted(sizes)}")
    return sizes.pop()


def _frames(images: Sequence[Json], info: VideoInfo | None) -> list[int]:
    """Each image's frame: as the file says it, by the number in its name, or by its place among the names."""
    for word in ("frame_index", "frame_id"):
        if all(word in image for image in images):
            return frames_for([int(image[word]) for image in images], info)
    names = [str(image["file_name"]) for image in images]
    order = sorted(range(len(names)), key=lambda index: natural_key(names[index]))
    numbers = numbers_in(names)
    if numbers is not None and info is not None and info.frame_count != len(names):
        return numbers
    return [order.index(index) for index in range(len(names))]


def _objects(annotations: Sequence[Json]) -> list[ObjectId]:
    """The object of each annotation. Ids that begin below 1 are moved up."""
    ids = [_track(annotation) for annotation in annotations]
    if None in ids:
        ids = [int(annotation["category_id"]) for annotation in annotations]
    tracks = [track for track in ids if track is not None]
    above = max(0, 1 - min(tracks, default=1))
    return [track + above for track in tracks]


def _track(annotation: Json) -> int | None:
    """The track's id, wherever it stands: TAO's place, mmtracking's or CVAT's."""
    places = (annotation, annotation.get("attributes") or {})
    found = [place[word] for place in places for word in ("track_id", "instance_id") if place.get(word) is not None]
    return int(found[0]) if found else None


def _whole(codes: Mapping[int, Sequence[RLE]], frames: Iterable[int], size: Size) -> dict[int, RLE]:
    """One mask for every annotated frame."""
    return {frame: rle.merge(list(codes[frame])) if frame in codes else empty(size) for frame in sorted(frames)}
