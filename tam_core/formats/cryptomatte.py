"""Cryptomatte (Friedman and Jones 2015, specification 1.2.0): named objects and their coverage in EXR channels.

Every name has an id, a float whose bits are a hash of it. A pixel has pairs of id and coverage, the largest coverage
first; ``CryptoObject00`` holds the first two pairs in its four channels, ``CryptoObject01`` the next two, and so on.
It knows arrays and words; ``exr.py`` knows files.
"""

import json
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tam_core.errors import MaskletError
from tam_core.types import FloatMap

LAYER = "CryptoObject"
_KINDS = "RGBA"
_KINDS_READ = {"red": "R", "green": "G", "blue": "B", "alpha": "A"} | {kind.lower(): kind for kind in _KINDS}
"""How programs call the channels, in small letters."""

_MOST_RANKS = 6
"""Objects that one pixel remembers, at most."""


def channels(alphas: Mapping[str, FloatMap], count: int) -> dict[str, FloatMap]:
    """The channels of named mattes (H, W) float32 0..1. ``count``: of all objects of the sequence, so that every
    picture has the same channels. Where mattes add up to more than 1 they are scaled to 1."""
    ranks = min(_MOST_RANKS, max(2, count + count % 2))
    names = list(alphas)
    coverage = np.stack([alphas[name] for name in names])
    coverage = coverage / np.maximum(coverage.sum(0), 1)
    order = np.argsort(-coverage, axis=0, kind="stable")[:ranks]
    sorted_coverage = np.take_along_axis(coverage, order, 0).astype(np.float32)
    ids = np.asarray(np.array([id_of(name) for name in names], np.float32)[order], np.float32)
    ids[sorted_coverage <= 0] = 0
    planes = np.zeros((ranks, 2, *coverage.shape[1:]), np.float32)
    planes[: len(order), 0], planes[: len(order), 1] = ids, sorted_coverage
    return {
        f"{LAYER}{rank // 2:02d}.{_KINDS[2 * (rank % 2) + part]}": np.asarray(planes[rank, part], np.float32)
        for rank in range(ranks)
        for part in range(2)
    }


def header(names: Sequence[str]) -> dict[str, str]:
    """The metadata that tells which id is which name."""
    start = f"cryptomatte/{key_of(LAYER)}"
    manifest = {name: f"{int(np.float32(id_of(name)).view(np.uint32)):08x}" for name in names}
    return {
        f"{start}/name": LAYER,
        f"{start}/hash": "MurmurHash3_32",
        f"{start}/conversion": "uint32_to_float32",
        f"{start}/manifest": json.dumps(manifest, separators=(",", ":"), ensure_ascii=True),
    }


def coverages(planes: Mapping[str, npt.NDArray[np.generic]], metadata: Mapping[str, object]) -> dict[str, FloatMap]:
    """Coverage (H, W) float32 0..1 of every name in the manifest. Raises MaskletError if there is no Cryptomatte."""
    key = next(
        (word.split("/")[1] for word in metadata if word.startswith("cryptomatte/") and word.endswith("/name")), None
    )
    if key is None:
        raise MaskletError("there is no Cryptomatte in it")
    layer = str(metadata[f"cryptomatte/{key}/name"])
    pairs = list(_pairs(planes, layer))
    if not pairs:
        raise MaskletError(f"Cryptomatte '{layer}' has no channels")
    found: dict[str, FloatMap] = {}
    for name, wanted in _manifest(metadata, key, layer).items():
        covers = [np.where(ids == wanted, covered, 0) for ids, covered in pairs]
        found[name] = np.asarray(np.sum(covers, 0), np.float32)
    return found


def _manifest(metadata: Mapping[str, object], key: str, layer: str) -> dict[str, np.uint32]:
    """The bits of every name's id."""
    text, file = (metadata.get(f"cryptomatte/{key}/{word}") for word in ("manifest", "manif_file"))
    if text is None:
        where = f": the file {file} is not beside it" if file else ""
        raise MaskletError(f"Cryptomatte '{layer}' has no manifest, which names its objects{where}")
    try:
        return {str(name): np.uint32(int(code, 16)) for name, code in json.loads(str(text)).items()}
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise MaskletError(f"the manifest of Cryptomatte '{layer}' is damaged: {error}") from error


def _pairs(
    planes: Mapping[str, npt.NDArray[np.generic]], layer: str
) -> list[tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32]]]:
    """Bits of the id, and coverage, of every rank."""
    named = {_called(name): plane for name, plane in planes.items()}
    pairs = []
    level = 0
    while (first := f"{layer}{level:02d}") + ".R" in named:
        for identity, covered in (("R", "G"), ("B", "A")):
            ids = np.ascontiguousarray(named[f"{first}.{identity}"], np.float32).view(np.uint32)
            pairs.append((ids, np.asarray(named[f"{first}.{covered}"], np.float32)))
        level += 1
    return pairs


def _called(channel: str) -> str:
    """``Layer.r`` and ``Layer.red`` as ``Layer.R``."""
    layer, dot, kind = channel.rpartition(".")
    return f"{layer}{dot}{_KINDS_READ.get(kind.lower(), kind)}"


def key_of(layer: str) -> str:
    """The seven hexadecimal digits under which a layer's metadata stand."""
    return f"{murmur3(layer.encode()):08x}"[:7]


def id_of(name: str) -> np.float32:
    """A name's id: the hash as a float, whose exponent is never all zeros or all ones (no denormal, no NaN)."""
    bits = murmur3(name.encode())
    if bits >> 23 & 255 in (0, 255):
        bits ^= 1 << 23
    return np.uint32(bits).view(np.float32)


def murmur3(data: bytes, seed: int = 0) -> int:
    """MurmurHash3_x86_32 (Appleby): 32 bits."""
    state = seed
    whole = len(data) - len(data) % 4
    for begin in range(0, whole, 4):
        state = _rotated(state ^ _scrambled(int.from_bytes(data[begin : begin + 4], "little")), 13)
        state = (state * 5 + 0xE6546B64) & 0xFFFFFFFF
    if len(data) > whole:
        state ^= _scrambled(int.from_bytes(data[whole:], "little"))
    state ^= len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        state = ((state ^ state >> shift) * factor) & 0xFFFFFFFF
    return state ^ state >> 16


def _scrambled(block: int) -> int:
    return _rotated(block * 0xCC9E2D51 & 0xFFFFFFFF, 15) * 0x1B873593 & 0xFFFFFFFF


def _rotated(bits: int, by: int) -> int:
    return (bits << by | bits >> (32 - by)) & 0xFFFFFFFF
