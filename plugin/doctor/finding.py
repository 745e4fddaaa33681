"""What the doctor says: one line about one thing."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]
"""A problem keeps the main path from working; a warning is a part that does not, or soon will not."""


@dataclass(frozen=True)
class Finding:
    """``about`` one thing there is ``found`` something; ``advice`` says what to do, "" where there is nothing to do."""

    level: Level
    about: str
    found: str
    advice: str = ""


def ok(about: str, found: str, advice: str = "") -> Finding:
    return Finding("ok", about, found, advice)


def warning(about: str, found: str, advice: str) -> Finding:
    return Finding("warning", about, found, advice)


def problem(about: str, found: str, advice: str) -> Finding:
    return Finding("problem", about, found, advice)
