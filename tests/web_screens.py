"""Pictures of every step of the story, as docs/page.md shows them.

python -m tests.web_screens docs/page                  the bundled sample, followed through all of its frames
python -m tests.web_screens /tmp/dog --real            a real clip (its frames are not ours to publish)
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.browser import Studio, launched, serving, tab
from tests.web_story import DOG, ROBOT, tell

QUALITY = 78
ALL = 71
"""The last frame of the sample."""


def camera(studio: Studio, folder: Path) -> Callable[[str], None]:
    """Takes a picture of the window for a step; they are numbered."""
    taken: list[str] = []

    def take(step: str) -> None:
        if step == "remove":  # looks as the next step does
            return
        taken.append(step)
        path = folder / f"{len(taken):02d}-{step.replace('_', '-')}.jpg"
        studio.page.screenshot(path=path, type="jpeg", quality=QUALITY)
        print(path, f"{path.stat().st_size / 1000:.0f} kB", flush=True)

    return take


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--light", action="store_true")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    plot = DOG if asked.real else replace(ROBOT, last=ALL, again=(388, 216), behind=(510, 190))
    with (
        tempfile.TemporaryDirectory() as data,
        launched() as browser,
        serving(Path(data), plot.clip.parent) as worker,
        tab(browser, worker, color_scheme="light" if asked.light else "dark") as studio,
    ):
        tell(studio, plot, Path(data) / "result.mp4", camera(studio, asked.folder))


if __name__ == "__main__":
    main()
