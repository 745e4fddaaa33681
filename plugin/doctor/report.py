"""What was found, for a person or for a program."""

import dataclasses
import json
from collections.abc import Iterable

from plugin.doctor.finding import Finding

SIGNS = {"ok": "ok", "warning": "WARNING", "problem": "PROBLEM"}
_WIDTH = 9


def report(findings: Iterable[Finding], as_json: bool) -> bool:
    """Print them, for a person each as it comes. True if there is no problem among them."""
    told = []
    for finding in findings:
        told.append(finding)
        if not as_json:
            print(lines(finding), flush=True)
    problems, warnings = (sum(one.level == level for one in told) for level in ("problem", "warning"))
    if as_json:
        print(json.dumps([dataclasses.asdict(one) for one in told], indent=2))
    else:
        print(f"{_counted(problems, 'problem')}, {_counted(warnings, 'warning')}")
    return not problems


def lines(finding: Finding) -> str:
    """One line, and one more for what to do."""
    said = f"{SIGNS[finding.level]:{_WIDTH}}{finding.about}: {finding.found}"
    return said + (f"\n{'':{_WIDTH}}-> {finding.advice}" if finding.advice else "")


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'s' * (count != 1)}"
