"""``tam evaluate robustness``: J&F against what an engine is given: memory, working size, frames."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from plugin.evaluate import Request
from plugin.evaluate.contenders import Contender
from plugin.evaluate.material import asked_for, number, said_of, trackers_for
from plugin.evaluate.report import Chart, Report, Table, publish
from plugin.evaluate.tracking import Course, Variation, follow
from plugin.evaluate.vos import averages
from tam_core.errors import RequestError
from tam_core.evaluate.sweeps import EVERY, SWEEPS, load_with, offered
from tam_core.evaluate.vos import SequenceScores

_UNITS = {"memory": "remembered frames", "input": "working size, px", "skip": "one of so many frames is shown"}


@dataclass(frozen=True)
class Finding:
    """What came of one value. ``cost``: CPU seconds a frame."""

    sweep: str
    engine: str
    setting: str
    value: int
    usual: bool
    j: float
    f: float
    cost: float


def run(request: Request) -> str:
    """Every value of every sweep that an engine offers. Raises TamErrors."""
    for sweep in request.sweeps:
        if sweep not in SWEEPS:
            raise RequestError(f"--sweep {sweep!r}: there are {', '.join(SWEEPS)}")
    data, names = asked_for(request)
    contenders = trackers_for(request)
    course = Course(data, names, request.start, request.output)
    sweeps = request.sweeps or SWEEPS
    found = [one for sweep in sweeps for contender in contenders for one in _swept(course, contender, sweep)]
    settings = said_of(request, contenders, len(names), "sequences") | {"start": request.start}
    tables = [_table(sweep, found, [one.name for one in contenders]) for sweep in sweeps]
    charts = [chart for chart in (_chart(sweep, found) for sweep in sweeps) if chart.drawable]
    publish(
        Report("Robustness", settings, tables, charts, (), {"findings": [vars(one) for one in found]}), course.output
    )
    return f"{len(found)} values measured on {len(names)} sequences"


def _swept(course: Course, contender: Contender, sweep: str) -> Iterator[Finding]:
    assert contender.tracker_row is not None
    if sweep == "skip":
        for every in EVERY:
            scores = follow(course, contender, Variation(every=every))
            yield _finding(sweep, contender, "every", every, every == 1, scores)
        return
    offer = offered(contender.tracker_row, sweep)
    if offer is None:
        return
    for value in offer.values:
        usual = value == offer.usual
        variation = Variation() if usual else Variation(offer.setting, value)
        load = partial(load_with, contender.tracker_row, contender.device, offer.setting, value)
        scores = follow(course, contender, variation, None if usual else load)
        yield _finding(sweep, contender, offer.setting, value, usual, scores)


def _finding(
    sweep: str, contender: Contender, setting: str, value: int, usual: bool, scores: list[SequenceScores]
) -> Finding:
    means = averages(scores)
    cost = sum(one.cpu_seconds for one in scores) / sum(one.frames for one in scores)
    return Finding(sweep, contender.name, setting, value, usual, means["J"], means["F"], cost)


def _table(sweep: str, found: list[Finding], engines: list[str]) -> Table:
    rows = [
        [
            f"{one.engine} {one.setting}={one.value}{' (its own)' * one.usual}",
            number(one.j),
            number(one.f),
            number((one.j + one.f) / 2),
            number(one.cost),
        ]
        for one in found
        if one.sweep == sweep
    ]
    silent = [name for name in engines if not any((one.sweep, one.engine) == (sweep, name) for one in found)]
    note = f"{', '.join(silent)}: has no such setting." if silent else ""
    return Table(f"Sweep: {_UNITS[sweep]}", ["value", "J", "F", "J&F", "CPU s/frame"], rows, note)


def _chart(sweep: str, found: list[Finding]) -> Chart:
    curves: dict[str, list[tuple[float, float]]] = {}
    for one in found:
        if one.sweep == sweep:
            curves.setdefault(one.engine, []).append((one.value, (one.j + one.f) / 2))
    return Chart(f"J&F by {_UNITS[sweep]}", _UNITS[sweep], "J&F", curves)
