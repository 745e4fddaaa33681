"""In each Blender: which frames strips show, and that results are where and when they should be, pixel by pixel."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from plugin.pack import pack
from tam_core.types import Mask, Pixels
from tam_core.video import FrameSource, open_video
from tests.hosts import programs
from tests.media import make_clip, make_video, numbered
from tests.scenes import iou

SCRIPTS = Path(__file__).parent / "blender"
SAMPLE = Path(__file__).parents[2] / "examples/sample"
FRAMES = (20, 26, 33)
OBJECT = 0.015
"""Least share of the picture that the object takes."""


@dataclass(frozen=True)
class Story:
    """What was told in a Blender: its facts, and the folder with its pictures."""

    facts: dict[str, Any]
    folder: Path

    def rendered(self, case: str, frame: int) -> Pixels:
        """(H, W, 4) RGBA."""
        with Image.open(self.folder / f"{case}_{frame}.png") as picture:
            return np.array(picture.convert("RGBA"))

    def written(self, kind: str, frame: int) -> Pixels:
        """What the worker wrote for what the source shows at a scene frame, as RGBA."""
        told = self.facts[kind]["told"][frame - FRAMES[0]]
        with Image.open(Path(self.facts[kind]["folder"]) / f"{told:05d}.png") as picture:
            return np.array(picture.convert("RGBA"))

    def object(self, frame: int) -> Mask:
        return np.asarray(self.written("matte", frame)[..., 0] > 127)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The add-on as users get it."""
    folder = tmp_path_factory.mktemp("archive")
    pack("blender", folder)
    (found,) = folder.glob("*.zip")
    return found


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos of several rates, one of no rate, and a folder of pictures; beside each video the times of its frames."""
    folder = tmp_path_factory.mktemp("clips")
    for name, rate in (("25", Fraction(25)), ("2997", Fraction(30000, 1001)), ("60", Fraction(60))):
        make_clip(folder / f"{name}.mp4", 60, rate=rate)
    lengths = [40] * 10 + [100] * 10 + [33] * 10 + [200] * 10
    times = np.cumsum([0, *lengths])[:-1].tolist()
    make_clip(folder / "vfr.mp4", 40, pts=times, tick=Fraction(1, 1000))
    for path in list(folder.glob("*.mp4")):
        begins = open_video(path).info.times or ()
        path.with_name(f"{path.name}.times").write_text(" ".join(str(float(one)) for one in begins))
    (folder / "pictures").mkdir()
    for index in range(30):
        Image.fromarray(numbered(index)).save(folder / "pictures" / f"p{index + 5}.png")
    return folder


def test_the_add_on_knows_which_frame_every_kind_of_strip_shows(
    blender: programs.Blender, archive: Path, clips: Path, tmp_path: Path
) -> None:
    facts = blender.run(SCRIPTS / "strip_timing.py", tmp_path, archive, clips, tmp_path)
    assert len(facts["strips"]) >= 20
    for strip in facts["strips"]:
        assert strip["told"] == strip["seen"]
        assert strip["back"] == 0 or strip["speed"] < 1
    assert "without retiming" in facts.get("retimed in parts", "without retiming")


def halved(source: FrameSource) -> Iterator[Pixels]:
    """60 frames at half the size, to save time."""
    for frame in source.frames(0, 60):
        yield cv2.resize(frame.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def story(blender: programs.Blender, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The robot of the sample is picked, tracked, removed, and every result put into the project."""
    folder = tmp_path_factory.mktemp("results")
    clip = make_video(folder / "video.mp4", halved(open_video(SAMPLE / "video.mp4")), rate=Fraction(24))
    with Image.open(SAMPLE / "masks/00009.png") as picture:
        rows, columns = (found // 2 for found in np.nonzero(np.array(picture)))
    try:
        facts = blender.run(
            SCRIPTS / "results.py",
            folder,
            archive,
            clip,
            folder,
            np.median(columns) + 0.5,
            np.median(rows) + 0.5,
            timeout=300,
        )
        yield Story(facts, folder)
    finally:
        programs.end_worker(folder)


def test_nothing_is_made_of_nothing(story: Story) -> None:
    assert story.facts["refused"] == [["CANCELLED"]] * 3


def test_results_lie_above_their_source_and_show_its_frames(story: Story) -> None:
    for channel, kind in enumerate(("edited", "patch", "matte"), 2):
        made = story.facts[kind]
        assert made["channel"] == channel and made["of"] == "clip" and made["start"] == 11
        assert made["handles"] == [20, 60] and made["told"] == list(range(9, 49))
        assert made["pictures"] == [f"{one:05d}.png" for one in made["told"]]
    assert [story.facts[kind]["mute"] for kind in ("edited", "patch", "matte")] == [False, False, True]


def test_the_edited_strip_is_the_workers_result(story: Story) -> None:
    for frame in FRAMES:
        difference = np.abs(story.rendered("edited", frame).astype(int) - story.written("edited", frame))
        assert difference.max() <= 1


def test_a_patch_over_the_source_is_the_result_there_and_the_source_elsewhere(story: Story) -> None:
    for frame in FRAMES:
        patched, changed = story.rendered("patched", frame).astype(int), story.written("patch", frame)[..., 3] > 0
        assert changed.mean() > OBJECT
        assert np.abs(patched - story.written("edited", frame))[changed].max() <= 1
        assert np.array_equal(patched[~changed], story.rendered("source", frame)[~changed])


def test_the_matte_is_exact_and_one_modifier_with_it_cuts_the_strip_out(story: Story) -> None:
    assert story.facts["strips before"] == story.facts["strips after"]  # the matte that is there was taken
    for frame in FRAMES:
        visible = story.object(frame)
        assert visible.mean() > OBJECT
        assert np.array_equal(story.rendered("matte", frame)[..., 0] > 127, visible)
        cut, source = story.rendered("cut out", frame), story.rendered("source", frame)
        assert np.array_equal(cut[..., 3] > 127, visible)
        assert np.abs(cut.astype(int) - source)[visible].max() <= 1


def test_the_result_of_a_moved_strip_lies_exactly_over_it(story: Story) -> None:
    source, edited = story.rendered("moved source", 26), story.rendered("moved edited", 26)
    assert np.array_equal(source[..., 3], edited[..., 3]) and 0.1 < (source[..., 3] > 0).mean() < 0.6
    assert np.abs(source.astype(int) - edited).mean() < 6


def test_the_result_of_a_slowed_strip_is_as_slow(story: Story) -> None:
    slow = story.facts["slow"]
    assert slow["channel"] == 22 and slow["told"][0] == 9
    assert slow["pictures"] == [f"{one:05d}.png" for one in slow["told"]]


def test_splines_of_few_points_follow_the_object_and_the_window_is_as_it_was(story: Story) -> None:
    mask = story.facts["mask"]
    assert mask["untouched"] and mask["layers"] == ["Object 1", "Object 1 holes"]
    assert set(mask["points"]) == {64} and len(mask["points"]) <= 12
    for frame in FRAMES:
        assert iou(story.rendered("splines", frame)[..., 0] > 127, story.object(frame)) > 0.9


def test_the_compositor_cuts_the_object_out(story: Story) -> None:
    for frame in FRAMES:
        composed, visible = story.rendered("composed", frame), story.object(frame)
        assert np.array_equal(composed[..., 3] > 127, visible)
        assert np.abs(composed.astype(int) - story.rendered("source", frame))[visible].mean() < 3


def test_markers_say_what_to_fix_and_those_of_the_user_are_not_touched(story: Story) -> None:
    mine, wanted = ["mine", 5], story.facts["fix next"]
    assert story.facts["markers"] == [
        [["TAM a: fix", 12], ["TAM b: fix", 15], mine],
        [["TAM a: fix", 14], mine],
        [mine],
    ]
    assert [frame for name, frame in story.facts["notes"] if name.endswith(": fix")] == [wanted][: wanted is not None]
