"""``tam evaluate clicks``: the image task, segmenters side by side."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from plugin.evaluate import Request
from plugin.evaluate.contenders import Contender, segmenters
from plugin.evaluate.material import group_tables, number, said_of, shown
from plugin.evaluate.report import Chart, Picture, Report, Table, publish
from plugin.evaluate.units import Kept, Unit, measure_all
from plugin.evaluate.worst import SHOWN, draw
from tam_core.errors import RequestError
from tam_core.evaluate.groups import Place, interval
from tam_core.evaluate.scores import mean
from tam_core.evaluate.stills import MOST_CLICKS, ClickScores, Still, click_on, find_stills, read_clicks

CURVE = range(1, 6)
GOALS = (0.85, 0.90)


@dataclass(frozen=True)
class StillScores:
    """Every object of a picture."""

    objects: tuple[ClickScores, ...]

    def document(self) -> dict[str, Any]:
        return {"objects": [one.document() for one in self.objects]}


def read_still(document: Mapping[str, Any]) -> StillScores:
    """What ``StillScores.document`` made."""
    return StillScores(tuple(map(read_clicks, document["objects"])))


def run(request: Request) -> str:
    """Every picture with every segmenter. Raises TamErrors."""
    stills = _chosen(find_stills(request.data), request.scenes)
    contenders = segmenters(request.engines, request.device)
    found = {one.name: _measured(request, stills, one) for one in contenders}
    tables = [_table(found)]
    tables += group_tables(request, {engine: values(one) for engine, one in found.items()}, "IoU after 5 clicks")
    settings = said_of(request, contenders, len(stills), "pictures")
    pictures = _worst(stills, found) if request.output else []
    publish(Report("Clicks on pictures", settings, tables, [_chart(found)], pictures, _figures(found)), request.output)
    return "\n".join(
        f"{engine}: mIoU {number(after(one, 1))} after 1 click, {number(after(one, 5))} after 5"
        for engine, one in found.items()
    )


def _chosen(stills: Sequence[Still], names: Sequence[str]) -> list[Still]:
    known = {still.name: still for still in stills}
    for name in names:
        if name not in known:
            raise RequestError(f"no picture is named {name[:64]!r}; there are: {', '.join(list(known)[:12])} ...")
    return [known[name] for name in names or known]


def _measured(request: Request, stills: Sequence[Still], contender: Contender) -> list[ClickScores]:
    def unit(still: Still) -> Unit[StillScores]:
        def measured() -> Generator[None, None, StillScores]:
            objects = tuple(click_on(still, contender.segmenter))
            yield
            return StillScores(objects)

        return Unit(still.name, 1, measured)

    key = contender.key({"protocol": "clicks", "data": str(request.data.resolve()), "clicks": MOST_CLICKS})
    kept = Kept(request.output and request.output / "results" / key)
    found = measure_all([unit(still) for still in stills], kept, read_still, contender.name)
    return [each for one in found for each in one.objects]


Found = Mapping[str, Sequence[ClickScores]]
"""By segmenter."""


def after(found: Sequence[ClickScores], clicks: int) -> float:
    """Mean IoU after so many clicks."""
    return mean([one.after(clicks) for one in found])


def clicks_to(found: Sequence[ClickScores], goal: float) -> float:
    """Mean number of clicks to an IoU, with MOST_CLICKS where it is not reached (NoC)."""
    return mean([float(one.clicks_to(goal)) for one in found])


def values(found: Sequence[ClickScores]) -> dict[Place, float]:
    """IoU of every object after five clicks."""
    return {(one.picture, one.object_id): one.after(5) for one in found}


def _table(found: Found) -> Table:
    goals = [f"NoC@{100 * goal:.0f}" for goal in GOALS]
    columns = ["segmenter", *(f"{n} click{'s' * (n > 1)}" for n in CURVE), "1, best of 3", "box", *goals, "5, interval"]
    rows = []
    for engine, one in found.items():
        cells = [number(after(one, clicks)) for clicks in CURVE]
        cells += [number(mean([each.best for each in one])), number(mean([each.box for each in one]))]
        cells += [number(clicks_to(one, goal), 2) for goal in GOALS]
        rows.append([engine, *cells, shown(interval(values(one)))])
    note = f"Mean IoU over objects of the first candidate; NoC: clicks to an IoU of 85 or 90 %, {MOST_CLICKS} at most."
    return Table("Clicks", columns, rows, note)


def _chart(found: Found) -> Chart:
    curves = {engine: [(float(clicks), after(one, clicks)) for clicks in CURVE] for engine, one in found.items()}
    return Chart("Mean IoU by clicks", "clicks", "mean IoU", curves)


def _worst(stills: Sequence[Still], found: Found) -> list[Picture]:
    files = {still.name: still.picture for still in stills}
    pictures = []
    for engine, one in found.items():
        for each in sorted(one, key=lambda each: each.ious[-1])[:SHOWN]:
            said = f"{engine}: {each.picture}, object {each.object_id}, IoU {each.ious[-1]:.3f}"
            pictures.append(draw(files[each.picture], each.worst, f"{said} after {len(each.ious)} clicks"))
    return pictures


def _figures(found: Found) -> dict[str, Any]:
    return {
        "engines": {
            engine: {
                "IoU": {str(clicks): after(one, clicks) for clicks in CURVE},
                "NoC": {f"{goal:.2f}": clicks_to(one, goal) for goal in GOALS},
                "interval": asdict(interval(values(one))),
                "objects": [each.document() for each in one],
            }
            for engine, one in found.items()
        }
    }
