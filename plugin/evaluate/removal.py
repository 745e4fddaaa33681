"""``tam evaluate removal``: inpainters and baselines on the scenes of the benchmark, as tables and JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from rich.console import Console
from rich.table import Table

from inpaint.evaluation.baselines import BASELINES
from inpaint.evaluation.measuring import Figures, baseline, measure, removal
from inpaint.evaluation.scenes import SCENES, Recipe
from plugin.evaluate import Request
from plugin.evaluate.results import Results, packed, write_json
from plugin.evaluate.stage import Stage, loaded
from plugin.progress import with_progress
from tam_core.errors import RequestError
from tam_core.types import Size

SIZES: tuple[Size, ...] = ((240, 432), (480, 854))
Outcome = dict[str, Figures]
"""Of one scene: figures by method."""


def run(request: Request) -> str:
    """Every scene in every size; answers with how our inpainters stand to the best baseline."""
    recipes = chosen(request.scenes)
    engines = loaded(request.engines or ("auto",), request.device)
    methods = {row.name: baseline(row.fill) for row in BASELINES}
    methods |= {name: removal(engine) for name, engine in engines.items()}
    results = Results(request.output, Figures)
    console = Console(width=None if Console().is_terminal else 120)
    lines: list[str] = []
    report: dict[str, dict[str, Any]] = {}
    for size in request.sizes or SIZES:
        outcomes = {}
        label = f"{size[1]}x{size[0]}"
        for recipe in with_progress(recipes, label, len(recipes)):
            stage = Stage(partial(recipe.build, request.data, size))
            outcomes[recipe.name] = results.of(f"{recipe.name}-{label}", stage.measurements(methods, measure))
        console.print(scene_table(label, outcomes))
        for name in engines:
            standing = stand(outcomes, name)
            lines.append(f"{label}: {name} {standing.words()}")
            report.setdefault(label, {"scenes": as_json(outcomes)})[name] = asdict(standing)
    if request.output is not None:
        write_json(request.output / "removal.json", report)
    return "\n".join(lines)


def chosen(names: Sequence[str]) -> list[Recipe]:
    """The scenes of those names, or all. Raises RequestError."""
    known = {recipe.name: recipe for recipe in SCENES}
    for name in names:
        if name not in known:
            raise RequestError(f"no scene is named {name[:64]!r}; there are: {', '.join(known)}")
    return [known[name] for name in names or known]


@dataclass(frozen=True)
class Standing:
    """How an inpainter stands to the baselines, in dB of the hole's PSNR.

    ``best``: the baseline with the best mean, ``gain`` what we are above its mean. ``gains``: by scene, above the best
    baseline of that scene, which is a different one here and there.
    """

    mean: float
    best: str
    gain: float
    gains: dict[str, float]

    @property
    def worst(self) -> str:
        """The scene on which we gain least."""
        return min(self.gains, key=lambda scene: self.gains[scene])

    def words(self) -> str:
        count, each, worst = len(self.gains), sum(self.gains.values()) / len(self.gains), self.gains[self.worst]
        return (
            f"{self.mean:.2f} dB on the mean of {count} scenes, {self.gain:+.2f} to {self.best}, the best baseline; "
            f"to the best one of each scene {each:+.2f}, at worst {worst:+.2f} ({self.worst})"
        )


def stand(outcomes: Mapping[str, Outcome], name: str) -> Standing:
    """The standing of the inpainter ``name``."""
    mean = {method: one.psnr for method, one in means(list(outcomes.values())).items()}
    best = max((row.name for row in BASELINES), key=lambda method: mean[method])
    gains = {
        scene: above(figures[name].psnr, max(figures[row.name].psnr for row in BASELINES))
        for scene, figures in outcomes.items()
    }
    return Standing(mean[name], best, above(mean[name], mean[best]), gains)


def above(ours: float, theirs: float) -> float:
    """The difference in dB; 0 where both are exact, which is infinite."""
    return 0.0 if ours == theirs else ours - theirs


def scene_table(label: str, outcomes: Mapping[str, Outcome]) -> Table:
    """A row for each method on each scene, and the means at the end."""
    table = Table(title=f"removal, {label}, inside the hole", box=None, pad_edge=False, header_style="bold")
    table.add_column("scene")
    table.add_column("method")
    for column in ("PSNR dB", "SSIM", "flicker", "warp e-3", "s/frame", "CPU s/frame"):
        table.add_column(column, justify="right")
    for scene, figures in outcomes.items():
        for cells in rows(scene, figures):
            table.add_row(*cells)
        table.add_section()
    for cells in rows("mean", means(list(outcomes.values()))):
        table.add_row(*cells, style="bold")
    return table


def rows(scene: str, figures: Outcome) -> Iterator[list[str]]:
    for count, (name, one) in enumerate(figures.items()):
        numbers = (one.psnr, one.ssim, one.flicker, one.warp, one.seconds, one.cpu_seconds)
        cells = [f"{value:.{digits}f}" for value, digits in zip(numbers, (2, 3, 2, 2, 3, 3), strict=True)]
        warning = "" if one.untouched else " (changed pixels outside the hole)"
        yield ["" if count else scene, name + warning, *cells]


def means(outcomes: Sequence[Outcome]) -> Outcome:
    """The mean of every figure over the scenes."""
    return {
        name: Figures(
            **{
                key: sum(getattr(one[name], key) for one in outcomes) / len(outcomes)
                for key in asdict(outcomes[0][name])
                if key != "untouched"
            },
            untouched=all(one[name].untouched for one in outcomes),
        )
        for name in outcomes[0]
    }


def as_json(outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    return {
        scene: {name: {key: packed(value) for key, value in asdict(one).items()} for name, one in figures.items()}
        for scene, figures in outcomes.items()
    }
