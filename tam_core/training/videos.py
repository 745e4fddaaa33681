"""A window of a real labelled video: some stride, either direction, some crop, perhaps mirrored, perhaps visited."""

from collections.abc import Sequence

import cv2
import numpy as np

from tam_core.training.library import UNKNOWN, LabelledVideo, Labels, Library
from tam_core.training.trajectories import moments
from tam_core.training.visitors import pasted_visitor
from tam_core.types import Pixels, Size

STRIDES = (1, 1, 2, 3, 4, 5)


def video_window(
    library: Library,
    rng: np.random.Generator,
    size: Size,
    length: int,
    distant: bool = False,
    visited: float = 0.0,
    elsewhere: float = 0.0,
) -> tuple[Pixels, Labels]:
    """Frames (T, H, W, 3) uint8 RGB and labels (T, H, W) uint8 cut from one of the library's videos.

    ``distant``: the first one is any frame of it, with a crop of its own. ``visited``: the share of windows into which
    another object is pasted, ``elsewhere`` that of distant ones whose other frames are of another video: what the first
    one shows is gone, and something else is there.
    """
    video = _any_of(library.videos, rng)
    parts = [_frame_indices(rng, len(video.images), length - distant)]
    if distant:
        parts.insert(0, [int(rng.integers(len(video.images)))])
    cut = [_cut(rng, video, order, size) for order in parts]
    others = [one for one in library.videos if one is not video]
    if distant and elsewhere and others and rng.random() < elsewhere:
        cut[1] = _scene_of(_any_of(others, rng), rng, size, length - 1)
    frames, labels = (np.concatenate(some) for some in zip(*cut, strict=True))
    if visited and rng.random() < visited:
        pasted_visitor(library, rng, video, frames, labels, moments(rng, length, distant))
    if rng.random() < 0.5:
        return np.ascontiguousarray(frames[:, :, ::-1]), np.ascontiguousarray(labels[:, :, ::-1])
    return frames, labels


def _any_of(videos: Sequence[LabelledVideo], rng: np.random.Generator) -> LabelledVideo:
    return videos[int(rng.integers(len(videos)))]


def _scene_of(video: LabelledVideo, rng: np.random.Generator, size: Size, length: int) -> tuple[Pixels, Labels]:
    """A window whose objects have other labels, 150 and up, than they have in the video."""
    frames, labels = _cut(rng, video, _frame_indices(rng, len(video.images), length), size)
    objects = (labels != 0) & (labels != UNKNOWN)
    return frames, np.where(objects, labels % 100 + 150, labels).astype(np.uint8)


def _cut(rng: np.random.Generator, video: LabelledVideo, order: list[int], size: Size) -> tuple[Pixels, Labels]:
    """Some frames in one crop."""
    top, left, (h, w) = _crop(rng, video, order[0], size)
    how = cv2.INTER_AREA if h > size[0] else cv2.INTER_LINEAR
    box = np.s_[top : top + h, left : left + w]
    frames = [cv2.resize(video.images[index][box], size[::-1], interpolation=how) for index in order]
    labels = [cv2.resize(video.labels[index][box], size[::-1], interpolation=cv2.INTER_NEAREST) for index in order]
    return np.stack(frames).astype(np.uint8), np.stack(labels).astype(np.uint8)


def _frame_indices(rng: np.random.Generator, count: int, length: int) -> list[int]:
    """``length`` frames of ``count``; a video too short for the stride runs slower, then forth and back."""
    stride = int(rng.choice(STRIDES))
    while stride > 1 and stride * (length - 1) >= count:
        stride -= 1
    start = int(rng.integers(max(count - stride * (length - 1), 1)))
    there = list(range(count)) + list(range(count - 2, 0, -1))
    order = [there[(start + stride * k) % len(there)] for k in range(length)]
    return order[::-1] if rng.random() < 0.3 else order


def _crop(rng: np.random.Generator, video: LabelledVideo, first: int, size: Size) -> tuple[int, int, Size]:
    """Top, left and (h, w) of a window of the clip's shape that holds the middle of an object of frame ``first``."""
    height, width = video.labels.shape[1:]
    whole = min(height / size[0], width / size[1])
    share = whole * rng.uniform(0.5, 1)
    h, w = int(size[0] * share), int(size[1] * share)
    ys, xs = np.nonzero((video.labels[first] > 0) & (video.labels[first] < 255))
    near = int(rng.integers(len(ys))) if len(ys) else 0
    y, x = (int(ys[near]), int(xs[near])) if len(ys) else (height // 2, width // 2)
    top = int(np.clip(y - h * rng.uniform(0.2, 0.8), 0, height - h))
    left = int(np.clip(x - w * rng.uniform(0.2, 0.8), 0, width - w))
    return top, left, (h, w)
