"""What the user set on the script's page, as a record. It knows OBS's settings only as a dictionary that was JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

RECORDING = "@recording"
"""Stands for the last recording among the names of sources."""


@dataclass(frozen=True)
class Settings:
    """The defaults are those of the page. ``values``: everything that was set, parameters of edits among it.

    ``delay``: milliseconds that a live picture waits for its mask, -1: what is measured.
    """

    tam: str = ""
    source: str = RECORDING
    clicks: str = ""
    edit: str = ""
    result: str = "h264"
    swap: bool = True
    final: bool = True
    live: bool = True
    look: str = "black"
    rate: int = 5
    delay: int = -1
    engine: str = "auto"
    segmenter: str = "auto"
    values: Mapping[str, Any] = field(default_factory=dict)


def read(kept: Mapping[str, Any]) -> Settings:
    """What OBS kept; what is missing, or is not what it should be, is the default."""
    usual = Settings()
    given = {
        one.name: kept[one.name]
        for one in fields(Settings)
        if one.name != "values" and isinstance(kept.get(one.name), type(getattr(usual, one.name)))
    }
    return Settings(**given, values=kept)
