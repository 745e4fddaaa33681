"""OpenEXR sequences: a layer for each object, or Cryptomatte, one file a frame named by its number (00000.exr).

Pixels and mattes are half floats, colours are linear light and multiplied by their matte, as compositing programs
expect of EXR; Cryptomatte's channels are 32-bit floats, as its ids need. The package is OpenEXR's own.
"""

import importlib.util
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tam_core import rle
from tam_core.atomic import atomic_folder, naming_the_cause
from tam_core.errors import EngineNotReadyError, MaskletError, SourceNotFoundError
from tam_core.formats import cryptomatte
from tam_core.masklet import Masklet
from tam_core.rle import RLE
from tam_core.types import FloatMap

MATTE = "matte"
ALPHA = ("a", "alpha")
"""How programs call the channel of the matte, in small letters."""

_HALF = 0.5
Plane = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class ExrFrame:
    """One frame to be written: ``colours`` (H, W, 3) linear 0..1 and the soft mattes (H, W) 0..1 of named objects."""

    index: int
    colours: FloatMap = field(repr=False)
    alphas: Mapping[str, FloatMap] = field(repr=False)


@dataclass(frozen=True)
class ExrImage:
    """What one file holds: ``planes`` (H, W) by channel name, all of the picture, and the ``header``'s attributes.

    A Cryptomatte's manifest is among these, also where it is a file beside the picture.
    """

    planes: Mapping[str, Plane] = field(repr=False)
    header: Mapping[str, Any] = field(repr=False)


def check_installed() -> None:
    """Raise EngineNotReadyError without the OpenEXR package."""
    if importlib.util.find_spec("OpenEXR") is None:
        raise EngineNotReadyError("EXR files need the OpenEXR package: pip install 'tam-studio[exr]'")


def write_layers(frames: Iterable[ExrFrame], folder: Path, names: Iterable[str], coloured: bool = True) -> None:
    """One RGBA layer an object, ``name.R`` ... ``name.A``, and all objects together as R, G, B, A.

    Not ``coloured``: ``name.matte`` alone, and all together as A. ``names``: of every object of the sequence; one that
    a frame does not have is transparent there. The folder appears when it is complete; raises OutputError.
    """
    wanted = tuple(names)

    def planes(frame: ExrFrame) -> dict[str, Plane]:
        nothing = np.zeros(frame.colours.shape[:2], np.float32)
        alphas = {name: frame.alphas.get(name, nothing) for name in wanted}
        together = np.minimum(np.sum(list(alphas.values()), 0), 1)
        layers = _rgba("", frame.colours, together) if coloured else {"A": together}
        for name, alpha in alphas.items():
            layers |= _rgba(f"{name}.", frame.colours, alpha) if coloured else {f"{name}.{MATTE}": alpha}
        return {name: np.ascontiguousarray(plane, np.float16) for name, plane in layers.items()}

    _write(frames, folder, planes, {})


def write_cryptomatte(frames: Iterable[ExrFrame], folder: Path, names: Iterable[str]) -> None:
    """Cryptomatte of the named objects over the whole picture as R, G, B, A; see cryptomatte.py and write_layers."""
    wanted = tuple(names)

    def planes(frame: ExrFrame) -> dict[str, Plane]:
        opaque = np.ones(frame.colours.shape[:2], np.float32)
        plain = {name: plane.astype(np.float16) for name, plane in _rgba("", frame.colours, opaque).items()}
        nothing = np.zeros_like(opaque)
        alphas = {name: frame.alphas.get(name, nothing) for name in wanted}
        return {**plain, **cryptomatte.channels(alphas, len(wanted))}

    _write(frames, folder, planes, cryptomatte.header(wanted))


def _write(
    frames: Iterable[ExrFrame], folder: Path, planes: Callable[[ExrFrame], dict[str, Plane]], header: dict[str, str]
) -> None:
    check_installed()
    import OpenEXR

    attributes = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, **header}
    with atomic_folder(folder) as temporary, naming_the_cause(folder):
        for frame in frames:
            with OpenEXR.File(dict(attributes), planes(frame)) as file:
                file.write(str(temporary / f"{frame.index:05d}.exr"))


def _rgba(prefix: str, colours: FloatMap, alpha: FloatMap) -> dict[str, Plane]:
    """Four planes, colours multiplied by alpha."""
    associated = colours * alpha[..., None]
    return {f"{prefix}{kind}": associated[..., place] for place, kind in enumerate("RGB")} | {f"{prefix}A": alpha}


def read_exr(path: Path) -> ExrImage:
    """One file. Raises SourceNotFoundError, EngineNotReadyError, or MaskletError if it is not an EXR file."""
    check_installed()
    import OpenEXR

    if not path.is_file():
        raise SourceNotFoundError(f"no such EXR file: {path}")
    try:
        with OpenEXR.File(str(path), separate_channels=True) as file:
            header = dict(file.header())
            planes = {name: _whole(channel.pixels, header) for name, channel in file.channels().items()}
            return ExrImage(planes, header | _manifests(header, path.parent))
    except (RuntimeError, ValueError) as error:
        raise MaskletError(f"{path} is not an EXR file, or it is damaged: {error}") from error


def _whole(plane: Plane, header: Mapping[str, Any]) -> Plane:
    """A channel in the size of the picture, 0 where the file has no pixels: many programs write only what is filled."""
    (x0, y0), (x1, y1) = ((int(x), int(y)) for x, y in header["displayWindow"])
    left, top = (int(side) for side in header["dataWindow"][0])
    whole = np.zeros((y1 - y0 + 1, x1 - x0 + 1), plane.dtype)
    inside = plane[max(y0 - top, 0) : max(y1 + 1 - top, 0), max(x0 - left, 0) : max(x1 + 1 - left, 0)]
    down, right = max(top - y0, 0), max(left - x0, 0)
    whole[down : down + inside.shape[0], right : right + inside.shape[1]] = inside
    return whole


def _manifests(header: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Cryptomatte's manifests that are files in the folder, by the words under which a header has them."""
    found = {}
    for word, name in header.items():
        if word.startswith("cryptomatte/") and word.endswith("/manif_file") and (folder / str(name)).is_file():
            text = (folder / str(name)).read_text(encoding="utf-8", errors="replace")
            found[word.removesuffix("manif_file") + "manifest"] = text
    return found


def is_exr_folder(path: Path) -> bool:
    """Whether a path is a folder of numbered EXR files."""
    return path.is_dir() and any(file.stem.isdecimal() for file in path.glob("*.exr"))


def read_exr_masks(folder: str | os.PathLike[str]) -> list[Masklet]:
    """Masklets from a folder of numbered EXR files: of its Cryptomatte, or else of its layers' mattes.

    Objects have the numbers at the end of their names where those differ, or else count from 1 in the order of names.
    A pixel is an object's where at least half of it is covered. Raises MaskletError.
    """
    folder = Path(folder)
    files = sorted((path for path in folder.glob("*.exr") if path.stem.isdecimal()), key=lambda path: int(path.stem))
    if not files:
        raise MaskletError(f"{folder} has no EXR files named by frame number, such as 00000.exr")
    codes: dict[str, dict[int, RLE]] = {}
    for path in files:
        for name, alpha in mattes_of(read_exr(path)).items():
            codes.setdefault(name, {})[int(path.stem)] = rle.encode(np.asarray(alpha > _HALF))
    if not codes:
        raise MaskletError(f"{folder} has a Cryptomatte that names no objects")
    sizes = {code.size for found in codes.values() for code in found.values()}
    if len(sizes) > 1:
        raise MaskletError(f"the masks in {folder} have different sizes (height, width): {sorted(sizes)}")
    numbers, size = _numbers(list(codes)), sizes.pop()
    return [
        Masklet(numbers[name], size, found, dict.fromkeys(found, 1.0))
        for name, found in sorted(codes.items(), key=lambda one: numbers[one[0]])
    ]


def mattes_of(image: ExrImage) -> dict[str, Plane]:
    """The mattes (H, W) 0..1 of an image by name. Raises MaskletError if there are none."""
    if any(word.startswith("cryptomatte/") for word in image.header):
        return dict(cryptomatte.coverages(image.planes, image.header))
    found = {}
    for channel, plane in image.planes.items():
        name, _, kind = channel.rpartition(".")
        if kind.lower() in (*ALPHA, MATTE):
            found[name] = plane
    together = found.pop("", None)
    if found:
        return found
    if together is not None:
        return {"object_1": together}
    raise MaskletError(f"it has no mattes, only the channels {', '.join(sorted(image.planes))}")


def _numbers(names: list[str]) -> dict[str, int]:
    """An object number for each name."""
    ends = [re.search(r"(\d+)$", name) for name in names]
    said = [int(end[1]) for end in ends if end]
    if len(set(said)) == len(names) and min(said) > 0:
        return dict(zip(names, said, strict=True))
    return {name: number for number, name in enumerate(sorted(names), 1)}


def colours_of(pixels: npt.NDArray[Any], linear: bool) -> FloatMap:
    """Display colours (H, W, 3) uint8 or uint16 as float32 0..1; ``linear`` light by the sRGB curve, IEC 61966-2-1."""
    top = np.iinfo(pixels.dtype).max
    codes = np.arange(top + 1, dtype=np.float32) / top
    if linear:
        codes = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return np.asarray(codes[pixels], np.float32)
