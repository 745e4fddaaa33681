"""Requests made up from the worker's own description: whatever comes, it is no fault of ours (no 5xx)."""

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from plugin.link import wire
from plugin.worker.worker import Worker
from tests.media import make_video
from tests.scenes import crossing
from tests.worker_fixtures import authorised, served

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its libraries warn about each other
    import schemathesis
    from schemathesis import GenerationMode

EXAMPLES = 6
"""For each address, of valid requests and of malformed ones each."""
ENDLESS = "/events$"


@dataclass(frozen=True)
class Target:
    """A worker with something in it; ``there`` are the ids of that, for the places in addresses."""

    worker: Worker
    client: httpx.Client
    there: dict[str, Any]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A small video in which an object is clicked on and tracked, and a live stream."""
    folder = tmp_path_factory.mktemp("schema")
    with served(folder) as (worker, client):
        video = make_video(folder / "opened/clip.mp4", crossing(6).frames)
        engines = {"engine": "flow", "segmenter": "grabcut"}
        session = client.post("/api/sessions", json={"path": str(video), **engines}).json()["id"]
        click = {"prompts": [{"kind": "click", "frame": 0, "object_id": 1, "x": 30, "y": 60}]}
        assert client.post(f"/api/sessions/{session}/prompts", json=click).status_code == 200
        stream = client.post("/api/live", json={"width": 160, "height": 120, **engines}).json()["id"]
        job = client.post(f"/api/sessions/{session}/track", json={}).json()["id"]
        yield Target(
            worker,
            client,
            {"session_id": session, "stream_id": stream, "job_id": job, "object_id": 1, "frame": 0, "index": 0},
        )


def hammer(target: Target, operation: Any, mode: GenerationMode) -> set[int]:
    """Ask made up requests; the statuses that came back. DELETE gets made up ids, so that something stays."""
    places = {parameter.name for parameter in operation.path_parameters}
    known = {} if operation.method == "delete" else {name: target.there[name] for name in places & target.there.keys()}
    statuses: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(mode, path_parameters=known or None))
    def ask(case: Any) -> None:
        answer = case.call(base_url=target.worker.access.url, headers=authorised(target.worker), timeout=60)
        assert answer.status_code < 500, f"{case.as_curl_command()}\n{answer.text[:1000]}"
        statuses.add(answer.status_code)

    with contextlib.suppress(Unsatisfiable):  # what takes nothing cannot be asked wrongly
        ask()
    return statuses


@pytest.mark.filterwarnings("ignore")
def test_no_request_is_answered_with_a_fault_of_ours(target: Target) -> None:
    described = target.client.get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(described).exclude(path_regex=ENDLESS)
    seen = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        assert operation is not None, found
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
            seen[operation.label, mode] = hammer(target, operation, mode)
            print(operation.label, mode, seen[operation.label, mode])
    assert {200, 400, 404, 422} <= set().union(*seen.values())
    state = wire.from_json(wire.SessionState, target.client.get(f"/api/sessions/{target.there['session_id']}").content)
    assert state.step or state.redo, "an undo among the requests may have taken the object back; its history is there"
