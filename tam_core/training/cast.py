"""Who plays in a pasted scene: objects cut from labelled photographs, invented shapes, and twins of either."""

import cv2
import numpy as np

from tam_core.training.library import Labels, Library
from tam_core.training.sprites import Sprite, lit_like, mirrored, sprite_of, tinted
from tam_core.types import Pixels, Size

MOST_OBJECTS = 4

INVENTED = 0.2
"""Share of objects that no photograph shows: the network is to follow what it does not know, too."""


def random_cast(
    library: Library, rng: np.random.Generator, size: Size, surroundings: Pixels, lookalike: float
) -> list[Sprite]:
    """One to four sprites for a picture of ``size`` (H, W), in random order; a share ``lookalike`` of casts has twins.

    Some are lit like ``surroundings`` (h, w, 3).
    """
    count = int(rng.integers(1, MOST_OBJECTS + 1))
    sprites = [random_sprite(library, rng, size, surroundings) for _ in range(count)]
    if rng.random() < lookalike:
        twins = [_twin(rng, sprites[0]) for _ in range(int(rng.integers(1, 3)))]
        sprites = (twins + sprites)[:MOST_OBJECTS]
    return [sprites[i] for i in rng.permutation(len(sprites))]


def random_texture(library: Library, rng: np.random.Generator, side: int) -> Pixels:
    """(side, side, 3): a square of some photograph."""
    photo = library.backgrounds[int(rng.integers(len(library.backgrounds)))]
    taken = int(rng.uniform(0.3, 1) * min(photo.shape[:2]))
    y, x = (int(rng.integers(photo.shape[axis] - taken + 1)) for axis in (0, 1))
    square = photo[y : y + taken, x : x + taken]
    return np.asarray(cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def random_shape(library: Library, rng: np.random.Generator) -> tuple[Pixels, Labels]:
    """Colours (h, w, 3) and opacity (h, w) of a thing that nobody has seen: a textured bar, polygon or blob."""
    alpha = _random_outline(rng, side=160)
    x, y, w, h = cv2.boundingRect(alpha)
    texture = random_texture(library, rng, alpha.shape[0])
    return texture[y : y + h, x : x + w], alpha[y : y + h, x : x + w]


def _random_outline(rng: np.random.Generator, side: int) -> Labels:
    corners = int(rng.integers(3, 11))
    angles = (np.arange(corners) + rng.uniform(-0.4, 0.4, corners)) * 2 * np.pi / corners
    radii = rng.uniform(0.4, 1, corners)
    kind = rng.choice(["bar", "polygon", "blob"], p=[0.2, 0.3, 0.5])
    if kind == "bar":
        angles, radii = np.arctan2([1, 1, -1, -1], [0.15, -0.15, -0.15, 0.15]), np.ones(4)
    points = np.stack([np.cos(angles) * radii, np.sin(angles) * radii], axis=1) * side * 0.48 + side / 2
    alpha = np.zeros((side, side), np.uint8)
    cv2.fillPoly(alpha, [points.astype(np.int32)], 255)
    if kind == "blob":
        alpha = (cv2.GaussianBlur(alpha, (0, 0), rng.uniform(3, 12)) > 127).astype(np.uint8) * 255
    return alpha


def random_sprite(library: Library, rng: np.random.Generator, size: Size, surroundings: Pixels) -> Sprite:
    """Of 4 to 90 % of the picture's height; half of them lit like the surroundings, a quarter tinted."""
    if rng.random() < INVENTED or not library.cutouts:
        rgb, alpha = random_shape(library, rng)
    else:
        cutout = library.cutouts[int(rng.integers(len(library.cutouts)))]
        rgb, alpha = cutout.image, cutout.alpha
    share = rng.uniform(0.25, 0.9) if rng.random() < 0.7 else np.exp(rng.uniform(np.log(0.04), np.log(0.4)))
    sprite = sprite_of(rgb, alpha, share * size[0], size[1])
    if rng.random() < 0.5:
        sprite = mirrored(sprite)
    if rng.random() < 0.5:
        return lit_like(sprite, surroundings, rng.uniform(0.2, 0.8))
    return tinted(sprite, rng, 0.2) if rng.random() < 0.5 else sprite


def _twin(rng: np.random.Generator, sprite: Sprite) -> Sprite:
    """The same again, perhaps mirrored, perhaps of a slightly other colour."""
    twin = mirrored(sprite) if rng.random() < 0.4 else sprite
    return tinted(twin, rng, 0.1) if rng.random() < 0.4 else twin
