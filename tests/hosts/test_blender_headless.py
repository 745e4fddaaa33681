"""The add-on in every Blender of this machine, without a window: installed as a user would, used by its operators."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from plugin.pack import pack
from tam_core.video import ArraySource, write_video
from tests.hosts import programs
from tests.scenes import crossing

SCRIPTS = Path(__file__).parent / "blender"
ENDED = "The worker has ended, or no longer answers. Nothing is lost: press Restart Worker to go on"
COUNT = 120
"""Frames of the clip: enough to see a job at work."""

Facts = dict[str, Any]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blender-archive")
    pack("blender", folder)
    return next(folder.glob("*.zip"))


@pytest.fixture(scope="session")
def story(blender: programs.Blender, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    """What happened in one Blender; see ``blender/story.py`` for the order."""
    folder = tmp_path_factory.mktemp(f"story-{blender.name}")
    clip = folder / "clip.mkv"
    write_video(ArraySource(crossing(COUNT).frames, Fraction(24)).frames(), clip, rate=Fraction(24), codec="ffv1")
    try:
        yield blender.run(SCRIPTS / "story.py", folder, archive, clip, folder, timeout=240)
    finally:
        programs.end_worker(folder)


def test_the_preferences_find_the_worker_or_say_why_not(story: Facts) -> None:
    assert "there is no 'tam' at or beside /nowhere/python: install tam-studio" in story["nowhere"]["problem"]
    assert story["found"]["problem"] == ""
    assert " answers (device: " in story["page"][0] and "flow" in story["page"][1]


def test_a_strip_is_opened_with_the_engines_asked_for(story: Facts) -> None:
    assert story["panels closed"] == {"TAM_PT_vse": ["Open clip"]}
    assert story["opened"]["session"] and story["opened"]["problem"] == ""
    assert story["panels"]["TAM_PT_vse"][1:3] == ["Tracker: flow", "Clicks: grabcut"]


def test_each_click_is_a_step_that_the_blend_knows(story: Facts) -> None:
    steps = [(story[name]["step"], story[name]["step in the blend"]) for name in ("opened", "clicked", "second")]
    begin = steps[0][0]
    assert steps == [(begin, begin), (begin + 1, begin + 1), (begin + 2, begin + 2)]


def test_a_click_finds_a_mask_of_the_size_of_the_source(story: Facts) -> None:
    assert story["mask"] == {"size": [120, 160], "candidates": 3}
    assert story["second"]["names"] == story["second"]["listed"] == ["Object 1", "Object 2"]
    assert story["named"]["prompts"] == 2


def test_a_name_in_the_list_is_the_workers_too(story: Facts) -> None:
    assert story["named"]["names"] == ["Object 1", "Lamp"]


def test_tracking_reaches_the_last_frame(story: Facts) -> None:
    assert story["tracked"]["tracked"] == [COUNT, COUNT]
    assert story["tracked"]["jobs"] == [["track", "done"]]


def test_panels_are_built_from_the_catalogue(story: Facts) -> None:
    assert story["grow"] == ["Grow (px)", -1, -1, 64]
    assert {"Grow (px)", "Feather (px)", "Fill With", "Remove Now"} <= set(story["panels"]["TAM_PT_vse_edit"])
    assert {"Masks: JSON", "Preview: H.264"} <= set(story["panels"]["TAM_PT_vse_export"])
    assert "Across cuts" in story["panels"]["TAM_PT_vse_track"]


def test_what_a_later_worker_offers_appears_by_itself(story: Facts) -> None:
    """And settings of before are kept. The worker of today refuses, in words."""
    assert story["blur"]["values"] == [0.5, "round", True]
    assert {"Strength (%)", "Shape", "Only edges", "Blur Now"} <= set(story["blur"]["panel"])
    assert story["blur"]["grow"] == 6
    assert story["blurred"]["problem"] and story["blurred"]["step"] == story["exported"]["step"]


def test_only_the_chosen_object_is_removed(story: Facts) -> None:
    assert story["removed"]["removed"] == [1] and story["removed"]["problem"] == ""


def test_an_export_goes_where_the_user_says(story: Facts) -> None:
    assert story["exported"]["there"] and story["exported"]["problem"] == ""


def test_every_edit_of_the_catalogue_can_be_chosen_and_done(story: Facts) -> None:
    """What an operation and its inpainter both have is shown once."""
    done = [story[name] for name in ("effect", "replaced", "edits undone")]
    assert [(one["operation"], one["problem"]) for one in done] == [("effect", ""), ("replace", ""), ("remove", "")]
    assert story["edits undone"]["step"] == story["removed"]["step"]
    assert {"Insert", "Motion", "Replace Now"} <= set(story["replace panel"])
    assert len(set(story["replace panel"])) == len(story["replace panel"])


def test_ctrl_z_takes_back_one_step_at_a_time(story: Facts) -> None:
    """The removal, the tracking, the name, the second object, the first one."""
    undone = story["undone"]
    assert [one["step"] for one in undone] == [one["step in the blend"] for one in undone]
    assert [one["step"] for one in undone] == [story["removed"]["step"] - back for back in range(1, 6)]
    assert undone[0]["removed"] is None and undone[0]["tracked"] == [COUNT, COUNT]
    assert undone[1]["tracked"] == [1, 1]
    assert [one["names"] for one in undone[1:]] == [["Object 1", "Lamp"], ["Object 1", "Object 2"], ["Object 1"], []]
    assert [one["listed"] for one in undone[1:4]] == [one["names"] for one in undone[1:4]]


def test_redo_brings_the_click_back(story: Facts) -> None:
    assert story["redone"]["names"] == ["Object 1"] and story["redone"]["step"] == story["clicked"]["step"]


def test_what_the_worker_refuses_is_said_and_leaves_no_step(story: Facts) -> None:
    assert "outside the frame" in story["beside"]["problem"]
    assert story["beside"]["step"] == story["beside"]["step in the blend"] == story["redone"]["step"]
    assert "Dismiss" in story["panels refused"] and story["dismissed"] == ""


def test_a_saved_file_has_its_session_again(story: Facts) -> None:
    assert story["empty"]["session"] is None
    assert story["loaded"]["session"] == story["opened"]["session"]
    assert story["loaded"]["names"] == story["loaded"]["listed"] == ["Object 1"]
    assert story["loaded"]["step"] == story["loaded"]["step in the blend"]


def test_the_clip_editor_shows_the_same_session(story: Facts) -> None:
    panels = ["", "_edit", "_export", "_objects", "_results", "_track"]
    assert story["in the clip editor"] == [f"TAM_PT_clip{panel}" for panel in panels]
    assert story["corrected"]["frames"] == [0, 4]  # frame 5 of the scene is the clip's fifth


def test_a_dead_worker_is_said_and_nothing_starts_by_itself(story: Facts) -> None:
    assert story["killed"] == {"ran": True, "settled": True, "problem": ENDED}
    assert story["asked in vain"]["problem"] == ENDED
    assert "Restart Worker" in story["panels dead"]


def test_ctrl_z_while_tracking_is_refused_in_words_and_loses_nothing(story: Facts) -> None:
    assert story["said"] and "stop the tracking first" in story["too early"]["problem"]
    assert story["too early"]["step"] == story["too early"]["step in the blend"]


def test_after_the_restart_the_job_goes_on(story: Facts) -> None:
    assert story["restarted"]["problem"] == "" and story["restarted"]["jobs"] == [["track", "paused"]]
    assert story["restarted"]["session"] == story["opened"]["session"]
    assert story["resumed"]["jobs"] == [["track", "done"]] and story["resumed"]["tracked"] == [COUNT]


def test_a_job_shows_how_far_it_is_and_can_be_held(story: Facts) -> None:
    working = story["panels working"]
    assert any(text.lower().startswith("track object 1: ") and "%" in text for text in working)
    assert {"Pause", "Cancel"} <= set(working)


def test_nothing_of_ours_held_the_main_thread(story: Facts) -> None:
    """Longer than 50 ms of work; the window's test watches the clock. Blender's undo push is Blender's own work."""
    assert {"pump", "history", "undo"} <= set(story["worked"])
    ours = {name: seconds for name, seconds in story["worked"].items() if name not in ("panel", "undo push")}
    assert max(ours.values()) < 0.050, ours


def test_switched_off_it_leaves_nothing(story: Facts) -> None:
    assert story["left"] == []
