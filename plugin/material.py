"""What exports are made of, and the settings that several of them have."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tam_core import rle
from tam_core.errors import MaskletError
from tam_core.masklet import Masklet
from tam_core.matte import MatteSettings, SoftFrame, soft_alphas
from tam_core.registry import Parameter, Value
from tam_core.types import FloatMap, ObjectId
from tam_core.video import Frame, FrameSource

SOFT = Parameter("soft", "bool", False, "soft edges, found in the picture: hair, motion blur")
SOFT_ANYWAY = Parameter("soft", "bool", True, "soft edges, found in the picture: hair, motion blur")
BAND = Parameter("band", "float", 0.0, "half the width of a soft edge; 0: by the object's size", "px", 0, 64)
QUALITY = Parameter("quality", "bool", False, "soft edges by closed-form matting: finer and slower, needs PyMatting")
EDGES = (SOFT, BAND, QUALITY)


@dataclass(frozen=True)
class Material:
    """What an export is made of: a video, its masklets, and for some the video without the objects (``removed``).

    ``start`` .. ``stop`` (exclusive) are the frames to write. ``values``: those parameters of the row that were given.
    ``names``: of objects that have one.
    """

    source: FrameSource
    masklets: Sequence[Masklet]
    start: int
    stop: int
    removed: FrameSource | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    names: Mapping[ObjectId, str] = field(default_factory=dict)

    def value(self, parameter: Parameter) -> Value:
        """What was given for it, or its default."""
        return self.values.get(parameter.name, parameter.default)

    def require_objects(self) -> Sequence[Masklet]:
        """The masklets. Raises MaskletError if there are none."""
        if not self.masklets:
            raise MaskletError("there is no object to write")
        return self.masklets


def each_object(material: Material, soft: Parameter) -> Iterator[SoftFrame]:
    """The frames with every object's matte, soft or as it was tracked."""
    return _mattes(material, material.require_objects(), bool(material.value(soft)))


def all_objects(material: Material) -> Iterator[tuple[Frame, FloatMap]]:
    """The frames with one matte (H, W) float32 0..1 of all objects together."""
    together = united(material.require_objects())
    for one in _mattes(material, [together], bool(material.value(SOFT))):
        yield one.frame, one.alphas.get(together.object_id, np.zeros(together.size, np.float32))


def _mattes(material: Material, masklets: Sequence[Masklet], soft: bool) -> Iterator[SoftFrame]:
    if soft:
        band = float(material.value(BAND))
        settings = MatteSettings(band or None, bool(material.value(QUALITY)))
        yield from soft_alphas(material.source, masklets, material.start, material.stop, settings)
        return
    for frame in material.source.frames(material.start, material.stop):
        masks = {masklet.object_id: masklet.mask(frame.index) for masklet in masklets}
        yield SoftFrame(frame, {one: mask.astype(np.float32) for one, mask in masks.items() if mask is not None})


def united(masklets: Sequence[Masklet]) -> Masklet:
    """All of them as one object; a frame's score is the least."""
    frames = sorted({frame for masklet in masklets for frame in masklet.rles})
    seen = {frame: [masklet for masklet in masklets if frame in masklet.rles] for frame in frames}
    return Masklet(
        1,
        masklets[0].size,
        {frame: rle.merge([masklet.rles[frame] for masklet in here]) for frame, here in seen.items()},
        {frame: min(masklet.scores.get(frame, 1.0) for masklet in here) for frame, here in seen.items()},
    )
