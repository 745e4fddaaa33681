"""Small scenes with known answers: a textured disc on a textured background."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from tam_core.types import Mask, Pixels, Size
from tam_core.video import Frame

HEIGHT, WIDTH = 120, 160


@dataclass(frozen=True)
class Scene:
    """``frames`` (T, H, W, 3) uint8, ``masks`` (T, H, W) bool, ``background`` like ``frames`` without the disc."""

    frames: Pixels
    masks: Mask
    background: Pixels

    def frame(self, index: int) -> Frame:
        return Frame(index, Fraction(index, 24), self.frames[index])


def texture(seed: int, base: tuple[int, int, int], height: int = HEIGHT, width: int = WIDTH) -> Pixels:
    """A smooth random pattern around a colour, (H, W, 3) uint8."""
    noise = np.random.default_rng(seed).normal(0, 60, (height, width, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.5) * 5
    return np.clip(smooth * 0.5 + np.array(base), 0, 255).astype(np.uint8)


def disc(x: float, y: float, radius: float, size: Size = (HEIGHT, WIDTH)) -> Mask:
    rows, columns = np.mgrid[: size[0], : size[1]]
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def disc_scene(
    path: Callable[[int], tuple[float, float]],
    count: int,
    radius: float = 16,
    colour: tuple[int, int, int] = (210, 60, 40),
) -> Scene:
    """A disc whose texture moves with it; ``path`` gives its centre on every frame, also outside the picture."""
    plate = texture(1, (70, 110, 90))
    paint = texture(2, colour, 4 * HEIGHT, 4 * WIDTH)
    frames, masks = [], []
    for index in range(count):
        x, y = (round(value) for value in path(index))
        mask = disc(x, y, radius)
        shifted = np.roll(paint, (y - HEIGHT, x - WIDTH), (0, 1))[:HEIGHT, :WIDTH]
        frames.append(np.where(mask[..., None], shifted, plate))
        masks.append(mask)
    return Scene(np.stack(frames), np.stack(masks), np.repeat(plate[None], count, 0))


def crossing(count: int = 40) -> Scene:
    """The disc crosses the picture from left to right and stays inside."""
    return disc_scene(lambda i: (30 + 100 * i / max(count - 1, 1), 60), count)


def iou(a: Mask, b: Mask) -> float:
    union = (a | b).sum()
    return float((a & b).sum() / union) if union else 1.0
