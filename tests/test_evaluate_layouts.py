"""Data sets are recognised by their folders, and read as their own evaluators read them."""

from pathlib import Path

import numpy as np
import pytest

from tam_core.errors import MaskletError, RequestError, SourceNotFoundError
from tam_core.evaluate.layouts import find_data_set
from tam_core.evaluate.sequences import thinned
from tests.evaluating import davis, put_labels, put_meta, put_pictures
from tests.scenes import crossing

SCENE = crossing(6)
TWO = SCENE.masks.astype(np.uint8)
TWO[3:, :20, :20] = 2  # a second object, from frame 3 on


def youtube(root: Path, numbers: list[int], labels: np.ndarray = TWO) -> Path:
    """Pictures 0, 5, 10 ...; masks on some of them."""
    put_pictures(root / "JPEGImages/clip", SCENE.frames, step=5)
    put_labels(root / "Annotations/clip", labels[[number // 5 for number in numbers]], numbers)
    return root


def test_davis_2016_has_one_object_in_white(tmp_path: Path) -> None:
    data = find_data_set(davis(tmp_path, SCENE))
    sequence = data.load("ball")
    assert (data.layout.name, data.names) == ("DAVIS", ("ball",))
    assert sequence.firsts == {1: 0}
    assert sequence.public
    assert sequence.scored(1) == [1, 2, 3, 4]
    assert sequence.annotated(1) == [0, 1, 2, 3, 4, 5]
    assert np.array_equal(sequence.mask(1, 3), SCENE.masks[3])
    assert np.array_equal(sequence.source().read(3).pixels, SCENE.frames[3])


def test_davis_2017_has_numbers_and_void(tmp_path: Path) -> None:
    labels = TWO.copy()
    labels[4, -5:, -5:] = 255
    put_pictures(tmp_path / "JPEGImages/480p/clip", SCENE.frames)
    put_labels(tmp_path / "Annotations/480p/clip", labels)
    put_pictures(tmp_path / "JPEGImages/Full-Resolution/other", SCENE.frames)
    put_labels(tmp_path / "Annotations/Full-Resolution/other", labels)
    data = find_data_set(tmp_path)
    sequence = data.load("clip")
    assert data.names == ("clip",)
    assert sequence.firsts == {1: 0, 2: 3}
    assert sequence.scored(2) == [4]
    assert set(sequence.voids) == {4}
    assert sequence.voids[4].area == 25


@pytest.mark.parametrize(("word", "name"), [("frames", "YouTube-VOS"), ("frame_range", "LVOS")])
def test_names_of_pictures_say_which_frames_are_annotated(tmp_path: Path, word: str, name: str) -> None:
    youtube(tmp_path, [0, 10, 20, 25])
    put_meta(tmp_path, "clip", {"1": {word: ["00000"]}})
    data = find_data_set(tmp_path)
    sequence = data.load("clip")
    assert data.layout.name == name
    assert sequence.firsts == {1: 0, 2: 4}
    assert sequence.scored(1) == [2, 4, 5]
    assert sequence.scored(2) == [5]


def test_mose_has_no_list_and_leaves_the_last_frame_out(tmp_path: Path) -> None:
    data = find_data_set(youtube(tmp_path, [0, 5, 10, 15, 20, 25]))
    assert data.layout.name == "MOSE"
    assert data.load("clip").scored(1) == [1, 2, 3, 4]


def test_where_only_the_beginnings_are_public_nothing_is_scored(tmp_path: Path) -> None:
    sequence = find_data_set(youtube(tmp_path, [0, 15])).load("clip")
    assert sequence.firsts == {1: 0, 2: 3}
    assert not sequence.public
    assert sequence.scored(1) == sequence.annotated(1) == []


def test_sav_has_a_folder_for_each_object_and_some_frames(tmp_path: Path) -> None:
    put_pictures(tmp_path / "JPEGImages_24fps/sav_1", np.repeat(SCENE.frames, 4, 0))
    put_labels(tmp_path / "Annotations_6fps/sav_1/000", SCENE.masks, range(0, 24, 4))
    put_labels(tmp_path / "Annotations_6fps/sav_1/001", SCENE.masks[2:4], (8, 12))
    sequence = find_data_set(tmp_path).load("sav_1")
    assert sequence.overlapping
    assert sequence.firsts == {1: 0, 2: 8}
    assert sequence.scored(1) == [4, 8, 12, 16]
    assert sequence.scored(2) == [12]


def test_frames_left_out_are_left_out_of_the_truth(tmp_path: Path) -> None:
    sequence = thinned(find_data_set(davis(tmp_path, SCENE)).load("ball"), 2)
    assert [path.stem for path in sequence.pictures] == ["00000", "00002", "00004"]
    assert sequence.annotated(1) == [0, 1, 2]
    assert np.array_equal(sequence.mask(1, 2), SCENE.masks[4])


def test_what_is_no_data_set_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="no folder"):
        find_data_set(tmp_path / "nowhere")
    (tmp_path / "valid").mkdir()
    with pytest.raises(RequestError, match=r"holds valid; .* often below 'valid'"):
        find_data_set(tmp_path)
    put_pictures(tmp_path / "JPEGImages/clip", SCENE.frames)
    put_labels(tmp_path / "Annotations/clip", TWO, range(100, 106))
    with pytest.raises(MaskletError, match="no mask that is named like a picture"):
        find_data_set(tmp_path).load("clip")
    (tmp_path / "meta.json").write_text("{}")
    with pytest.raises(MaskletError, match="not the list"):
        find_data_set(tmp_path)
