"""``tam evaluate pvs-offline`` and ``pvs-online``: what a simulated person reaches by correcting frames."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from plugin.evaluate import Request
from plugin.evaluate.contenders import Contender, trackers
from plugin.evaluate.material import asked_for, group_tables, loader, number, said_of, shown
from plugin.evaluate.report import Chart, Picture, Report, Table, publish
from plugin.evaluate.units import Kept, Unit, measure_all
from plugin.evaluate.worst import SHOWN, draw
from tam_core.errors import RequestError
from tam_core.evaluate.groups import Place, interval
from tam_core.evaluate.interactive import CLICKS, FRAMES, Curve, offline, online, read_curve
from tam_core.evaluate.layouts import DataSet
from tam_core.evaluate.scores import mean
from tam_core.evaluate.sequences import Sequence as VideoSequence
from tam_core.types import ObjectId

Found = Mapping[str, Sequence[Curve]]
"""By engine."""
Way = Callable[[VideoSequence, ObjectId, Contender], Generator[None, None, Curve]]


def run_offline(request: Request) -> str:
    """Several passes, always the worst frame next. Raises TamErrors."""

    def way(sequence: VideoSequence, object_id: ObjectId, one: Contender) -> Generator[None, None, Curve]:
        return offline(sequence, object_id, one.tracker, one.segmenter)

    return _run(request, "pvs-offline", "Promptable video segmentation, offline", way)


def run_online(request: Request) -> str:
    """One pass with pauses. Raises TamErrors."""

    def way(sequence: VideoSequence, object_id: ObjectId, one: Contender) -> Generator[None, None, Curve]:
        return online(sequence, object_id, one.tracker, one.segmenter)

    return _run(request, "pvs-online", "Promptable video segmentation, online", way)


def _run(request: Request, protocol: str, title: str, way: Way) -> str:
    data, names = asked_for(request)
    contenders = trackers(request.engines, request.segmenter, request.device)
    objects = _objects(data, names)
    found = {one.name: _measured(request, data, objects, one, protocol, way) for one in contenders}
    settings = said_of(request, contenders, len(names), "sequences")
    settings |= {"layout": data.layout.name, "clicks a frame": str(CLICKS), "frames at most": str(FRAMES)}
    tables = [_table(found), _by_object(found)]
    tables += group_tables(request, {engine: values(one) for engine, one in found.items()}, "J&F")
    pictures = _worst(data, found) if request.output else []
    publish(Report(title, settings, tables, [_chart(found)], pictures, _figures(found)), request.output)
    return "\n".join(
        f"{engine}: mean J&F over 1 to {FRAMES} frames {number(area(one))}" for engine, one in found.items()
    )


def _objects(data: DataSet, names: Sequence[str]) -> list[tuple[str, ObjectId]]:
    """Every object that is seen. Raises RequestError where the truth is not public."""
    objects = []
    for name in names:
        sequence = data.load(name)
        if not sequence.public:
            raise RequestError(f"the truth of {name} is not public: a person cannot be simulated without it")
        objects += [(name, object_id) for object_id in sequence.firsts]
    return objects


def _measured(
    request: Request,
    data: DataSet,
    objects: Sequence[tuple[str, ObjectId]],
    contender: Contender,
    protocol: str,
    way: Way,
) -> list[Curve]:
    load = loader(data)

    def unit(name: str, object_id: ObjectId) -> Unit[Curve]:
        return Unit(f"{name}-{object_id}", FRAMES, lambda: way(load(name), object_id, contender))

    key = contender.key({"protocol": protocol, "data": str(data.folder.resolve()), "clicks": CLICKS, "frames": FRAMES})
    kept = Kept(request.output and request.output / "results" / key)
    return measure_all([unit(*one) for one in objects], kept, read_curve, f"{contender.name}, rounds")


def curve(found: Sequence[Curve]) -> list[float]:
    """Mean J&F over objects with 1, 2 ... interacted frames."""
    return [mean([one.both[place] for one in found]) for place in range(FRAMES)]


def area(found: Sequence[Curve]) -> float:
    """The mean of the curve, which is what SAM 2's table has."""
    return mean(curve(found))


def values(found: Sequence[Curve]) -> dict[Place, float]:
    """Each object's mean over the curve."""
    return {(one.sequence, one.last.object_id): mean(one.both) for one in found}


def _table(found: Found) -> Table:
    rows = [
        [engine, *(number(value) for value in curve(one)), shown(interval(values(one))), _frames(one)]
        for engine, one in found.items()
    ]
    columns = ["engine", *map(str, range(1, FRAMES + 1)), "mean of 1 to 8", "frames corrected"]
    return Table("J&F by interacted frames", columns, rows, "Frames corrected: of an object, where all were allowed.")


def _frames(found: Sequence[Curve]) -> str:
    return number(mean([float(len(one.interacted)) for one in found]), 1)


def _by_object(found: Found) -> Table:
    rows: dict[str, list[str]] = {}
    for one in found.values():
        for each in one:
            cells = (number(each.both[0]), number(each.both[-1]), str(len(each.interacted)))
            rows.setdefault(f"{each.sequence} {each.last.object_id}", []).extend(cells)
    columns = [f"{engine}, {what}" for engine in found for what in ("1 frame", f"{FRAMES} frames", "corrected")]
    return Table("Objects, J&F", ["object", *columns], [[name, *cells] for name, cells in rows.items()])


def _chart(found: Found) -> Chart:
    curves = {engine: [(count, value) for count, value in enumerate(curve(one), 1)] for engine, one in found.items()}
    return Chart("J&F by interacted frames", "interacted frames, at most", "mean J&F", curves)


def _worst(data: DataSet, found: Found) -> list[Picture]:
    pictures = []
    for engine, one in found.items():
        for each in sorted(one, key=lambda each: each.both[-1])[:SHOWN]:
            worst = each.last.worst
            if worst is not None:
                file: Path = data.frames(each.sequence)[worst.frame]
                said = f"{engine}: {each.sequence}, object {each.last.object_id}, frame {worst.frame}"
                pictures.append(draw(file, worst, f"{said}, with all corrections"))
    return pictures


def _figures(found: Found) -> dict[str, Any]:
    return {
        "engines": {
            engine: {
                "curve": curve(one),
                "mean": area(one),
                "interval": asdict(interval(values(one))),
                "objects": [each.document() for each in one],
            }
            for engine, one in found.items()
        }
    }
