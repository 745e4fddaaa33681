"""The table of export formats, and how each is written. To add one: a row, and a function if it is a new kind.

It knows files, not who asks for them or where they may lie.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import starmap
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from inpaint.composite import overlay
from plugin.datasets import write_coco_json, write_sav_json, write_ytvos_folder
from plugin.material import EDGES, Material
from plugin.mattes import IN_EXR, LAYERS, LINEAR, Writer, write_cryptomatte, write_cutout, write_exr, write_matte
from plugin.stepwise import stepwise
from tam_core.errors import NotVisibleError, RequestError
from tam_core.formats.davis import write_davis
from tam_core.formats.masklet_json import write_masklets
from tam_core.registry import Parameter
from tam_core.video import Frame, write_video
from tam_core.video.codecs import CODECS, PNG, Codec, choose_codec

__all__ = ["EXPORTS", "ExportFormat", "Material", "find_format"]


@dataclass(frozen=True)
class ExportFormat:
    """One row. ``takes``: what there has to be. ``suffix``: of the file, "" for a folder. ``codec``: of its pictures.

    ``alpha``: whether those have alpha. ``parameters``: what a person may set; they reach the writer in the material.
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
    alpha: bool = False

    def check_path(self, path: Path) -> None:
        """Raise RequestError if the format cannot be written under that name."""
        if self.codec is not None and self.suffix:
            codec = choose_codec(path, self.codec)
            if self.alpha and not codec.holds_alpha(path):
                able = " or ".join(codec.alpha_suffixes)
                raise RequestError(f"{path.name}: {self.title} needs alpha, which is in files that end in {able}")
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
    frames = range(material.start, material.stop)
    return stepwise(partial(write_davis, material.require_objects(), path), frames)


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
    return NotVisibleError(
        "nothing was edited yet: remove objects first, or put an effect on them, then export the result"
    )


def _removed_row(codec: Codec) -> ExportFormat:
    return ExportFormat(
        codec.name,
        f"Result: {codec.title}",
        "the edited video, such as without the objects; sound and time stamps are the source's"
        if codec.encoder
        else "the edited video, a picture for each frame",
        (codec.default_for or codec.suffixes)[0],
        "removal",
        _write_removed(codec.name),
        codec.name,
    )


def _matte_row(codec: Codec) -> ExportFormat:
    return ExportFormat(
        f"matte-{codec.name}",
        f"Masks: matte in {_short(codec)}",
        "a grey video, white where any of the objects is; sound and time stamps are the source's",
        (codec.default_for or codec.suffixes)[0],
        "masklets",
        write_matte(codec.name),
        codec.name,
        EDGES,
    )


def _cutout_row(codec: Codec) -> ExportFormat:
    """ProRes 4444 is what editors ask for: it has the plain name."""
    return ExportFormat(
        "cutout" if codec.name == "prores" else f"cutout-{codec.name}",
        f"Layer: {_short(codec)}",
        "the objects alone, transparent around them; sound and time stamps are the source's",
        (codec.default_for or codec.suffixes)[0],
        "masklets",
        write_cutout(codec.name),
        codec.name,
        EDGES,
        alpha=True,
    )


def _short(codec: Codec) -> str:
    return codec.title.partition(",")[0]


_WITH_ALPHA = [codec for codec in CODECS if codec.alpha_format and codec.encoder]

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
        write_matte(PNG),
        parameters=EDGES,
    ),
    *map(_matte_row, _WITH_ALPHA),
    *map(_cutout_row, _WITH_ALPHA),
    ExportFormat(
        "cutout-png",
        "Layer: PNG",
        "the objects alone, a picture with alpha for each frame",
        "",
        "masklets",
        write_cutout(PNG),
        parameters=EDGES,
    ),
    ExportFormat(
        "exr",
        "Layers: OpenEXR",
        "a folder with one EXR a frame, half floats, a layer for each object and all of them together",
        "",
        "masklets",
        write_exr,
        parameters=(*IN_EXR, LAYERS, LINEAR),
    ),
    ExportFormat(
        "cryptomatte",
        "Masks: Cryptomatte",
        "a folder with one EXR a frame: the picture, and ids and coverage of every object with a manifest",
        "",
        "masklets",
        write_cryptomatte,
        parameters=(*IN_EXR, LINEAR),
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
    ExportFormat(
        "coco",
        "Data set: COCO",
        "instances JSON, an image for each frame, with tracks as TAO and COCO-VID have them",
        ".json",
        "masklets",
        write_coco_json,
    ),
    ExportFormat(
        "ytvos",
        "Data set: YouTube-VOS",
        "a folder with meta.json and an indexed PNG for each frame",
        "",
        "masklets",
        write_ytvos_folder,
    ),
    ExportFormat(
        "sav",
        "Data set: SA-V",
        "SAM 2's JSON, six masks a second; NAME_auto.json marks them as automatic",
        ".json",
        "masklets",
        write_sav_json,
    ),
)
