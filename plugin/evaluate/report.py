"""What a protocol has to say: tables, charts, pictures, and figures for programs. How it is drawn is elsewhere."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as Printed

from plugin.evaluate.page import Chart, Picture, Table, page
from plugin.evaluate.results import write_json
from tam_core.atomic import atomic_file, naming_the_cause

__all__ = ["Chart", "Picture", "Report", "Table", "publish"]


@dataclass(frozen=True)
class Report:
    """``settings``: what was measured with what. ``figures``: for JSON, with NaN where nothing is known."""

    title: str
    settings: Mapping[str, str]
    tables: Sequence[Table]
    charts: Sequence[Chart] = ()
    pictures: Sequence[Picture] = field(default=(), repr=False)
    figures: Mapping[str, Any] = field(default_factory=dict, repr=False)


def publish(report: Report, folder: Path | None) -> None:
    """Print the tables; with a ``folder``, write report.html and report.json there."""
    console = Console(width=None if Console().is_terminal else 140)
    for table in report.tables:
        console.print(_printed(table))
    if folder is None:
        return
    with naming_the_cause(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "report.json", {"title": report.title, "settings": report.settings, **_plain(report.figures)})
    file = folder / "report.html"
    with atomic_file(file) as temporary, naming_the_cause(file):
        html = page(report.title, report.settings, report.tables, report.charts, report.pictures)
        temporary.write_text(html, encoding="utf-8")


def _printed(table: Table) -> Printed:
    made = Printed(title=table.title, caption=table.note or None, box=box.SIMPLE_HEAD, pad_edge=False)
    for count, column in enumerate(table.columns):
        made.add_column(column, justify="right" if count else "left")
    for row in table.rows:
        made.add_row(*row)
    return made


def _plain(value: Any) -> Any:
    """JSON has no NaN: null."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
