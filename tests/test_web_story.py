"""The whole story in a real browser, on the bundled sample and, with -m slow, on a real clip."""

from pathlib import Path

import pytest

from tests.browser import launched, serving, tab
from tests.media import shared_clip
from tests.web_story import DOG, ROBOT, Plot, tell


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("plot", [ROBOT, pytest.param(DOG, marks=pytest.mark.slow)], ids=["sample", "real clip"])
def test_from_a_file_to_a_file(plot: Plot, tmp_path: Path) -> None:
    if plot is DOG:
        shared_clip(plot.clip.name)
    with (
        launched() as browser,
        serving(tmp_path / "data", plot.clip.parent) as worker,
        tab(browser, worker) as studio,
    ):
        tell(studio, plot, tmp_path / "result.mp4")
