"""``tam engines``: the tables of engines as a person reads them, fetching what one needs, and when to say so."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from inpaint.engines import INPAINTERS
from tam_core.checkpoints import Checkpoint, megabytes, sha256_of
from tam_core.engines import ENGINES
from tam_core.errors import UnknownEngineError
from tam_core.hub import HubModel
from tam_core.registry import EngineSpec, Role


def print_engines() -> None:
    """One row an engine, whatever its roles."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("engine", "role", "ready", "download", "licence", "what it is"):
        table.add_column(column, no_wrap=column != "what it is")
    roles = _roles()
    for row in {row.name: row for row in _rows()}.values():
        size = megabytes(row.size) if row.size else "none"
        table.add_row(row.name, ", ".join(roles[row.name]), _readiness(row), size, row.licence, row.summary)
    Console(width=None if Console().is_terminal else 200).print(table)


def fetch_engine(name: str) -> str:
    """Download the weights of an engine, or of the parts it is made of, with progress; says what there is now."""
    rows = {row.name: row for row in _rows() if row.size}
    if "/" in name:  # a model of the hub, for the engines that take any
        rows[name] = replace(rows["diffusion"], name=name, checkpoint=HubModel(name))
    if name not in rows:
        raise UnknownEngineError(f"no engine named '{name}' needs a download; these do: {', '.join(rows)}")
    missing = rows[name].to_fetch
    for row in missing:
        _fetch(row)
    return "\n".join(_presence(row, new=row in missing) for row in (rows[name], *rows[name].parts) if row.checkpoint)


def suggest_better(chosen: Mapping[Role, str]) -> None:
    """One note on stderr where ``auto`` is chosen and has nothing but the engines that come without a download."""
    for role in [role for role, name in chosen.items() if name == "auto"]:
        if row := ENGINES.worth_fetching(role):
            verb = "tracks" if role == "tracker" else "finds what you click on"
            fetch = f"tam engines fetch {row.name} ({megabytes(row.size)})"
            wrong = row.checkpoint.wrong_size() if row.checkpoint else None
            advice = f"but {wrong}, then run" if wrong else "fetch it with"
            print(f"tam: note: {row.name} {verb} better; {advice}: {fetch}", file=sys.stderr)
            return


def _rows() -> Iterator[EngineSpec]:
    yield from ENGINES
    yield from INPAINTERS


def _roles() -> dict[str, list[str]]:
    roles: dict[str, list[str]] = {}
    for row in _rows():
        roles.setdefault(row.name, []).append(row.role)
    return roles


def _fetch(row: EngineSpec) -> None:
    assert row.checkpoint is not None, "to_fetch has only rows with a download"
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(row.name, total=row.checkpoint.size or None)
        for here in row.checkpoint.fetch():
            progress.update(task, completed=here)


def _presence(row: EngineSpec, new: bool) -> str:
    """Where the weights are, after a look at them. Where no hash is published, the one that is here, to compare."""
    assert row.checkpoint is not None
    path = row.checkpoint.checked()
    said = f"{row.name} is {'ready' if new else 'already here'}: {path}"
    if isinstance(row.checkpoint, Checkpoint) and row.checkpoint.sha256 is None:
        said += f" (its SHA-256 is not published; this file's is {sha256_of(path)})"
    return said


def _readiness(row: EngineSpec) -> str:
    if row.missing_packages:
        return f"needs pip install {' '.join(row.missing_packages)}"
    for part in row.to_fetch:
        if part.checkpoint and part.checkpoint.wrong_size():
            return f"no: wrong size of {part.name}'s file"
    return "yes" if row.ready else f"no: tam engines fetch {row.name}"
