"""SA-V's JSON and its folders: the numbers of the paper's data set, both ways."""

import json
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as coco_mask

from tam_core.errors import MaskletError
from tam_core.formats import read_masks
from tam_core.formats.sav import read_sav, write_sav
from tam_core.formats.sav_folder import read_sav_folder, write_sav_folder
from tests.formats import HEIGHT, WIDTH, block, info, masklet, objects_of, pictures

KEYS = [
    "video_id",
    "video_duration",
    "video_frame_count",
    "video_height",
    "video_width",
    "video_resolution",
    "video_environment",
    "video_split",
    "masklet",
    "masklet_id",
    "masklet_size_rel",
    "masklet_size_abs",
    "masklet_size_bucket",
    "masklet_visibility_changes",
    "masklet_first_appeared_frame",
    "masklet_frame_count",
    "masklet_edited_frame_count",
    "masklet_type",
    "masklet_stability_score",
    "masklet_num",
]
NOTHING = block(0, width=0)


def written(folder: Path, *args: Any, name: str = "sav_7_manual.json", **settings: Any) -> dict[str, Any]:
    write_sav(*args[:1], folder / name, *args[1:], **settings)
    document = json.loads((folder / name).read_text())
    assert isinstance(document, dict)
    return document


@settings(max_examples=15, deadline=None)
@given(pictures(9), st.sampled_from([Fraction(24), Fraction(30000, 1001), Fraction(15), Fraction(5)]), st.booleans())
def test_what_is_written_is_read_back(labels: list[list[int]], rate: Fraction, every_frame: bool) -> None:
    step = 1 if every_frame else {24: 4, 15: 2, 5: 1}.get(round(rate), 5)
    objects = objects_of(labels, step)
    if not objects:
        return
    facts = info(9, rate)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a_manual.json"
        write_sav(objects, path, facts, every_frame=every_frame)
        assert read_masks(path) == read_sav(path) == objects
        write_sav_folder(objects, Path(folder) / "val", facts, every_frame=every_frame)
        assert read_masks(Path(folder) / "val") == objects


def test_the_facts_are_those_of_the_data_set(tmp_path: Path) -> None:
    comes = masklet(1, {0: NOTHING, 4: block(0), 8: NOTHING, 12: block(2, height=4)})
    stays = masklet(3, {frame: block(4) for frame in range(13)})
    document = written(tmp_path, [stays, comes], info(13), environment="Indoor", edited={3: 2})
    assert list(document) == KEYS
    assert document["video_id"] == "sav_7"
    assert (document["video_frame_count"], document["video_duration"]) == (13.0, pytest.approx(13 / 24))
    assert (document["video_height"], document["video_width"], document["video_resolution"]) == (6.0, 8.0, 48.0)
    assert document["masklet_id"] == [0, 2]
    assert document["masklet_size_abs"] == [9.0, 6.0], "the mean over frames on which it is visible"
    assert document["masklet_size_rel"] == [9 / 48, 6 / 48]
    assert document["masklet_size_bucket"] == ["small", "small"]
    assert document["masklet_visibility_changes"] == [2, 0]
    assert document["masklet_first_appeared_frame"] == [1.0, 0.0]
    assert document["masklet_frame_count"] == [4, 4]
    assert document["masklet_edited_frame_count"] == [4, 2], "not said for the first: those with a score of 1"
    assert document["masklet_type"] == ["manual", "manual"]
    assert document["masklet_stability_score"] == [None, None]
    assert (document["masklet_num"], len(document["masklet"]), len(document["masklet"][0])) == (2, 4, 2)
    assert np.array_equal(coco_mask.decode(document["masklet"][3][0]).astype(bool), block(2, height=4))


@pytest.mark.parametrize(("side", "bucket"), [(31, "small"), (32, "medium"), (95, "medium"), (96, "large")])
def test_sizes_are_in_buckets(tmp_path: Path, side: int, bucket: str) -> None:
    from tam_core import rle
    from tam_core.masklet import Masklet

    mask = np.zeros((100, 100), dtype=bool)
    mask[:side, :side] = True
    one = Masklet(1, mask.shape, {0: rle.encode(mask)}, {0: 1.0})
    document = written(tmp_path, [one], info(1, height=100, width=100))
    assert document["masklet_size_bucket"] == [bucket]


def test_automatic_masklets_have_a_stability_for_each_mask(tmp_path: Path) -> None:
    unsure = replace(masklet(1, {0: block(0), 4: block(1)}), scores={0: 0.5, 4: 0.75})
    document = written(tmp_path, [unsure], info(8), name="sav_7_auto.json")
    assert document["masklet_stability_score"] == [[0.5], [0.75]]
    assert document["masklet_type"] == ["auto"]
    assert document["masklet_edited_frame_count"] == [0]
    assert read_masks(tmp_path / "sav_7_auto.json") == [unsure]


def test_frames_between_have_no_entry_and_untracked_ones_are_empty(tmp_path: Path) -> None:
    written(tmp_path, [masklet(1, {0: block(0), 1: block(1)})], info(9), frames=range(8))
    (found,) = read_masks(tmp_path / "sav_7_manual.json")
    assert found.frames == [0, 4, 8]
    assert found.visible_frames == [0]


def test_objects_in_folders_may_overlap_and_have_their_own_frames(tmp_path: Path) -> None:
    person, hand = masklet(1, {0: block(0, width=6), 4: block(1)}), masklet(2, {4: block(1)})
    write_sav_folder([person, hand], tmp_path / "val", info(8), video="sav_000123")
    place = tmp_path / "val" / "Annotations_6fps" / "sav_000123"
    listed = sorted(path.relative_to(place).as_posix() for path in place.rglob("*.png"))
    assert listed == ["000/00000.png", "000/00004.png", "001/00004.png"]
    for given_path in (place, tmp_path / "val", tmp_path / "val" / "Annotations_6fps", f"{tmp_path}/val#sav_000123"):
        assert read_masks(given_path) == [person, hand]


def test_folders_that_are_not_sav_say_so(tmp_path: Path) -> None:
    (tmp_path / "000").mkdir()
    with pytest.raises(MaskletError, match="no masks"):
        read_sav_folder(tmp_path)
    Image.fromarray(np.ones((4, 4), np.uint8)).save(tmp_path / "000" / "00000.png")
    (tmp_path / "001").mkdir()
    Image.fromarray(np.ones((4, 5), np.uint8)).save(tmp_path / "001" / "00000.png")
    with pytest.raises(MaskletError, match="different sizes"):
        read_sav_folder(tmp_path)


BROKEN: list[dict[str, Any]] = [
    {"video_frame_count": 1.0},
    {"video_duration": 0.0},
    {"video_frame_count": float("inf")},
    {"video_height": 5.0},
    {"masklet_id": [0, 1]},
    {"masklet_id": None},
    {"masklet": [[{"size": [6, 8], "counts": "?"}]] * 2},
]


@pytest.mark.parametrize("change", BROKEN, ids=lambda change: next(iter(change)))
def test_broken_files_are_refused_by_name(tmp_path: Path, change: dict[str, Any]) -> None:
    document = written(tmp_path, [masklet(1, {0: block(0)})], info(30, Fraction(90))) | change
    (tmp_path / "broken.json").write_text(json.dumps(document))
    with pytest.raises(MaskletError, match=r"broken\.json is not SA-V"):
        read_masks(tmp_path / "broken.json")


def test_nothing_to_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MaskletError, match="at least one object"):
        write_sav([], tmp_path / "a.json", info(3))
    with pytest.raises(MaskletError, match="length is known"):
        write_sav(
            [masklet(1, {0: block(0)})], tmp_path / "a.json", replace(info(1, Fraction(24), HEIGHT, WIDTH), times=None)
        )
    with pytest.raises(MaskletError, match="no object"):
        write_sav_folder([], tmp_path / "a", info(3))
    assert list(tmp_path.iterdir()) == []
