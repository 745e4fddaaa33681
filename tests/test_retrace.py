"""Tracking that was interrupted: it goes on where its masks end, and finds what it would have found."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tam_core.history import Propagated
from tam_core.project import Project
from tam_core.prompts import Click, MaskPrompt
from tam_core.session import Session
from tam_core.video import ArraySource
from tests.colour_engines import COUNT, ColourSegmenter, ColourTracker, red_and_blue
from tests.networks import load_tracker
from tests.scenes import crossing, disc

LENGTH = 30
SCENE = crossing(LENGTH)


def begun(name: str, project: Project | None = None) -> Session:
    """A disc prompted at both ends, and a second object that comes later."""
    session = Session(ArraySource(SCENE.frames), tracker=load_tracker(name), project=project)
    if not session.objects:
        session.prompt(MaskPrompt(2, 1, SCENE.masks[2]))
        session.prompt(MaskPrompt(26, 1, SCENE.masks[26]))
        session.prompt(MaskPrompt(12, 2, disc(20, 100, 10)))
    return session


def tracked(session: Session, count: int | None = None) -> list[int]:
    """The frames of the first so many steps; then it is stopped."""
    with closing(session.propagate(across_cuts="stop")) as passing:
        return [found.frame for found in islice(passing, count)]


def likeness(one: Session, other: Session) -> float:
    """The mean IoU of all masks, which are of the same frames."""
    pairs = [(masklet, other.masklets[object_id]) for object_id, masklet in one.masklets.items()]
    assert all(masklet.frames == again.frames for masklet, again in pairs)
    return float(
        np.mean([code.iou(again.rles[frame]) for masklet, again in pairs for frame, code in masklet.rles.items()])
    )


@pytest.mark.parametrize(("name", "alike"), [("flow", 0.98), ("small-sam2", 0.9)])
@pytest.mark.parametrize("stopped", [22, 40], ids=["forwards", "backwards"])
def test_it_goes_on_where_it_was_stopped(name: str, alike: float, stopped: int) -> None:
    """A network with random weights makes much of small differences."""
    whole, halted = begun(name), begun(name)
    walked = tracked(whole)
    assert walked == [*range(2, LENGTH), *range(26, -1, -1)]
    first = tracked(halted, stopped)
    assert halted.steps(across_cuts="stop") == len(walked) - stopped
    assert first + tracked(halted) == walked
    assert likeness(whole, halted) > alike
    differ = [abs(score - halted.masklets[1].scores[frame]) for frame, score in whole.masklets[1].scores.items()]
    assert np.mean(differ) < 0.02, "confidence is judged by what was seen before the interruption, too"
    assert halted.undo_title == "tracking of objects 1, 2" and not halted.stale
    halted.undo()
    assert halted.masklets[1].frames == [2, 26], "both halves are one step"


def test_killed_in_the_middle_it_goes_on_in_another_process(tmp_path: Path) -> None:
    video, folder = tmp_path / "video.mp4", tmp_path / "video.tam"
    video.touch()
    command = [sys.executable, "-m", "tests.test_retrace", str(folder), str(video)]
    killed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    whole = begun("flow")
    walked = tracked(whole)
    with closing(Project.open(folder)) as project:
        session = begun("flow", project)
        assert session.stale == {1, 2}
        assert killed.stdout.split() + [str(frame) for frame in tracked(session)] == list(map(str, walked))
        assert likeness(whole, session) > 0.97
        kept = session.masklets
    with closing(Project.open(folder)) as project:
        assert begun("flow", project).masklets == kept


def _killed(folder: Path, video: Path) -> None:
    for found in begun("flow", Project.create(folder, video)).propagate(across_cuts="stop"):
        print(found.frame, flush=True)
        if found.frame == 22:
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def session() -> Session:
    """A red square, tracked over four of its frames."""
    session = Session(ArraySource(red_and_blue()), tracker=ColourTracker(), segmenter=ColourSegmenter())
    session.prompt(Click(0, 1, 2, 6))
    tracked(session, 4)
    return session


def test_what_others_did_meanwhile_does_not_matter(session: Session) -> None:
    session.label(1, "Square")
    session.prompt(Click(3, 2, 5, 16))
    session.drop(2)
    session.use(segmenter="grabcut")
    assert tracked(session) == list(range(4, COUNT))
    assert [type(command).__name__ for command in session.commands].count("Propagated") == 1
    assert session.masklets[1].frames == list(range(COUNT)) and session.labels[1].name == "Square"
    while session.undo():
        pass
    assert session.objects == []
    while session.redo():
        pass
    assert session.masklets[1].frames == list(range(COUNT)) and session.stale == set()


@pytest.mark.parametrize("change", ["prompt", "tracker", "range", "objects"])
def test_where_anything_changed_that_it_hangs_on_it_begins_anew(session: Session, change: str) -> None:
    if change == "prompt":
        session.prompt(Click(2, 1, 4, 6))
    elif change == "tracker":
        session.use(tracker="flow")
    elif change == "objects":
        session.prompt(Click(0, 2, 5, 16))
    stop = COUNT - 1 if change == "range" else None
    with closing(session.propagate(stop=stop)) as passing:
        assert next(passing).frame == 0
    assert sum(isinstance(command, Propagated) for command in session.commands) == 2


def test_a_run_that_was_undone_does_not_go_on(session: Session) -> None:
    session.undo()
    assert tracked(session) == list(range(COUNT))


if __name__ == "__main__":
    _killed(Path(sys.argv[1]), Path(sys.argv[2]))
