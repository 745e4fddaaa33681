"""An annotated folder as a data set: SA-V, COCO, YouTube-VOS, or the layout that ``tam train --data`` reads."""

import json
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tam_core.annotate.phases import annotated_frames
from tam_core.annotate.records import Record
from tam_core.annotate.store import PROPOSED, Store
from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.errors import MaskletError, OutputError, RequestError
from tam_core.formats.coco import write_coco
from tam_core.formats.davis import check_objects, write_labels
from tam_core.formats.masklet_json import write_masklets
from tam_core.formats.sav import AUTO, MANUAL, write_sav
from tam_core.formats.ytvos import ANNOTATIONS, META, write_ytvos
from tam_core.masklet import Masklet
from tam_core.video.images import list_pictures
from tam_core.video.source import VideoInfo

PICTURES = "JPEGImages"


@dataclass(frozen=True)
class Annotated:
    """A video whose masklets are to be written; ``proposed`` are the automatic ones."""

    name: str
    video: Path
    info: VideoInfo
    record: Record
    masklets: list[Masklet]
    proposed: list[Masklet]

    @property
    def frames(self) -> list[int]:
        """The annotated frames on which there are masks of all objects."""
        known = set.intersection(*(set(masklet.rles) for masklet in self.masklets))
        return [frame for frame in annotated_frames(self.info) if frame in known]


def annotated(store: Store, info_of: Callable[[str], VideoInfo], unverified: bool = False) -> Iterator[Annotated]:
    """The satisfactory masklets of all videos; ``unverified``: and those that nobody has verified yet."""
    for name in store.videos:
        record = store.record(name)
        wrong = record.verdicts[-1].unsatisfactory if record.state == "unsatisfactory" else ()
        if not record.submissions or (record.state == "to verify" and not unverified):
            continue
        masklets = [masklet for masklet in store.masklets(name) if masklet.object_id not in wrong]
        if masklets:
            yield Annotated(name, store.videos[name], info_of(name), record, masklets, store.masklets(name, PROPOSED))


def write_dataset(form: str, videos: Iterator[Annotated], folder: Path) -> Iterator[str]:
    """Write a data set of that format into a new or empty ``folder``; yields the name of each video that is done.

    The folder appears when it is complete. Raises RequestError for a format that is not known, OutputError where
    something is there, and MaskletError if there is no video.
    """
    if form not in FORMATS:
        raise RequestError(f"format '{form}': there are {', '.join(FORMATS)}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} is there already: give a new or empty folder")
    part = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:6]}.part")
    with naming_the_cause(folder):
        part.mkdir(parents=True)
    try:
        for video in videos:
            FORMATS[form](video, part)
            yield video.name
        if not any(part.iterdir()):
            raise MaskletError("no masklet is satisfactory yet: annotate and verify, or ask for unverified ones too")
        with naming_the_cause(folder):
            part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _sav(video: Annotated, folder: Path) -> None:
    edited = {made.object_id: len(made.edited) for made in video.record.submissions[-1].masklets}
    mine = {masklet.object_id: edited[masklet.object_id] for masklet in video.masklets}
    write_sav(video.masklets, folder / f"{video.name}_{MANUAL}.json", video.info, edited=mine)
    if video.proposed:
        write_sav(video.proposed, folder / f"{video.name}_{AUTO}.json", video.info)
    _linked(video.video, folder / video.video.name)


def _coco(video: Annotated, folder: Path) -> None:
    write_coco(video.masklets, folder / f"{video.name}.json", video.frames, video.info, video=video.name)


def _ytvos(video: Annotated, folder: Path) -> None:
    """Each video is written as a data set of one, which then joins those that are there."""
    alone = folder / ".one.part"
    write_ytvos(video.masklets, alone, video.frames, video=video.name)
    try:
        with naming_the_cause(folder):
            (folder / ANNOTATIONS).mkdir(exist_ok=True)
            (alone / ANNOTATIONS / video.name).replace(folder / ANNOTATIONS / video.name)
            _write_meta(folder / META, json.loads((alone / META).read_text(encoding="utf-8"))["videos"])
    finally:
        shutil.rmtree(alone)


def _write_meta(file: Path, more: Mapping[str, object]) -> None:
    before = json.loads(file.read_text(encoding="utf-8"))["videos"] if file.exists() else {}
    with atomic_file(file) as temporary:
        temporary.write_text(json.dumps({"videos": {**before, **more}}, indent=1), encoding="utf-8")


def _train(video: Annotated, folder: Path) -> None:
    """What training/masklets.py reads: NAME.mp4 with NAME.json, or pictures and indexed masks of the same names."""
    if not video.video.is_dir():
        _linked(video.video, folder / video.video.name)
        write_masklets(video.masklets, folder / f"{video.name}.json", video.info)
        return
    pictures, masks = folder / PICTURES / video.name, folder / ANNOTATIONS / video.name
    with naming_the_cause(folder):
        pictures.parent.mkdir(exist_ok=True)
        masks.mkdir(parents=True)
    _linked(video.video, pictures)
    files, objects = list_pictures(video.video), check_objects(video.masklets)
    for frame in sorted(set.intersection(*(set(masklet.rles) for masklet in objects))):
        write_labels(objects, frame, masks)
        (masks / f"{frame:05d}.png").rename(masks / f".{files[frame].stem}")  # names may be numbers of other frames
    for done in list(masks.iterdir()):
        done.rename(masks / f"{done.name[1:]}.png")


def _linked(source: Path, target: Path) -> None:
    """The video beside its masks without a copy of it, where the disk allows that."""
    with naming_the_cause(target):
        try:
            target.symlink_to(source, target_is_directory=source.is_dir())
        except (OSError, NotImplementedError):
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)


FORMATS: Mapping[str, Callable[[Annotated, Path], None]] = {
    "sav": _sav,
    "coco": _coco,
    "ytvos": _ytvos,
    "train": _train,
}
"""By the name that is asked for."""
