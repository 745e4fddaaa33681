"""How mattes and cut-out layers are written: PNG, video with alpha, EXR, Cryptomatte. For the rows of exports.py."""

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from plugin.material import EDGES, SOFT, SOFT_ANYWAY, Material, all_objects, each_object, united
from plugin.stepwise import stepwise
from tam_core.formats import exr
from tam_core.matte import SoftFrame, decontaminated
from tam_core.registry import Parameter
from tam_core.types import FloatMap, ObjectId, Pixels
from tam_core.video import Frame, write_video
from tam_core.video.codecs import PNG

LAYERS = Parameter(
    "layers", "choice", "colour", "colours and matte of every object, or its matte alone", choices=("colour", "matte")
)
LINEAR = Parameter("linear", "bool", True, "linear light, as compositing programs expect; off: the video's own values")
IN_EXR = (SOFT_ANYWAY, *EDGES[1:])

Writer = Callable[[Material, Path], Iterator[None]]
"""Writes an export to a path; it yields as it goes, and the result appears when it is complete."""


def write_matte(codec: str) -> Writer:
    """White where any of the objects is. ``codec`` PNG: a picture for each frame; else a grey video with sound."""

    def write(material: Material, path: Path) -> Iterator[None]:
        like = None if codec == PNG else material.source
        frames = _grey_frames(material)
        return stepwise(lambda items: write_video(items, path, like=like, codec=codec), frames)

    return write


def _grey_frames(material: Material) -> Iterator[Frame]:
    if material.value(SOFT):
        for frame, alpha in all_objects(material):
            yield Frame(frame.index, frame.time, _grey(alpha))
        return
    together, times = united(material.require_objects()), material.source.info.times
    for index in range(material.start, material.stop):
        mask = together.mask(index)
        alpha = np.zeros(together.size, np.float32) if mask is None else mask.astype(np.float32)
        yield Frame(index, times[index] if times else Fraction(index), _grey(alpha))


def _grey(alpha: FloatMap) -> Pixels:
    return np.repeat(_levels(alpha, np.dtype(np.uint8))[..., None], 3, axis=2)


def _levels(alpha: FloatMap, dtype: "np.dtype[Any]") -> Pixels:
    return np.asarray(np.rint(alpha * np.iinfo(dtype).max), dtype)


def write_cutout(codec: str) -> Writer:
    """The objects in their own colours, straight alpha around them; a soft edge has lost the old background."""

    def write(material: Material, path: Path) -> Iterator[None]:
        soft = bool(material.value(SOFT))
        frames = (_layer(frame, alpha, soft) for frame, alpha in all_objects(material))
        like = None if codec == PNG else material.source
        return stepwise(lambda items: write_video(items, path, like=like, codec=codec), frames)

    return write


def _layer(frame: Frame, alpha: FloatMap, soft: bool) -> Frame:
    pixels = np.asarray(decontaminated(frame.pixels, alpha) if soft else frame.pixels)
    return Frame(frame.index, frame.time, np.dstack([pixels, _levels(alpha, pixels.dtype)]))


def write_exr(material: Material, path: Path) -> Iterator[None]:
    """A layer for each object."""
    exr.check_installed()
    names = object_names(material)
    coloured = material.value(LAYERS) == "colour"
    frames = (_exr_frame(one, names, material) for one in each_object(material, SOFT_ANYWAY))
    return stepwise(lambda items: exr.write_layers(items, path, names.values(), coloured), frames)


def write_cryptomatte(material: Material, path: Path) -> Iterator[None]:
    """Ids and coverage of every object over the whole picture."""
    exr.check_installed()
    names = object_names(material)
    frames = (_exr_frame(one, names, material) for one in each_object(material, SOFT_ANYWAY))
    return stepwise(lambda items: exr.write_cryptomatte(items, path, names.values()), frames)


def _exr_frame(one: SoftFrame, names: dict[ObjectId, str], material: Material) -> exr.ExrFrame:
    colours = exr.colours_of(one.frame.pixels, bool(material.value(LINEAR)))
    return exr.ExrFrame(one.frame.index, colours, {names[number]: alpha for number, alpha in one.alphas.items()})


def object_names(material: Material) -> dict[ObjectId, str]:
    """A name for each object as layers and manifests can have it, with its number at the end: "dog_2"."""
    found = {}
    for masklet in material.require_objects():
        number = masklet.object_id
        plain = re.sub(r"[^A-Za-z0-9_]+", "_", material.names.get(number, "object")).strip("_") or "object"
        found[number] = plain if re.search(rf"(^|\D){number}$", plain) else f"{plain}_{number}"
    return found
