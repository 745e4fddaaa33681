"""YouTube-VOS folders, and finding the masks of one video in a data set's folder."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from tam_core.errors import MaskletError, OutputError, SourceNotFoundError
from tam_core.formats import read_masks
from tam_core.formats.davis import read_davis, read_labels, write_davis
from tam_core.formats.ytvos import read_ytvos, write_ytvos
from tam_core.video import ArraySource
from tests.formats import block, info, masklet, objects_of, pictures

ONE, TWO = masklet(1, {0: block(0), 5: block(1)}), masklet(2, {0: block(0, width=0), 5: block(5)})


@settings(max_examples=15, deadline=None)
@given(pictures(3))
def test_what_is_written_is_read_back(labels: list[list[int]]) -> None:
    objects = objects_of(labels)
    if not objects:
        return
    with tempfile.TemporaryDirectory() as folder:
        write_ytvos(objects, Path(folder) / "train", range(3))
        assert read_masks(Path(folder) / "train") == read_ytvos(Path(folder) / "train") == objects
        write_davis(objects, Path(folder) / "davis", range(3))
        assert read_masks(Path(folder) / "davis") == read_davis(Path(folder) / "davis") == objects


def test_the_folder_is_laid_out_as_the_data_set(tmp_path: Path) -> None:
    write_ytvos([ONE, TWO], tmp_path / "train", [0, 5], "0043f083b5", {2: "dog"})
    meta = json.loads((tmp_path / "train" / "meta.json").read_text())
    objects = meta["videos"]["0043f083b5"]["objects"]
    assert objects == {
        "1": {"category": "object", "frames": ["00000", "00005"]},
        "2": {"category": "dog", "frames": ["00005"]},
    }
    folder = tmp_path / "train" / "Annotations" / "0043f083b5"
    assert sorted(path.name for path in folder.iterdir()) == ["00000.png", "00005.png"]
    assert np.array_equal(read_labels(folder / "00005.png"), np.where(block(5), 2, block(1)))
    for path in (tmp_path / "train", tmp_path / "train" / "meta.json", folder, f"{tmp_path / 'train'}#0043f083b5"):
        assert read_masks(path) == [ONE, TWO]
    with pytest.raises(OutputError, match=r"meta\.json"):
        write_ytvos([ONE], tmp_path / "train", [0])


def test_numbers_past_the_end_count_in_order_where_there_are_just_as_many_frames(tmp_path: Path) -> None:
    write_ytvos([ONE, TWO], tmp_path / "train", [0, 5])
    assert [one.frames for one in read_masks(tmp_path / "train", info(6))] == [[0, 5], [0, 5]]
    assert [one.frames for one in read_masks(tmp_path / "train", info(2))] == [[0, 1], [0, 1]]
    assert [one.visible_frames for one in read_masks(tmp_path / "train", info(2))] == [[0, 1], [1]]


def test_an_object_that_is_listed_but_never_drawn_is_never_visible(tmp_path: Path) -> None:
    write_ytvos([ONE, masklet(4, {0: block(0, width=0)})], tmp_path / "train", [0, 5])
    one, four = read_masks(tmp_path / "train")
    assert (one.object_id, four.object_id) == (1, 4)
    assert four.frames == [0, 5] and four.visible_frames == []


def test_one_of_several_videos_is_chosen_by_name(tmp_path: Path) -> None:
    for size in ("480p", "Full-Resolution"):
        for name, object_ in (("bear", ONE), ("camel", TWO)):
            (tmp_path / "Annotations" / size).mkdir(parents=True, exist_ok=True)
            write_davis([object_], tmp_path / "Annotations" / size / name, [0, 5])
    (tmp_path / "JPEGImages").mkdir()
    write_davis([ONE], tmp_path / "JPEGImages" / "bear", [0])
    assert read_masks(f"{tmp_path}#Annotations/480p/camel")[0].object_id == 2
    assert read_masks(f"{tmp_path / 'Annotations' / '480p'}#camel")[0].object_id == 2
    with pytest.raises(MaskletError, match=r"4 videos \(Annotations/480p/bear, .*; choose one"):
        read_masks(tmp_path)
    with pytest.raises(MaskletError, match=r"no video 'cow'; there are 2: bear, camel"):
        read_masks(f"{tmp_path / 'Annotations' / '480p'}#cow")


@pytest.mark.parametrize(("name", "frames"), [("coco", [2, 3, 4]), ("ytvos", [2, 3, 4]), ("sav", [0, 4])])
def test_exports_are_read_back(tmp_path: Path, name: str, frames: list[int]) -> None:
    from plugin.exports import find_format
    from plugin.material import Material

    moving = masklet(2, {frame: block(frame) for frame in range(6)})
    row = find_format(name)
    path = tmp_path / f"out{row.suffix}"
    source = ArraySource(np.zeros((6, *moving.size, 3), np.uint8))
    assert sum(1 for _ in row.write(Material(source, [moving], 2, 5), path)) >= 3
    (found,) = read_masks(path, source.info)
    assert found.frames == frames
    assert found.visible_frames == [frame for frame in frames if 2 <= frame < 5]
    assert all(found.rles[frame] == moving.rles[frame] for frame in found.visible_frames)


def test_a_name_with_a_hash_is_itself(tmp_path: Path) -> None:
    write_davis([ONE], tmp_path / "take#2", [0, 5])
    assert read_masks(tmp_path / "take#2") == [ONE]


def test_what_is_not_there_or_not_understood_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="no such masks"):
        read_masks(tmp_path / "nothing")
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(MaskletError, match=r"thesis\.txt is there; understood are DAVIS"):
        read_masks(tmp_path)
    (tmp_path / "meta.json").write_text('{"videos": {"a": {}}}')
    with pytest.raises(MaskletError, match="not a YouTube-VOS folder: there is no 'objects'"):
        read_masks(tmp_path)
