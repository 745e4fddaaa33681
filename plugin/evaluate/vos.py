"""``tam evaluate vos``: semi-supervised video object segmentation, several engines side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from plugin.evaluate import Request
from plugin.evaluate.material import asked_for, group_tables, number, said_of, shown, trackers_for
from plugin.evaluate.report import Chart, Picture, Report, Table, publish
from plugin.evaluate.tracking import Course, Variation, follow
from plugin.evaluate.worst import SHOWN, draw
from tam_core.evaluate.groups import Place, interval
from tam_core.evaluate.layouts import DataSet
from tam_core.evaluate.scores import ObjectScores, mean
from tam_core.evaluate.vos import SequenceScores

_PARTS = 10
"""Of a sequence, in the chart of how J goes down."""

Found = Mapping[str, Sequence[SequenceScores]]
"""By engine."""


def run(request: Request) -> str:
    """Every sequence with every engine. Raises TamErrors."""
    data, names = asked_for(request)
    contenders = trackers_for(request)
    course = Course(data, names, request.start, request.output, request.keep_masks)
    found = {one.name: follow(course, one, Variation()) for one in contenders}
    settings = said_of(request, contenders, len(names), "sequences") | {
        "layout": data.layout.name,
        "start": request.start,
    }
    publish(_report(request, data, settings, found), request.output)
    if not any(values(one) for one in found.values()):
        return _hidden(request)
    return "\n".join(f"{engine}: J&F {shown(interval(values(one)))}" for engine, one in found.items())


def values(found: Sequence[SequenceScores]) -> dict[Place, float]:
    """J&F of every object that is scored."""
    return {(one.name, each.object_id): each.jf for one in found for each in one.objects if each.frames}


def _hidden(request: Request) -> str:
    said = "the truth of these sequences is not public, so nothing was scored"
    if request.output is None or not request.keep_masks:
        return f"{said}; with --masks and -o what was found is written for the data set's server"
    return f"{said}; what was found is in {request.output / 'masks'}"


def _report(request: Request, data: DataSet, settings: Mapping[str, str], found: Found) -> Report:
    start = (
        f"begun with {request.start} click{'s' * (request.start != '1')}"
        if request.start.isdecimal()
        else (f"begun with the {request.start}")
    )
    tables = [_by_object(found), _summary(found)]
    tables += group_tables(request, {engine: values(one) for engine, one in found.items()}, "J&F")
    pictures = _worst(data, found) if request.output else []
    charts = [chart for chart in (_by_sequence(found), _over_time(found)) if chart.drawable]
    return Report(f"Video object segmentation, {start}", settings, tables, charts, pictures, figures(found))


def _by_object(found: Found) -> Table:
    rows: dict[str, list[str]] = {}
    for one in found.values():
        for sequence in one:
            for each in sequence.objects:
                title = sequence.name if len(sequence.objects) == 1 else f"{sequence.name} {each.object_id}"
                rows.setdefault(title, []).extend((number(each.j), number(each.f), number(each.decay)))
    columns = [f"{engine} {measure}" for engine in found for measure in ("J", "F", "decay")]
    return Table("Objects", ["sequence", *columns], [[name, *cells] for name, cells in rows.items()])


def _summary(found: Found) -> Table:
    columns = ["engine", "J", "F", "J&F, 95 % interval", "recall", "decay", "frames/s", "CPU s/frame"]
    rows = []
    for engine, one in found.items():
        frames = sum(each.frames for each in one)
        means = averages(one)
        speed = frames / max(sum(each.seconds for each in one), 1e-9)
        cost = sum(each.cpu_seconds for each in one) / frames
        cells = [number(means["J"], 4), number(means["F"], 4), shown(interval(values(one)))]
        cells += [number(means["recall"]), number(means["decay"]), number(speed, 1), number(cost)]
        rows.append([engine, *cells])
    return Table("Means over objects", columns, rows, "Time is that of prompts and tracking, with decoding.")


def averages(found: Sequence[SequenceScores]) -> dict[str, float]:
    """Means over all objects that are scored."""
    objects = [each for one in found for each in one.objects if each.frames]
    measures = {"J": "j", "F": "f", "J&F": "jf", "recall": "recall", "decay": "decay"}
    return {name: mean([getattr(each, key) for each in objects]) for name, key in measures.items()}


def _by_sequence(found: Found) -> Chart:
    names = [sequence.name for sequence in next(iter(found.values()))]
    curves = {
        engine: [(place, mean([each.jf for each in one.objects if each.frames])) for place, one in enumerate(sequences)]
        for engine, sequences in found.items()
    }
    return Chart("J&F by sequence", "", "J&F", curves, names if len(names) <= 40 else ())


def _over_time(found: Found) -> Chart:
    curves = {
        engine: list(zip([(part + 0.5) / _PARTS for part in range(_PARTS)], over_time(one), strict=True))
        for engine, one in found.items()
    }
    return Chart("J on the way through the sequence", "share of the sequence", "mean J", curves)


def over_time(found: Sequence[SequenceScores]) -> list[float]:
    """Mean J in each tenth of the scored frames, over the objects that have so many."""
    parts: list[list[float]] = [[] for _ in range(_PARTS)]
    for each in (each for one in found for each in one.objects if len(each.frames) >= _PARTS):
        for part, chunk in enumerate(np.array_split(np.array(each.regions), _PARTS)):
            parts[part].append(float(chunk.mean()))
    return [mean(part) for part in parts]


def _worst(data: DataSet, found: Found) -> list[Picture]:
    pictures = []
    for engine, one in found.items():
        cases = [(each.j, sequence.name, each) for sequence in one for each in sequence.objects if each.worst]
        for _, name, each in sorted(cases, key=lambda case: case[:2])[:SHOWN]:
            pictures.append(_picture(data.frames(name), engine, name, each))
    return pictures


def _picture(files: Sequence[Path], engine: str, name: str, one: ObjectScores) -> Picture:
    assert one.worst is not None
    place = one.frames.index(one.worst.frame)
    said = f"{engine}: {name}, object {one.object_id}, frame {one.worst.frame}, J {one.regions[place]:.3f}"
    return draw(files[one.worst.frame], one.worst, said)


def figures(found: Found) -> dict[str, Any]:
    """What programs read: means with intervals, then every object on every frame."""
    return {
        "engines": {
            engine: {
                "mean": averages(one),
                "interval": asdict(interval(values(one))),
                "sequences": [each.document() for each in one],
            }
            for engine, one in found.items()
        }
    }
