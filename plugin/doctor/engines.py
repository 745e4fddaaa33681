"""The engines: which are ready, which need something, and what ``auto`` stands for."""

from collections.abc import Iterator, Sequence

from plugin.doctor.finding import Finding, ok, problem, warning
from tam_core.registry import EngineSpec, Registry, Role

NEEDED: tuple[Role, ...] = ("tracker", "segmenter", "inpainter")
"""Without one of each, nothing can be removed."""


def check_engines(device: str) -> Iterator[Finding]:
    """One line a role, and one for each download that is not what it should be."""
    from inpaint.engines import INPAINTERS
    from tam_core.engines import ENGINES

    for table in (ENGINES, INPAINTERS):
        for role in dict.fromkeys(row.role for row in table):
            yield check_role(table, role, device)
    yield from check_downloads([*ENGINES, *INPAINTERS])


def check_role(table: Registry, role: Role, device: str) -> Finding:
    """What there is for a role."""
    rows = [row for row in table if row.role == role]
    ready = [row.name for row in rows if row.ready]
    missing = ", ".join(row.name for row in rows if not row.ready)
    if ready:
        said = f"auto means {table.get('auto', role, device).name}; ready: {', '.join(ready)}"
        return ok(role, said + (f"; not here: {missing} (see tam engines)" if missing else ""))
    if role not in NEEDED:
        return ok(role, f"none is ready, there is {missing}", "only for prompts in words; see tam engines")
    return problem(role, f"none is ready, there is {missing or 'none'}", "tam engines says how to get one")


def check_downloads(rows: Sequence[EngineSpec]) -> Iterator[Finding]:
    """Weight files of the wrong size: cut short, or other files."""
    for wrong in dict.fromkeys(row.checkpoint.wrong_size() for row in rows if row.checkpoint):
        if wrong:
            yield warning("download", wrong, "then run: tam engines fetch NAME")
