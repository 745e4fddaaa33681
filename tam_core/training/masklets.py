"""A person's own labelled videos, and short clips of them to learn from. Frames and masks are read as they are needed.

A folder holds pictures and indexed PNG masks as DAVIS and YouTube-VOS lay them out (``JPEGImages/.../SEQ/*.jpg`` with
``Annotations/.../SEQ/*.png``), or videos with masklets as ``tam track`` writes them: ``NAME.mp4`` with ``NAME.json`` or
with ``NAME/*.png``. All chance comes from the generator that is handed in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from tam_core.errors import MaskletError, SourceNotFoundError
from tam_core.formats.davis import read_labels, split_labels
from tam_core.formats.masklet_json import read_masklets
from tam_core.masklet import Masklet
from tam_core.types import Mask, ObjectId, Pixels
from tam_core.video.images import SUFFIXES, list_pictures
from tam_core.video.open import open_video

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"})

STRIDES = (1, 1, 2, 3)
"""Labelled frames from one frame of a clip to the next."""

SMALLEST_SHARE = 1 / 5000
"""Of the picture, on the first frame of a clip: below that there is nothing to prompt."""

TRIES = 100


@dataclass(frozen=True)
class MaskletClip:
    """``frames`` (T, H, W, 3) uint8 RGB and ``masks`` (T, N, H, W) bool of N objects; each is seen on frame 0."""

    frames: Pixels = field(repr=False)
    masks: Mask = field(repr=False)

    def mirrored(self) -> "MaskletClip":
        """Left and right swapped."""
        return MaskletClip(self.frames[:, :, ::-1].copy(), self.masks[..., ::-1].copy())


class Labels(Protocol):
    """The masks of a video: ``frames``, ascending, are those that have any."""

    @property
    def frames(self) -> Sequence[int]: ...

    def masks(self, frame: int) -> Mapping[ObjectId, Mask]:
        """The objects of a frame (H, W)."""
        ...


@dataclass(frozen=True)
class PictureLabels:
    """One indexed PNG a frame. A number that a picture lacks is an object that is not visible there."""

    files: Mapping[int, Path] = field(repr=False)

    @property
    def frames(self) -> Sequence[int]:
        return sorted(self.files)

    def masks(self, frame: int) -> Mapping[ObjectId, Mask]:
        return dict(split_labels(read_labels(self.files[frame])))


@dataclass(frozen=True)
class MaskletLabels:
    """Run-length codes. Frames on which not every object was tracked are left out: what is there is not known."""

    masklets: Sequence[Masklet] = field(repr=False)

    @property
    def frames(self) -> Sequence[int]:
        return sorted(set.intersection(*(set(one.rles) for one in self.masklets))) if self.masklets else []

    def masks(self, frame: int) -> Mapping[ObjectId, Mask]:
        return {one.object_id: one.rles[frame].decode() for one in self.masklets}


@dataclass(frozen=True)
class LabelledVideo:
    """``pictures`` is a video file or a folder of pictures, whose frame numbers the labels use."""

    pictures: Path
    labels: Labels = field(repr=False)

    def check(self) -> None:
        """Raise MaskletError unless there are masks, on frames that exist, and of the size of the pictures."""
        frames = self.labels.frames
        if not frames:
            raise MaskletError(f"no frame of {self.pictures} has masks of all its objects: track them, or take it away")
        count = open_video(self.pictures).info.frame_count
        if count is not None and frames[-1] >= count:
            raise MaskletError(f"{self.pictures} has {count} frames, but a mask for frame {frames[-1]}: another video?")
        self.clip(frames[:1], list(self.labels.masks(frames[0])))

    def clip(self, frames: Sequence[int], objects: Sequence[ObjectId]) -> MaskletClip:
        """These frames, in this order, with these objects. Raises MaskletError where sizes differ."""
        source = open_video(self.pictures)
        pixels = {frame: source.read(frame).pixels for frame in sorted(set(frames))}
        masks = np.zeros((len(frames), len(objects), *source.info.size), bool)
        for time, frame in enumerate(frames):
            there = self.labels.masks(frame)
            for place, object_id in enumerate(objects):
                if object_id in there:
                    self._check_size(frame, there[object_id], pixels[frame])
                    masks[time, place] = there[object_id]
        return MaskletClip(np.stack([pixels[frame] for frame in frames]), masks)

    def _check_size(self, frame: int, mask: Mask, pixels: Pixels) -> None:
        (h, w), (height, width) = mask.shape, pixels.shape[:2]
        if (h, w) != (height, width):
            raise MaskletError(
                f"{self.pictures}: frame {frame} is {width}x{height}, its mask {w}x{h}; make masks of the video's size"
            )


def find_labelled_videos(folder: Path) -> tuple[LabelledVideo, ...]:
    """All labelled videos of a folder, in the order of their names.

    Raises SourceNotFoundError if there is no such folder, MaskletError if there is nothing in it, or half of something.
    """
    if not folder.is_dir():
        raise SourceNotFoundError(f"no folder {folder}")
    videos = (*_sequences(folder), *_files(folder))
    if not videos:
        raise MaskletError(
            f"{folder} has no labelled videos: NAME.mp4 with NAME.json or NAME/*.png, as 'tam track' writes them, or "
            "JPEGImages/480p/SEQ/*.jpg with Annotations/480p/SEQ/*.png, as DAVIS has them, were looked for"
        )
    for video in videos:
        video.check()
    return videos


def draw_clip(videos: Sequence[LabelledVideo], rng: np.random.Generator, length: int, most_objects: int) -> MaskletClip:
    """A clip of ``length`` frames with up to ``most_objects`` of the objects that its first frame shows.

    Raises MaskletError if no window shows an object of useful size.
    """
    for _ in range(TRIES):
        video = videos[int(rng.integers(len(videos)))]
        frames = _window(video.labels.frames, rng, length)
        visible = [o for o, mask in video.labels.masks(frames[0]).items() if mask.mean() >= SMALLEST_SHARE]
        if visible:
            chosen = rng.permutation(visible)[:most_objects].tolist()
            clip = video.clip(frames, chosen)
            return clip.mirrored() if rng.random() < 0.5 else clip
    raise MaskletError(f"no object covers {SMALLEST_SHARE:.2%} of a frame in {TRIES} clips of {len(videos)} videos")


def _window(frames: Sequence[int], rng: np.random.Generator, length: int) -> list[int]:
    """``length`` of the frames at some stride, in either direction; too few of them go forth and back."""
    stride = min(int(rng.choice(STRIDES)), max(1, (len(frames) - 1) // (length - 1)))
    start = int(rng.integers(max(1, len(frames) - stride * (length - 1))))
    around = [*frames, *frames[-2:0:-1]]
    window = [around[(start + stride * step) % len(around)] for step in range(length)]
    return window[::-1] if rng.random() < 0.5 else window


def _sequences(folder: Path) -> Iterator[LabelledVideo]:
    """Folders of pictures below JPEGImages, whose masks have the same names below Annotations."""
    root = folder / "JPEGImages"
    for pictures in sorted([*root.glob("*/"), *root.glob("*/*/")]):
        if any(path.suffix.lower() in SUFFIXES for path in pictures.iterdir()):
            yield LabelledVideo(
                pictures, _labels_by_name(pictures, folder / "Annotations" / pictures.relative_to(root))
            )


def _labels_by_name(pictures: Path, masks: Path) -> PictureLabels:
    """``00005.png`` is the mask of ``00005.jpg``, whichever frame that is."""
    place = {path.stem: index for index, path in enumerate(list_pictures(pictures))}
    files = sorted(masks.glob("*.png"))
    if not files:
        raise MaskletError(f"{pictures} has no masks: PNG files with the names of its pictures belong in {masks}")
    for file in files:
        if file.stem not in place:
            raise MaskletError(f"{file} is the mask of no picture: there is no {file.stem} in {pictures}")
    return PictureLabels({place[file.stem]: file for file in files})


def _files(folder: Path) -> Iterator[LabelledVideo]:
    """Video files, each with a .json file or a folder of masks of the same name."""
    videos = sorted(path for path in folder.glob("[!.]*") if path.suffix.lower() in VIDEO_SUFFIXES)
    alone = {path.stem for path in folder.glob("*.json")} - {path.stem for path in videos}
    if alone:
        name = min(alone)
        raise MaskletError(f"{folder / name}.json has no video beside it: put {name}.mp4 there, or take it away")
    for video in videos:
        yield LabelledVideo(video, _labels_beside(video))


def _labels_beside(video: Path) -> Labels:
    document, masks = video.with_suffix(".json"), video.with_suffix("")
    if document.is_file():
        return MaskletLabels(read_masklets(document))
    files = {int(path.stem): path for path in masks.glob("*.png") if path.stem.isdecimal()}
    if not files:
        raise MaskletError(
            f"{video} has no masklets: put {document.name} or a folder {masks.name} of numbered PNG masks beside it, "
            "as 'tam track' writes them, or take it away"
        )
    return PictureLabels(files)
