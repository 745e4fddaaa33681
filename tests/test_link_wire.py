"""The protocol: every message comes through JSON as it was, and what is no message is refused with its place."""

import dataclasses
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugin.link import wire

MESSAGES = [kind for kind in vars(wire).values() if dataclasses.is_dataclass(kind)]
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture(autouse=True, scope="module")
def _finite_numbers() -> Any:
    """JSON has no infinity."""
    st.register_type_strategy(float, NUMBERS)
    yield
    st.register_type_strategy(float, st.floats())


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_every_message_comes_back_as_it_was(kind: Any, data: st.DataObject) -> None:
    message = data.draw(st.from_type(kind))
    assert wire.from_json(kind, wire.to_json(message)) == message
    assert wire.from_json(list[kind], wire.to_json([message])) == [message]


def test_what_has_a_default_may_be_left_out_and_what_is_unknown_is_passed_over() -> None:
    text = '{"prompts": [{"kind": "click", "frame": 3, "object_id": 1, "x": 4, "y": 5.5, "pressure": 1}], "later": 2}'
    asked = wire.PromptRequest([wire.Click(frame=3, object_id=1, x=4.0, y=5.5)])
    assert wire.from_json(wire.PromptRequest, text) == asked


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "an object"),
        ("{}", "no 'prompts'"),
        ('{"prompts": {}}', "prompts is .* not a list"),
        ('{"prompts": [{"kind": "lasso"}]}', r"prompts\[0\].*'lasso'"),
        ('{"prompts": [{"kind": "click", "frame": "3"}]}', r"prompts\[0\].frame is '3', not int"),
        ('{"prompts": [{"kind": "click", "frame": true}]}', r"prompts\[0\].frame is 'True', not int"),
        ('{"prompts": [], "candidate": null}', "candidate is 'None', not int"),
        ('{"prompts": [{"kind": "box", "frame": 0, "object_id": 1, "xyxy": [1, 2, 3]}]}', "xyxy"),
    ],
)
def test_what_is_no_message_is_refused_with_its_place(text: str, complaint: str) -> None:
    with pytest.raises(wire.WireError, match=complaint):
        wire.from_json(wire.PromptRequest, text)
