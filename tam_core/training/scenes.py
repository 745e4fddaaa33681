"""Cut-and-paste scenes: a photograph under a moving camera, and objects that move and cover each other in front of it.

Copy-paste (Dwibedi et al. 2017, Ghiasi et al. 2021) made to move, as STM's first training stage (Oh et al. 2019) does
with still images. Every mask is exact, also behind occluders.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from tam_core.training.cast import random_cast
from tam_core.training.disappearances import passer_by, with_departure
from tam_core.training.drawing import Actor, draw, streaked
from tam_core.training.library import Labels, Library
from tam_core.training.sprites import Sprite, shadow_of
from tam_core.training.trajectories import Liveliness, Trajectory, bounced, moments, shaken, wandering
from tam_core.training.warps import affine_map, inverse, similarity
from tam_core.types import Pixels, Size

SPEEDS = (0.0, 0.02, 0.05, 0.1, 0.25)
"""Of the object's own size, per frame: from standing still to a third of itself and more."""


def pasted_scene(
    library: Library,
    rng: np.random.Generator,
    size: Size,
    length: int,
    lookalike: float,
    leaves: float,
    distant: bool = False,
) -> tuple[Pixels, Labels]:
    """Frames (T, H, W, 3) uint8 RGB and labels (T, H, W) uint8 of a new scene.

    ``lookalike`` and ``leaves`` are the shares of scenes with twins and with an object that goes and comes back.
    ``distant``: between the first frame and the second lies some time.
    """
    times = moments(rng, length, distant)
    length = times[-1] + 1
    photo = library.backgrounds[int(rng.integers(len(library.backgrounds)))]
    camera = _camera(rng, size, length)
    sprites = random_cast(library, rng, size, photo, lookalike)
    actors = [_actor(rng, sprite, number, camera, size) for number, sprite in enumerate(sprites, 1)]
    if length >= 3 and rng.random() < leaves:
        actors = with_departure(library, rng, actors, size)
    elif rng.random() < 0.3:
        actors.append(passer_by(library, rng, actors[0], size))
    actors = [part for actor in actors for part in _with_shadow(rng, actor)]
    frames, labels = _background(rng, photo, camera, times, size), np.zeros((len(times), *size), np.uint8)
    for k, t in enumerate(times):
        for actor in actors:
            draw(actor, t, frames[k], labels[k])
    return frames, labels


def _camera(rng: np.random.Generator, size: Size, length: int) -> Trajectory:
    """Where the middle of the scenery is seen while the camera pans, turns, zooms and, one time in five, shakes."""
    height, width = size
    lively = Liveliness(
        speed=height * rng.choice([0, 0.005, 0.02, 0.06]),
        zoom=rng.choice([0, 0.01, 0.03]),
        turn=rng.choice([0, 0.005, 0.02]),
        bend=height * rng.choice([0, 0, 0.04]),
    )
    path = wandering(rng, length, np.array([width / 2, height / 2]), lively)
    return shaken(rng, path, height * 0.01) if rng.random() < 0.2 else path


def _background(
    rng: np.random.Generator, photo: Pixels, camera: Trajectory, times: Sequence[int], size: Size
) -> Pixels:
    """Frames (T, H, W, 3) of ``photo`` under the camera at ``times``; beyond its edges it is mirrored."""
    zoom = max(size[0] / photo.shape[0], size[1] / photo.shape[1]) * rng.uniform(1, 1.6)
    photo = photo[:, ::-1] if rng.random() < 0.5 else photo
    how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    scenery = cv2.resize(np.ascontiguousarray(photo), None, fx=zoom, fy=zoom, interpolation=how)
    middle = rng.uniform(0.4, 0.6, 2) * scenery.shape[1::-1]
    shutter = _shutter(rng)
    frames = np.empty((len(times), *size, 3), np.uint8)
    for k, t in enumerate(times):
        forward = similarity(camera.centres[t], middle, camera.scales[t], camera.angles[t])
        where = affine_map(inverse(forward), (0, 0), size)
        bent = camera.deformation(t, size)
        where = where if bent is None else where + bent
        seen = cv2.remap(scenery, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        frames[k] = streaked(seen, camera.velocity(t) * shutter)
    return frames


def _actor(rng: np.random.Generator, sprite: Sprite, label: int, camera: Trajectory, size: Size) -> Actor:
    """The sprite on a path of its own, which half of the time is carried along with the scenery."""
    extent = min(max(sprite.rgba.shape[:2]), size[0])
    lively = Liveliness(
        speed=extent * rng.choice(SPEEDS),
        zoom=rng.choice([0, 0.02, 0.06]),
        turn=rng.choice([0, 0.02, 0.08]),
        bend=extent * rng.choice([0, 0.03, 0.06, 0.1]),
    )
    path = wandering(rng, len(camera), rng.uniform(0.12, 0.88, 2) * size[::-1], lively)
    if rng.random() < 0.5:
        path = path.moved(camera.centres - camera.centres[0])
    if rng.random() < 0.85:
        path = bounced(path, size)
    return Actor(sprite, path, label, _shutter(rng))


def _shutter(rng: np.random.Generator) -> float:
    return rng.uniform(0.3, 1) if rng.random() < 0.35 else 0.0


def _with_shadow(rng: np.random.Generator, actor: Actor) -> list[Actor]:
    """The actor and, one time in six, its shadow under it."""
    if rng.random() > 1 / 6:
        return [actor]
    offset = rng.uniform(-0.1, 0.1, 2) * actor.sprite.extent
    shadow = shadow_of(actor.sprite, rng.uniform(0.2, 0.5))
    return [Actor(shadow, actor.path.moved(offset), label=None), actor]
