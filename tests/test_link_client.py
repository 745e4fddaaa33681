"""The client against a stand-in: what it asks, what it makes of answers and failures, and that nothing waits."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plugin.link import wire
from plugin.link.client import Client
from plugin.link.errors import LinkError, ProtocolMismatch, WorkerGone
from plugin.link.events import ALL_ANEW, Mailbox
from plugin.link.pending import later
from plugin.link.wire import to_json
from tests.stand_in import TOKEN, StandIn, stand_in

VIDEO = wire.Video("a.mp4", "/a.mp4", 64, 48, "25", 10, 0.4, False)
STATE = wire.SessionState("s1", "a.tam", VIDEO, "flow", "grabcut", 3, "undo click", "", [], [], [])
ANSWER = wire.PromptAnswer(2, [wire.ObjectMask(1, wire.Rle((48, 64), "0"), 1.0)], [], 0, STATE)
JOB = wire.Job("j1", "track", "Track", "running", "s1")
HEALTH = wire.Health("0.1.0", wire.PROTOCOL, 1, 2.0, "cpu")
PROMPT = wire.PromptRequest([wire.Click(frame=2, object_id=1, x=30, y=20)])
LIVE = wire.Live("l1")
MASKS = wire.FrameMasks(0, [])


@pytest.fixture
def worker() -> Iterator[StandIn]:
    with stand_in() as server:
        yield server


@pytest.fixture
def client(worker: StandIn) -> Iterator[Client]:
    one = Client(worker.url, TOKEN, timeout=5)
    yield one
    one.close()


def body(message: Any) -> bytes:
    return to_json(message).encode()


def wait_for(condition: Callable[[], object], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


CALLS: list[tuple[Callable[[Client], object], str, object, object]] = [
    (lambda c: c.health(), "GET /health", None, HEALTH),
    (lambda c: c.catalogue(), "GET /api/catalogue", None, wire.Catalogue([], {})),
    (lambda c: c.fetch_engine("sam2.1-tiny"), "POST /api/engines/sam2.1-tiny/fetch", None, JOB),
    (lambda c: c.sessions(), "GET /api/sessions", None, [wire.SessionEntry("s1", "a.tam", "a", 1.0)]),
    (lambda c: c.open(wire.OpenRequest("/a.mp4")), "POST /api/sessions", wire.OpenRequest("/a.mp4"), STATE),
    (lambda c: c.state("s1"), "GET /api/sessions/s1", None, STATE),
    (lambda c: c.times("s1"), "GET /api/sessions/s1/times", None, [0.0, 0.04]),
    (lambda c: c.masks("s1", 2, 4, [1, 3]), "GET /api/sessions/s1/masks?start=2&stop=4&objects=1%2C3", None, [MASKS]),
    (lambda c: c.masks("s1"), "GET /api/sessions/s1/masks?start=0", None, [MASKS]),
    (lambda c: c.prompt("s1", PROMPT), "POST /api/sessions/s1/prompts", PROMPT, ANSWER),
    (lambda c: c.preview("s1", PROMPT), "POST /api/sessions/s1/preview", PROMPT, ANSWER),
    (lambda c: c.undo("s1"), "POST /api/sessions/s1/undo", None, STATE),
    (lambda c: c.redo("s1"), "POST /api/sessions/s1/redo", None, STATE),
    (
        lambda c: c.change_object("s1", 2, wire.ObjectChange("dog")),
        "PATCH /api/sessions/s1/objects/2",
        wire.ObjectChange("dog"),
        STATE,
    ),
    (lambda c: c.drop_object("s1", 2), "DELETE /api/sessions/s1/objects/2", None, STATE),
    (lambda c: c.drop_object("s1", 2, 7), "DELETE /api/sessions/s1/objects/2?from_frame=7", None, STATE),
    (
        lambda c: c.change_engines("s1", wire.EngineChange("flow")),
        "PATCH /api/sessions/s1/engines",
        wire.EngineChange("flow"),
        STATE,
    ),
    (
        lambda c: c.answer_proposal("s1", 4, True),
        "POST /api/sessions/s1/proposals/4",
        wire.ProposalAnswer(True),
        STATE,
    ),
    (lambda c: c.track("s1", wire.TrackRequest()), "POST /api/sessions/s1/track", wire.TrackRequest(), JOB),
    (lambda c: c.remove("s1", wire.RemoveRequest()), "POST /api/sessions/s1/remove", wire.RemoveRequest(), JOB),
    (
        lambda c: c.export("s1", wire.ExportRequest("png")),
        "POST /api/sessions/s1/export",
        wire.ExportRequest("png"),
        JOB,
    ),
    (lambda c: c.jobs(), "GET /api/jobs", None, [JOB]),
    (lambda c: c.job("j1"), "GET /api/jobs/j1", None, JOB),
    (lambda c: c.cancel_job("j1"), "POST /api/jobs/j1/cancel", None, JOB),
    (lambda c: c.pause_job("j1"), "POST /api/jobs/j1/pause", None, JOB),
    (lambda c: c.resume_job("j1"), "POST /api/jobs/j1/resume", None, JOB),
    (lambda c: c.open_live(wire.LiveRequest(64, 48)), "POST /api/live", wire.LiveRequest(64, 48), LIVE),
    (lambda c: c.prompt_live("l1", PROMPT), "POST /api/live/l1/prompts", PROMPT, MASKS),
]


@pytest.mark.parametrize(("call", "address", "message", "answer"), CALLS, ids=[one[1] for one in CALLS])
def test_every_question_reaches_its_address_and_its_answer_comes_back(
    worker: StandIn, client: Client, call: Callable[[Client], object], address: str, message: object, answer: object
) -> None:
    worker.answers[address] = (200, body(answer))
    assert call(client) == answer
    (asked,) = worker.asked
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.body == (b"" if message is None else body(message))


def test_pictures_and_files_come_as_they_are(worker: StandIn, client: Client, tmp_path: Path) -> None:
    worker.answers["GET /api/sessions/s1/frames/3?width=320&of=removal"] = (200, b"jpeg")
    worker.answers["GET /api/sessions/s1/filmstrip?count=8&height=40"] = (200, b"strip")
    worker.answers["GET /api/jobs/j1/file"] = (200, [b"one", b"two"])
    assert client.frame("s1", 3, 320, "removal") == b"jpeg"
    assert client.filmstrip("s1", 8, 40) == b"strip"
    client.save_job_file("j1", tmp_path / "out.mp4")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out.mp4", b"onetwo")]


def test_a_file_that_is_not_there_leaves_the_old_one_and_no_rest(
    worker: StandIn, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "out.mp4").write_bytes(b"old")
    with pytest.raises(LinkError, match="404"):
        client.save_job_file("j9", tmp_path / "out.mp4")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out.mp4", b"old")]
    with pytest.raises(LinkError, match="cannot be written"):
        client.save_job_file("j9", tmp_path / "nowhere" / "out.mp4")


def test_an_upload_is_sent_with_its_name(worker: StandIn, client: Client, tmp_path: Path) -> None:
    path = tmp_path / "a b&c.mp4"
    path.write_bytes(b"x" * 100_000)
    worker.answers["POST /api/uploads?name=a+b%26c.mp4"] = (200, body(wire.Upload("u1", "a b&c.mp4", 100_000)))
    assert client.upload(path).id == "u1"
    assert worker.asked[0].body == path.read_bytes()
    with pytest.raises(LinkError, match="cannot be read"):
        client.upload(tmp_path / "none.mp4")


def test_ids_cannot_leave_their_place_in_the_address(worker: StandIn, client: Client) -> None:
    with pytest.raises(LinkError):
        client.state("../jobs?x")
    assert worker.asked[0].path == "/api/sessions/..%2Fjobs%3Fx"


def test_a_refusal_is_raised_in_the_words_of_the_worker(worker: StandIn, client: Client) -> None:
    problem = wire.Problem("PromptError", "frame 240 of a video of 200 frames", 400)
    worker.answers["POST /api/sessions/s1/prompts"] = (400, body(problem))
    with pytest.raises(LinkError, match="frame 240 of a video of 200 frames") as refused:
        client.prompt("s1", PROMPT)
    assert refused.value.problem == problem


def test_what_is_no_worker_is_told(worker: StandIn, client: Client) -> None:
    worker.answers["GET /api/jobs"] = (200, b"<html>")
    with pytest.raises(LinkError, match="answer to GET /api/jobs is not understood"):
        client.jobs()
    with pytest.raises(LinkError, match="answered 404, and not as a worker does: 'nothing here'"):
        client.catalogue()
    with pytest.raises(LinkError, match="no address"):
        Client("127.0.0.1:80", TOKEN)


def test_nobody_there_is_a_worker_gone_and_silence_too(worker: StandIn) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(WorkerGone, match="no worker answers"):
            Client(f"http://127.0.0.1:{free.getsockname()[1]}", TOKEN).health()
    worker.answers["GET /health"] = (200, [None])
    with pytest.raises(WorkerGone, match="not answered for a long time"):
        Client(worker.url, TOKEN, timeout=0.1).health()


@pytest.mark.parametrize(("protocol", "older"), [(0, "update the worker"), (99, "update this program")])
def test_another_protocol_says_which_side_is_old(worker: StandIn, client: Client, protocol: int, older: str) -> None:
    worker.answers["GET /health"] = (200, body(wire.Health("9", protocol, 1, 1.0, "cpu")))
    with pytest.raises(ProtocolMismatch, match=older):
        client.check()


def test_no_proxy_is_asked(worker: StandIn, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    worker.answers["GET /health"] = (200, body(HEALTH))
    assert client.check() == HEALTH


def test_later_does_not_wait_and_keeps_the_order(worker: StandIn, client: Client) -> None:
    worker.answers["GET /api/sessions/s1"] = (200, [None, body(STATE)])
    worker.answers["POST /api/sessions/s1/undo"] = (200, body(STATE))
    first, second = client.later(client.state, "s1"), client.later(client.undo, "s1")
    wait_for(lambda: worker.asked)
    assert not first.done and not second.done
    with pytest.raises(RuntimeError):
        first.result()
    worker.released.set()
    assert second.wait(5) and first.done
    assert first.result() == second.result() == STATE
    assert [asked.method for asked in worker.asked] == ["GET", "POST"]


def test_later_hands_over_the_failure_and_goes_on(worker: StandIn, client: Client) -> None:
    failed, health = client.later(client.catalogue), client.later(client.health)
    assert failed.wait(5)
    with pytest.raises(LinkError, match="404"):
        failed.result()
    assert health.wait(5)


def test_what_is_cancelled_before_it_begins_is_never_asked(worker: StandIn, client: Client) -> None:
    worker.answers["GET /api/sessions/s1"] = (200, [None, body(STATE)])
    first, second, third = (client.later(client.state, "s1"), client.later(client.undo, "s1"), client.later(len, "abc"))
    wait_for(lambda: worker.asked)
    first.cancel()
    second.cancel()
    worker.released.set()
    assert third.wait(5) and third.result() == 3
    assert not first.done and not second.done
    assert len(worker.asked) == 1


def test_later_works_for_anything_else() -> None:
    pending = later(sorted, [2, 1], reverse=True)
    assert pending.wait(5) and pending.result() == [2, 1]


def event(message: Any, number: int, end: str = "\n") -> bytes:
    return f"event: {message.kind}{end}id: {number}{end}data: {to_json(message)}{end}{end}".encode()


def taken(mailbox: Mailbox, count: int) -> list[wire.Event]:
    found: list[wire.Event] = []

    def enough() -> bool:
        found.extend(mailbox.take())
        return len(found) >= count

    wait_for(enough)
    return found


EVENTS = [wire.StateEvent(revision=4), wire.JobEvent(job=JOB), wire.MasksEvent(frame=2, masks=[])]


def test_events_come_in_order_and_go_on_where_the_connection_broke(worker: StandIn, client: Client) -> None:
    unknown = b'event: smell\nid: 6\ndata: {"kind": "smell"}\n\n'
    cut = event(EVENTS[2], 8)[:-8]
    worker.answers["GET /api/sessions/s1/events"] = [
        (200, [b": still here\n\n", event(EVENTS[0], 5), unknown, event(EVENTS[1], 7, "\r\n"), cut]),
        (200, [event(EVENTS[2], 8), None]),
    ]
    mailbox = client.events("s1")
    assert taken(mailbox, 3) == EVENTS
    assert mailbox.problem is None
    mailbox.close()
    assert [asked.headers.get("Last-Event-ID") for asked in worker.asked] == [None, "7"]


def test_the_mailbox_of_a_session_that_is_unknown_says_so_and_gives_up(worker: StandIn, client: Client) -> None:
    problem = wire.Problem("UnknownIdError", "there is no session s1", 404)
    worker.answers["GET /api/live/s1/events"] = (404, body(problem))
    mailbox = client.live_events("s1")
    wait_for(lambda: mailbox.problem)
    assert mailbox.problem and mailbox.problem.problem == problem
    assert mailbox.take() == []
    time.sleep(0.4)
    assert len(worker.asked) == 1


def test_a_mailbox_waits_for_a_worker_that_is_away(worker: StandIn, client: Client) -> None:
    busy = wire.Problem("RuntimeError", "a fault", 500)
    worker.answers["GET /api/sessions/s1/events"] = [(500, body(busy)), (200, [event(EVENTS[0], 1), None])]
    mailbox = client.events("s1")
    wait_for(lambda: mailbox.problem)
    assert taken(mailbox, 1) == [EVENTS[0]]
    assert mailbox.problem is None
    mailbox.close()


def test_closing_ends_the_connection_at_once(worker: StandIn, client: Client) -> None:
    worker.answers["GET /api/sessions/s1/events"] = [(200, [event(EVENTS[0], 1), None])]
    mailbox = client.events("s1")
    taken(mailbox, 1)
    mailbox.close()
    wait_for(lambda: not mailbox.listening, 1)
    assert len(worker.asked) == 1


def test_a_host_that_never_looks_is_told_to_ask_anew(
    worker: StandIn, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.link.events.MOST", 2)
    worker.answers["GET /api/sessions/s1/events"] = [(200, [*(event(EVENTS[2], i) for i in range(9)), None])]
    mailbox = client.events("s1")
    wait_for(lambda: mailbox._last_id == "8")
    time.sleep(0.05)
    assert mailbox.take() == [ALL_ANEW, EVENTS[2], EVENTS[2]]
    assert json.loads(to_json(ALL_ANEW))["revision"] == -1
    mailbox.close()
