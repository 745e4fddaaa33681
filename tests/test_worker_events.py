"""Events: what a listener hears, also when it was away."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from plugin.link import wire
from plugin.worker import events as events_module
from plugin.worker.events import KEPT_EVENTS, Events
from tests.worker_fixtures import PATIENCE

MASKS = wire.MasksEvent(frame=7, masks=[])


def greeting() -> wire.Event:
    return wire.StateEvent(revision=42)


def told(events: Events, after: int | None, count: int, meanwhile: Callable[[], None] = lambda: None) -> list[str]:
    """The first ``count`` events that a listener hears; ``meanwhile`` happens once it listens."""

    async def listen() -> list[str]:
        stream = events.listen("topic", after, greeting)
        first = await anext(stream)
        meanwhile()
        return [first, *[await anext(stream) for _ in range(count - 1)]]

    return asyncio.run(asyncio.wait_for(listen(), PATIENCE))


def number(event: str) -> int:
    return int(event.split("id: ")[1].split("\n")[0])


def test_a_listener_is_greeted_and_hears_what_comes_after() -> None:
    events = Events()
    first, second = told(events, None, 2, lambda: events.publish("topic", MASKS))
    assert first.startswith("event: state\n") and '{"kind":"state","revision":42}' in first
    assert second == f"event: masks\nid: {number(second)}\ndata: {wire.to_json(MASKS)}\n\n"
    assert number(second) > number(first)


def test_a_listener_that_comes_back_hears_what_it_missed_and_no_greeting() -> None:
    events = Events()
    (first,) = told(events, None, 1)
    events.publish("topic", MASKS)
    events.publish("topic", wire.StateEvent(revision=1))
    missed = told(events, number(first), 2)
    assert [event.split("\n")[0] for event in missed] == ["event: masks", "event: state"]
    assert told(events, number(missed[0]), 1) == missed[1:]


def test_who_missed_too_much_is_greeted_anew() -> None:
    events = Events()
    (first,) = told(events, None, 1)
    for _ in range(KEPT_EVENTS + 1):
        events.publish("topic", MASKS)
    for after in (number(first), number(first) + 10**9, 5):  # too old, of the future, of an earlier life
        assert '"revision":42' in told(events, after, 1)[0]


def test_large_events_are_not_kept_for_ever() -> None:
    events = Events()
    told(events, None, 1)
    large = wire.MasksEvent(frame=1, masks=[wire.ObjectMask(1, wire.Rle((1, 1), "0" * 100_000), 1.0)])
    for _ in range(100):
        events.publish("topic", large)
    assert sum(len(event.text) for event in events._topics["topic"].told) <= events_module.KEPT_CHARACTERS


def test_a_stream_ends_when_its_topic_does() -> None:
    events = Events()

    async def listen() -> list[str]:
        heard = []
        async for event in events.listen("topic", None, greeting):
            heard.append(event)
            threading.Timer(0.01, events.forget, ["topic"]).start()
        return heard

    assert len(asyncio.run(asyncio.wait_for(listen(), PATIENCE))) == 1


def test_a_quiet_stream_gives_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_module, "HEARTBEAT_SECONDS", 0.01)
    assert told(Events(), None, 3)[1:] == [": still here\n\n"] * 2


def test_nothing_is_kept_for_a_topic_that_nobody_ever_listened_to() -> None:
    events = Events()
    events.publish("topic", MASKS)
    assert not events._topics
