"""``tam engines``: the tables of engines as a person reads them, and fetching what one needs."""

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from inpaint.engines import INPAINTERS
from tam_core.engines import ENGINES
from tam_core.errors import UnknownEngineError
from tam_core.registry import EngineSpec


def print_engines() -> None:
    """One row an engine."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("engine", "role", "ready", "download", "licence", "what it is"):
        table.add_column(column, no_wrap=column != "what it is")
    for row in [*ENGINES, *INPAINTERS]:
        size = f"{row.checkpoint.size / 1e6:.0f} MB" if row.checkpoint else "none"
        table.add_row(row.name, row.role, _readiness(row), size, row.licence, row.summary)
    Console(width=None if Console().is_terminal else 200).print(table)


def fetch_engine(name: str) -> str:
    """Download the weights of an engine, with progress; says what there is now."""
    rows = {row.name: row for row in [*ENGINES, *INPAINTERS] if row.checkpoint}
    if name not in rows:
        raise UnknownEngineError(f"no engine named '{name}' needs a download; these do: {', '.join(rows)}")
    checkpoint = rows[name].checkpoint
    assert checkpoint is not None
    if found := checkpoint.find():
        return f"{name} is already here: {found}"
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(name, total=checkpoint.size)
        for here in checkpoint.fetch():
            progress.update(task, completed=here)
    return f"{name} is ready: {checkpoint.find()}"


def _readiness(row: EngineSpec) -> str:
    if row.missing_packages:
        return f"needs pip install {' '.join(row.missing_packages)}"
    return "yes" if row.ready else f"no: tam engines fetch {row.name}"
