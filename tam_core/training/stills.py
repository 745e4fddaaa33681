"""One labelled photograph set in motion: a random camera path and smooth fields, the labels carried along.

Beyond its edges the photograph is mirrored, and what shows there is unknown: not scored.
"""

import cv2
import numpy as np

from tam_core.training.library import UNKNOWN, Labels, Library, Picture
from tam_core.training.trajectories import Liveliness, shaken, wandering
from tam_core.training.warps import affine_map, enlarged, inverse, similarity
from tam_core.types import FloatMap, Mask, Pixels, Size


def moved_still(library: Library, rng: np.random.Generator, size: Size, length: int) -> tuple[Pixels, Labels]:
    """Frames (T, H, W, 3) uint8 RGB and labels (T, H, W) uint8 of one picture; unknown pixels stay unknown."""
    picture = library.pictures[int(rng.integers(len(library.pictures)))]
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
