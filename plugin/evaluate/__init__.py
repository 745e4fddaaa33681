"""The table of what ``tam evaluate`` measures. To add a protocol: a file beside this one and a row here.

The rows load nothing; what a protocol needs is loaded when it runs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tam_core.errors import RequestError
from tam_core.types import Size


@dataclass(frozen=True)
class Request:
    """What was asked for. ``data``: the folder that is measured on; ``output``: a folder for the results, or None.

    ``engines``: names from the protocol's table of engines, () for its default. ``scenes``: names of scenes or
    sequences, () for all; ``sizes``: (height, width) of the pictures, () for the protocol's own. ``segmenter``: what
    turns clicks into masks, "auto" for the engine itself where it can. ``start``: what an object is begun with.
    ``groups``: a CSV. ``sweeps``: () for all. ``keep_masks``: write what was found beside the results.
    """

    data: Path
    output: Path | None = None
    engines: Sequence[str] = ()
    scenes: Sequence[str] = ()
    sizes: Sequence[Size] = ()
    device: str = "auto"
    segmenter: str = "auto"
    start: str = "mask"
    groups: Path | None = None
    sweeps: Sequence[str] = ()
    keep_masks: bool = False


Runner = Callable[[Request], str]
"""Measures, prints its tables, and answers with the last line for the user. Raises TamErrors."""


@dataclass(frozen=True)
class Protocol:
    """One row. ``runner`` is ``module:function``, a Runner."""

    name: str
    summary: str
    runner: str

    def run(self, request: Request) -> str:
        """Load the protocol and run it."""
        module, function = self.runner.split(":")
        runner: Runner = getattr(import_module(module), function)
        return runner(request)


PROTOCOLS = (
    Protocol(
        "removal",
        "moving cut-outs over real footage whose truth is known, beside OpenCV's and NumPy's ways",
        "plugin.evaluate.removal:run",
    ),
    Protocol(
        "completion",
        "the papers' rule: static random masks on DAVIS at 432x240, whole frames, beside published rows",
        "plugin.evaluate.completion:run",
    ),
    Protocol(
        "vos",
        "objects shown once, then followed: J and F on DAVIS and what is laid out alike",
        "plugin.evaluate.vos:run",
    ),
    Protocol(
        "pvs-offline",
        "a simulated person corrects the worst frame, again and again: J&F by corrected frames",
        "plugin.evaluate.pvs:run_offline",
    ),
    Protocol(
        "pvs-online",
        "a simulated person watches once and corrects what goes wrong: J&F by corrected frames",
        "plugin.evaluate.pvs:run_online",
    ),
    Protocol("clicks", "clicks on pictures: mean IoU after each, and how many it takes", "plugin.evaluate.clicks:run"),
    Protocol(
        "robustness",
        "J&F against memory, working size and frames left out",
        "plugin.evaluate.robustness:run",
    ),
)


def find_protocol(name: str) -> Protocol:
    """The row of that name. Raises RequestError."""
    for row in PROTOCOLS:
        if row.name == name:
            return row
    raise RequestError(f"no protocol is named {name[:64]!r}; there are: {', '.join(row.name for row in PROTOCOLS)}")


def parse_size(text: str) -> Size:
    """ "432x240" as (height, width). Raises RequestError."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and 64 <= int(width) <= 8192 and 64 <= int(height) <= 8192):
        raise RequestError(f"--size {text!r}: need WIDTHxHEIGHT in pixels, such as 432x240")
    return int(height), int(width)


def read_names(file: Path) -> tuple[str, ...]:
    """The names in a text file, such as DAVIS's ImageSets/2017/val.txt, one a line. Raises RequestError."""
    if not file.is_file():
        raise RequestError(f"--list {file}: there is no such file")
    names = tuple(line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip())
    if not names:
        raise RequestError(f"--list {file}: it names nothing")
    return names
