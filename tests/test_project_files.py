"""Projects as files: the video they are for, and what is no project, is damaged, or is not for us."""

import contextlib
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tam_core import rle
from tam_core.errors import OutputError, ProjectError, SourceMovedError, SourceNotFoundError
from tam_core.history import Prompted
from tam_core.project import Project
from tam_core.project.database import FILE_NAME, SCHEMA
from tam_core.prompts import Click
from tam_core.words import Painted
from tests.project_story import begin, reopened, state

# --- the video


def test_a_video_that_was_moved_with_its_project_is_found(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "videos").mkdir(parents=True)
    (home / "videos" / "clip.mp4").write_bytes(b"clip")
    Project.create(home / "work.tam", home / "videos" / "clip.mp4").close()
    home.rename(tmp_path / "elsewhere")
    with closing(Project.open(tmp_path / "elsewhere" / "work.tam")) as project:
        assert project.source_path == tmp_path / "elsewhere" / "videos" / "clip.mp4"


def test_a_video_beside_its_project_is_found_and_remembered(project: Project, video_file: Path, tmp_path: Path) -> None:
    video_file.rename(tmp_path / video_file.name)
    with closing(reopened(project)) as again:
        assert again.source_path == tmp_path / video_file.name
    (tmp_path / "deeper").mkdir()
    shutil.move(project.folder, tmp_path / "deeper" / "renamed.tam")
    with closing(Project.open(tmp_path / "deeper" / "renamed.tam")) as again:
        assert again.source_path == tmp_path / video_file.name, "the old place is still right"


def test_a_video_that_is_gone_is_asked_for_by_name(project: Project, video_file: Path, tmp_path: Path) -> None:
    project.close()
    video_file.rename(video_file.with_name("renamed.mp4"))
    with pytest.raises(SourceMovedError, match=r"clip.mp4 \(5,000 bytes\), is no longer at .*videos"):
        Project.open(project.folder)
    with closing(Project.open(project.folder, video_file.with_name("renamed.mp4"))) as again:
        assert again.source_path.name == "renamed.mp4"
    with closing(Project.open(project.folder)) as again:
        assert again.source_path.name == "renamed.mp4", "said once, known for good"


def test_another_video_is_not_taken_for_it(project: Project, video_file: Path, tmp_path: Path) -> None:
    project.close()
    pixels = bytearray(video_file.read_bytes())
    pixels[-1] ^= 1
    video_file.write_bytes(pixels)
    with pytest.raises(SourceMovedError, match="no longer at"):
        Project.open(project.folder)
    with pytest.raises(SourceMovedError, match=r"is not the video of work.tam, which was made for clip.mp4"):
        Project.open(project.folder, video_file)
    with pytest.raises(SourceNotFoundError):
        Project.open(project.folder, tmp_path / "nothing.mp4")


def test_the_middle_of_a_large_video_is_not_read(tmp_path: Path) -> None:
    """Hours of video are known again at once; both ends and the length tell any two apart."""
    path = tmp_path / "large.mp4"
    path.write_bytes(bytes(3 * 2**20))
    Project.create(tmp_path / "work.tam", path).close()
    with path.open("r+b") as file:
        file.seek(3 * 2**19)
        file.write(b"x")
    Project.open(tmp_path / "work.tam").close()
    with path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(SourceMovedError):
        Project.open(tmp_path / "work.tam")


def test_a_folder_of_pictures_is_known_by_their_names_and_sizes(tmp_path: Path) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    for index in range(3):
        (folder / f"{index}.png").write_bytes(bytes(10 + index))
    Project.create(tmp_path / "work.tam", folder).close()
    (folder / "notes.txt").write_text("no picture")
    Project.open(tmp_path / "work.tam").close()
    (folder / "3.png").write_bytes(b"x")
    with pytest.raises(SourceMovedError, match=r"shots \(3 pictures\)"):
        Project.open(tmp_path / "work.tam")


# --- what is no project, or not for us


def test_only_one_program_at_a_time(project: Project) -> None:
    with pytest.raises(ProjectError, match="open in another tam-studio"):
        Project.open(project.folder)
    reopened(project).close()


def test_new_projects_have_a_name_and_a_place_of_their_own(project: Project, video_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="is there already"):
        Project.create(project.folder, video_file)
    with pytest.raises(ProjectError, match=r"ends in .tam, such as work.tam"):
        Project.create(tmp_path / "work.project", video_file)
    with pytest.raises(SourceNotFoundError):
        Project.create(tmp_path / "other.tam", tmp_path / "nothing.mp4")
    with pytest.raises(OutputError, match="no folder"):
        Project.create(tmp_path / "nowhere" / "other.tam", video_file)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["videos", "work.tam"], "nothing half made is left"


def test_what_is_no_project_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no such project"):
        Project.open(tmp_path / "nothing.tam")
    folder = tmp_path / "empty.tam"
    folder.mkdir()
    with pytest.raises(ProjectError, match="no tam-studio project"):
        Project.open(folder)
    (folder / FILE_NAME).write_text("a letter to a friend, much longer than the header of a database" * 9)
    with pytest.raises(ProjectError, match="no tam-studio project"):
        Project.open(folder)
    (folder / FILE_NAME).unlink()
    with closing(sqlite3.connect(folder / FILE_NAME)) as file:
        file.execute("CREATE TABLE bookmarks (url TEXT)")
    before = (folder / FILE_NAME).read_bytes()
    with pytest.raises(ProjectError, match="another program's"):
        Project.open(folder)
    assert (folder / FILE_NAME).read_bytes() == before, "what is not ours stays as it is"


def test_a_newer_project_asks_for_a_newer_program(project: Project) -> None:
    project.close()
    with closing(sqlite3.connect(project.folder / FILE_NAME)) as file:
        file.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    with pytest.raises(ProjectError, match="newer tam-studio"):
        Project.open(project.folder)


def test_a_project_of_masks_of_another_size_is_refused(project: Project) -> None:
    code = rle.encode(np.ones((4, 6), dtype=bool))
    project.log.add(Prompted(0, (Painted(0, 1, code),), {1: code}))
    with pytest.raises(ProjectError, match="masks of 6x4 pixels for a video of 20x20"):
        begin(project)


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_project_opens_or_says_that_it_is_damaged(project: Project, seed: int) -> None:
    session = begin(project)
    session.prompt(Click(0, 1, 2, 6))
    list(session.propagate(across_cuts="stop"))
    session.undo()
    project.close()
    file = project.folder / FILE_NAME
    damaged, chance = bytearray(file.read_bytes()), random.Random(seed)
    for _ in range(40):
        damaged[chance.randrange(100, len(damaged))] = chance.randrange(256)
    file.write_bytes(damaged[: chance.choice([len(damaged), len(damaged) // 2])])
    with contextlib.suppress(ProjectError), closing(Project.open(project.folder)) as opened:
        session = begin(opened)
        session.redo()
        state(session)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE commands SET body = '{}'",
        "UPDATE commands SET body = 'no JSON'",
        "UPDATE commands SET kind = 'dance'",
        "UPDATE masks SET counts = x'3131'",
        "UPDATE masks SET counts = 'text'",
        "UPDATE state SET head = 77",
        "DELETE FROM state",
        "DELETE FROM facts WHERE key = 'source'",
        "UPDATE facts SET value = '[9]' WHERE key = 'mask size'",
        "DROP TABLE commands",
        "UPDATE commands SET parent = id",
    ],
)
def test_damage_in_a_table_is_named(project: Project, damage: str) -> None:
    begin(project).prompt(Click(0, 1, 2, 6))
    project.close()
    with closing(sqlite3.connect(project.folder / FILE_NAME, isolation_level=None)) as file:
        file.execute(damage)
    if damage.endswith("parent = id"):  # a ring is walked once
        with closing(Project.open(project.folder)) as opened:
            assert begin(opened).objects == [1]
        return
    with pytest.raises(ProjectError), closing(Project.open(project.folder)) as opened:
        begin(opened)
