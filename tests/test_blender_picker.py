"""What the gestures of Blender's pick tool ask of the worker."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from plugin.blender.pick.picker import Picker
from plugin.blender.session import OpenSession
from plugin.blender.studio import Studio
from plugin.link import wire
from plugin.link.pending import Pending

NOTHING = wire.Rle((100, 200), "0")
VIDEO = wire.Video("a.mp4", "/a.mp4", 200, 100, "24", 10, 0.4, False)
STATE = wire.SessionState("s1", "/a.tam", VIDEO, "flow", "grabcut", 1, "", "", [], [], [])


@dataclass
class Asked:
    """Stands for the studio: keeps what was asked until the test answers."""

    waiting: list[tuple[str, Any, Callable[[Any], None]]] = field(default_factory=list)

    def ask(self, method: str, *arguments: Any, then: Callable[[Any], None]) -> "Pending[Any]":
        self.waiting.append((method, arguments[-1], then))
        return Pending()


@dataclass
class Scene:
    studio: Asked
    picker: Picker
    session: OpenSession

    def answer(self, candidates: int = 1, step: int | None = None) -> wire.PromptRequest:
        """Let the oldest question be answered; what was asked."""
        method, asked, then = self.studio.waiting.pop(0)
        if step is not None:
            self.session.state = replace(self.session.state, step=step)
        found = [wire.ObjectMask(1, NOTHING, 1.0)] * candidates
        chosen = asked.candidate if method != "undo" else 0
        then(wire.PromptAnswer(0, found[:1], found, chosen, self.session.state))
        return cast("wire.PromptRequest", asked)


@pytest.fixture
def scene() -> Scene:
    studio = Asked()
    return Scene(studio, Picker(cast("Studio", studio)), OpenSession("key", "s1", STATE))


def test_a_click_says_where_and_of_which_object(scene: Scene) -> None:
    scene.picker.click(scene.session, 3, 2, (10.5, 20.5), positive=False)
    assert scene.answer().prompts == [wire.Click(frame=3, object_id=2, x=10.5, y=20.5, positive=False)]


def test_a_box_is_cut_to_the_picture(scene: Scene) -> None:
    scene.picker.box(scene.session, 0, 1, [(-20.0, 30.0), (50.0, 130.0)])
    assert scene.answer().prompts == [wire.Box(frame=0, object_id=1, xyxy=(0, 30, 50, 100))]


def test_a_box_beside_the_picture_asks_nothing_and_says_so(scene: Scene) -> None:
    scene.picker.box(scene.session, 0, 1, [(-20.0, 30.0), (-5.0, 50.0)])
    assert not scene.studio.waiting
    assert "beside" in scene.picker.status


def test_tab_goes_through_the_answers_in_place_of_the_last(scene: Scene) -> None:
    scene.picker.click(scene.session, 0, 1, (10.0, 20.0), positive=True)
    scene.answer(candidates=3, step=2)
    seen = []
    for _ in range(4):
        scene.picker.next_candidate(scene.session)
        asked = scene.answer(candidates=3)
        assert asked.replace
        seen.append(asked.candidate)
    assert seen == [1, 2, 0, 1]


def test_tab_without_a_click_says_what_it_is_for(scene: Scene) -> None:
    scene.picker.next_candidate(scene.session)
    assert not scene.studio.waiting
    assert "click on an object first" in scene.picker.status


def test_backspace_takes_back_one_click_after_the_other(scene: Scene) -> None:
    for step in (2, 3):
        scene.picker.click(scene.session, 0, 1, (10.0, 20.0), positive=True)
        scene.answer(step=step)
    for step in (2, 1):
        scene.picker.take_back(scene.session)
        assert scene.studio.waiting[0][0] == "undo"
        scene.answer(step=step)
    scene.picker.take_back(scene.session)
    assert not scene.studio.waiting


def test_backspace_leaves_what_was_no_click(scene: Scene) -> None:
    scene.picker.click(scene.session, 0, 1, (10.0, 20.0), positive=True)
    scene.answer(step=2)
    scene.session.state = replace(scene.session.state, step=3)  # tracked, say
    scene.picker.take_back(scene.session)
    assert not scene.studio.waiting
    assert "Ctrl+Z" in scene.picker.status


def test_one_look_is_on_its_way_and_the_newest_point_is_next(scene: Scene) -> None:
    for x in (10.0, 20.0, 30.0):
        scene.picker.look(scene.session, 0, 1, (x, 5.0))
    assert [asked.prompts[0].x for _, asked, _ in scene.studio.waiting] == [10.0]
    scene.answer()
    assert scene.picker.hover is None
    assert [asked.prompts[0].x for _, asked, _ in scene.studio.waiting] == [30.0]
    scene.answer()
    assert scene.picker.hover is not None


def test_a_point_is_looked_at_once_also_when_that_failed(scene: Scene) -> None:
    for _ in range(3):
        scene.picker.look(scene.session, 0, 1, (10.0, 5.0))
    assert len(scene.studio.waiting) == 1


def test_an_answer_is_forgotten_when_the_mouse_went_on(scene: Scene) -> None:
    scene.picker.look(scene.session, 0, 1, (10.0, 5.0))
    scene.picker.look_away()
    scene.answer()
    assert scene.picker.hover is None
