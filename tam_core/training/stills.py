"""One labelled photograph set in motion: a random camera path and smooth fields, the labels carried along.

Beyond its edges the photograph is mirrored, and what shows there is unknown: not scored.
"""

from itertools import pairwise, product

import cv2
import numpy as np

from tam_core.training.library import UNKNOWN, Labels, Library, Picture
from tam_core.training.trajectories import Liveliness, shaken, wandering
from tam_core.training.warps import affine_map, enlarged, inverse, similarity
from tam_core.types import FloatMap, Mask, Pixels, Size

PATCHWORKS = ((1, 2), (2, 2), (2, 3), (3, 3))
"""Rows and columns of several pictures side by side: photographs are of large things, films show small ones."""


def moved_still(
    library: Library, rng: np.random.Generator, size: Size, length: int, patchwork: float = 0.0, crowded: float = 0.0
) -> tuple[Pixels, Labels]:
    """Frames (T, H, W, 3) uint8 RGB and labels (T, H, W) uint8 of one picture; unknown pixels stay unknown.

    ``patchwork``: the share of clips that show several pictures side by side instead, their objects the smaller.
    ``crowded``: see ``ClipMix``.
    """
    several = patchwork > 0 and rng.random() < patchwork
    picture = _patchwork(library, rng, size, crowded) if several else _any_of(library, rng, crowded)
    image, labels = _fitted(rng, picture, size)
    height, width = size
    lively = Liveliness(
        speed=height * rng.choice([0, 0.01, 0.025, 0.05]),
        zoom=rng.choice([0, 0.015, 0.05]),
        turn=rng.choice([0, 0.02, 0.06]),
        bend=height * rng.choice([0, 0.02, 0.04, 0.07]),
    )
    path = wandering(rng, length, np.array([width / 2, height / 2]), lively)
    path = shaken(rng, path, height * 0.01) if rng.random() < 0.2 else path
    number = int(rng.integers(1, len(picture.ids) + 1))
    own = _own_motion(rng, labels == number, height) if rng.random() < 0.5 else None
    shear = np.cumsum(rng.standard_normal(length) * rng.choice([0, 0.02]))
    frames, seen = np.empty((length, *size, 3), np.uint8), np.empty((length, *size), np.uint8)
    middle = np.array(labels.shape[::-1]) / 2
    for t in range(length):
        forward = similarity(path.centres[t], middle, path.scales[t], path.angles[t], shear[t])
        where = affine_map(inverse(forward), (0, 0), size)
        bent = path.deformation(t, size)
        where = where if bent is None else where + bent
        if own is not None:
            where += cv2.remap(own * np.float32(path.bends[t]), where, None, cv2.INTER_LINEAR)
        frames[t] = cv2.remap(image, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        seen[t] = cv2.remap(labels, where, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=UNKNOWN)
    return frames, seen


def _any_of(library: Library, rng: np.random.Generator, crowded: float) -> Picture:
    shares = library.objects**crowded
    return library.pictures[int(rng.choice(len(shares), p=shares / shares.sum()))]


def _patchwork(library: Library, rng: np.random.Generator, size: Size, crowded: float) -> Picture:
    """Pictures in rows and columns, each object of each with a number of its own; beyond 254 they are unknown."""
    shape = PATCHWORKS[int(rng.integers(len(PATCHWORKS)))]
    ys, xs = (np.linspace(0, side, parts + 1).astype(int) for side, parts in zip(size, shape, strict=True))
    image, labels, objects = np.empty((*size, 3), np.uint8), np.empty(size, np.uint8), 0
    for (top, bottom), (left, right) in product(pairwise(ys), pairwise(xs)):
        picture = _any_of(library, rng, crowded)
        colours, numbers = _fitted(rng, picture, (bottom - top, right - left))
        y = int(rng.integers(numbers.shape[0] - (bottom - top) + 1))
        x = int(rng.integers(numbers.shape[1] - (right - left) + 1))
        window, patch = np.s_[y : y + bottom - top, x : x + right - left], np.s_[top:bottom, left:right]
        own = numbers[window].astype(int)
        image[patch] = colours[window]
        labels[patch] = np.where(own == 0, 0, np.minimum(own + objects, UNKNOWN))
        objects += len(picture.ids)
    return Picture(image, labels, tuple(range(1, min(objects, UNKNOWN - 1) + 1)))


def _fitted(rng: np.random.Generator, picture: Picture, size: Size) -> tuple[Pixels, Labels]:
    """The picture at about the scale of the clip, perhaps mirrored, its usable objects numbered 1..k."""
    numbers = np.zeros(256, np.uint8)
    numbers[UNKNOWN] = UNKNOWN
    numbers[list(picture.ids)] = np.arange(1, len(picture.ids) + 1)
    zoom = max(size[0] / picture.image.shape[0], size[1] / picture.image.shape[1]) * rng.uniform(1, 1.4)
    how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    image = cv2.resize(picture.image, None, fx=zoom, fy=zoom, interpolation=how)
    labels = cv2.resize(numbers[picture.labels], image.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    if rng.random() < 0.5:
        image, labels = image[:, ::-1], labels[:, ::-1]
    return np.ascontiguousarray(image), np.ascontiguousarray(labels)


def _own_motion(rng: np.random.Generator, inside: Mask, height: int) -> FloatMap:
    """(h, w, 2) pixels, as a deformation: strong on the object ``inside`` (h, w), gone a little way off it."""
    small = cv2.resize(inside.astype(np.float32), (36, 24), interpolation=cv2.INTER_AREA)
    spread = cv2.GaussianBlur(cv2.dilate(small, np.ones((3, 3), np.uint8)), (0, 0), 3)
    direction = (rng.uniform(-0.11, 0.11, 2) * height).astype(np.float32)
    return enlarged(spread[..., None] * direction, (inside.shape[0], inside.shape[1]))
