"""The scenes of the removal benchmark: cut-outs of real video move over real footage, whose every pixel is known.

The rows say what is hard about each. The footage is untouched but for its size; light, grain and compression are its
own. What the scenes lack: shadows and reflections of the pasted object. A scene is held in memory, at most 60 frames
of it, so that decoding is in nobody's time; scenes are built one after the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from inpaint.evaluation.footage import CutOut, Footage
from inpaint.holes import grown
from inpaint.metrics import Way, way
from tam_core.types import FloatMap, Mask, Pixels, Size

GROW = 4
"""Pixels by which the true masks are widened to holes."""

COVERED = 0.02
"""Where the pasted object's alpha is above this, the background is changed: its true mask."""

CUT = 0.35
"""Two frames whose small grey pictures correlate less than this do not show the same scene."""


@dataclass(frozen=True)
class Scene:
    """A clip with a known answer: ``frames``, ``clean`` (T, H, W, 3) uint8 and ``masks`` (T, H, W) bool."""

    name: str
    frames: Pixels = field(repr=False)
    clean: Pixels = field(repr=False)
    masks: Mask = field(repr=False)
    grow: int = GROW

    @cached_property
    def holes(self) -> Mask:
        """What is to be filled, (T, H, W) bool: the masks widened by ``grow`` pixels."""
        return np.stack([grown(mask, self.grow) for mask in self.masks])

    @cached_property
    def ways(self) -> list[Way | None]:
        """For each frame, the way of the true background to it from the frame before; None at the first and at cuts."""
        found: list[Way | None] = [None]
        for before, after, hole in zip(self.clean[:-1], self.clean[1:], self.holes[:-1], strict=True):
            found.append(way(before, after, hole) if alike(before, after) else None)
        return found


@dataclass(frozen=True)
class Recipe:
    """One row: where the background and the object are from, and how the object moves.

    ``hard``: what the scene tests. ``tall``: the object's median height as a share of the picture's. ``begin`` and
    ``end``: where its middle is on the first and the last frame, x and y as shares of the picture. ``seed``: of the
    small sway on the way.
    """

    name: str
    hard: str
    footage: Footage
    cut_out: CutOut
    tall: float
    begin: tuple[float, float]
    end: tuple[float, float]
    seed: int

    def build(self, data: Path, size: Size) -> Scene:
        """The scene in ``size`` (H, W), the same on every machine. Raises SourceNotFoundError without the data."""
        clean = np.stack(list(self.footage.frames(data, size)))
        frames, masks = clean.copy(), np.zeros(clean.shape[:3], bool)
        placed = placements(self, data, size)
        for frame, mask, (colour, alpha) in zip(frames, masks, placed, strict=True):
            mixed = colour * alpha[..., None] + frame * (1 - alpha[..., None])
            mask[:] = alpha > COVERED
            frame[mask] = np.rint(mixed[mask])
        return Scene(self.name, frames, clean, masks)


def placements(recipe: Recipe, data: Path, size: Size) -> Iterator[tuple[FloatMap, FloatMap]]:
    """Colours (H, W, 3), 0..255, and alpha (H, W) of the object where it belongs on every frame."""
    cut_out, count = recipe.cut_out, recipe.footage.count
    middles, height = shape_of(cut_out, data, count)
    scale = recipe.tall * size[0] / height
    goals = path(recipe, count) * (size[1], size[0])
    for (colour, alpha), middle, goal in zip(cut_out.pictures(data, count), middles, goals, strict=True):
        cut = np.dstack([colour.astype(np.float32) * alpha[..., None], alpha])
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        scaled = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=how)
        move = np.hstack([np.eye(2), (goal - middle * scale)[:, None]])
        laid = cv2.warpAffine(scaled, move, size[::-1], flags=cv2.INTER_LINEAR, borderValue=(0, 0, 0, 0)).clip(0, 255)
        solid = laid[..., 3].clip(0, 1)
        yield laid[..., :3] / np.maximum(solid, 1e-3)[..., None], solid


def shape_of(cut_out: CutOut, data: Path, count: int) -> tuple[FloatMap, float]:
    """Where the object's middle is, (T, 2) x and y, smoothed so that limbs do not shake it, and its median height."""
    middles, heights = [], []
    for _, alpha in cut_out.pictures(data, count):
        y, x = np.nonzero(alpha > 0.5)
        middles.append((np.median(x), np.median(y)))
        heights.append(np.ptp(y) + 1)
    smooth = cv2.GaussianBlur(np.array(middles, np.float32), (1, 31), 0, sigmaY=5, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth, np.float32), float(np.median(heights))


def path(recipe: Recipe, count: int) -> FloatMap:
    """The way from ``begin`` to ``end`` in ``count`` steps with a sway of up to 3 % of the picture, (T, 2)."""
    share = np.linspace(0, 1, count)[:, None]
    straight = np.array(recipe.begin) * (1 - share) + np.array(recipe.end) * share
    random = np.random.default_rng(recipe.seed)
    turns, phase = random.uniform(0.5, 1.5, 2), random.uniform(0, 2 * np.pi, 2)
    return np.asarray(straight + 0.03 * np.sin(2 * np.pi * turns * share + phase), np.float32)


def alike(a: Pixels, b: Pixels) -> bool:
    """Whether two frames show the same scene."""
    small = [
        cv2.resize(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), (32, 18), interpolation=cv2.INTER_AREA) for one in (a, b)
    ]
    return bool(np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1] > CUT)


def davis(name: str, count: int, start: int = 0) -> Footage:
    return Footage(f"davis2016-val-half/JPEGImages/480p/{name}", start, count)


SCENES = (
    Recipe("hall-still", "static camera", Footage("clips/oneperson-long.mp4", 0, 50), CutOut("dance-twirl", 30),
           0.55, (0.2, 0.6), (0.8, 0.6), 1),
    Recipe("hall-exposure", "auto exposure, a person walks in behind", Footage("clips/oneperson-long.mp4", 168, 50),
           CutOut("dancer"), 0.5, (0.75, 0.5), (0.3, 0.55), 2),
    Recipe("road", "camera moves along, cars behind", Footage("clean-plate/dancer/clean", 0, 43),
           CutOut("scooter-black"), 0.35, (0.75, 0.6), (0.3, 0.65), 3),
    Recipe("bedroom", "two people move behind", Footage("clips/sam2-bedroom.mp4", 40, 60), CutOut("dancer"),
           0.55, (0.25, 0.6), (0.6, 0.6), 4),
    Recipe("sea", "water and spray", davis("kite-surf", 50), CutOut("blackswan"), 0.35, (0.7, 0.45), (0.35, 0.5), 5),
    Recipe("pond", "still water with reflections, camera pans", davis("blackswan", 40), CutOut("car-shadow"),
           0.25, (0.35, 0.35), (0.5, 0.38), 6),
    Recipe("parkour", "fast camera, parallax, motion blur", davis("parkour", 60, 20), CutOut("dancer"),
           0.5, (0.3, 0.5), (0.65, 0.55), 7),
    Recipe("horse", "pan after a fast horse", davis("horsejump-high", 50), CutOut("breakdance"),
           0.45, (0.3, 0.55), (0.6, 0.6), 8),
    Recipe("bikes", "a cut inside, at frame 20", Footage("clips/bikes-cuts.mp4", 10, 50), CutOut("dancer"),
           0.5, (0.3, 0.5), (0.7, 0.5), 9),
    Recipe("cyclist", "camera drives along, dusk", Footage("clips/cyclist.mp4", 60, 50), CutOut("dance-twirl", 30),
           0.5, (0.7, 0.5), (0.45, 0.5), 10),
    Recipe("dog", "static camera, a woman and a dog behind, the object hardly moves",
           Footage("clips/sam2-dog.mp4", 30, 60), CutOut("cows"), 0.4, (0.35, 0.6), (0.42, 0.6), 11),
    Recipe("dance", "close-up, people fill the picture", Footage("clips/dance-1080p.mp4", 20, 50),
           CutOut("breakdance", 20), 0.4, (0.65, 0.55), (0.35, 0.6), 12),
)  # fmt: skip
