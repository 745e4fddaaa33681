"""Where the state of an annotated folder lies on disk. Everything is written whole or not at all.

``DATA/videos/NAME`` holds of each video: record.json, draft.json (work that is not submitted yet), NAME.tam (the
project that it is annotated in), masklets.json (as they were submitted last), auto.json (masklets that engines
proposed), and its lock. ``DATA/annotators`` has a file for everybody who ever took part. NAME is that of the video,
without suffix.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tam_core.annotate.records import (
    Draft,
    Record,
    draft_from_json,
    draft_to_json,
    record_from_json,
    record_to_json,
)
from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.errors import ProjectError, RequestError, SourceNotFoundError
from tam_core.formats.masklet_json import read_masklets, write_masklets
from tam_core.masklet import Masklet
from tam_core.video.images import SUFFIXES
from tam_core.video.source import VideoInfo

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"})
DATA = ".tam-annotate"
MASKLETS, PROPOSED = "masklets.json", "auto.json"

T = TypeVar("T")


class Store:
    """A folder of videos, and the ``data`` about them (None: in the folder itself). Several programs may share both.

    Raises SourceNotFoundError for no such folder, RequestError where there is no video, or two of one name.
    """

    def __init__(self, folder: Path, data: Path | None = None) -> None:
        if not folder.is_dir():
            raise SourceNotFoundError(f"no folder {folder}")
        self.folder = folder.resolve()
        self.data = (data or folder / DATA).resolve()
        self.videos = _videos(self.folder)
        """By name, in the order of the names."""
        with naming_the_cause(self.data):
            (self.data / "annotators").mkdir(parents=True, exist_ok=True)

    def place(self, name: str) -> Path:
        """The folder of what is known of a video. Raises RequestError if there is no such video."""
        if name not in self.videos:
            raise RequestError(f"no video '{name}' in {self.folder}; there are: {', '.join(self.videos)}")
        place = self.data / "videos" / name
        with naming_the_cause(place):
            place.mkdir(parents=True, exist_ok=True)
        return place

    def project(self, name: str) -> Path:
        """Where the video's project is, or will be."""
        return self.place(name) / f"{name}.tam"

    def record(self, name: str) -> Record:
        """What was done with it. Raises ProjectError if the file is damaged."""
        return _read(self.place(name) / "record.json", record_from_json, Record())

    def write_record(self, name: str, record: Record) -> None:
        _write(self.place(name) / "record.json", record_to_json(record))

    def draft(self, name: str) -> Draft | None:
        """What was done since the last submission; None if nothing was."""
        return _read(self.place(name) / "draft.json", draft_from_json, None)

    def write_draft(self, name: str, draft: Draft | None) -> None:
        file = self.place(name) / "draft.json"
        if draft is None:
            file.unlink(missing_ok=True)
        else:
            _write(file, draft_to_json(draft))

    def masklets(self, name: str, file: str = MASKLETS) -> list[Masklet]:
        """As they were submitted last, or those of ``file``; none if there is no such file."""
        path = self.place(name) / file
        return read_masklets(path) if path.is_file() else []

    def write_masklets(self, name: str, masklets: Sequence[Masklet], info: VideoInfo, file: str = MASKLETS) -> None:
        write_masklets(masklets, self.place(name) / file, info)

    def join(self, annotator: str) -> None:
        """Write down that somebody takes part. Raises RequestError for a name that is none."""
        if not annotator or annotator != Path(annotator).name or annotator[0] == ".":
            raise RequestError(f"'{annotator}' is no name for an annotator: give letters and digits")
        with naming_the_cause(self.data):
            (self.data / "annotators" / annotator).touch()

    @property
    def annotators(self) -> list[str]:
        """Everybody who ever took part."""
        return sorted(path.name for path in (self.data / "annotators").iterdir())


def _videos(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("[!.]*")):
        if path.is_dir():
            if not any(one.suffix.lower() in SUFFIXES for one in path.iterdir()):
                continue
        elif path.suffix.lower() not in VIDEO_SUFFIXES:
            continue
        name = path.name if path.is_dir() else path.stem
        if name in found:
            raise RequestError(f"{path} and {found[name].name} would both be '{name}': rename one of them")
        found[name] = path
    if not found:
        raise RequestError(f"{folder} holds no video and no folder of pictures ({', '.join(sorted(VIDEO_SUFFIXES))})")
    return found


def _read(file: Path, parse: Callable[[Any], T], otherwise: T) -> T:
    try:
        return parse(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return otherwise
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(f"{file} is damaged ({error}): take its last backup, or delete it") from error


def _write(file: Path, data: Any) -> None:
    with atomic_file(file) as temporary, naming_the_cause(file):
        temporary.write_text(json.dumps(data, indent=1), encoding="utf-8")
