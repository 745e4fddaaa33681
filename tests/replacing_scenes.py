"""A textured sheet that moves by known matrices in front of a panning background, for tests of replacement."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from tam_core import rle
from tam_core.masklet import Masklet
from tam_core.types import FloatMap, Mask, Pixels
from tests.scenes import texture

HEIGHT, WIDTH = 144, 208
SHEET = (48, 60)
COUNT = 20

Way = Callable[[float], FloatMap]


@dataclass(frozen=True)
class SheetScene:
    """``frames`` (T, H, W, 3) uint8, ``masks`` (T, H, W) bool, ``way``: sheet pixels to frame pixels by time."""

    frames: Pixels
    masks: Mask
    way: Way

    @property
    def masklet(self) -> Masklet:
        codes = {frame: rle.encode(mask) for frame, mask in enumerate(self.masks)}
        return Masklet(1, (HEIGHT, WIDTH), codes, dict.fromkeys(codes, 1.0))

    def corners(self, frame: int) -> FloatMap:
        """(4, 2): where the sheet's corners truly are."""
        height, width = SHEET
        quad = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5
        moved = quad @ self.way(frame)[:, :2].T + self.way(frame)[:, 2]
        return moved[:, :2] / moved[:, 2:]


def turning(time: float) -> FloatMap:
    """Right, up and down, turning and growing."""
    angle, zoom = 0.3 * np.sin(time / 6), 1 + 0.2 * np.sin(time / 9)
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    return np.array([[cosine, -sine, 34 + 3 * time], [sine, cosine, 45 + 9 * np.sin(time / 5)], [0, 0, 1]])


def tilting(time: float) -> FloatMap:
    """The same, and more and more seen from the side."""
    return turning(time) @ np.array([[1, 0.004 * time, 0], [0, 1, 0], [0.00012 * time, 0.0001 * time, 1]])


def sheet_scene(
    way: Way = turning, count: int = COUNT, shutter: float = 0.0, noise: float = 0.0, ramp: float = 0.0, paint: int = 2
) -> SheetScene:
    """``shutter``: share of a frame's time that it is exposed; ``noise``: levels; ``ramp``: share brighter a frame."""
    world = cv2.GaussianBlur(texture(1, (80, 105, 95), HEIGHT + 8, WIDTH + 3 * count), (0, 0), 2)
    sheet = texture(paint, (150, 90, 70), *SHEET)
    rng = np.random.default_rng(4)
    frames, masks = [], []
    for time in range(count):
        seen = exposed(sheet, way, time, shutter)
        alpha = seen[..., 3:] / 255
        picture = world[4 : 4 + HEIGHT, 2 * time : 2 * time + WIDTH] * (1 - alpha) + seen[..., :3]
        picture = picture * (1 + ramp * time) + rng.normal(0, noise, picture.shape)
        frames.append(np.rint(picture).clip(0, 255).astype(np.uint8))
        masks.append(alpha[..., 0] > 0.5)
    return SheetScene(np.stack(frames), np.stack(masks), way)


def exposed(sheet: Pixels, way: Way, time: float, shutter: float, moments: int = 15) -> FloatMap:
    """(H, W, 4) premultiplied, 0..255: the mean of a sheet over the time that the shutter is open."""
    rgba = np.dstack([sheet, np.full(sheet.shape[:2], 255, np.uint8)]).astype(np.float32)
    framed = cv2.copyMakeBorder(rgba, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    into = np.array([[1, 0, -1], [0, 1, -1], [0, 0, 1]], np.float64)
    times = [time + shutter * ((k + 0.5) / moments - 0.5) for k in range(moments)] if shutter else [time]
    drawn = [cv2.warpPerspective(framed, way(moment) @ into, (WIDTH, HEIGHT)) for moment in times]
    return np.asarray(np.mean(drawn, axis=0), np.float32)
