"""``tam evaluate completion``: the papers' rule, static random shapes over DAVIS, beside the rows that they publish."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial

from rich.console import Console
from rich.table import Table

from inpaint.evaluation.baselines import BASELINES
from inpaint.evaluation.footage import davis_sequences
from inpaint.evaluation.measuring import FrameFigures, baseline, measure_frames, removal
from inpaint.evaluation.static import static_scene
from plugin.evaluate import Request
from plugin.evaluate.results import Results, packed, write_json
from plugin.evaluate.stage import Stage, loaded
from plugin.progress import with_progress
from tam_core.errors import RequestError
from tam_core.types import Size

SIZE: Size = (240, 432)

PUBLISHED = (
    ("DFVI", 28.81, None),
    ("FGVC", 30.80, None),
    ("E2FGVI", 33.01, 0.9721),
    ("ProPainter", 34.47, 0.9776),
)
"""PSNR in dB and SSIM on DAVIS at 432x240, as published by the authors of E2FGVI and of ProPainter."""

Outcome = dict[str, FrameFigures]


def run(request: Request) -> str:
    """Every sequence that is there; prints the mean over all frames, which is how the papers count."""
    if request.sizes and tuple(request.sizes) != (SIZE,):
        raise RequestError("the protocol is of pictures of 432x240; leave --size out")
    engines = loaded(request.engines or ("auto",), request.device)
    methods = {row.name: baseline(row.fill) for row in BASELINES if not row.copies}
    methods |= {name: removal(engine) for name, engine in engines.items()}
    results = Results(request.output, FrameFigures)
    names = chosen(davis_sequences(request.data), request.scenes)
    outcomes = {}
    for name in with_progress(names, "sequences", len(names)):
        stage = Stage(partial(static_scene, name, request.data, SIZE))
        outcomes[name] = results.of(f"static-{name}", stage.measurements(methods, measure_frames))
    Console(width=None if Console().is_terminal else 120).print(table(outcomes))
    if request.output is not None:
        kept = {name: {key: as_json(one) for key, one in figures.items()} for name, figures in outcomes.items()}
        write_json(request.output / "completion.json", kept)
    return "\n".join(said(name, mean([figures[name] for figures in outcomes.values()])) for name in engines)


def chosen(known: Sequence[str], names: Sequence[str]) -> list[str]:
    """Those of the sequences that were asked for, or all. Raises RequestError."""
    for name in names:
        if name not in known:
            raise RequestError(f"no sequence is named {name[:64]!r}; there are: {', '.join(known)}")
    return list(names or known)


def mean(figures: Sequence[FrameFigures]) -> FrameFigures:
    """Over all frames of all sequences."""
    frames = sum(one.frames for one in figures)

    def of(key: str) -> float:
        return float(sum(getattr(one, key) * one.frames for one in figures) / frames)

    return FrameFigures(of("psnr"), of("ssim"), of("seconds"), of("cpu_seconds"), frames)


def table(outcomes: Mapping[str, Outcome]) -> Table:
    count = len(outcomes)
    frames = sum(next(iter(figures.values())).frames for figures in outcomes.values())
    made = Table(title="completion, 432x240, whole frames", box=None, pad_edge=False, header_style="bold")
    made.add_column("method")
    for column in ("PSNR dB", "SSIM", "s/frame", "CPU s/frame"):
        made.add_column(column, justify="right")
    made.add_column("measured on")
    for name in next(iter(outcomes.values())):
        one = mean([figures[name] for figures in outcomes.values()])
        cells = (f"{one.psnr:.2f}", f"{one.ssim:.4f}", f"{one.seconds:.3f}", f"{one.cpu_seconds:.3f}")
        made.add_row(name, *cells, f"{count} sequences, {frames} frames, our masks")
    made.add_section()
    for name, psnr, ssim in PUBLISHED:
        made.add_row(
            name, f"{psnr:.2f}", f"{ssim:.4f}" if ssim else "", "", "", "50 sequences, the papers' masks (published)"
        )
    return made


def said(name: str, one: FrameFigures) -> str:
    return f"{name}: PSNR {one.psnr:.2f} dB, SSIM {one.ssim:.4f} over {one.frames} frames"


def as_json(one: FrameFigures) -> dict[str, float | None]:
    return {key: packed(value) for key, value in asdict(one).items()}
