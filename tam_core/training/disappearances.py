"""How objects of a pasted scene get out of sight: behind a passer-by, wholly behind something, out of the picture."""

from dataclasses import replace

import cv2
import numpy as np

from tam_core.training.cast import random_shape, random_texture
from tam_core.training.drawing import Actor
from tam_core.training.library import Library
from tam_core.training.sprites import sprite_of
from tam_core.training.trajectories import Series, Trajectory, there_and_back
from tam_core.types import Size


def with_departure(library: Library, rng: np.random.Generator, actors: list[Actor], size: Size) -> list[Actor]:
    """One of the actors is gone for some frames and comes back. Needs at least 3 frames."""
    chosen = int(rng.integers(len(actors)))
    actor = actors[chosen]
    away = there_and_back(rng, len(actor.path))
    if actor.sprite.extent < 0.6 * size[0] and rng.random() < 0.5:
        return [*actors, _screen(library, rng, actor, away, size)]
    outside = replace(actor, path=_excursion(rng, actor, away, size))
    return [*actors[:chosen], outside, *actors[chosen + 1 :]]


def passer_by(library: Library, rng: np.random.Generator, like: Actor, size: Size) -> Actor:
    """Something that nobody asks for and that crosses the picture in front, shaken and bent as ``like`` is."""
    rgb, alpha = random_shape(library, rng)
    sprite = sprite_of(rgb, alpha, rng.uniform(0.3, 1.3) * size[0], size[1] * 0.5)
    crossing = np.linspace(-1, 1, len(like.path))[:, None] * [rng.uniform(-0.6, 0.6) * size[1], 0]
    start = rng.uniform(0.12, 0.88, 2) * size[::-1]
    return replace(like, sprite=sprite, label=0, path=like.path.moved(crossing + start - like.path.centres[0]))


def _screen(library: Library, rng: np.random.Generator, actor: Actor, away: Series, size: Size) -> Actor:
    """A disc or square that comes, covers the actor wholly while ``away`` (T,) is 1, and goes on to the other side."""
    texture = random_texture(library, rng, side=128)
    alpha = np.full((128, 128), 255, np.uint8)
    if rng.random() < 0.5:
        alpha = cv2.circle(np.zeros_like(alpha), (64, 64), 63, 255, -1)
    side = 1.25 * actor.sprite.extent * actor.path.scales.max() * rng.uniform(1, 1.4) + 6
    sprite = sprite_of(texture, alpha, side, side)
    far = np.array([rng.choice([-1.2, 1.2]) * size[1], rng.uniform(-0.6, 0.6) * size[0]])
    before_or_after = np.sign(np.arange(len(away)) - np.flatnonzero(away == 1).mean())
    centres = actor.path.centres + (before_or_after * (1 - away))[:, None] * far
    still = np.zeros(len(away))
    return Actor(sprite, Trajectory(centres, still + 1, still, actor.path.bend, still), 0, actor.shutter)


def _excursion(rng: np.random.Generator, actor: Actor, away: Series, size: Size) -> Trajectory:
    """By way of a place outside the picture; half of the time it comes back from somewhere else to somewhere else."""
    path, reach = actor.path, actor.sprite.extent * actor.path.scales.max()
    centres = path.centres + away[:, None] * (_outside(rng, size, reach) - path.centres)
    if rng.random() < 0.5:
        last = int(np.flatnonzero(away == 1)[-1])
        home = rng.uniform(0.15, 0.85, 2) * size[::-1]
        back = path.centres[last + 1 :] - path.centres[last] + home
        centres[last + 1 :] = back + away[last + 1 :, None] * (_outside(rng, size, reach) - back)
    return replace(path, centres=centres)


def _outside(rng: np.random.Generator, size: Size, reach: float) -> Series:
    """A point (x, y) from which a thing of radius ``reach`` does not show; mostly left or right of the picture."""
    height, width = size
    beyond_low = rng.random() < 0.5
    if rng.random() < 0.75:
        return np.array([-reach if beyond_low else width + reach, rng.uniform(0, height)])
    return np.array([rng.uniform(0, width), -reach if beyond_low else height + reach])
