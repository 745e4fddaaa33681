"""EXR layers and Cryptomatte: what compositing programs read, checked with the OpenEXR package, and read back."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tam_core.errors import MaskletError, SourceNotFoundError
from tam_core.formats import cryptomatte, exr
from tam_core.types import FloatMap

pytest.importorskip("OpenEXR")

SIZE = (24, 32)
NAMES = ("dog_1", "cat_2", "bird_3")


def ramp(column: int) -> FloatMap:
    """A matte that is 1 left of a column, fades over four pixels, and is 0 right of it."""
    return np.broadcast_to(np.clip((column - np.arange(SIZE[1])) / 4, 0, 1), SIZE).astype(np.float32)


def frame(index: int = 3) -> exr.ExrFrame:
    """The cat takes what the dog leaves; the bird is not there."""
    colours = np.full((*SIZE, 3), (0.2, 0.4, 0.8), np.float32)
    return exr.ExrFrame(index, colours, {"dog_1": ramp(12), "cat_2": 1 - ramp(12)})


def planes_of(folder: Path) -> exr.ExrImage:
    (file,) = folder.iterdir()
    assert file.name == "00003.exr"
    return exr.read_exr(file)


def test_each_object_has_a_layer_multiplied_by_its_matte(tmp_path: Path) -> None:
    exr.write_layers([frame()], tmp_path / "out", NAMES)
    image = planes_of(tmp_path / "out")
    assert {plane.dtype for plane in image.planes.values()} == {np.dtype(np.float16)}
    assert sorted(image.planes) == sorted([*"RGBA", *(f"{name}.{kind}" for name in NAMES for kind in "RGBA")])
    assert np.allclose(image.planes["dog_1.A"], ramp(12), atol=1e-3)
    assert np.allclose(image.planes["dog_1.B"], 0.8 * ramp(12), atol=1e-3)
    assert np.allclose(image.planes["A"], 1, atol=1e-3) and not image.planes["bird_3.A"].any()


def test_mattes_can_be_written_without_colours(tmp_path: Path) -> None:
    exr.write_layers([frame()], tmp_path / "out", NAMES, coloured=False)
    image = planes_of(tmp_path / "out")
    assert sorted(image.planes) == ["A", "bird_3.matte", "cat_2.matte", "dog_1.matte"]
    assert np.allclose(exr.mattes_of(image)["cat_2"], 1 - ramp(12), atol=1e-3)


def test_cryptomatte_keeps_every_objects_coverage(tmp_path: Path) -> None:
    exr.write_cryptomatte([frame()], tmp_path / "out", NAMES)
    image = planes_of(tmp_path / "out")
    found = exr.mattes_of(image)
    assert sorted(found) == sorted(NAMES)
    assert np.allclose(found["dog_1"], ramp(12)) and np.allclose(found["cat_2"], 1 - ramp(12))
    assert not found["bird_3"].any()
    assert image.planes["CryptoObject00.R"].dtype == np.float32 and image.planes["R"].dtype == np.float16


def test_cryptomatte_ranks_by_coverage_and_knows_its_names(tmp_path: Path) -> None:
    exr.write_cryptomatte([frame()], tmp_path / "out", NAMES)
    image = planes_of(tmp_path / "out")
    key = cryptomatte.key_of("CryptoObject")
    manifest = json.loads(str(image.header[f"cryptomatte/{key}/manifest"]))
    assert image.header[f"cryptomatte/{key}/conversion"] == "uint32_to_float32"
    first, second = image.planes["CryptoObject00.G"], image.planes["CryptoObject00.A"]
    assert (first >= second).all() and np.allclose(first + second, 1)
    left = np.float32(image.planes["CryptoObject00.R"][5, 2])
    assert f"{struct.unpack('<I', struct.pack('<f', left))[0]:08x}" == manifest["dog_1"]


def test_what_overlaps_covers_a_pixel_once() -> None:
    full = np.ones(SIZE, np.float32)
    found = cryptomatte.channels({"a": full, "b": full}, 2)
    assert np.allclose(found["CryptoObject00.G"] + found["CryptoObject00.A"], 1)


def test_many_objects_take_more_channels_up_to_six_ranks() -> None:
    alphas = {f"o{index}": np.full(SIZE, 0.1 + index / 100, np.float32) for index in range(9)}
    found = cryptomatte.channels(alphas, 9)
    assert sorted(found) == sorted(f"CryptoObject{level:02d}.{kind}" for level in range(3) for kind in "RGBA")
    assert found["CryptoObject02.A"].min() > 0


@pytest.mark.parametrize(
    ("text", "code"),
    [("", 0), ("hello", 0x248BFA47), ("The quick brown fox jumps over the lazy dog", 0x2E4FF723)],
)
def test_the_hash_is_murmur3(text: str, code: int) -> None:
    assert cryptomatte.murmur3(text.encode()) == code


def test_ids_are_those_of_the_specification() -> None:
    assert int(cryptomatte.id_of("bunny").view(np.uint32)) == 0x13851A76
    assert int(cryptomatte.id_of("default").view(np.uint32)) == 0x42C9679F
    assert cryptomatte.key_of("uCryptoAsset") == "d593dd7"


def test_no_id_is_infinite_or_vanishing() -> None:
    names = [f"object_{index}" for index in range(4000)]
    raw = [cryptomatte.murmur3(name.encode()) >> 23 & 255 for name in names]
    assert {0, 255} & set(raw)  # the exponents that the fix is for do occur
    ids = np.array([cryptomatte.id_of(name) for name in names])
    assert np.isfinite(ids).all() and (np.abs(ids) >= np.finfo(np.float32).tiny).all()


@pytest.mark.parametrize("crypto", [False, True], ids=["layers", "cryptomatte"])
def test_masks_come_back_with_their_numbers(crypto: bool, tmp_path: Path) -> None:
    frames = [frame(index) for index in (3, 4)]
    write = exr.write_cryptomatte if crypto else exr.write_layers
    write(frames, tmp_path / "out", NAMES)
    dog, cat, bird = exr.read_exr_masks(tmp_path / "out")
    assert [dog.object_id, cat.object_id, bird.object_id] == [1, 2, 3] and dog.frames == [3, 4]
    assert np.array_equal(dog.mask(4), ramp(12) > 0.5) and np.array_equal(cat.mask(3), 1 - ramp(12) > 0.5)
    assert bird.visible_frames == []
    assert exr.is_exr_folder(tmp_path / "out") and not exr.is_exr_folder(tmp_path)


def as_others_do(path: Path, planes: dict[str, FloatMap], header: dict[str, Any] | None = None) -> None:
    """A file as another program would write it."""
    import OpenEXR

    path.parent.mkdir(exist_ok=True)
    attributes = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, **(header or {})}
    with OpenEXR.File(attributes, {name: np.ascontiguousarray(plane) for name, plane in planes.items()}) as file:
        file.write(str(path))


def windows(data: tuple[int, int, int, int], display: tuple[int, int, int, int]) -> dict[str, Any]:
    """Header attributes of two boxes (x0, y0, x1, y1), all of them inclusive."""
    boxes = {"dataWindow": data, "displayWindow": display}
    return {name: (np.array(box[:2], np.int32), np.array(box[2:], np.int32)) for name, box in boxes.items()}


@pytest.mark.parametrize("kinds", ["r g b a", "red green blue alpha", "R G B A"])
def test_cryptomatte_of_programs_that_call_channels_otherwise_is_read(kinds: str, tmp_path: Path) -> None:
    calls = dict(zip("RGBA", kinds.split(), strict=True))
    planes = cryptomatte.channels({"dog_1": ramp(12), "cat_2": 1 - ramp(12)}, 2)
    called = {name[:-1] + calls[name[-1]]: plane for name, plane in planes.items()}
    as_others_do(tmp_path / "in" / "00000.exr", called, cryptomatte.header(["dog_1", "cat_2"]))
    dog, cat = exr.read_exr_masks(tmp_path / "in")
    assert np.array_equal(dog.mask(0), ramp(12) > 0.5) and np.array_equal(cat.mask(0), 1 - ramp(12) > 0.5)


@pytest.mark.parametrize("kind", ["a", "alpha"])
def test_a_layers_matte_of_programs_that_write_small_letters_is_read(kind: str, tmp_path: Path) -> None:
    as_others_do(tmp_path / "in" / "00000.exr", {f"dog.{kind}": ramp(12), kind: ramp(20)})
    (dog,) = exr.read_exr_masks(tmp_path / "in")
    assert np.array_equal(dog.mask(0), ramp(12) > 0.5)


def test_a_manifest_may_be_a_file_of_its_own(tmp_path: Path) -> None:
    key = f"cryptomatte/{cryptomatte.key_of('CryptoObject')}"
    header = cryptomatte.header(["dog_1"])
    manifest = header.pop(f"{key}/manifest")
    file = tmp_path / "in" / "00000.exr"
    as_others_do(file, cryptomatte.channels({"dog_1": ramp(12)}, 1), header | {f"{key}/manif_file": "names.json"})
    with pytest.raises(MaskletError, match=r"no manifest.*names\.json is not beside it"):
        exr.read_exr_masks(tmp_path / "in")
    (tmp_path / "in" / "names.json").write_text(manifest)
    (dog,) = exr.read_exr_masks(tmp_path / "in")
    assert np.array_equal(dog.mask(0), ramp(12) > 0.5)
    (tmp_path / "in" / "names.json").write_text("{}")
    with pytest.raises(MaskletError, match="names no objects"):
        exr.read_exr_masks(tmp_path / "in")
    (tmp_path / "in" / "names.json").write_text("no")
    with pytest.raises(MaskletError, match=r"manifest .* is damaged"):
        exr.read_exr_masks(tmp_path / "in")


@pytest.mark.parametrize("origin", [(0, 0), (5, -3)])
@pytest.mark.parametrize("data", [(4, 6, 9, 12), (-6, -2, 9, 12), (20, 10, 40, 30), (50, 50, 60, 60)])
def test_pixels_lie_where_the_data_window_says(
    data: tuple[int, int, int, int], origin: tuple[int, int], tmp_path: Path
) -> None:
    (height, width), (left, top) = SIZE, origin
    x0, y0, x1, y1 = data[0] + left, data[1] + top, data[2] + left, data[3] + top
    filled = np.ones((y1 - y0 + 1, x1 - x0 + 1), np.float16)
    window = windows((x0, y0, x1, y1), (left, top, left + width - 1, top + height - 1))
    as_others_do(tmp_path / "in" / "00000.exr", {"A": filled}, window)
    (found,) = exr.read_exr_masks(tmp_path / "in")
    truth = np.zeros(SIZE, bool)
    truth[max(data[1], 0) : data[3] + 1, max(data[0], 0) : data[2] + 1] = True
    assert found.size == SIZE and np.array_equal(found.mask(0), truth)


def test_pictures_of_different_sizes_are_refused(tmp_path: Path) -> None:
    for index, width in enumerate((32, 30)):
        as_others_do(tmp_path / "in" / f"{index:05d}.exr", {"A": np.ones((24, width), np.float16)})
    with pytest.raises(MaskletError, match=r"different sizes .*\(24, 30\), \(24, 32\)"):
        exr.read_exr_masks(tmp_path / "in")


def test_what_is_no_exr_is_said(tmp_path: Path) -> None:
    (tmp_path / "00000.exr").write_bytes(b"no")
    with pytest.raises(MaskletError, match="not an EXR file"):
        exr.read_exr(tmp_path / "00000.exr")
    with pytest.raises(SourceNotFoundError):
        exr.read_exr(tmp_path / "1.exr")
    with pytest.raises(MaskletError, match="named by frame number"):
        exr.read_exr_masks(tmp_path.parent)


def test_nothing_is_left_of_a_sequence_that_failed(tmp_path: Path) -> None:
    def failing() -> "list[exr.ExrFrame]":
        yield frame()  # type: ignore[misc]
        raise RuntimeError("lost")

    with pytest.raises(RuntimeError, match="lost"):
        exr.write_layers(failing(), tmp_path / "out", NAMES)
    assert list(tmp_path.iterdir()) == []


def test_linear_light_is_srgbs() -> None:
    grey = np.full((2, 2, 3), 188, np.uint8)
    assert np.allclose(exr.colours_of(grey, linear=True), 0.503, atol=2e-3)
    assert np.allclose(exr.colours_of(grey, linear=False), 188 / 255)
    deep = grey.astype(np.uint16) * 257
    assert np.allclose(exr.colours_of(deep, linear=True), exr.colours_of(grey, linear=True))
