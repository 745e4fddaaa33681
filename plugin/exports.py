"""The table of export formats, and how each is written. To add one: a row, and a function if it is a new kind.

It knows files, not who asks for them or where they may lie.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import starmap
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from inpaint.composite import cut_out, overlay
from plugin.stepwise import stepwise
from tam_core.errors import MaskletError, NotVisibleError, RequestError
from tam_core.formats.davis import write_davis
from tam_core.formats.masklet_json import write_masklets
from tam_core.masklet import Masklet
from tam_core.registry import Parameter
from tam_core.video import Frame, FrameSource, write_video
from tam_core.video.codecs import CODECS, PNG, Codec, choose_codec


@dataclass(frozen=True)
class Material:
    """What an export is made of: a video, its masklets, and for some the video without the objects (``removed``).

    ``start`` .. ``stop`` (exclusive) are the frames to write.
    """

    source: FrameSource
    masklets: Sequence[Masklet]
    start: int
    stop: int
    removed: FrameSource | None = None


Writer = Callable[[Material, Path], Iterator[None]]


@dataclass(frozen=True)
class ExportFormat:
    """One row. ``takes``: what there has to be. ``suffix``: of the file, "" for a folder. ``codec``: of its pictures.

    ``write`` yields as it goes; the result appears at its path when it is complete.
    """

    name: str
    title: str
    summary: str
    suffix: str
    takes: Literal["masklets", "removal"]
    write: Writer
    codec: str | None = None
    parameters: tuple[Parameter, ...] = ()

    def check_path(self, path: Path) -> None:
        """Raise RequestError if the format cannot be written under that name."""
        if self.codec is not None and self.suffix:
            choose_codec(path, self.codec)
        elif path.suffix.lower() != self.suffix:
            wanted = f"a name that ends in {self.suffix}" if self.suffix else "the name of a folder, without a suffix"
            raise RequestError(f"{path.name}: {self.title} needs {wanted}")


def find_format(name: str) -> ExportFormat:
    """The row of that name. Raises RequestError."""
    for row in EXPORTS:
        if row.name == name:
            return row
    raise RequestError(f"no export format is named {name[:64]!r}; there are: {', '.join(row.name for row in EXPORTS)}")


def _write_davis(material: Material, path: Path) -> Iterator[None]:
    if not material.masklets:
        raise MaskletError("there is no object to write")
    frames = range(material.start, material.stop)
    return stepwise(partial(write_davis, material.masklets, path), frames)


def _write_json(material: Material, path: Path) -> Iterator[None]:
    frames = range(material.start, material.stop)
    chosen = [masklet.without(frame for frame in masklet.rles if frame not in frames) for masklet in material.masklets]
    write_masklets(chosen, path, material.source.info)
    yield


def _write_preview(material: Material, path: Path) -> Iterator[None]:
    drawn = overlay(material.source, material.masklets, material.start, material.stop)
    return stepwise(lambda frames: write_video(frames, path, like=material.source, codec="h264"), drawn)


def _write_removed(codec: str) -> Writer:
    def write(material: Material, path: Path) -> Iterator[None]:
        if material.removed is None:
            raise _nothing_removed()
        frames = material.removed.frames(material.start, material.stop)
        return stepwise(lambda items: write_video(items, path, like=material.source, codec=codec), frames)

    return write


def _write_matte(material: Material, path: Path) -> Iterator[None]:
    """White where any of the objects is."""
    if not material.masklets:
        raise MaskletError("there is no object to write")
    frames = (_matte(material.masklets, index) for index in range(material.start, material.stop))
    return stepwise(lambda items: write_video(items, path, codec=PNG), frames)


def _matte(masklets: Sequence[Masklet], index: int) -> Frame:
    visible = np.zeros(masklets[0].size, dtype=bool)
    for masklet in masklets:
        mask = masklet.mask(index)
        if mask is not None:
            visible |= mask
    return Frame(index, Fraction(index), np.repeat(visible[..., None].astype(np.uint8) * 255, 3, axis=2))


def _write_cutout(material: Material, path: Path) -> Iterator[None]:
    """The objects in their own colours, and nothing around them."""
    if not material.masklets:
        raise MaskletError("there is no object to write")
    alone = cut_out(material.source, material.masklets, 0, material.start, material.stop)
    return stepwise(lambda items: write_video(items, path, like=material.source, codec="prores"), alone)


def _write_patch(material: Material, path: Path) -> Iterator[None]:
    """The result's pixels where they differ from the source's, and nothing elsewhere."""
    if material.removed is None:
        raise _nothing_removed()
    pairs = zip(
        material.source.frames(material.start, material.stop),
        material.removed.frames(material.start, material.stop),
        strict=True,
    )
    return stepwise(lambda items: write_video(items, path, codec=PNG), starmap(_patch, pairs))


def _patch(source: Frame, removed: Frame) -> Frame:
    changed = (source.pixels != removed.pixels).any(axis=2)
    alpha = cv2.dilate(changed.astype(np.uint8) * 255, np.ones((3, 3), dtype=np.uint8))
    near = cv2.dilate(alpha, np.ones((9, 9), dtype=np.uint8))  # its colour is kept, so that scaling makes no dark edge
    return Frame(removed.index, removed.time, np.dstack([np.where(near[..., None], removed.pixels, 0), alpha]))


def _nothing_removed() -> NotVisibleError:
    return NotVisibleError("nothing was removed yet: remove objects first, then export the result")


def _removed_row(codec: Codec) -> ExportFormat:
    return ExportFormat(
        codec.name,
        f"Result: {codec.title}",
        "the video without the objects; sound and time stamps are the source's"
        if codec.encoder
        else "the video without the objects, a picture for each frame",
        (codec.default_for or codec.suffixes)[0],
        "removal",
        _write_removed(codec.name),
        codec.name,
    )


EXPORTS = (
    ExportFormat(
        "davis",
        "Masks: DAVIS folder",
        "one indexed PNG a frame; a pixel's value is its object's number",
        "",
        "masklets",
        _write_davis,
    ),
    ExportFormat(
        "matte",
        "Masks: matte",
        "a folder with one PNG a frame, white where any of the objects is",
        "",
        "masklets",
        _write_matte,
    ),
    ExportFormat(
        "cutout",
        "Layer: ProRes 4444",
        "the objects alone, transparent around them; sound and time stamps are the source's",
        ".mov",
        "masklets",
        _write_cutout,
        "prores",
    ),
    ExportFormat(
        "json",
        "Masks: JSON",
        "masklets as COCO run-length codes, with scores; tam remove --masks reads it",
        ".json",
        "masklets",
        _write_json,
    ),
    ExportFormat(
        "preview",
        "Preview: H.264",
        "the video with every object tinted and outlined, to look at",
        ".mp4",
        "masklets",
        _write_preview,
        "h264",
    ),
    *map(_removed_row, CODECS),
    ExportFormat(
        "patch",
        "Result: only what changed",
        "a folder with one PNG a frame, to be laid over the source: transparent where nothing was changed",
        "",
        "removal",
        _write_patch,
    ),
)
