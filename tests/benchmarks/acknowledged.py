"""What a worker has told a client of a session, and whether the next worker still knows it."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image

from plugin.link import wire
from tam_core.formats import read_masks
from tam_core.video import open_video

Place = tuple[int, int]
"""(object, frame)"""


@dataclass
class Ledger:
    """What was acknowledged.

    ``state`` is None when it is known to have changed since it was asked for. ``masks`` are the codes of those that
    were told; one that is not in ``firm`` may be another by now, but must be there.
    """

    state: wire.SessionState | None = None
    masks: dict[Place, str] = field(default_factory=dict)
    firm: set[Place] = field(default_factory=set)
    exports: dict[Path, bytes] = field(default_factory=dict)

    def set(self, state: wire.SessionState, frames: list[wire.FrameMasks]) -> None:
        """The session is so now, as far as it was told."""
        self.state, self.masks = state, by_place(frames)
        self.firm = set(self.masks)

    def see(self, event: wire.MasksEvent) -> None:
        """Masks that tracking has told. Between two prompted frames the other pass may improve them."""
        for mask in event.masks:
            place = mask.object_id, event.frame
            self.masks[place] = mask.rle.counts
            if not self._between_prompts(*place):
                self.firm.add(place)

    def complaints(self, state: wire.SessionState, frames: list[wire.FrameMasks], job: bool) -> list[str]:
        """What is not as it was told. ``job``: one was under way, which has changed what it was to change."""
        found = by_place(frames)
        gone = [place for place in self.masks if place not in found]
        other = [place for place in self.firm if place in found and found[place] != self.masks[place]]
        said = [f"{len(gone)} masks are gone: {gone[:4]}"] if gone else []
        said += [f"{len(other)} masks are others: {other[:4]}"] if other else []
        if self.state is not None:
            before, now = facts(self.state, job), facts(state, job)
            said += [f"{name} was {before[name]}, is {now[name]}" for name in before if before[name] != now[name]]
        said += [f"{path.name} is not what was written" for path in self.exports if not self._is_there(path)]
        return said

    def _is_there(self, path: Path) -> bool:
        return path.exists() and content(path) == self.exports[path]

    def _between_prompts(self, object_id: int, frame: int) -> bool:
        objects = self.state.objects if self.state else []
        return any(o.object_id == object_id and min(o.prompted) <= frame <= max(o.prompted) for o in objects)


def by_place(frames: list[wire.FrameMasks]) -> dict[Place, str]:
    """The code of every mask."""
    return {(mask.object_id, one.frame): mask.rle.counts for one in frames for mask in one.masks}


def facts(state: wire.SessionState, job: bool) -> dict[str, Any]:
    """What has to be the same after a restart; with a job under way, what no job changes."""
    same: dict[str, Any] = {"engines": (state.engine, state.segmenter)}
    if job:
        objects = [replace(one, lane=[], stale=False, fix_next=None, fix_why="") for one in state.objects]
        return same | {"objects": objects}
    said = {"undo": state.undo, "redo": state.redo, "proposals": state.proposals, "removal": state.removal}
    return same | said | {"objects": state.objects}


def content(path: Path) -> bytes:
    """All bytes of a file or folder."""
    return b"\0".join(file.name.encode() + file.read_bytes() for file in _files(path))


def half_written(results: Path, frame_count: int) -> list[str]:
    """Complaints about results in the folders of ``results`` that are not complete.

    A hidden file is none: it never had the name that was asked for.
    """
    there = [path for path in sorted(results.glob("*/*")) if not path.name.startswith(".")]
    return [f"{path.name} is not complete: {fault}" for path in there if (fault := _fault(path, frame_count))]


def _fault(path: Path, frame_count: int) -> str:
    try:
        if path.suffix == ".json" or (path / "meta.json").exists():
            read_masks(path)
            return ""
        count = _pictures(path) if path.is_dir() else sum(1 for _ in open_video(path).frames())
    except Exception as error:  # whatever a reader makes of half a file
        return f"{type(error).__name__}: {error}"
    return "" if count == frame_count else f"{count} of {frame_count} frames"


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _pictures(folder: Path) -> int:
    files = _files(folder)
    if any(file.suffix == ".exr" for file in files):
        read_masks(folder)
        return len(files)
    for file in files:
        with Image.open(file) as picture:
            picture.load()
    return len(files)
