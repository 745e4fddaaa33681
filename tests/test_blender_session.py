"""What the add-on knows of one session, taken from messages in any order."""

from plugin.blender.session import BLOCK, OpenSession
from plugin.link import wire
from tests.test_blender_studio import RLE, job, state


def opened() -> OpenSession:
    return OpenSession("/v/clip.mp4", "s1", state(5))


def click(frame: int, object_id: int = 1, x: float = 1) -> wire.Click:
    return wire.Click(frame=frame, object_id=object_id, x=x, y=2)


def answer(revision: int) -> wire.PromptAnswer:
    found = [wire.ObjectMask(1, RLE, 0.9)]
    return wire.PromptAnswer(3, found, found, 0, state(revision))


def test_an_older_state_is_not_taken() -> None:
    session = opened()
    session.take_state(state(4, undo="something else"))
    assert session.state.undo == "" and session.state.revision == 5


def test_a_job_that_is_over_stays_over() -> None:
    session = opened()
    session.take_job(job("done"))
    session.take_state(state(6, jobs=[job("running")]))
    assert [one.status for one in session.state.jobs] == ["done"]


def test_a_job_comes_to_rest_once() -> None:
    session = opened()
    assert not session.take_job(job("running"))
    assert session.take_job(job("paused"))
    assert not session.take_job(job("paused"))
    assert [one.status for one in session.jobs] == ["paused"] and not session.works


def test_prompts_are_known_with_their_answer() -> None:
    session = opened()
    session.take_answer(answer(6), wire.PromptRequest([click(3)]))
    session.take_answer(answer(7), wire.PromptRequest([click(3, x=9)]))
    assert session.masks[3] == {1: RLE} and session.prompts[3] == [click(3), click(3, x=9)]


def test_the_next_candidate_takes_the_place_of_the_last() -> None:
    session = opened()
    session.prompts[3] = [click(3, object_id=2)]
    session.take_answer(answer(6), wire.PromptRequest([click(3)]))
    session.take_answer(answer(7), wire.PromptRequest([click(3)], candidate=1, replace=True))
    assert session.prompts[3] == [click(3, object_id=2), click(3)]


def test_the_last_block_ends_with_the_video() -> None:
    assert list(opened().missing(99)) == [range(96, 100)]


def test_masks_far_away_are_forgotten_first() -> None:
    session = opened()
    for frame in range(100):
        session.learn(frame, [wire.ObjectMask(1, RLE, 1.0)])
    list(session.missing(0))
    session.shed(0, 2 * BLOCK * 300)
    assert sorted(session.masks) == list(range(2 * BLOCK))
    session.shed(0, 0)
    assert sorted(session.masks) == list(range(2 * BLOCK)), "what is shown now is never forgotten"
    session.shed(90, 0)
    assert not session.masks and list(session.missing(0)), "and what was forgotten is asked for again"
