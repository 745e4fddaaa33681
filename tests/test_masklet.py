"""Masklets and their file formats."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tam_core import rle
from tam_core.errors import MaskletError, OutputError, SourceNotFoundError
from tam_core.formats.davis import read_davis, write_davis
from tam_core.formats.masklet_json import read_masklets, write_masklets
from tam_core.masklet import Masklet, union_mask
from tam_core.types import Mask
from tam_core.video import VideoInfo

INFO = VideoInfo(8, 6, Fraction(30000, 1001))


def block(left: int, width: int = 3) -> Mask:
    mask = np.zeros((6, 8), dtype=bool)
    mask[1:4, left : left + width] = True
    return mask


def masklet(object_id: int, masks: dict[int, Mask]) -> Masklet:
    return Masklet(object_id, (6, 8), {i: rle.encode(m) for i, m in masks.items()}, {i: 0.25 + i / 8 for i in masks})


def test_untracked_and_invisible_are_two_things() -> None:
    one = masklet(1, {2: block(0), 3: block(0, 0)})
    assert one.mask(1) is None
    assert one.mask(3) is not None and not one.mask(3).any()
    assert one.frames == [2, 3]
    assert one.visible_frames == [2]
    assert one.without([2]).frames == [3]
    assert replace(one, flags={2: "looks changed", 3: "vanished"}).without([2]).flags == {3: "vanished"}


def test_union_is_all_objects_together() -> None:
    both = [masklet(1, {0: block(0)}), masklet(2, {0: block(4), 1: block(4)})]
    assert np.array_equal(union_mask(both, 0), block(0) | block(4))
    assert np.array_equal(union_mask(both, 1), block(4))
    assert union_mask(both, 2) is None


def test_json_round_trip_is_exact(tmp_path: Path) -> None:
    saved = [masklet(1, {0: block(0), 7: block(0, 0)}), masklet(9, {3: block(2)})]
    write_masklets(saved, tmp_path / "m.json", INFO)
    assert read_masklets(tmp_path / "m.json") == saved
    assert json.loads((tmp_path / "m.json").read_text())["video"]["rate"] == "30000/1001"
    assert [path.name for path in tmp_path.iterdir()] == ["m.json"], "no temporary file stays"


def test_json_keeps_flags_and_reads_files_without_them(tmp_path: Path) -> None:
    flagged = replace(masklet(1, {0: block(0), 4: block(2)}), flags={4: "area jumped x3.1"})
    write_masklets([flagged], tmp_path / "m.json", INFO)
    assert read_masklets(tmp_path / "m.json") == [flagged]
    document = json.loads((tmp_path / "m.json").read_text())
    assert "flag" not in document["objects"][0]["frames"]["0"]
    assert document["objects"][0]["frames"]["4"].pop("flag") == "area jumped x3.1"
    (tmp_path / "old.json").write_text(json.dumps(document))
    assert read_masklets(tmp_path / "old.json") == [masklet(1, {0: block(0), 4: block(2)})]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(format="coco"),
        lambda d: d.update(version=99),
        lambda d: d.pop("objects"),
        lambda d: d["objects"][0].update(size=[60, 80]),
        lambda d: d["objects"][0]["frames"]["0"].update(counts="~~~"),
        lambda d: d["objects"][0].update(frames=[1, 2]),
        lambda d: d["video"].update(rate="fast"),
    ],
)
def test_json_that_is_not_ours_is_refused(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "m.json"
    write_masklets([masklet(1, {0: block(0)})], path, INFO)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(MaskletError, match=r"m\.json"):
        read_masklets(path)


def test_json_missing_or_garbage(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError):
        read_masklets(tmp_path / "nothing.json")
    (tmp_path / "x.json").write_bytes(b"\xff\x00")
    with pytest.raises(MaskletError):
        read_masklets(tmp_path / "x.json")


def test_davis_round_trip_keeps_objects_and_absences(tmp_path: Path) -> None:
    write_davis(
        [masklet(1, {0: block(0), 1: block(0, 0)}), masklet(2, {0: block(4), 1: block(5)})], tmp_path / "m", range(2)
    )
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["00000.png", "00001.png"]
    with Image.open(tmp_path / "m/00000.png") as picture:
        assert picture.mode == "P"
        assert picture.getpalette()[:9] == [0, 0, 0, 128, 0, 0, 0, 128, 0], "the DAVIS palette"
        assert set(np.unique(np.array(picture))) == {0, 1, 2}
    first, second = read_davis(tmp_path / "m")
    assert np.array_equal(first.mask(0), block(0))
    assert first.mask(1) is not None and not first.mask(1).any()
    assert np.array_equal(second.mask(1), block(5))


def test_davis_higher_number_is_in_front(tmp_path: Path) -> None:
    write_davis([masklet(2, {0: block(2)}), masklet(1, {0: block(0)})], tmp_path / "m", [0])
    first, second = read_davis(tmp_path / "m")
    assert np.array_equal(second.mask(0), block(2))
    assert np.array_equal(first.mask(0), block(0, 2))


def test_davis_reads_black_and_white_masks_as_object_1(tmp_path: Path) -> None:
    Image.fromarray(block(3).astype(np.uint8) * 255).save(tmp_path / "00004.png")
    (only,) = read_davis(tmp_path)
    assert only.object_id == 1
    assert np.array_equal(only.mask(4), block(3))


def test_davis_void_is_no_object(tmp_path: Path) -> None:
    Image.fromarray(block(0).astype(np.uint8) + np.where(block(5), 255, 0).astype(np.uint8)).save(tmp_path / "0.png")
    assert [one.object_id for one in read_davis(tmp_path)] == [1]


def test_davis_folder_mistakes(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError):
        read_davis(tmp_path / "none")
    with pytest.raises(MaskletError, match="no masks"):
        read_davis(tmp_path)
    Image.fromarray(np.ones((4, 4), np.uint8)).save(tmp_path / "0.png")
    Image.fromarray(np.ones((5, 4), np.uint8)).save(tmp_path / "1.png")
    with pytest.raises(MaskletError, match="different sizes"):
        read_davis(tmp_path)
    (tmp_path / "1.png").write_text("not a picture")
    with pytest.raises(MaskletError, match="not a picture"):
        read_davis(tmp_path)


def test_davis_does_not_replace_a_folder_of_other_things(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(OutputError, match=r"thesis\.doc"):
        write_davis([masklet(1, {0: block(0)})], tmp_path, [0])
    assert (tmp_path / "thesis.doc").read_text() == "years of work"


def test_davis_refuses_numbers_that_a_png_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(MaskletError, match=r"\.json"):
        write_davis([masklet(300, {0: block(0)})], tmp_path / "m", [0])
