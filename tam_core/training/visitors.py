"""An object that was never there, pasted into a window of a real video: most often a twin of the one that is.

A few videos with one labelled object each would teach that what moves in the middle is meant.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from tam_core.training.cast import random_sprite
from tam_core.training.drawing import Actor, draw
from tam_core.training.library import UNKNOWN, LabelledVideo, Labels, Library
from tam_core.training.sprites import Sprite, lit_like, mirrored, sprite_of
from tam_core.training.trajectories import Liveliness, bounced, wandering
from tam_core.types import Pixels, Size

TWINS = 0.7
"""Share of visitors that are cut from another frame of the same video, where it has one to cut."""


def pasted_visitor(
    library: Library,
    rng: np.random.Generator,
    video: LabelledVideo,
    frames: Pixels,
    labels: Labels,
    times: Sequence[int],
) -> None:
    """Draw one onto ``frames`` (T, H, W, 3) and, as one more object, into ``labels`` (T, H, W), both in place.

    ``times``: when each frame is, on the visitor's path.
    """
    size: Size = (frames.shape[1], frames.shape[2])
    sprite = _twin(rng, video, size) if rng.random() < TWINS else None
    sprite = sprite or random_sprite(library, rng, size, frames[0])
    extent = min(sprite.extent, size[0])
    lively = Liveliness(extent * rng.choice([0.01, 0.03, 0.08]), 0.01, 0.01, extent * rng.choice([0, 0.03, 0.06]))
    path = bounced(wandering(rng, times[-1] + 1, rng.uniform(0.05, 0.95, 2) * size[::-1], lively), size)
    visitor = Actor(sprite, path, int(labels[labels != UNKNOWN].max(initial=0)) + 1)
    for k, t in enumerate(times):
        draw(visitor, t, frames[k], labels[k])


def _twin(rng: np.random.Generator, video: LabelledVideo, size: Size) -> Sprite | None:
    """An object of any frame of the video, cut out, 20 to 80 % of the picture's height; None if that shows nothing."""
    index = int(rng.integers(len(video.images)))
    ids = [int(i) for i in np.unique(video.labels[index]) if i not in (0, UNKNOWN)]
    if not ids:
        return None
    alpha = np.where(video.labels[index] == rng.choice(ids), np.uint8(255), np.uint8(0))
    x, y, w, h = cv2.boundingRect(alpha)
    box = np.s_[y : y + h, x : x + w]
    sprite = sprite_of(video.images[index][box], alpha[box], rng.uniform(0.2, 0.8) * size[0], size[1] * 0.6)
    sprite = mirrored(sprite) if rng.random() < 0.5 else sprite
    return lit_like(sprite, video.images[index], rng.uniform(0, 0.3)) if rng.random() < 0.3 else sprite
