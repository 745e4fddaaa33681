"""What may be said while a propagation is suspended."""

import numpy as np
import pytest

from tam_core.errors import RequestError
from tam_core.prompts import Click
from tam_core.session import Session
from tests.colour_engines import COUNT, colour_session, square


@pytest.fixture
def session() -> Session:
    return colour_session()


def test_what_was_found_so_far_is_visible(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6))
    masks, revision = session.propagate(), session.revision
    for count in range(1, 5):
        next(masks)
        assert session.masklets[1].frames == list(range(count))
        assert session.revision > revision
        revision = session.revision


def test_prompt_on_a_frame_still_to_come_wins_there(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6))
    masks = session.propagate()
    next(masks)
    corrected = session.prompt(Click(6, 1, 8, 6), Click(6, 1, 7, 5, positive=False)).masks[1]
    rest = list(masks)
    assert [found.frame for found in rest if not found.masks] == [6], "the client keeps the mask that it was answered"
    assert np.array_equal(session.masklets[1].mask(6), corrected)
    assert session.masklets[1].frames == list(range(COUNT))
    assert session.stale == {1}, "the correction is still to be carried on"
    assert session.undo_title == "click on object 1"
    session.undo()
    assert np.array_equal(session.masklets[1].mask(6), square(6))
    assert session.stale == set()


def test_prompt_on_a_frame_gone_by_corrects_the_tracked_mask(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6))
    masks = session.propagate()
    for _ in range(5):
        next(masks)
    corrected = session.prompt(Click(3, 1, 4, 5, positive=False)).masks[1]
    assert corrected.sum() == square(3).sum() - 1
    list(masks)
    assert np.array_equal(session.masklets[1].mask(3), corrected)
    assert session.prompted_frames(1) == [0, 3]


def test_another_object_may_be_begun_meanwhile(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6))
    masks = session.propagate()
    next(masks)
    session.prompt(Click(0, 2, 5, 16))
    list(masks)
    assert session.stale == {2}
    assert session.masklets[1].frames == list(range(COUNT))
    assert session.masklets[2].frames == [0]


def test_nothing_is_taken_away_meanwhile(session: Session) -> None:
    session.prompt(Click(0, 1, 2, 6))
    masks = session.propagate()
    next(masks)
    for act in (session.undo, lambda: session.drop(1), lambda: next(session.propagate())):
        with pytest.raises(RequestError, match="stop the tracking first"):
            act()
    assert not session.redo()
    masks.close()
    assert session.undo()
    assert session.masklets[1].frames == [0]


@pytest.mark.parametrize("frame", [1, 8], ids=["gone by", "to come"])
def test_what_was_said_meanwhile_can_be_taken_back_and_said_again(session: Session, frame: int) -> None:
    session.prompt(Click(0, 1, 2, 6))
    masks = session.propagate()
    for _ in range(4):
        next(masks)
    corrected = session.prompt(Click(frame, 1, frame + 2, 6), Click(frame, 1, frame + 3, 5, positive=False)).masks[1]
    assert session.undo() and session.prompted_frames(1) == [0]
    assert session.masklets[1].frames == list(range(4)), "what was found meanwhile stays"
    next(masks)
    assert session.redo() and np.array_equal(session.masklets[1].mask(frame), corrected)
    assert session.undo()
    session.prompt(Click(frame, 2, 5, 16))
    assert session.undo()
    list(masks)
    assert session.masklets[1].frames == list(range(COUNT)) and session.stale == set()
    assert np.array_equal(session.masklets[1].mask(frame), square(frame))
