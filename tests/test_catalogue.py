"""The catalogue is made of the tables, and what it says of parameters is what is checked."""

import re
from typing import Any

import pytest

from inpaint.engines import INPAINTERS
from plugin.catalogue import OPERATIONS, TRACK, catalogue, settled
from plugin.exports import EXPORTS
from plugin.link import wire
from plugin.worker.edits import EDITS
from tam_core.engines import ENGINES
from tam_core.errors import RequestError
from tam_core.registry import Parameter

FOUND = catalogue("cpu")


def test_everything_in_the_tables_is_offered_once() -> None:
    offered = [(entry.name, entry.kind) for entry in FOUND.entries]
    engines = [(row.name, row.role) for row in (*ENGINES, *INPAINTERS)]
    exports = [(row.name, "export") for row in EXPORTS]
    assert offered == [*engines, *((row.name, "operation") for row in OPERATIONS), *exports]
    assert {"track", *EDITS} == {row.name for row in OPERATIONS}, "every operation has work behind it"


def test_what_is_not_ready_says_what_to_do() -> None:
    for entry in FOUND.entries:
        assert entry.ready == (not entry.problem)
        assert entry.ready or re.search("tam engines fetch|pip install", entry.problem)


def test_defaults_are_ready_entries_of_their_kind() -> None:
    ready = {(entry.kind, entry.name) for entry in FOUND.entries if entry.ready}
    assert {"tracker", "segmenter", "inpainter"} <= set(FOUND.defaults)
    assert set(FOUND.defaults.items()) <= ready


def test_defaults_of_all_parameters_are_allowed() -> None:
    rows = [*ENGINES, *INPAINTERS, *EXPORTS]
    for parameters in (row.parameters for row in (*OPERATIONS, *rows)):
        values = {one.name: one.default for one in parameters}
        assert settled(parameters, values, "it") == settled(parameters, {}, "it") == values


def test_operations_offer_what_the_protocol_takes() -> None:
    known = wire.TrackRequest.__dataclass_fields__
    assert all(parameter.default == known[parameter.name].default for parameter in TRACK)


def test_every_setting_of_an_engine_reaches_its_loader() -> None:
    for row in (*ENGINES, *INPAINTERS):
        if row.ready and row.parameters:
            row.load("cpu", **{one.name: one.default for one in row.parameters})


def test_an_operation_and_what_fills_its_holes_agree_on_a_name_they_share() -> None:
    """One value of a request is for both."""
    for operation in (row for row in OPERATIONS if row.fills):
        own = {one.name: (one.type, one.choices) for one in operation.parameters}
        for filler in INPAINTERS:
            for one in filler.parameters:
                assert own.get(one.name, (one.type, one.choices)) == (one.type, one.choices), (operation.name, one)


SIZE = Parameter("size", "int", 4, "how large", "px", 0, 8)
SHARE = Parameter("share", "float", 0.5, "how much", low=0, high=1)
FREE = Parameter("free", "float", 0.0, "any")
KIND = Parameter("kind", "choice", "a", "which", choices=("a", "b"))
FLAG = Parameter("flag", "bool", False, "whether")
WORDS = Parameter("words", "text", "", "what")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [(SIZE, 0), (SIZE, 8), (SHARE, 0.25), (FREE, -1e300), (KIND, "b"), (FLAG, True), (WORDS, "x")],
)
def test_values_in_range_are_taken(parameter: Parameter, value: Any) -> None:
    assert settled([parameter], {parameter.name: value}, "it") == {parameter.name: value}


def test_a_whole_number_is_a_number() -> None:
    (value,) = settled([SHARE], {"share": 1}, "it").values()
    assert isinstance(value, float) and value == 1


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (SIZE, -1), (SIZE, 9), (SIZE, 4.0), (SIZE, True), (SIZE, "4"), (SIZE, 10**400),
        (SHARE, 1.01), (SHARE, float("nan")), (SHARE, True), (FREE, float("inf")), (FREE, -float("inf")),
        (KIND, "c"), (KIND, 1), (FLAG, 1), (FLAG, "true"), (WORDS, 1),
    ],
)  # fmt: skip
def test_other_values_are_refused_with_what_is_allowed(parameter: Parameter, value: Any) -> None:
    with pytest.raises(RequestError, match=f"{parameter.name} of the brush is .*: it has to be "):
        settled([parameter], {parameter.name: value}, "the brush")


def test_unknown_parameters_are_refused_by_name() -> None:
    with pytest.raises(RequestError, match="the brush has no parameter 'weight'; there are: size, kind"):
        settled([SIZE, KIND], {"weight": 1}, "the brush")
