"""What hides the object: where its whole outline is not its mask, and how far that reaches beyond the outline.

Most things that hide an object stand still. So every place of the background, the camera's motion taken out, is asked
over the whole shot: was the object seen in front of it, or was it missing there? The first is never an occluder, though
an outline may not fit for a moment; the second is one on all frames. Something that passes in front of the object is
told by how much it hides. What nothing is known of goes
with what is known around it and looks alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from inpaint.camera import Matrix, apply
from inpaint.holes import Box
from inpaint.replacing.look import box_of
from inpaint.replacing.outline import Outline, missing_parts
from inpaint.replacing.smooth import corners_of
from tam_core.masklet import Masklet
from tam_core.types import XYXY, FloatMap, Mask, Pixels

SIDE = 900
"""The longer side of the map of the background."""

PASSING = 0.12
"""What hides more than this share of the object hides it, also where the object was seen in front of that place."""

OFTEN = 4
"""On so many frames something has to be missing at a place for an occluder to stand there."""

REACHES = ((0.02, 1.0), (0.1, 1e-3), (0.5, 1e-6), (2.0, 1e-9))
"""How far what is known reaches, as a share of the object's size, and what it counts there: the nearest wins."""

COLOURS = 8
"""Steps of red, green and blue that are told apart."""

TELLING = 0.85
"""Colours count from the share of known places on that they tell rightly; if they tell all, they count fully."""

SURE = 3.5
"""The most that a colour can say, as a logarithm of odds."""

CRISP = 5.0
"""How much steeper the edge between seen and hidden is made than these means leave it."""


@dataclass(frozen=True)
class Occluders:
    """A map of the background around an object's way: ``passed``, ``standing`` (h, w) bool, seen or hidden there.

    ``ways``: from each frame's pixels to the map's.
    """

    masklet: Masklet
    outline: Outline
    matrices: Mapping[int, Matrix] = field(repr=False)
    ways: Mapping[int, Matrix] = field(repr=False)
    passed: Mask = field(repr=False)
    standing: Mask = field(repr=False)

    def visible(self, frame: int, box: Box, pixels: Pixels) -> FloatMap | None:
        """How much may be seen of what is put in, inside the ``box`` of a frame, (h, w) float32, 0..1; None: all.

        ``pixels`` (H, W, 3): the frame, with or without the object.
        """
        mask = self.masklet.mask(frame)
        x0, y0, x1, y1 = box
        if mask is None or not mask.any():
            return np.zeros((y1 - y0, x1 - x0), np.float32)
        here = mask[y0:y1, x0:x1]
        there = self.outline.on(self.matrices[frame], box)
        back = _shift(box) @ np.linalg.inv(self.ways[frame])
        size = (x1 - x0, y1 - y0)
        passed, standing = (
            cv2.warpPerspective(known.astype(np.uint8), back, size, flags=cv2.INTER_NEAREST) > 0
            for known in (self.passed, self.standing)
        )
        hidden, passing = hidden_parts(there, here, ~standing)
        if passing:
            passed = standing = np.zeros_like(here)
        hidden = ((hidden & ~passed) | standing) & ~here
        if not hidden.any():
            return None
        behind = passed & ~hidden
        likely = alike(pixels[y0:y1, x0:x1], hidden, behind & ~here)
        return _spread(here | behind, hidden, likely, float(np.sqrt(self.masklet.rles[frame].area + 1)))


def hidden_parts(there: Mask, mask: Mask, unlikely: Mask) -> tuple[Mask, bool]:
    """What of an outline is hidden, all (h, w) bool, and whether by something that passes, not by what stands there.

    Parts that are mostly where nothing is likely to stand count only if they are large: those pass.
    """
    hidden, passing = np.zeros_like(mask), False
    for part in missing_parts(there, mask):
        if (part & unlikely).sum() < 0.5 * part.sum():
            hidden |= part
        elif part.sum() > PASSING * there.sum():
            hidden, passing = hidden | part, True
    return hidden, passing


def find_occluders(
    masklet: Masklet, outline: Outline, matrices: Mapping[int, Matrix], cameras: Mapping[int, Matrix], box: XYXY
) -> Occluders:
    """Ask every frame's mask. ``matrices``: from the anchor frame, on which the object's is ``box``; ``cameras``: from
    each frame to the background of the first."""
    seen = [frame for frame in matrices if box_of(masklet, frame) is not None]
    onto, size = _map(seen, matrices, cameras, box)
    ways = {frame: np.asarray(onto @ cameras[frame], np.float64) for frame in matrices}
    height, width = masklet.size
    passes, stands = (np.zeros((size[1], size[0]), np.uint16) for _ in range(2))
    for frame in seen:
        mask = masklet.mask(frame)
        assert mask is not None
        passes += _brought(mask, ways[frame], size)
    passed = passes > min(2, len(seen) - 1)
    whole = (0, 0, width, height)
    for frame in seen:
        mask = masklet.mask(frame)
        assert mask is not None
        there = outline.on(matrices[frame], whole)
        back = cv2.warpPerspective(
            passed.astype(np.uint8), np.linalg.inv(ways[frame]), (width, height), flags=cv2.INTER_NEAREST
        )
        hidden, passing = hidden_parts(there, mask, back > 0)
        if hidden.any() and not passing:
            stands += _brought(hidden, ways[frame], size)
    often = (stands >= min(OFTEN, len(seen))) & ~passed
    standing = cv2.morphologyEx(often.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return Occluders(masklet, outline, matrices, ways, passed, standing > 0)


def _map(
    frames: list[int], matrices: Mapping[int, Matrix], cameras: Mapping[int, Matrix], box: XYXY
) -> tuple[Matrix, tuple[int, int]]:
    """The matrix from the first frame's background to a map that holds all of the object's way, and its (w, h)."""
    corners = corners_of(box)
    way = np.concatenate([apply(cameras[frame] @ matrices[frame], corners) for frame in frames])
    low, high = np.quantile(way, 0.01, axis=0) - 32, np.quantile(way, 0.99, axis=0) + 32
    scale = min(1.0, SIDE / float((high - low).max()))
    onto = np.array([[scale, 0, -scale * low[0]], [0, scale, -scale * low[1]], [0, 0, 1]], np.float64)
    across, down = (max(1, int(np.ceil(scale * side))) for side in high - low)
    return onto, (across, down)


def _brought(mask: Mask, way: Matrix, size: tuple[int, int]) -> Mask:
    return np.asarray(cv2.warpPerspective(mask.astype(np.uint8), way, size, flags=cv2.INTER_NEAREST) > 0)


def _shift(box: Box) -> Matrix:
    return np.array([[1, 0, -box[0]], [0, 1, -box[1]], [0, 0, 1]], np.float64)


def alike(pixels: Pixels, hidden: Mask, behind: Mask) -> FloatMap:
    """How many times likelier the colours (h, w, 3) are of what hides than of what is behind, (h, w) float32.

    From the colours where that is known, in coarse histograms; 1 where both are as likely.
    """
    coarse = (cv2.blur(pixels, (3, 3)) // (np.iinfo(pixels.dtype).max // COLOURS + 1)).astype(np.int32)
    index = (coarse[..., 0] * COLOURS + coarse[..., 1]) * COLOURS + coarse[..., 2]
    of_hidden, of_behind = (_histogram(index[known]) for known in (hidden, behind))
    logarithm = np.clip(np.log(of_hidden / of_behind), -SURE, SURE).astype(np.float32)[index]
    right = ((logarithm[hidden] > 0).mean() + (logarithm[behind] < 0).mean()) / 2 if behind.any() else 0.0
    logarithm *= np.float32(np.clip((right - TELLING) / (1 - TELLING), 0, 1))
    return np.asarray(np.exp(cv2.GaussianBlur(logarithm, (0, 0), 1.5)), np.float32)


def _histogram(index: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    counts = np.bincount(index, minlength=COLOURS**3).astype(np.float64) + 0.01
    return np.asarray(counts / counts.sum(), np.float64)


def _spread(seen: Mask, hidden: Mask, likely: FloatMap, object_size: float) -> FloatMap:
    """What share of what is known around a pixel is seen, (h, w) float32; the nearest counts most by far.

    Where nothing is known, ``likely`` (h, w) says how much likelier its look is hidden than seen.
    """
    good, bad = (np.zeros(seen.shape, np.float32) for _ in range(2))
    for reach, counts in REACHES:
        sigma = max(0.8, reach * object_size)
        good += counts * _wide(seen, sigma)
        bad += counts * _wide(hidden, sigma)
    bad *= np.where(seen | hidden, 1, likely)
    share = good / np.maximum(good + bad, 1e-20)
    return np.asarray(np.clip((share - 0.5) * CRISP + 0.5, 0, 1), np.float32)


def _wide(known: Mask, sigma: float) -> FloatMap:
    """A Gaussian mean, made on a smaller picture where it is wide."""
    smaller = max(1, int(sigma / 3))
    height, width = known.shape
    size = (max(1, width // smaller), max(1, height // smaller))
    small = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    mean = cv2.GaussianBlur(small, (0, 0), sigma / smaller, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
