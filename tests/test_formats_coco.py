"""COCO and YouTube-VIS JSON: what is written is read back, pycocotools agrees, other people's files are understood."""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from tam_core.errors import MaskletError
from tam_core.formats import read_masks
from tam_core.formats.coco import read_coco, write_coco
from tam_core.formats.ytvis import read_ytvis, write_ytvis
from tam_core.types import Mask
from tests.formats import HEIGHT, WIDTH, block, info, masklet, objects_of, pictures

TWO = [masklet(1, {3: block(0), 4: block(0, width=0)}), masklet(7, {3: block(2), 4: block(4)})]


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def image(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "file_name": name, "height": HEIGHT, "width": WIDTH, **more}


def as_runs(mask: Mask) -> dict[str, Any]:
    """COCO's uncompressed code: run lengths column by column, beginning with a run of zeros."""
    flat = np.concatenate([[False], mask.ravel(order="F")])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    runs = np.diff(np.concatenate([[0], edges, [mask.size]]))
    return {"size": list(mask.shape), "counts": [int(run) for run in runs]}


@settings(max_examples=15, deadline=None)
@given(pictures(3))
def test_what_is_written_is_read_back(labels: list[list[int]]) -> None:
    objects = objects_of(labels)
    with tempfile.TemporaryDirectory() as folder:
        for write_it, read_it in ((write_coco, read_coco), (write_ytvis, read_ytvis)):
            path = Path(folder) / "m.json"
            write_it(objects, path, range(3), info(3))
            found = read_it(path)
            assert [one.rles for one in found] == [one.rles for one in objects]
            assert read_masks(path, info(3)) == found


def test_pycocotools_reads_the_same_masks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_coco(TWO, tmp_path / "m.json", [3, 4], info(5))
    data = COCO(str(tmp_path / "m.json"))
    assert [entry["frame_index"] for entry in data.loadImgs(data.getImgIds())] == [3, 4]
    entries = data.loadAnns(data.getAnnIds())
    assert [(entry["image_id"], entry["track_id"]) for entry in entries] == [(1, 1), (1, 7), (2, 7)]
    for entry, wanted in zip(entries, (block(0), block(2), block(4)), strict=True):
        assert np.array_equal(data.annToMask(entry).astype(bool), wanted)
        assert (entry["area"], entry["bbox"][2:]) == (6, [3, 2])
    assert "Done" in capsys.readouterr().out


def test_coco_keeps_ids_scores_and_what_is_not_visible(tmp_path: Path) -> None:
    unsure = [masklet(7, {3: block(2), 4: block(4)})]
    unsure[0].scores[3] = 0.25  # type: ignore[index]
    write_coco([*unsure, TWO[0]], tmp_path / "m.json", [3, 4], info(5))
    one, seven = read_coco(tmp_path / "m.json")
    assert (one.object_id, seven.object_id) == (1, 7)
    assert one.frames == [3, 4] and one.visible_frames == [3]
    assert dict(seven.scores) == {3: 0.25, 4: 1.0}


def test_names_are_categories(tmp_path: Path) -> None:
    write_coco(TWO, tmp_path / "coco.json", [3], info(5), names={7: "cat"})
    write_ytvis(TWO, tmp_path / "vis.json", [3], info(5), names={7: "cat"})
    for name in ("coco.json", "vis.json"):
        document = json.loads((tmp_path / name).read_text())
        named = {entry["id"]: entry["name"] for entry in document["categories"]}
        assert [named[entry["category_id"]] for entry in document["annotations"]] == ["object", "cat"]


@pytest.mark.parametrize("place", ["track_id", "instance_id", "attributes"])
def test_tracks_are_found_where_tools_put_them(tmp_path: Path, place: str) -> None:
    images = [image(11, "a.jpg", video_id=1, frame_id=0), image(12, "b.jpg", video_id=1, frame_id=1)]
    annotations = []
    for picture, track, left in ((11, 0, 0), (11, 1, 4), (12, 0, 1)):
        mark = {"attributes": {"track_id": track}} if place == "attributes" else {place: track}
        annotations.append({"image_id": picture, "category_id": 1, "segmentation": as_runs(block(left)), **mark})
    document = {"videos": [{"id": 1, "name": "v"}], "images": images, "annotations": annotations}
    found = read_masks(write(tmp_path / "m.json", document))
    assert [one.object_id for one in found] == [1, 2], "tracks from 0 are moved up"
    assert [one.visible_frames for one in found] == [[0, 1], [0]]
    assert np.array_equal(found[0].mask(1), block(1))


def test_plain_images_are_frames_and_categories_are_objects(tmp_path: Path) -> None:
    polygon = [[1, 1, 4, 1, 4, 3, 1, 3], [6, 1, 8, 1, 8, 3, 6, 3]]
    images = [image(5, "img10.jpg"), image(9, "img2.jpg")]
    annotations = [
        {"image_id": 5, "category_id": 3, "segmentation": polygon},
        {"image_id": 5, "category_id": 3, "segmentation": as_runs(block(0, top=4))},
        {"image_id": 9, "category_id": 8, "segmentation": []},
    ]
    found = read_masks(write(tmp_path / "m.json", {"images": images, "annotations": annotations}))
    assert [one.object_id for one in found] == [3, 8]
    assert found[0].visible_frames == [1], "img2 comes before img10"
    drawn = coco_mask.merge(coco_mask.frPyObjects(polygon, HEIGHT, WIDTH))
    assert np.array_equal(found[0].mask(1), coco_mask.decode(drawn).astype(bool) | block(0, top=4))
    assert found[1].frames == [0, 1] and found[1].visible_frames == []


def test_numbers_in_names_are_frames_where_only_some_are_listed(tmp_path: Path) -> None:
    images = [image(1, "clip_0008.jpg"), image(2, "clip_0004.jpg")]
    annotations = [{"image_id": 1, "category_id": 1, "segmentation": as_runs(block(0))}]
    path = write(tmp_path / "m.json", {"images": images, "annotations": annotations})
    assert read_masks(path, info(20))[0].visible_frames == [8]
    assert read_masks(path, info(2))[0].visible_frames == [1]


def test_one_of_several_videos_is_chosen_by_name(tmp_path: Path) -> None:
    document = {
        "videos": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
        "images": [image(1, "cat/0.jpg", video_id=1, frame_index=0), image(2, "dog/0.jpg", video_id=2, frame_index=0)],
        "annotations": [
            {"image_id": number, "track_id": number, "category_id": 1, "segmentation": as_runs(block(number))}
            for number in (1, 2)
        ],
    }
    path = write(tmp_path / "m.json", document)
    assert [one.object_id for one in read_masks(f"{path}#dog")] == [2]
    with pytest.raises(MaskletError, match=r"2 videos \(cat, dog\); choose one: '.*m.json#cat'"):
        read_masks(path)
    with pytest.raises(MaskletError, match="no video 'cow'"):
        read_masks(f"{path}#cow")


def test_every_fifth_frame_of_youtube_counts_in_order_where_the_video_has_just_these(tmp_path: Path) -> None:
    names = [f"0065b171f9/{number:05d}.jpg" for number in (0, 5, 10)]
    document = {
        "videos": [{"id": 4, "height": HEIGHT, "width": WIDTH, "length": 3, "file_names": names}],
        "annotations": [
            {"id": 1, "video_id": 4, "category_id": 1, "segmentations": [None, as_runs(block(0)), as_runs(block(1))]},
            {"id": 2, "video_id": 5, "category_id": 1, "segmentations": [None, None, None]},
        ],
    }
    path = write(tmp_path / "m.json", document)
    (sparse,) = read_masks(path, info(11))
    assert sparse.visible_frames == [5, 10] and sparse.frames == [0, 5, 10]
    assert read_masks(path, info(3))[0].visible_frames == [1, 2]


BROKEN = {
    "runs that do not fill": {"size": [HEIGHT, WIDTH], "counts": [3, 4]},
    "another size": {"size": [2, 2], "counts": [4]},
    "a code cut short": {"size": [HEIGHT, WIDTH], "counts": "0a"},
    "a box": [[0, 0, 5, 5]],
    "far away": [[0, 0, 1e12, 0, 1e12, 1e12]],
    "not numbers": [["a", "b", "c", "d", "e", "f"]],
    "nothing": None,
}


@pytest.mark.parametrize("segmentation", BROKEN.values(), ids=BROKEN.keys())
def test_broken_files_are_refused_by_name(tmp_path: Path, segmentation: Any) -> None:
    annotation = {"image_id": 1, "category_id": 1, "segmentation": segmentation}
    path = write(tmp_path / "m.json", {"images": [image(1, "a.jpg")], "annotations": [annotation]})
    with pytest.raises(MaskletError, match=r"m\.json is not COCO"):
        read_masks(path)


@pytest.mark.parametrize(
    "document", [[1, 2], {"shapes": []}, {"videos": 3, "annotations": []}, {"images": [], "annotations": []}]
)
def test_what_is_not_understood_says_what_was_seen(tmp_path: Path, document: Any) -> None:
    with pytest.raises(MaskletError, match=r"m\.json"):
        read_masks(write(tmp_path / "m.json", document))
    with pytest.raises(MaskletError, match="is not JSON"):
        (tmp_path / "n.json").write_text("{")
        read_masks(tmp_path / "n.json")
    with pytest.raises(MaskletError, match=r"folder of PNGs or as \.json"):
        (tmp_path / "n.xml").write_text("<a/>")
        read_masks(tmp_path / "n.xml")
