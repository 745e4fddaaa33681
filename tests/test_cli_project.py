"""``--project`` and ``tam replay``: the command line goes on with a project and leaves one behind."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from plugin.replay import do_again
from plugin.worker.edited import EditedSource
from tam_core import rle
from tam_core.engines.base import Candidates
from tam_core.engines.flow import FlowTracker
from tam_core.engines.grabcut import GrabCutSegmenter
from tam_core.formats.masklet_json import read_masklets
from tam_core.history import Accepted, Engines, Prompted, Propagated, Rejected, Removed
from tam_core.project import Project
from tam_core.prompts import Click, MaskPrompt, Prompt
from tam_core.reacquire import Proposal
from tam_core.session import Session
from tam_core.shots import Shot
from tam_core.types import Pixels
from tam_core.video import ArraySource, open_video
from tests.colour_engines import ColourSegmenter, ColourTracker, red_and_blue, square
from tests.command_line import COUNT, Tam
from tests.scenes import HEIGHT, WIDTH, crossing, disc, iou

CLICK = ("--click", "30,60", "--engine", "flow")
"""The project remembers the engine: it need not be named again."""


@contextmanager
def work_on(name: str) -> Iterator[Session]:
    """A project as another program opens it."""
    with closing(Project.open(Path(name))) as project:
        yield Session(open_video(project.source_path), project=project)


def kinds(name: str) -> list[type]:
    with work_on(name) as session:
        return [type(command) for command in session.commands]


def test_track_begins_a_project_and_goes_on_without_prompts(tam: Tam, clip: Path) -> None:
    first = tam("track", clip, *CLICK, "-o", "m.json", "--project", "p.tam")
    assert first.code == 0, first.err
    again = tam("track", clip, "-o", "again.json", "--project", "p.tam")
    assert again.code == 0, again.err
    assert "tracking" not in again.err, "nothing has changed"
    assert read_masklets("again.json") == read_masklets("m.json")
    assert kinds("p.tam") == [Prompted, Propagated]


def test_the_same_command_again_adds_nothing(tam: Tam, clip: Path) -> None:
    for _ in range(2):
        assert tam("track", clip, *CLICK, "-o", "m.json", "--project", "p.tam").code == 0
    assert kinds("p.tam") == [Prompted, Propagated]


def test_only_what_changed_is_tracked(tam: Tam, clip: Path) -> None:
    assert tam("track", clip, *CLICK, "-o", "m.json", "--project", "p.tam").code == 0
    with work_on("p.tam") as session:
        session.prompt(Click(0, 2, 130, 20))
        session.label(2, name="Wall")
    result = tam("track", clip, "-o", "m.json", "--project", "p.tam")
    assert result.code == 0, result.err
    assert "object 2 on 12 of 12 frames" in result.out
    with work_on("p.tam") as session:
        last = session.commands[-1]
        assert isinstance(last, Propagated) and last.objects == (2,)


def test_frames_that_were_never_tracked_are_tracked(tam: Tam, clip: Path) -> None:
    assert tam("track", clip, *CLICK, "--stop", 4, "-o", "m.json", "--project", "p.tam").code == 0
    assert read_masklets("m.json")[0].frames == [0, 1, 2, 3]
    assert tam("track", clip, "--start", 1, "--stop", 4, "-o", "m.json", "--project", "p.tam").code == 0
    assert kinds("p.tam") == [Prompted, Propagated]
    assert tam("track", clip, "-o", "m.json", "--project", "p.tam").code == 0
    assert read_masklets("m.json")[0].frames == list(range(COUNT))


def test_another_engine_tracks_again(tam: Tam, clip: Path) -> None:
    assert tam("track", clip, *CLICK, "-o", "m.json", "--project", "p.tam").code == 0
    for _ in range(2):
        assert tam("track", clip, "--engine", "grabcut+flow", "-o", "m.json", "--project", "p.tam").code == 0
    assert kinds("p.tam") == [Prompted, Propagated, Engines, Propagated]


def test_remove_takes_the_masks_of_the_project(tam: Tam, clip: Path) -> None:
    """Also those that a person painted elsewhere; a stale object is tracked first, and the removal written down."""
    with closing(Project.create(Path("p.tam"), clip)) as project:
        session = Session(open_video(clip), tracker="flow", segmenter="grabcut", project=project)
        session.prompt(MaskPrompt(3, 5, crossing(COUNT).masks[3]))
    result = tam("remove", clip, "--grow", 2, "-o", "clean.mkv", "--project", "p.tam")
    assert result.code == 0, result.err
    assert result.out == "clean.mkv: 12 frames, 1 object removed; 100 % copied, 0 % made up\n"
    with work_on("p.tam") as session:
        assert session.removal is not None and session.project is not None
        file = session.project.files() / str(session.removal.parameters["file"])
        assert session.removal == Removed("plate", (5,), 0, COUNT, {"grow": 2, "file": file.name})
        shown = EditedSource(open_video(clip), file, range(COUNT)).read(9).pixels
        assert np.abs(shown.astype(int) - crossing(COUNT).background[9])[crossing(COUNT).masks[9]].mean() < 10
        assert not session.removal_outdated
        assert session.masklets[5].frames == list(range(COUNT))
    error = np.abs(open_video("clean.mkv").read(9).pixels.astype(int) - crossing(COUNT).background[9])
    assert error[crossing(COUNT).masks[9]].mean() < 10
    again = tam("remove", clip, "-o", "clean.mkv", "--project", "p.tam")
    assert again.code == 0 and "tracking" not in again.err


def test_an_interrupted_run_is_kept(tam: Tam, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = FlowTracker.predict

    def interrupted(self: FlowTracker, state: object, frame: object) -> object:
        if frame.index == 5:  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        return step(self, state, frame)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(FlowTracker, "predict", interrupted)
        result = tam("track", clip, *CLICK, "-o", "m.json", "--project", "p.tam")
    assert result.code == 130
    assert "kept in p.tam; the same command goes on" in result.err
    with work_on("p.tam") as session:
        assert session.masklets[1].frames == [0, 1, 2, 3, 4]
    assert tam("track", clip, *CLICK, "-o", "m.json", "--project", "p.tam").code == 0
    assert read_masklets("m.json")[0].frames == list(range(COUNT))


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["track", "OTHER", "-o", "m.json", "--project", "p.tam"], 1, "is not the video of p.tam"),
        (["track", "CLIP", "-o", "m.json", "--project", "new.tam"], 2, "say what to track"),
        (["track", "CLIP", "-o", "m.json", "--project", "empty.tam"], 2, "no objects yet"),
        (["track", "CLIP", *CLICK, "-o", "m.json", "--project", "new.prj"], 1, "ends in .tam"),
        (["track", "CLIP", *CLICK, "-o", "m.json", "--project", "notes"], 1, "no tam-studio project"),
        (["track", "CLIP", *CLICK, "-o", "m.json", "--project", "open.tam"], 1, "open in another"),
        (["remove", "CLIP", "--masks", "m", "-o", "x.mkv", "--project", "p.tam"], 2, "either --project or --masks"),
        (["replay", "p.tam", "--engine", "flwo"], 2, "did you mean 'flow'"),
        (["replay", "p.tam", "--engine", "xmem"], 1, "tam engines fetch xmem"),
        (["replay", "none.tam", "--engine", "flow"], 1, "no such project"),
        (["replay", "p.tam", "--engine", "flow", "-o", "empty.tam"], 1, "is there already"),
    ],
)
def test_mistakes(tam: Tam, clip: Path, tmp_path: Path, arguments: list[str], code: int, says: str) -> None:
    other = tmp_path / "other.mkv"
    other.write_bytes(clip.read_bytes() + b"more")
    (tmp_path / "notes").mkdir()
    for name in ("p.tam", "empty.tam"):
        Project.create(Path(name), clip).close()
    with work_on("p.tam") as session:
        session.prompt(MaskPrompt(0, 1, crossing(COUNT).masks[0]))
    with closing(Project.create(Path("open.tam"), clip)):
        before = sorted(tmp_path.rglob("*"))
        places = {"OTHER": str(other), "CLIP": str(clip)}
        result = tam(*[places.get(argument, argument) for argument in arguments])
        assert sorted(tmp_path.rglob("*")) == before, "nothing is left behind"
    assert result.code == code, result
    (line,) = result.err.strip().splitlines()
    assert line.startswith("tam: error: ") and says in line


# --- replay


def test_replay_does_all_again_with_another_engine(tam: Tam, clip: Path, tmp_path: Path) -> None:
    truth = crossing(COUNT).masks
    with closing(Project.create(Path("p.tam"), clip)) as project:
        session = Session(open_video(clip), tracker="flow", segmenter="grabcut", project=project)
        session.prompt(MaskPrompt(0, 1, truth[0]))
        list(session.propagate())
        session.prompt(Click(6, 2, 10, 10))
        session.undo()
        session.prompt(MaskPrompt(6, 3, disc(20, 100, 9, (HEIGHT, WIDTH))))
        session.label(3, "Corner", "#ff8800")
        masks = session.propagate("backward")
        for _ in range(3):
            next(masks)
        masks.close()
        session.drop(1, from_frame=10)
        before = session.masklets
    result = tam("replay", "p.tam", "--engine", "grabcut+flow")
    assert result.code == 0, result.err
    head, *lines = result.out.splitlines()
    assert head == "p-grabcut+flow.tam: done again with grabcut+flow"
    said = [re.fullmatch(r"object (\d): mean IoU (\S+) with the old masks on (\d+) frames", line) for line in lines]
    assert [(line[1], float(line[2]) > 0.8, line[3]) for line in said if line] == [("1", True, "10"), ("3", True, "3")]
    with work_on("p-grabcut+flow.tam") as session:
        assert session.engines == Engines("grabcut+flow", "grabcut")
        assert [type(command) for command in session.commands] == [c for c in kinds("p.tam") if c is not Engines]
        assert session.labels[3].name == "Corner"
        assert session.stale == {3}, "stopped where the user had stopped"
        assert {o: m.frames for o, m in session.masklets.items()} == {o: m.frames for o, m in before.items()}
        assert min(iou(session.masklets[1].mask(i), truth[i]) for i in range(10)) > 0.8
    assert sorted(path.name for path in tmp_path.glob("*.tam")) == ["p-grabcut+flow.tam", "p.tam"]


def test_replay_keeps_what_the_user_accepted(tam: Tam, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the new segmenter finds nothing."""
    mask = crossing(COUNT).masks[0]
    with closing(Project.create(Path("p.tam"), clip)) as project:
        session = Session(open_video(clip), tracker="flow", segmenter="grabcut", project=project)
        session.prompt(Click(0, 1, 30, 60))
    nothing = Candidates(np.zeros((1, *mask.shape), dtype=bool), np.ones(1, np.float32))
    monkeypatch.setattr(GrabCutSegmenter, "segment", lambda *_: nothing)
    result = tam("replay", "p.tam", "--engine", "grabcut+flow", "-o", "q.tam")
    assert result.code == 0, result.err
    assert "nothing was found for object 1 on frame 0" in result.err and "the mask of before is kept" in result.err
    assert "object 1: mean IoU 1.000 with the old masks on 1 frames" in result.out


def test_replay_chooses_the_answer_that_is_most_like_the_chosen_one() -> None:
    class Turned(ColourSegmenter):
        """Gives its answers in the other order."""

        def segment(self, embedding: Pixels, prompts: Sequence[Prompt]) -> Candidates:
            found = super().segment(embedding, prompts)
            return Candidates(found.masks[::-1], found.scores[::-1])

    video = ArraySource(red_and_blue(3))
    session = Session(video, tracker=ColourTracker(), segmenter=ColourSegmenter())
    session.prompt(Click(0, 1, 2, 6), candidate=1)
    again = Session(video, tracker=ColourTracker(), segmenter=Turned())
    do_again(again, session.commands)
    assert again.masklets == session.masklets
    assert again.prompts == session.prompts


def test_replay_answers_questions_as_the_user_did() -> None:
    """The engine may ask others: what the user said yes to is there, and what was said no to is not asked again."""
    video, code = ArraySource(red_and_blue(9)), rle.encode(square(6))
    yes, no = Proposal(1, 6, code, 0.6, Shot(5, 8)), Proposal(1, 8, code, 0.6, Shot(8, 9))

    class Asking(Session):
        proposals = (Proposal(1, 7, code, 0.5, Shot(4, 8)), Proposal(1, 8, code, 0.5, Shot(8, 9)))

        def reject(self, proposal: Proposal) -> None:
            rejected.append(proposal)

    rejected: list[Proposal] = []
    session = Asking(video, tracker=ColourTracker(), segmenter=ColourSegmenter())
    session.prompt(MaskPrompt(0, 1, square(0)))
    do_again(session, [Accepted(yes), Rejected(no)])
    assert rejected == list(Asking.proposals)
    assert session.prompted_frames(1) == [0, 6]
