"""Projects: what was answered is there again, whatever happened in between; what is no project says so."""

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tam_core import rle
from tam_core.errors import MaskletError, ProjectError, TamError
from tam_core.history import (
    Accepted,
    Command,
    Dropped,
    Engines,
    Findings,
    Labelled,
    Prompted,
    Propagated,
    Rejected,
    Removed,
)
from tam_core.masklet import Sighting
from tam_core.project import Project
from tam_core.project.counts import check_counts
from tam_core.project.database import FILE_NAME
from tam_core.prompts import Box, Click, MaskPrompt, TextPrompt
from tam_core.reacquire import Proposal
from tam_core.session import Session
from tam_core.shots import Shot
from tam_core.words import Painted
from tests.colour_engines import COUNT, SIDE, square
from tests.project_story import begin, reopened, state, story

ROOT = Path(__file__).parents[1]


def finish(session: Session, **arguments: Any) -> None:
    for _ in session.propagate(**arguments, across_cuts="stop"):
        pass


# --- what was done is there again


def test_a_session_goes_on_where_it_was_left(project: Project) -> None:
    session = begin(project)
    session.prompt(Click(0, 1, 2, 6), Click(0, 2, 5, 16))
    finish(session)
    session.label(2, "Bar", "#0000ff")
    session.prompt(MaskPrompt(6, 1, square(6)))
    session.use(tracker="flow")
    session.removed("plate", [2], 0, COUNT, {"grow": 4, "fast": True}, session.masklets)
    before = state(session)
    with closing(reopened(project)) as again:
        session = begin(again)
        assert state(session) == before
        assert session.undo_title == "removal of object 2"
        assert sum(session.undo() for _ in range(9)) == 6
        assert session.objects == []


def test_undo_and_redo_go_on_after_reopening(project: Project) -> None:
    session = begin(project)
    states = [state(session)]
    for step in (
        lambda: session.prompt(Click(0, 1, 2, 6)),
        lambda: finish(session),
        lambda: session.prompt(Click(6, 1, 7, 5, positive=False)),
        lambda: finish(session),
    ):
        step()
        states.append(state(session))
    for expected in states[-2::-1]:
        project = reopened(project)
        session = begin(project)
        assert session.undo()
        assert state(session) == expected
    for expected in states[1:]:
        project = reopened(project)
        session = begin(project)
        assert session.redo_title
        assert session.redo()
        assert state(session) == expected
    assert not session.redo()
    project.close()


def test_what_was_undone_stays_in_the_file(project: Project) -> None:
    session = begin(project)
    session.prompt(Click(0, 1, 2, 6))
    session.undo()
    session.prompt(Click(0, 2, 5, 16))
    assert not session.redo(), "the newest branch is the one that is gone along"
    session.undo()
    assert session.redo() and session.objects == [2]
    project.close()
    with closing(sqlite3.connect(project.folder / FILE_NAME)) as file:
        assert file.execute("SELECT id, parent FROM commands").fetchall() == [(1, None), (2, None)]


def test_a_stopped_propagation_is_there_as_far_as_it_came(project: Project) -> None:
    session = begin(project)
    session.prompt(Click(0, 1, 2, 6))
    masks = session.propagate(across_cuts="stop")
    for _ in range(4):
        next(masks)
    project = reopened(project)  # as if the program had died
    session = begin(project)
    assert session.masklets[1].frames == [0, 1, 2, 3]
    assert session.stale == {1}
    project.close()


def test_the_revision_never_goes_back(project: Project) -> None:
    session = begin(project)
    session.prompt(Click(0, 1, 2, 6))
    session.undo()
    with closing(reopened(project)) as again:
        assert begin(again).revision == session.revision == 2


def test_only_the_newest_tracking_is_read(project: Project) -> None:
    """Opening takes no longer for having been tracked often; undo still goes back to the older masks."""
    session = begin(project)
    session.prompt(Click(0, 1, 2, 6))
    finish(session)
    once = state(session)
    session.prompt(Click(6, 1, 7, 5, positive=False))
    finish(session)
    tracked_twice = [command for _, command in project.log.path() if isinstance(command, Propagated)]
    assert [len(command.found.masks.get(1, {})) for command in tracked_twice] == [0, COUNT]
    complete = [command for _, command in project.log.path(complete=True) if isinstance(command, Propagated)]
    assert [len(command.found.masks[1]) for command in complete] == [COUNT, COUNT]
    with closing(reopened(project)) as again:
        session = begin(again)
        assert session.undo() and session.undo()
        assert state(session) == once


COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just("click"), st.integers(0, COUNT - 1), st.sampled_from([1, 2]), st.booleans()),
        st.tuples(st.just("paint"), st.integers(0, COUNT - 1), st.sampled_from([1, 2])),
        st.tuples(st.just("track"), st.sampled_from(["forward", "backward", "both"]), st.integers(0, 3)),
        st.tuples(st.just("track some"), st.integers(1, 8), st.integers(0, COUNT - 1)),
        st.tuples(st.just("drop"), st.sampled_from([1, 2]), st.one_of(st.none(), st.integers(1, COUNT - 1))),
        st.tuples(st.just("label"), st.sampled_from([1, 2]), st.text(max_size=3)),
        st.tuples(st.just("use"), st.sampled_from(["flow", "grabcut+flow"])),
        st.tuples(st.just("removed"), st.sampled_from([1, 2])),
        st.tuples(st.just("undo")),
        st.tuples(st.just("redo")),
        st.tuples(st.just("reopen")),
    ),
    max_size=12,
)


def do(session: Session, wish: tuple[Any, ...]) -> None:
    """One step; what cannot be asked is refused in both sessions."""
    match wish:
        case "click", frame, object_id, positive:
            x, y = (frame + 2, 6) if object_id == 1 else (5, 16)
            session.prompt(Click(frame, object_id, x, y, positive))
        case "paint", frame, object_id:
            session.prompt(MaskPrompt(frame, object_id, square(frame)))
        case "track", direction, start:
            finish(session, direction=direction, start=start)
        case "track some", count, frame:
            masks = session.propagate(across_cuts="stop")
            for _, _ in zip(range(count), masks, strict=False):
                pass
            session.prompt(Click(frame, 1, frame + 3, 7))
            masks.close()
        case "drop", object_id, end:
            session.drop(object_id, end)
        case "label", object_id, name:
            session.label(object_id, name)
        case "use", tracker:
            session.use(tracker=tracker)
            session._chosen._given["tracker"] = begin()._chosen._given["tracker"]  # quick, and the same in both
        case "removed", object_id:
            session.removed("plate", [object_id], 0, COUNT, {}, session.masklets)
        case ("undo",):
            session.undo()
        case ("redo",):
            session.redo()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wishes=COMMANDS)
def test_a_project_knows_what_a_session_in_memory_knows(
    wishes: list[tuple[Any, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("random")
    (folder / "clip.mp4").write_bytes(b"clip")
    project = Project.create(folder / "p.tam", folder / "clip.mp4")
    kept, plain = begin(project), begin()
    for wish in wishes:
        if wish == ("reopen",):
            project = reopened(project)
            kept = begin(project)
        else:
            assert failure(do, kept, wish) == failure(do, plain, wish)
        assert state(kept) == state(plain)
        assert (kept.undo_title, kept.redo_title) == (plain.undo_title, plain.redo_title)
    project.close()


def failure(act: Callable[..., None], *arguments: object) -> str:
    try:
        act(*arguments)
    except TamError as error:
        return str(error)
    return ""


# --- killed


def test_killed_at_any_moment_nothing_acknowledged_is_lost(project: Project, tmp_path: Path) -> None:
    """The state found is that of the last step that was printed, or of the one that was being taken."""
    project.close()
    chance = random.Random(5)
    for _ in range(4):
        folder = Path(shutil.copytree(project.folder, tmp_path / "copy.tam"))
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.project_story", str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        seen = [child.stdout.readline()]
        with pytest.raises(ProjectError, match="open in another"):
            Project.open(folder)
        seen += [child.stdout.readline() for _ in range(chance.randrange(40))]
        time.sleep(chance.uniform(0, 0.02))
        child.kill()
        seen += child.stdout.readlines()
        child.stdout.close()
        child.wait()
        last = int([line for line in seen if line.endswith("\n")][-1])
        with closing(Project.open(folder)) as opened:
            found = state(begin(opened))
        session = begin()
        told = story(session)
        for _ in range(last):
            next(told)
        expected = [state(session)]
        next(told)
        expected.append(state(session))
        assert found in expected
        shutil.rmtree(folder)


def test_a_failed_write_is_no_change(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    session = begin(project)
    session.prompt(Click(0, 1, 2, 6))
    before = state(session)
    with project._database.transaction() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    project._database._connection.execute(f"PRAGMA max_page_count = {pages}")  # the disk is full
    noise = np.random.default_rng(1).random((SIDE, SIDE)) > 0.5
    with pytest.raises(ProjectError, match="the disk is full"):
        for frame in range(COUNT):
            session.prompt(MaskPrompt(frame, 2, noise))
            before = state(session)
    assert state(session) == before
    project._database._connection.execute("PRAGMA max_page_count = 1000000")
    session.prompt(MaskPrompt(1, 3, noise))
    before = state(session)
    with closing(reopened(project)) as again:
        assert state(begin(again)) == before


# --- what is written


def test_every_command_comes_back_as_it_was(project: Project) -> None:
    code = rle.encode(square(2))
    proposal = Proposal(1, 4, code, 0.625, Shot(3, 9))
    found = Findings(
        {1: {5: Sighting(code, 0.1, "jumped"), 6: Sighting(code, 0.3)}}, [(1, Shot(7, 9))], [proposal], True
    )
    words = (Click(2, 1, 1.5, 2, False), Box(2, 1, (0, 1, 2.25, 3)), TextPrompt(2, 2, "ein Hünd"), Painted(2, 1, code))
    commands: list[Command] = [
        Prompted(2, words, {1: code, 2: code}, {1: code}, 2),
        Propagated((1, 2), "backward", 3, 9, "auto", found),
        Propagated((1,), "both", 0, None, "ask"),
        Accepted(proposal),
        Rejected(proposal),
        Dropped(2, 7),
        Dropped(1),
        Labelled(1, "Hünd", None),
        Engines("flow", "grabcut"),
        Removed("plate", (1, 2), 0, 9, {"grow": 4, "codec": "ffv1", "fast": False, "x": 0.5}, True),
    ]
    for command in commands:
        project.log.add(command)
    with closing(reopened(project)) as again:
        assert [command for _, command in again.log.path()] == commands


def test_facts_and_files_are_kept_beside_the_history(project: Project) -> None:
    assert project.meta("cuts") is None
    project.set_meta("cuts", "[3]")
    project.set_meta("cuts", "[3, 8]")
    (project.files() / "removal.mkv").write_bytes(b"x")
    with closing(reopened(project)) as again:
        assert again.meta("cuts") == "[3, 8]"
        assert (again.files() / "removal.mkv").is_file()


@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.lists(st.integers(0, 2**32), min_size=1, max_size=4),
    st.integers(0, 3),
    st.integers(0, 10**6),
    st.integers(0, 255),
)
def test_run_lengths_are_checked_together_as_they_are_alone(
    height: int, width: int, seeds: list[int], which: int, where: int, byte: int
) -> None:
    masks = [np.random.default_rng(seed).random((height, width)) < (seed % 5) / 4 for seed in seeds]
    codes = [rle.encode(mask).counts for mask in masks]
    check_counts((height, width), codes)
    damaged = bytearray(codes[which % len(codes)])
    damaged[where % len(damaged)] = byte
    codes[which % len(codes)] = bytes(damaged)
    alone = failure(lambda: rle.parse((height, width), bytes(damaged).decode("latin-1")))
    assert bool(failure(check_counts, (height, width), codes)) == bool(alone)


def test_a_mask_without_a_code_is_refused() -> None:
    for code in (b"", "abc", None):
        with pytest.raises(MaskletError):
            check_counts((2, 2), [code])  # type: ignore[list-item]
