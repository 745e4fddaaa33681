"""What more than one file of tests is given."""

import random
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tam_core.project import Project
from tam_core.video import ArraySource, write_video
from tests.command_line import COUNT, Tam, run_tam
from tests.scenes import crossing


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Slow tests run when they are asked for."""
    if "slow" not in config.option.markexpr:
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="takes minutes; run with -m slow"))


@pytest.fixture
def tam(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Tam:
    """The command line in an empty folder, without downloaded models."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAM_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("TAM_DEBUG", "")  # restored afterwards, also when --debug has set it
    return partial(run_tam, capsys)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lossless clip of the disc, so that what is not removed can be compared bit for bit."""
    path = tmp_path_factory.mktemp("clip") / "disc.mkv"
    write_video(ArraySource(crossing(COUNT).frames, Fraction(24)).frames(), path, rate=Fraction(24), codec="ffv1")
    return path


@pytest.fixture(scope="session")
def first_mask(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mask") / "first.png"
    Image.fromarray(crossing(COUNT).masks[0].astype(np.uint8) * 255).save(path)
    return path


@pytest.fixture
def video_file(tmp_path: Path) -> Path:
    """For a project, which looks at the bytes of its video, not at its pictures."""
    path = tmp_path / "videos" / "clip.mp4"
    path.parent.mkdir()
    path.write_bytes(random.Random(1).randbytes(5000))
    return path


@pytest.fixture
def project(tmp_path: Path, video_file: Path) -> Iterator[Project]:
    with closing(Project.create(tmp_path / "work.tam", video_file)) as made:
        yield made
