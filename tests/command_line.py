"""The command line, run inside the test, and the clip that it is run on."""

import signal
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from plugin.cli import main

COUNT = 12
"""Frames of the fixture ``clip``."""


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Tam = Callable[..., Result]


def run_tam(capsys: pytest.CaptureFixture[str], *arguments: object) -> Result:
    """What ``tam`` with these arguments answers."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
    finally:
        signal.signal(signal.SIGTERM, before)
    captured = capsys.readouterr()
    return Result(int(stop.value.code or 0), captured.out, captured.err)
