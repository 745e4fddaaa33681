"""What an annotated folder is exported as, read back by the readers of these formats and by training."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tam_core import rle
from tam_core.annotate.datasets import annotated, write_dataset
from tam_core.annotate.queue import Queue
from tam_core.annotate.records import Work
from tam_core.annotate.store import PROPOSED, Store
from tam_core.errors import MaskletError, OutputError, RequestError
from tam_core.formats import read_masks
from tam_core.masklet import Masklet
from tam_core.training.masklets import draw_clip, find_labelled_videos
from tam_core.video import open_video
from tam_core.video.source import VideoInfo
from tests.command_line import run_tam
from tests.media import make_video
from tests.scenes import HEIGHT, WIDTH, crossing, disc_scene, iou

COUNT = 12
STEP = 4


def masklet(object_id: int, step: int = 1, score: float = 0.9) -> Masklet:
    masks = crossing(COUNT).masks
    frames = range(0, COUNT, step)
    return Masklet(object_id, (HEIGHT, WIDTH), {f: rle.encode(masks[f]) for f in frames}, dict.fromkeys(frames, score))


def facts(store: Store) -> "dict[str, VideoInfo]":
    return {name: open_video(path).info for name, path in store.videos.items()}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A video and a folder of pictures that are done, a video that is not, and one with automatic masklets as well."""
    folder = tmp_path / "videos"
    (folder / "pictures").mkdir(parents=True)
    for name in ("begun", "film"):
        make_video(folder / f"{name}.mp4", crossing(COUNT).frames)
    source = open_video(folder / "film.mp4")
    for frame in source.frames():
        Image.fromarray(frame.pixels).save(folder / f"pictures/shot{frame.index + 5}.png")
    queue = Queue(Store(folder), "ann")
    for name, masklets in (("film", [masklet(1), masklet(2)]), ("pictures", [masklet(1, STEP)])):
        taken = queue.take(name)
        draft = taken.worked(taken.draft(3), {1: Work(5, 1, 2)})
        taken.submit(draft, masklets, {one.object_id: (0, 8) for one in masklets}, source.info)
        taken.give_back()
        taken = queue.take(name)
        taken.judge()
        taken.give_back()
    queue.store.write_masklets("film", [masklet(1, score=0.8)], source.info, PROPOSED)
    return queue.store


def exported(store: Store, form: str, folder: Path, unverified: bool = False) -> list[str]:
    return list(write_dataset(form, annotated(store, facts(store).__getitem__, unverified), folder))


def test_sa_v_has_the_numbers_of_the_record(store: Store, tmp_path: Path) -> None:
    assert exported(store, "sav", tmp_path / "out") == ["film", "pictures"]
    document = json.loads((tmp_path / "out/film_manual.json").read_text())
    assert document["masklet_edited_frame_count"] == [2, 2]
    assert document["masklet_type"] == ["manual", "manual"]
    assert len(document["masklet"]) == COUNT // STEP
    automatic = json.loads((tmp_path / "out/film_auto.json").read_text())
    assert automatic["masklet_stability_score"] == [[0.8]] * (COUNT // STEP)
    assert (tmp_path / "out/film.mp4").is_file()
    found = read_masks(tmp_path / "out/film_manual.json")
    assert found[1].rles == {frame: code for frame, code in masklet(2).rles.items() if frame % STEP == 0}


def test_coco_and_youtube_vos_are_read_back(store: Store, tmp_path: Path) -> None:
    info = facts(store)["film"]
    exported(store, "coco", tmp_path / "coco")
    (first, second) = read_masks(tmp_path / "coco/film.json", info)
    assert first.frames == [0, 4, 8] and first.rles == second.rles
    exported(store, "ytvos", tmp_path / "ytvos")
    document = json.loads((tmp_path / "ytvos/meta.json").read_text())
    assert sorted(document["videos"]) == ["film", "pictures"]
    (found,) = read_masks(Path(f"{tmp_path}/ytvos#pictures"), facts(store)["pictures"])
    assert found.rles == masklet(1, STEP).rles
    assert not [path for path in (tmp_path / "ytvos").rglob("*") if ".part" in path.name]


def test_training_accepts_the_data_set_and_gets_the_masks(store: Store, tmp_path: Path) -> None:
    exported(store, "train", tmp_path / "out")
    videos = find_labelled_videos(tmp_path / "out")
    assert [(video.pictures.name, len(video.labels.frames)) for video in videos] == [("pictures", 3), ("film.mp4", 12)]
    clip = videos[0].clip([0, 8], [1])
    assert np.array_equal(clip.masks[:, 0], crossing(COUNT).masks[[0, 8]])
    assert np.abs(clip.frames[1].astype(int) - open_video(store.videos["film"]).read(8).pixels).mean() < 3
    drawn = draw_clip(videos, np.random.default_rng(1), 3, 2)
    assert drawn.frames.shape == (3, HEIGHT, WIDTH, 3) and drawn.masks[0, 0].any()


def test_only_what_is_satisfactory_is_written(store: Store, tmp_path: Path) -> None:
    queue = Queue(store, "ann")
    taken = queue.take("begun")
    taken.submit(taken.draft(3), [masklet(1), masklet(2)], {1: (0,), 2: (0,)}, facts(store)["begun"])
    taken.give_back()
    assert exported(store, "coco", tmp_path / "verified") == ["film", "pictures"]
    assert exported(store, "coco", tmp_path / "all", unverified=True) == ["begun", "film", "pictures"]
    taken = queue.take("begun")
    taken.judge([2], "too small")
    taken.give_back()
    assert exported(store, "coco", tmp_path / "half") == ["begun", "film", "pictures"]
    assert [one.object_id for one in read_masks(tmp_path / "half/begun.json")] == [1]


def test_mistakes_are_named_and_leave_nothing(store: Store, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="sav, coco, ytvos, train"):
        exported(store, "vos", tmp_path / "out")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").touch()
    with pytest.raises(OutputError, match="is there already"):
        exported(store, "coco", tmp_path / "full")
    other = tmp_path / "other"
    other.mkdir()
    make_video(other / "a.mp4", crossing(2).frames)
    with pytest.raises(MaskletError, match="no masklet is satisfactory yet"):
        exported(Store(other), "coco", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "other", "videos"]


def test_the_command_lists_counts_and_exports(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = run_tam(capsys, "annotate", store.folder, "--list", "--annotator", "bob")
    assert "begun     to do" in listed.out and "film      satisfactory, by ann" in listed.out
    told = run_tam(capsys, "annotate", store.folder, "--statistics").out
    assert "2 of 3" in told and "3 manual, 3 satisfactory; 1 automatic" in told
    counted = json.loads(run_tam(capsys, "annotate", store.folder, "--json").out)
    assert counted["masks"] == 9
    result = run_tam(capsys, "annotate", store.folder, "--export", "train", "-o", tmp_path / "out")
    assert result.code == 0 and "2 videos as train" in result.out
    assert find_labelled_videos(tmp_path / "out")
    assert run_tam(capsys, "annotate", store.folder, "--export", "train").code == 2
    assert run_tam(capsys, "annotate", tmp_path / "nowhere", "--list").code == 2


def test_the_command_proposes_masklets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    scene = disc_scene(lambda frame: (80 + 2 * frame, 60), 4)
    make_video(folder / "a.mp4", scene.frames)
    asked = ("annotate", folder, "--propose", "--points", "1", "--segmenter", "grabcut", "--engine", "flow")
    result = run_tam(capsys, *asked)
    assert result.code == 0, result.err
    found = Store(folder).masklets("a", PROPOSED)
    assert f"a: {len(found)} automatic masklets" in result.out
    assert any(iou(one.rles[0].decode(), scene.masks[0]) > 0.7 for one in found)
    assert all(0 < one.scores[0] < 1 for one in found)
    assert run_tam(capsys, *asked).out == ""
