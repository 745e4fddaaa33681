"""The examples, run as a reader would run them."""

import importlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tam_core.formats.masklet_json import read_masklets
from tam_core.video import ArraySource, open_video, write_video
from tests.scenes import crossing, iou

EXAMPLES = Path(__file__).parents[1] / "examples"
COUNT = 16


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., object]:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.chdir(tmp_path)
    write_video(ArraySource(crossing(COUNT).frames).frames(), tmp_path / "clip.mp4", rate=Fraction(24))
    return importlib.import_module


def test_track_an_object(example: Callable[..., object]) -> None:
    example("track_an_object").main("clip.mp4", "30", "60")
    (found,) = read_masklets(Path("tracked/masklets.json"))
    assert np.mean([iou(found.mask(i), crossing(COUNT).masks[i]) for i in range(COUNT)]) > 0.8
    assert len(list(Path("tracked/masks").iterdir())) == COUNT
    assert open_video("tracked/preview.mp4").info.frame_count == COUNT


def test_correct_a_track(example: Callable[..., object], capsys: pytest.CaptureFixture[str]) -> None:
    example("correct_a_track").main("clip.mp4", "30", "60", "75", "60")
    assert "least sure of frame" in capsys.readouterr().out
    assert read_masklets(Path("masklets.json"))[0].frames == list(range(COUNT))


def test_remove_an_object(example: Callable[..., object]) -> None:
    example("remove_an_object").main("clip.mp4", "30", "60", "clean.mp4")
    scene = crossing(COUNT)
    after = open_video("clean.mp4").read(8).pixels.astype(int)
    inside = scene.masks[8]
    assert (
        np.abs(after - scene.background[8])[inside].mean()
        < np.abs(scene.frames[8].astype(int) - after)[inside].mean() / 3
    )


def test_follow_a_camera(example: Callable[..., object]) -> None:
    scene = crossing(COUNT)
    masks = example("follow_a_camera").follow(iter(scene.frames), 30, 60)
    assert np.mean([iou(mask, truth) for mask, truth in zip(masks, scene.masks, strict=True)]) > 0.8


def test_every_example_is_tested_and_short() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    tested_here = {"track_an_object", "correct_a_track", "remove_an_object", "follow_a_camera"}
    assert names == tested_here | {"gallery", "moviepy_two_clips", "replace_object"}
    lines = {path.stem: len(path.read_text().splitlines()) for path in EXAMPLES.glob("*.py")}
    assert max(lines[name] for name in names - {"gallery"}) < 60, "to be read at a glance"
