"""One line of a receipt."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """``check``: what was compared; ``found``: what came out, in words; ``passed``: False is a difference."""

    check: str
    passed: bool
    found: str


def counted(count: int, what: str) -> str:
    """ "1 frame", "2 frames"."""
    return f"{count} {what}{'s' * (count != 1)}"


def listed(indices: Sequence[int]) -> str:
    """The first few of many numbers."""
    return ", ".join(map(str, indices[:5])) + (f" and {len(indices) - 5} more" if len(indices) > 5 else "")
