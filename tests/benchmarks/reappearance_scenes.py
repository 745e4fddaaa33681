"""Ten cut-and-paste scenes in which an object goes away wholly and comes back, with its true masks.

The objects are cut out of ``shared/data/clicktest`` and ``stills``, which nothing is trained on; the backgrounds are
photographs of ``train``. Positions are pixels of the picture as the camera sees it from (0, 0). The scenes depend on
nothing but those pictures: neither on chance nor on how training clips are made.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.formats.davis import read_labels
from tam_core.types import FloatMap, Mask, Pixels
from tam_core.video.pictures import read_picture
from tests.benchmarks.click_benchmark import DATA

HEIGHT, WIDTH, LENGTH = 360, 640, 60
INSTANTS = (-0.2, 0.0, 0.2)
"""Moments of a frame whose pictures add up to its motion blur."""
NOISE = 3.0
"""Of the sensor, in 0..255: on what is pasted as on the background."""

Numbers: TypeAlias = npt.NDArray[np.float64]
Way: TypeAlias = tuple[tuple[float, float, float], ...]
"""(frame, x, y) of the turning points; steadily from each to the next, still before the first and after the last."""


@dataclass(frozen=True)
class Role:
    """A cut-out, ``height`` pixels tall, and the way of its middle. What has a way to go sways as it goes.

    ``picture`` is a name without suffix, such as ``clicktest/sheep``, with labels in the ``masks`` beside ``images``.
    From the frame ``turned`` on it is seen mirrored.
    """

    picture: str
    height: int
    way: Way
    label: int = 1
    turned: int = LENGTH


@dataclass(frozen=True)
class Scene:
    """``hero`` is the object to follow, ``behind`` and ``before`` it are others, the farthest first.

    ``plate`` is the background photograph, enlarged to ``zoom`` times the picture; beyond its edges it is mirrored.
    """

    name: str
    plate: str
    hero: Role
    camera: Way
    behind: tuple[Role, ...] = ()
    before: tuple[Role, ...] = ()
    zoom: float = 1.2


@dataclass(frozen=True)
class Clip:
    """``frames`` (T, H, W, 3) uint8 RGB; ``truth`` (T, H, W) bool: where the hero is seen."""

    frames: Pixels = field(repr=False)
    truth: Mask = field(repr=False)


SCENES = (
    Scene(
        "hiker: out and back",
        "images/bsds_test_118031",
        Role("clicktest/person3", 170, ((0, 470, 245), (20, 690, 245), (31, 690, 245), (56, 430, 250)), turned=26),
        camera=((0, 0, 0), (59, -40, 5)),
    ),
    Scene(
        "fish: out and in elsewhere",
        "images/bsds_test_101027",
        Role(
            "clicktest/209070",
            105,
            ((0, 230, 140), (18, -90, 120), (19, -130, -300), (20, 770, -300), (21, 770, 240), (50, 310, 220)),
        ),
        camera=((0, 0, 0), (59, 30, -15)),
    ),
    Scene(
        "onlooker: the camera looks away",
        "images/bsds_train_249087",
        Role("clicktest/person7", 190, ((0, 60, 235),)),
        camera=((8, -60, 0), (24, 160, 0), (31, 160, 0), (54, -70, 10)),
        zoom=1.6,
    ),
    Scene(
        "car: out and in elsewhere",
        "images/bsds_test_344010",
        Role(
            "stills/00002",
            80,
            ((0, 240, 285), (20, -140, 300), (21, -140, 600), (22, 780, 600), (26, 780, 300), (52, 330, 290)),
        ),
        camera=((0, 0, 0), (59, -30, 0)),
    ),
    Scene(
        "girl: out and back, her friend stays",
        "unlabelled/imagenet_n03868242_oxcart",
        Role("stills/00014", 170, ((0, 170, 255), (19, -70, 260), (30, -70, 260), (54, 190, 255)), turned=27),
        camera=((0, 0, 0), (59, 25, 0)),
        behind=(Role("stills/00014", 150, ((0, 585, 240), (59, 540, 245)), label=2),),
    ),
    Scene(
        "ibis: out and back, its twin stays",
        "unlabelled/imagenet_n03891251_park_bench",
        Role("stills/00018", 120, ((0, 480, 270), (18, 740, 275), (32, 740, 275), (57, 470, 285)), turned=25),
        camera=((0, 0, 0), (59, -35, 0)),
        behind=(Role("stills/00018", 115, ((0, 170, 270), (59, 260, 275)), label=2),),
    ),
    Scene(
        "sheep: behind a rock and on",
        "images/bsds_train_216066",
        Role("clicktest/sheep", 90, ((0, 130, 265), (59, 560, 255))),
        camera=((0, 0, 0), (59, 30, 5)),
        before=(Role("clicktest/stone2", 210, ((0, 350, 240),)),),
    ),
    Scene(
        "runner: behind a passer-by",
        "images/bsds_train_385028",
        Role("stills/00020", 115, ((0, 420, 235), (59, 180, 240))),
        camera=((0, 0, 0), (59, -25, 0)),
        before=(Role("clicktest/person4", 390, ((0, 800, 245), (24, 285, 245), (35, 235, 245), (52, -60, 245))),),
    ),
    Scene(
        "teddy: under a book, then elsewhere",
        "unlabelled/imagenet_n04599235_wool",
        Role("clicktest/teddy", 125, ((0, 230, 200), (26, 230, 200), (36, 290, 190))),
        camera=((0, 0, 0), (59, 15, 15)),
        behind=(Role("clicktest/elefant", 120, ((0, 470, 250),)), Role("clicktest/flower", 110, ((0, 90, 90),))),
        before=(Role("clicktest/book", 260, ((6, 240, 560), (22, 250, 200), (36, 270, 190), (50, 700, 120))),),
    ),
    Scene(
        "penguin: behind a stone and back",
        "images/bsds_test_106047",
        Role("clicktest/106024", 125, ((0, 450, 260), (22, 205, 260), (32, 205, 260), (56, 460, 260)), turned=27),
        camera=((0, 0, 0), (59, 20, 0)),
        before=(Role("clicktest/grave", 310, ((0, 200, 220),)),),
    ),
)


def render(scene: Scene) -> Clip:
    """The clip of a scene, the same every time."""
    plate, cast = _plate(scene), [*scene.behind, scene.hero, *scene.before]
    sprites = {role: _sprite(role) for role in cast}
    noise = np.random.default_rng(0)
    frames, truth = np.empty((LENGTH, HEIGHT, WIDTH, 3), np.uint8), np.empty((LENGTH, HEIGHT, WIDTH), bool)
    for index in range(LENGTH):
        total, cover = np.zeros((HEIGHT, WIDTH, 3), np.float32), np.zeros((HEIGHT, WIDTH), np.float32)
        for instant in INSTANTS:
            picture, seen = _instant(scene, plate, sprites, index, index + instant)
            total += picture / len(INSTANTS)
            cover += seen / len(INSTANTS)
        frames[index] = np.clip(total + NOISE * noise.standard_normal(total.shape, np.float32), 0, 255)
        truth[index] = cover > 0.5
    return Clip(frames, truth)


def _plate(scene: Scene) -> Pixels:
    """The background (h, w, 3), large enough for the camera."""
    photo = read_picture(DATA / "train" / f"{scene.plate}.jpg")
    scale = scene.zoom * max(HEIGHT / photo.shape[0], WIDTH / photo.shape[1])
    enlarged: Pixels = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return enlarged


def _sprite(role: Role) -> FloatMap:
    """The cut-out (h, w, 4) with premultiplied colours. Its edge, which shows the old background, is left out."""
    folder, name = role.picture.split("/")
    pixels = read_picture(next((DATA / folder / "images").glob(f"{name}.*")))
    inside = (read_labels(DATA / folder / "masks" / f"{name}.png") == role.label).astype(np.uint8)
    x, y, width, height = cv2.boundingRect(inside)
    box = np.s_[y : y + height, x : x + width]
    alpha = cv2.GaussianBlur(np.pad(inside[box], 4).astype(np.float32), (0, 0), 1.2)
    alpha = np.clip(2 * alpha - 1, 0, 1)[..., None]
    colours = np.pad(pixels[box], ((4, 4), (4, 4), (0, 0)), mode="edge") * alpha
    scale = role.height / height
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    sprite: FloatMap = cv2.resize(np.dstack([colours, alpha]), None, fx=scale, fy=scale, interpolation=how)
    return sprite


def _instant(
    scene: Scene, plate: Pixels, sprites: dict[Role, FloatMap], index: int, time: float
) -> tuple[FloatMap, FloatMap]:
    """What the camera sees at one moment (H, W, 3), and how much of each pixel is the hero (H, W), 0..1."""
    camera = _place(scene.camera, time) + _tremor(time)
    corner = np.array([WIDTH - plate.shape[1], HEIGHT - plate.shape[0]]) / 2 - camera
    shift = np.column_stack([np.eye(2), corner])
    picture = cv2.warpAffine(plate, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT).astype(np.float32)
    hero = np.zeros((HEIGHT, WIDTH), np.float32)
    for role, sprite in sprites.items():
        shown = sprite[:, ::-1] if index >= role.turned else sprite
        box, layer = _drawn(shown, _pose(role, shown, time, camera))
        picture[box] = picture[box] * (1 - layer[..., 3:]) + layer[..., :3]
        hero[box] *= 1 - layer[..., 3]
        if role is scene.hero:
            hero[box] = layer[..., 3]
    return picture, hero


def _tremor(time: float) -> Numbers:
    """How far a hand that holds the camera is off, (x, y)."""
    x = np.sin(0.9 * time) + 0.7 * np.sin(2.1 * time)
    y = np.sin(1.2 * time + 1) + 0.6 * np.sin(2.6 * time)
    return np.array([x, y])


def _pose(role: Role, sprite: FloatMap, time: float, camera: Numbers) -> Numbers:
    """(2, 3): from the cut-out's pixels to the picture's."""
    stride = np.sin(0.4 * time) if len(role.way) > 1 else 0.0
    linear = np.array([[1, 0.08 * stride], [0.03 * stride, 1 + 0.02 * stride]])
    middle = np.array([sprite.shape[1], sprite.shape[0]]) / 2
    return np.column_stack([linear, _place(role.way, time) - camera - linear @ middle])


def _place(way: Way, time: float) -> Numbers:
    """(x, y) on the way."""
    frames, xs, ys = zip(*way, strict=True)
    return np.array([np.interp(time, frames, xs), np.interp(time, frames, ys)])


def _drawn(sprite: FloatMap, pose: Numbers) -> tuple[tuple[slice, slice], FloatMap]:
    """The part of the picture that the cut-out can reach, and the cut-out there, (h, w, 4)."""
    height, width = sprite.shape[:2]
    corners = pose @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    left, top = np.clip(np.floor(corners.min(1)) - 1, 0, (WIDTH, HEIGHT)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(1)) + 1, 0, (WIDTH, HEIGHT)).astype(int)
    box = slice(top, bottom), slice(left, right)
    if left == right or top == bottom:
        return box, np.zeros((bottom - top, right - left, 4), np.float32)
    shifted = pose - np.array([[0, 0, left], [0, 0, top]])
    return box, cv2.warpAffine(np.ascontiguousarray(sprite), shifted, (int(right - left), int(bottom - top)))
