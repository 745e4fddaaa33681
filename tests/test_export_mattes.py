"""Mattes and layers: alpha comes back from every format, softer where that was asked, with the source's time and sound.

And ``tam export``, from any masks to any of them.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from inpaint.replacing.insert import read_rgba
from plugin.exports import EXPORTS, ExportFormat, Material, find_format
from plugin.mattes import object_names
from tam_core import rle
from tam_core.errors import MaskletError, RequestError
from tam_core.formats import read_masks
from tam_core.formats.davis import read_davis, read_labels, write_davis
from tam_core.formats.masklet_json import read_masklets
from tam_core.formats.matte_video import is_matte, read_alpha, read_matte
from tam_core.masklet import Masklet
from tam_core.matte import soft_alpha
from tam_core.registry import Value
from tam_core.video import ArraySource, open_video, write_video
from tests.command_line import Result, Tam, run_tam
from tests.media import add_sound, make_video, payloads
from tests.scenes import crossing

COUNT, START, STOP = 6, 1, 5
SCENE = crossing(COUNT)
SIZE = SCENE.masks[0].shape
CODES = {index: rle.encode(mask) for index, mask in enumerate(SCENE.masks)}
MASKLET = Masklet(1, SIZE, CODES, dict.fromkeys(CODES, 0.9))
MIRRORED = Masklet(
    7, SIZE, {index: rle.encode(mask[:, ::-1]) for index, mask in enumerate(SCENE.masks)}, dict.fromkeys(CODES, 0.9)
)
CUTOUTS = [row for row in EXPORTS if row.alpha]
GREYS = [row for row in EXPORTS if row.name.startswith("matte-")]
LOSS = {"vp9": 16, "prores": 3, "ffv1": 0}
"""Levels by which a codec may miss a matte, on the mean."""

Grey = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scene as a file with sound, whose frames are not evenly spaced."""
    folder = tmp_path_factory.mktemp("clip")
    times = [0, 40, 80, 130, 160, 200]
    silent = make_video(
        folder / "silent.mkv", SCENE.frames, codec="ffv1", pixel_format="bgr0", pts=times, tick=Fraction(1, 1000)
    )
    add_sound(silent, folder / "webm.mkv", codec="libopus", seconds=0.3)
    add_sound(silent, folder / "mov.mkv", seconds=0.3)
    return add_sound(silent, folder / "mkv.mkv", seconds=0.3)


def sounding(clip: Path, row: ExportFormat) -> Path:
    """The clip with sound that the files of the row can hold."""
    return clip.with_name(f"{row.suffix.lstrip('.') or 'mkv'}.mkv")


def written(row: ExportFormat, clip: Path, folder: Path, **values: Value) -> Path:
    path = folder / f"out{row.suffix}"
    material = Material(open_video(sounding(clip, row)), [MASKLET], START, STOP, values=values)
    assert sum(1 for _ in row.write(material, path)) == STOP - START
    return path


def alphas(path: Path) -> Iterator[Grey]:
    """Alpha as FFmpeg's own decoders give it: not our reader."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        decoder = stream.codec_context
        if decoder.name == "vp9":
            decoder = av.CodecContext.create("libvpx-vp9", "r")  # type: ignore[assignment]
        for packet in container.demux(stream):
            for picture in decoder.decode(packet if packet.size else None):  # type: ignore[arg-type]
                yield picture.reformat(format="rgba").to_ndarray()[..., 3]


@pytest.mark.parametrize("row", CUTOUTS, ids=lambda row: row.name)
def test_alpha_comes_back_with_the_objects_colours(row: ExportFormat, clip: Path, tmp_path: Path) -> None:
    path = written(row, clip, tmp_path)
    found = list(alphas(path))
    assert len(found) == STOP - START
    for index, alpha in enumerate(found, START):
        missed = np.abs(alpha.astype(int) - SCENE.masks[index] * 255)
        assert missed.mean() <= LOSS[row.codec or ""] and ((alpha > 127) != SCENE.masks[index]).mean() < 0.01
    inner = cv2.erode(SCENE.masks[START].astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    shown = open_video(path).read(0).pixels.astype(int)
    assert np.abs(shown - SCENE.frames[START])[inner].mean() < 6


@pytest.mark.parametrize("row", CUTOUTS + GREYS, ids=lambda row: row.name)
def test_time_stamps_and_sound_are_the_sources(row: ExportFormat, clip: Path, tmp_path: Path) -> None:
    clip, path = sounding(clip, row), tmp_path / f"out{row.suffix}"
    for _ in row.write(Material(open_video(clip), [MASKLET], 0, COUNT), path):
        pass
    source, result = open_video(clip).info, open_video(path).info
    assert source.times and result.times
    assert [float(time) for time in result.times] == pytest.approx([float(time) for time in source.times], abs=1e-3)
    assert [data for _, data in payloads(path)] == [data for _, data in payloads(clip)]


@pytest.mark.parametrize("row", GREYS, ids=lambda row: row.name)
def test_a_grey_video_is_a_matte_that_can_be_read_again(row: ExportFormat, clip: Path, tmp_path: Path) -> None:
    (found,) = read_matte(written(row, clip, tmp_path))
    assert found.frames == list(range(STOP - START))
    for index, frame in enumerate(range(START, STOP)):
        assert found.rles[index].iou(CODES[frame]) > 0.97


@pytest.mark.parametrize("row", CUTOUTS, ids=lambda row: row.name)
def test_the_alpha_of_a_layer_can_be_read_as_masks(row: ExportFormat, clip: Path, tmp_path: Path) -> None:
    path = written(row, clip, tmp_path)
    (found,) = read_matte(path)
    assert all(found.rles[index].iou(CODES[frame]) > 0.97 for index, frame in enumerate(range(START, STOP)))
    ours, theirs = list(read_alpha(path)), list(alphas(path))
    assert all(np.abs(a.astype(int) - b).max() <= 1 for a, b in zip(ours, theirs, strict=True))


def test_soft_edges_reach_the_file(clip: Path, tmp_path: Path) -> None:
    hard = next(read_alpha(written(find_format("cutout-ffv1"), clip, tmp_path)))
    soft = next(read_alpha(written(find_format("cutout-ffv1"), clip, tmp_path, soft=True)))
    assert set(np.unique(hard)) == {0, 255} and len(np.unique(soft)) > 30
    wide = next(read_alpha(written(find_format("cutout-ffv1"), clip, tmp_path, soft=True, band=8.0)))
    assert ((wide > 0) & (wide < 255)).sum() > 1.5 * ((soft > 0) & (soft < 255)).sum()


def test_a_soft_matte_in_png_is_the_matte_and_is_known_as_one(clip: Path, tmp_path: Path) -> None:
    folder = written(find_format("matte"), clip, tmp_path, soft=True)
    with Image.open(folder / f"{START:05d}.png") as picture:
        grey = np.array(picture.convert("L"))
    alone = soft_alpha(SCENE.frames[START], SCENE.masks[START], 0.9)
    assert np.abs(grey / 255 - alone).mean() < 0.01 and len(np.unique(grey)) > 30
    assert is_matte(folder)
    (found,) = read_matte(folder)
    assert found.frames == list(range(START, STOP)) and found.rles[START].iou(CODES[START]) > 0.9


def test_a_folder_of_object_numbers_is_no_matte(tmp_path: Path) -> None:
    write_davis([MASKLET], tmp_path / "masks", range(COUNT))
    assert not is_matte(tmp_path / "masks")
    assert is_matte(Path("matte.MOV")) and not is_matte(Path("masks.json"))


def test_a_layer_in_png_has_the_objects_colours_and_alpha(clip: Path, tmp_path: Path) -> None:
    folder = written(find_format("cutout-png"), clip, tmp_path)
    with Image.open(folder / f"{START:05d}.png") as picture:
        pixels = np.array(picture)
    assert np.array_equal(pixels[..., 3] > 0, SCENE.masks[START])
    assert np.array_equal(pixels[..., :3], SCENE.frames[START])


def test_deep_pixels_give_deep_layers(tmp_path: Path) -> None:
    source = ArraySource(SCENE.frames[:2].astype(np.uint16) * 257)
    material = Material(source, [MASKLET], 0, 2, values={"soft": True})
    for _ in find_format("cutout-png").write(material, tmp_path / "out"):
        pass
    pixels = cv2.imread(str(tmp_path / "out" / "00000.png"), cv2.IMREAD_UNCHANGED)
    assert pixels.dtype == np.uint16 and pixels[..., 3].max() == 65535


def test_alpha_in_a_file_that_has_none_is_refused() -> None:
    with pytest.raises(RequestError, match=r"\.webm or \.mkv"):
        find_format("cutout-vp9").check_path(Path("/x/a.mp4"))
    find_format("matte-vp9").check_path(Path("/x/a.mp4"))


def test_a_film_is_not_a_matte(tmp_path: Path) -> None:
    path = make_video(tmp_path / "film.mp4", [np.full((48, 64, 3), (200, 40, 40), np.uint8)] * 3)
    with pytest.raises(MaskletError, match="in colour"):
        read_matte(path)
    write_video(SCENE.masks[:3, ..., None].repeat(3, 3).astype(np.uint8) * 255, tmp_path / "matte.mp4")
    with pytest.raises(MaskletError, match="3 frames and the video 6"):
        read_matte(tmp_path / "matte.mp4", ArraySource(SCENE.frames).info)


def test_layers_are_called_what_the_objects_are_called() -> None:
    names = {1: "The dog!", 7: "Object 7"}
    assert object_names(Material(ArraySource(SCENE.frames), [MASKLET, MIRRORED], 0, 1, names=names)) == {
        1: "The_dog_1",
        7: "Object_7",
    }
    assert object_names(Material(ArraySource(SCENE.frames), [MASKLET], 0, 1)) == {1: "object_1"}


@pytest.fixture
def tam(capsys: pytest.CaptureFixture[str]) -> Tam:
    def run(*arguments: object) -> Result:
        return run_tam(capsys, *arguments)

    return run


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    write_davis([MASKLET, MIRRORED], tmp_path / "masks", range(COUNT))
    return tmp_path / "masks"


def test_export_goes_from_any_masks_to_any_format_and_back(tam: Tam, clip: Path, masks: Path, tmp_path: Path) -> None:
    pytest.importorskip("OpenEXR")
    done = tam("export", clip, "--masks", masks, "--format", "json", "-o", tmp_path / "a.json")
    assert done.code == 0, done.err
    hard = ("--format", "cryptomatte", "--hard", "-o", tmp_path / "crypto")
    done = tam("export", clip, "--masks", tmp_path / "a.json", *hard)
    assert done.code == 0 and "2 objects" in done.out, done.err
    done = tam("export", clip, "--masks", tmp_path / "a.json", "--format", "davis", "-o", tmp_path / "back")
    assert done.code == 0, done.err
    assert read_davis(tmp_path / "back") == read_davis(masks)
    from tam_core.formats.exr import read_exr_masks

    assert {one.object_id for one in read_exr_masks(tmp_path / "crypto")} == {1, 7}


def test_export_writes_beside_the_video_and_only_what_was_chosen(tam: Tam, masks: Path, tmp_path: Path) -> None:
    video = make_video(tmp_path / "film.mkv", SCENE.frames, codec="ffv1", pixel_format="bgr0")
    done = tam("export", video, "--masks", masks, "--format", "json", "--object", 7, "--start", 2)
    assert done.code == 0 and "4 frames, 1 object " in done.out, done.err
    (found,) = read_masklets(tmp_path / "film-json.json")
    assert found.object_id == 7 and found.frames == [2, 3, 4, 5]


def test_pictures_in_the_folder_one_is_in_are_exported_beside_it(
    tam: Tam, clip: Path, masks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_video(open_video(clip).frames(), tmp_path / "shot")
    monkeypatch.chdir(tmp_path / "shot")
    done = tam("export", ".", "--masks", masks, "--format", "json")
    assert done.code == 0, done.err
    assert (tmp_path / "shot-json.json").exists()


def test_settings_of_a_format_reach_it(tam: Tam, clip: Path, masks: Path, tmp_path: Path) -> None:
    pytest.importorskip("OpenEXR")
    from tam_core.formats.exr import read_exr

    chosen = ("--format", "exr", "--set", "layers=matte", "-o", tmp_path / "e", "--stop", 1)
    done = tam("export", clip, "--masks", masks, *chosen)
    assert done.code == 0, done.err
    assert sorted(read_exr(tmp_path / "e" / "00000.exr").planes) == ["A", "object_1.matte", "object_7.matte"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--format", "davis", "--soft"), "davis holds hard masks"),
        (("--format", "exr", "--set", "layers=many"), "one of colour, matte"),
        (("--format", "exr", "--set", "shine=1"), "no setting 'shine=1'"),
        (("--format", "exr", "--set", "band=wide"), "a number, 0 to 64 px"),
        (("--format", "gif"), "no export format is named 'gif'"),
        (("--format", "h264"), "is of a result"),
        (("--format", "json", "--object", 3), "there is no object 3; there are: [1, 7]"),
    ],
)
def test_what_cannot_be_exported_is_said(
    words: tuple[object, ...], said: str, tam: Tam, clip: Path, masks: Path
) -> None:
    done = tam("export", clip, "--masks", masks, *words)
    assert done.code == 2 and said in done.err


def test_export_without_masks_asks_for_them(tam: Tam, clip: Path) -> None:
    done = tam("export", clip, "--format", "davis")
    assert done.code == 2 and "--masks PATH, or --project" in done.err


def test_export_names_its_formats(tam: Tam) -> None:
    done = tam("export", "--list")
    assert done.code == 0 and all(row.name in done.out for row in EXPORTS if row.takes == "masklets")


def ramp() -> np.ndarray:
    """16 bits, from black to white along 64 columns."""
    return np.broadcast_to(np.linspace(0, 65535, 64).astype(np.uint16), (48, 64)).copy()


def test_a_matte_of_16_bits_is_that_of_8(tmp_path: Path) -> None:
    for name, levels in (("deep", ramp()), ("plain", (ramp() >> 8).astype(np.uint8))):
        (tmp_path / name).mkdir()
        Image.fromarray(levels).save(tmp_path / name / "00000.png")
    (deep,), (plain,) = read_masks(tmp_path / "deep"), read_masks(tmp_path / "plain")
    assert deep.rles == plain.rles and deep.object_id == 1
    assert 0.45 < deep.mask(0).mean() < 0.55


def test_object_numbers_may_have_16_bits(tmp_path: Path) -> None:
    labels = np.zeros((48, 64), np.uint16)
    labels[:, :20], labels[:, 40:] = 1, 7
    Image.fromarray(labels).save(tmp_path / "00000.png")
    assert [one.object_id for one in read_masks(tmp_path)] == [1, 7]
    assert np.array_equal(read_labels(tmp_path / "00000.png"), labels)


def test_a_grey_picture_of_16_bits_is_put_in_as_it_looks(tmp_path: Path) -> None:
    Image.fromarray(ramp()).save(tmp_path / "logo.png")
    assert np.array_equal(read_rgba(tmp_path / "logo.png")[..., 0], ramp() >> 8)


@pytest.mark.parametrize("content", [b"", b"milk, eggs", 60])
def test_a_damaged_mask_is_named(tmp_path: Path, content: bytes | int) -> None:
    for index in range(2):
        Image.fromarray((ramp() >> 8).astype(np.uint8)).save(tmp_path / f"{index:05d}.png")
    file = tmp_path / "00001.png"
    file.write_bytes(file.read_bytes()[:content] if isinstance(content, int) else content)
    for read in (read_masks, read_matte):
        with pytest.raises(MaskletError, match=r"00001\.png"):
            read(tmp_path)
