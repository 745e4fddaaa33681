"""What a clip's media reference means on this machine, and the reference to its replacement.

A media's time may begin at any time code: the reference's ``available_range`` says so. Frames are counted from 0.
"""

import os
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import opentimelineio as otio

from plugin.timeline.clips import TimelineError, exact_rate, seconds
from tam_core.errors import SourceNotFoundError
from tam_core.video import FrameSource, ImageFolderSource, open_video

Reference: TypeAlias = otio.core.MediaReference
_SLACK = Fraction(1, 100)
"""Of a frame: times in timelines are floating point numbers."""


@dataclass(frozen=True)
class Media:
    """A clip's media: its ``source`` of frames, which lies at ``path``. ``begin``: seconds at which its time begins."""

    reference: Reference
    path: Path
    source: FrameSource
    begin: Fraction

    def frames(self, begin: Fraction, end: Fraction) -> range:
        """The frames that are shown between two times of the media, as far as they are there. Raises TimelineError."""
        times, frame = self._times(), 1 / self.source.info.rate
        slack = _SLACK * frame
        first = max(bisect_right(times, begin - self.begin + slack) - 1, 0)
        stop = bisect_left(times, end - self.begin - slack)
        if stop <= 0 or begin - self.begin >= times[-1] + frame:
            there = "" if self.reference.available_range else ", and its reference does not say where its time begins"
            raise TimelineError(
                f"the clip shows {float(begin):.3f} to {float(end):.3f} s of {self.path.name}, which lasts from "
                f"{float(self.begin):.3f} to {float(self.begin + times[-1] + frame):.3f} s{there}"
            )
        return range(first, stop)

    def time_of(self, frame: int) -> Fraction:
        """When a frame begins, in the media's own time; also the end, as the frame after the last one."""
        times = self._times()
        return self.begin + (times[frame] if frame < len(times) else times[-1] + 1 / self.source.info.rate)

    def _times(self) -> list[Fraction]:
        """When each frame begins, from the first one on: by the rate, where the file rounds its stamps."""
        info = self.source.info
        assert info.times is not None, "a file knows its length"
        stamps = [time - info.times[0] for time in info.times]
        even = [index / info.rate for index in range(len(stamps))]
        rounded = all(abs(a - b) * info.rate < Fraction(1, 4) for a, b in zip(stamps, even, strict=True))
        return even if rounded else stamps


def find_media(clip: otio.schema.Clip, folder: Path) -> Media:
    """The media of a clip; ``folder`` is the timeline's. Raises TimelineError, SourceNotFoundError, VideoError."""
    reference = clip.media_reference
    begin = seconds(reference.available_range.start_time) if reference.available_range else Fraction(0)
    if isinstance(reference, otio.schema.ExternalReference):
        path = _local_path(reference.target_url, folder)
        if not path.exists():
            raise SourceNotFoundError(f"the media of clip '{clip.name}' is missing: {path}")
        return Media(reference, path, open_video(path), begin)
    if isinstance(reference, otio.schema.ImageSequenceReference):
        path = _local_path(reference.target_url_base, folder)
        return Media(reference, path, _open_sequence(clip.name, reference, path), begin)
    what = "no media" if reference.is_missing_reference else f"media of the kind {reference.schema_name()}"
    raise TimelineError(f"clip '{clip.name}' has {what}: relink it to a file in the editor, then export again")


def check_relative(root: otio.core.SerializableObject, path: Path, output: Path) -> None:
    """Raise TimelineError if media would be lost because the new timeline lies in another folder."""
    if path.resolve().parent == output.resolve().parent:
        return
    for clip in root.find_clips():
        for reference in clip.media_references().values():
            url = _url_of(reference)
            if url and not urlsplit(url).scheme and not Path(url).is_absolute():
                raise TimelineError(
                    f"'{url}' and perhaps more media are found from where {path.name} lies: write the result beside "
                    f"it, in {path.resolve().parent}"
                )


def replacement(media: Media, result: Path, frames: range, output: Path, edit: str) -> Reference:
    """A reference to ``result``, which shows ``frames`` of the media at the same times as the media did."""
    old = media.reference
    rate = old.available_range.start_time.rate if old.available_range else float(media.source.info.rate)
    begin, end = media.time_of(frames.start), media.time_of(frames.stop)
    available = otio.opentime.TimeRange(_time(begin, rate), _time(end - begin, rate))
    url = _like(_url_of(old), result, output.parent)
    if result.is_dir():
        new = otio.schema.ImageSequenceReference(
            target_url_base=f"{url}/",
            name_suffix=".png",
            start_frame=frames.start,
            rate=rate if exact_rate(rate) == media.source.info.rate else float(media.source.info.rate),
            frame_zero_padding=5,
            available_range=available,
        )
    else:
        new = otio.schema.ExternalReference(target_url=url, available_range=available)
    new.name = result.name
    new.available_image_bounds = old.available_image_bounds
    new.metadata["tam-studio"] = {"edit": edit, "first_frame": frames.start, "original": old.deepcopy()}
    return new


def _time(moment: Fraction, rate: float) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(float(moment * exact_rate(rate)), rate)


def _open_sequence(name: str, reference: otio.schema.ImageSequenceReference, folder: Path) -> FrameSource:
    count = reference.number_of_images_in_sequence() if reference.available_range else 0
    if not count:
        raise TimelineError(f"the image sequence of clip '{name}' does not say how long it is (available_range)")
    names = [reference.target_url_for_image_number(number).rpartition("/")[2] for number in range(count)]
    files = [_local_path(name, folder) for name in names]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise SourceNotFoundError(
            f"{len(missing)} of {count} images of clip '{name}' are missing in {folder}, the first is {missing[0]}"
        )
    return ImageFolderSource(folder, exact_rate(reference.rate) / reference.frame_step, files)


def _url_of(reference: Reference) -> str:
    return str(getattr(reference, "target_url", None) or getattr(reference, "target_url_base", None) or "")


def _local_path(url: str, folder: Path) -> Path:
    """The file of a URL, of a path, or of a path from where the timeline lies."""
    scheme = urlsplit(url).scheme
    if len(scheme) > 1 and scheme != "file":  # one letter is a drive
        raise TimelineError(f"{url} is not on this machine: fetch it, and relink the clip")
    written = folder / url
    return written if scheme != "file" and written.exists() else folder / otio.url_utils.filepath_from_url(url)


def _like(url: str, result: Path, folder: Path) -> str:
    """The result's address, in the manner of another: a URL, a full path, or from where the timeline lies."""
    if urlsplit(url).scheme == "file":
        return result.resolve().as_uri()
    if Path(url).is_absolute():
        return str(result.resolve())
    return Path(os.path.relpath(result.resolve(), folder.resolve())).as_posix()
