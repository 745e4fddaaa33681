"""The annotate mode in a real browser: take, click, track, submit, verify; and what the ordinary page has of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugin.annotate.room import Room
from tam_core.annotate.locks import holder_of
from tam_core.annotate.queue import Queue
from tam_core.annotate.store import PROPOSED, Store
from tam_core.video import open_video
from tests.browser import TOKEN, Studio, launched, serving, tab
from tests.media import make_video
from tests.scenes import crossing, iou
from tests.test_annotate_datasets import masklet

COUNT = 12


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two videos, for the first of which there is a proposal."""
    (tmp_path / "videos").mkdir()
    for name in ("a", "b"):
        make_video(tmp_path / f"videos/{name}.mp4", crossing(COUNT).frames, options={"crf": "12"})
    store = Store(tmp_path / "videos")
    store.write_masklets("a", [masklet(1, score=0.8)], open_video(store.videos["a"]).info, PROPOSED)
    return store


@pytest.fixture
def studio(browser: Any, tmp_path: Path, store: Store) -> Iterator[Studio]:
    with serving(tmp_path / "data", store.folder) as worker, tab(browser, worker) as opened:
        room = worker.annotation = Room(worker, Queue(store, "ann"), 3, "flow", "grabcut")
        opened.page.goto(f"{worker.access.url}/#token={TOKEN}")
        opened.page.wait_for_selector(".annotate")
        yield opened
        worker.close()
        room.close()


def press(studio: Studio, name: str) -> None:
    studio.page.locator(".annotate").get_by_role("button", name=name, exact=True).click()


def taken(studio: Studio) -> None:
    press(studio, "Next video")
    studio.until("s.session && document.querySelector('#viewer').dataset.frame === '0'")


def states(studio: Studio) -> list[str]:
    return [str(one.get_attribute("data-state")) for one in studio.page.locator(".queue li").all()]


def test_a_video_is_annotated_submitted_and_verified(studio: Studio, store: Store) -> None:
    assert states(studio) == ["to do", "to do"]
    taken(studio)
    assert states(studio) == ["taken", "to do"]
    assert "false" not in studio.page.locator(".annotate").inner_text()
    studio.click(30, 60)
    studio.press("t")
    studio.done("track")
    studio.press(">")
    studio.until("s.shown === 4")
    studio.press(">", ">", "<")
    studio.until("s.shown === 4")
    studio.page.wait_for_timeout(2500)
    assert re.fullmatch(r"\d+:\d\d · \d+\.\d s a frame", studio.page.get_by_role("timer").inner_text())
    press(studio, "Submit")
    studio.until("s.session === null")
    studio.page.locator(".queue li[data-state='to verify']").wait_for()
    (found,) = store.masklets("a")
    assert found.frames == list(range(COUNT)) and iou(found.rles[0].decode(), crossing(COUNT).masks[0]) > 0.8
    (made,) = store.record("a").submissions[0].masklets
    assert made.work.interactions == 1 and made.work.seconds >= 2 and made.work.machine_seconds > 0
    assert made.edited == (0,)
    taken(studio)
    studio.page.get_by_label("Object 1 is unsatisfactory").check()
    studio.page.get_by_label("Why", exact=True).fill("the border")
    press(studio, "Unsatisfactory")
    studio.page.locator(".queue li[data-state='unsatisfactory']").wait_for()
    assert store.record("a").verdicts[0].note == "the border"
    taken(studio)
    press(studio, "Submit")
    studio.page.locator(".queue li[data-state='to verify']").wait_for()
    taken(studio)
    press(studio, "Satisfactory")
    studio.page.locator(".queue li[data-state='satisfactory']").wait_for()
    assert states(studio) == ["satisfactory", "to do"]
    assert holder_of(store.place("a")) is None


def test_modes_decide_what_a_click_and_a_key_do(studio: Studio) -> None:
    taken(studio)
    mode = studio.page.get_by_role("combobox", name="Mode")
    mode.select_option("1")
    studio.page.locator("#viewer").focus()
    studio.click(30, 60)
    studio.press("t")
    studio.page.get_by_text("nothing is tracked in this mode").wait_for()
    assert studio.state("[...s.jobs.values()].every(j => j.kind !== 'track')")


def test_the_second_mode_begins_a_tracked_frame_anew(studio: Studio) -> None:
    taken(studio)
    studio.page.get_by_role("combobox", name="Mode").select_option("2")
    studio.page.locator("#viewer").focus()
    studio.click(30, 60)
    studio.press("t")
    studio.done("track")
    studio.press(">")
    studio.until("s.shown === 4")
    studio.click(66, 60)
    assert studio.state("s.session.objects[0].prompted") == [0, 4]
    assert studio.state("s.session.objects[0].lane.at(-1).stop") == 5


def test_proposals_become_objects_and_a_reload_loses_nothing(studio: Studio, store: Store) -> None:
    taken(studio)
    studio.page.get_by_text("1 proposals").click()
    before = studio.revision
    studio.page.get_by_role("button", name="Take proposal 1").click()
    studio.answered(before)
    assert studio.covers(30, 60)
    studio.page.reload()
    studio.until("s.session && s.session.objects.length === 1")
    assert studio.page.locator(".annotate h2").inner_text() == "a"
    press(studio, "Give back")
    studio.until("s.session === null")
    studio.until_not(lambda: states(studio) != ["to do", "to do"])


def test_the_ordinary_page_has_no_queue(browser: Any, tmp_path: Path, store: Store) -> None:
    with serving(tmp_path / "data", store.folder) as worker, tab(browser, worker) as studio:
        studio.open(store.videos["a"])
        assert studio.page.locator(".annotate").count() == 0
        studio.click(30, 60)
        assert studio.covers(30, 60)
