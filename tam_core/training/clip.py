"""A short training clip with exact labels, and how one is made from the library.

All chance comes from the generator that is handed in: the same state gives the same clip.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tam_core.errors import RequestError
from tam_core.training.degrade import degraded
from tam_core.training.library import UNKNOWN, Labels, Library
from tam_core.training.scenes import pasted_scene
from tam_core.training.stills import moved_still
from tam_core.training.videos import video_window
from tam_core.types import Pixels, Size

SMALLEST_OBJECT = 60 / (160 * 288)
"""Of the picture, on frame 0: below that there is nothing to prompt."""

LARGEST_OBJECT = 0.6
"""Of the picture, on frame 0: above that it is scenery."""

TRIES = 100


@dataclass(frozen=True)
class Clip:
    """``frames`` (T, H, W, 3) uint8 RGB; ``masks`` (T, H, W) uint8: 0 background, 1..k objects, 255 not known.

    A lone picture is a clip with T = 1.
    """

    frames: Pixels = field(repr=False)
    masks: Labels = field(repr=False)

    @property
    def objects(self) -> tuple[int, ...]:
        """Ids that frame 0 shows at a useful size."""
        counts = np.bincount(self.masks[0].ravel(), minlength=256) / self.masks[0].size
        useful = np.flatnonzero((counts >= SMALLEST_OBJECT) & (counts <= LARGEST_OBJECT))
        return tuple(int(i) for i in useful if i not in (0, UNKNOWN))


@dataclass(frozen=True)
class ClipMix:
    """How often what is made. ``pasted``, ``still`` and ``video`` are weights of the kinds of clip.

    ``degraded``, ``lookalike`` and ``leaves`` are shares, 0..1: of all clips that go through a poorer camera, and of
    pasted scenes with twins and with an object that goes away and comes back. ``visited`` and ``elsewhere``: of windows
    of videos, those with an object pasted in, and those that end in another video. ``apart``: in a distant clip, time
    passes in pasted scenes too. ``patchwork``: of stills, those of several pictures side by side. ``crowded``: pictures
    are taken in proportion to this power of the number of their objects: 0, all alike.
    """

    pasted: float = 0.6
    still: float = 0.25
    video: float = 0.15
    degraded: float = 0.7
    lookalike: float = 0.2
    leaves: float = 0.25
    visited: float = 0.0
    elsewhere: float = 0.0
    apart: bool = False
    patchwork: float = 0.0
    crowded: float = 0.0


def make_clip(
    library: Library, rng: np.random.Generator, size: Size, length: int, mix: ClipMix, distant: bool = False
) -> Clip:
    """One clip of ``length`` frames of ``size`` (H, W) that shows at least one object on frame 0.

    ``distant``: frame 0 of a video's window is any frame of the video; see also ``ClipMix.apart``.

    Raises RequestError if the library has nothing for the kinds that the mix asks for, or only specks.
    """
    weights = _weights(library, mix)
    for _ in range(TRIES):
        kind = rng.choice(["pasted", "still", "video"], p=weights)
        if kind == "pasted":
            frames, masks = pasted_scene(library, rng, size, length, mix.lookalike, mix.leaves, distant and mix.apart)
        elif kind == "still":
            frames, masks = moved_still(library, rng, size, length, mix.patchwork, mix.crowded)
        else:
            frames, masks = video_window(library, rng, size, length, distant, mix.visited, mix.elsewhere)
        if Clip(frames, masks).objects:
            return Clip(degraded(frames, rng) if rng.random() < mix.degraded else frames, masks)
    raise RequestError(f"no object of a useful size in {TRIES} clips of {size} pixels: use pictures of larger objects")


def _weights(library: Library, mix: ClipMix) -> npt.NDArray[np.float64]:
    """Probabilities of pasted, still and video; 0 for what the library has nothing for."""
    weights = np.array([mix.pasted, mix.still * bool(library.pictures), mix.video * bool(library.videos)])
    if weights.sum() <= 0:
        raise RequestError(
            f"no clip to make: {mix} of {len(library.pictures)} labelled pictures and {len(library.videos)} videos;"
            " give a weight to a kind of clip that the library has material for"
        )
    return np.asarray(weights / weights.sum())
