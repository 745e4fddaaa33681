"""The example, run as a reader would run it."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from tam_core.formats.davis import read_davis
from tam_core.video import open_video

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_replace_object(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.chdir(tmp_path)
    importlib.import_module("replace_object").main("out.mkv")
    assert "followed as a similarity" in capsys.readouterr().out
    before, after = open_video(EXAMPLES / "sample/video.mp4"), open_video("out.mkv")
    assert after.info.frame_count == 24
    (robot,) = read_davis(EXAMPLES / "sample/masks")
    for frame in (2, 12):
        mask = robot.mask(frame)
        assert mask is not None
        change = np.abs(before.read(frame).pixels.astype(int) - after.read(frame).pixels).max(2)
        assert (change[mask] > 12).mean() > 0.6
        assert (change[:, 400:] == 0).all()
