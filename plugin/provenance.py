"""Where a removal's pixels are from, written into a folder while the frames go by.

``00000.png`` ...: colours by age; ``matte/00000.png`` ...: the same as grey; ``legend.json``: what they mean, and the
shares of every frame.
"""

import json
import shutil
import uuid
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import numpy as np

from inpaint.provenance import Shares, colours, matte, report, shares
from inpaint.removal import Removed
from tam_core.atomic import naming_the_cause
from tam_core.errors import OutputError
from tam_core.video.pictures import write_picture

LEGEND = "legend.json"
MATTE = "matte"


def check_provenance_folder(folder: Path) -> None:
    """Raise OutputError if something is there that is not an earlier provenance: nobody's work is thrown away."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; give the name of a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / LEGEND).is_file():
        raise OutputError(f"{folder} holds other files: give a new or empty folder for the provenance")
    if not folder.absolute().parent.is_dir():
        raise OutputError(f"{folder}: there is no folder {folder.parent}. Make it first")


def counted(run: Iterable[Removed], counts: dict[int, Shares]) -> Iterator[Removed]:
    """The same frames; ``counts`` says of each that has come where its pixels are from."""
    for one in run:
        counts[one.frame.index] = shares(one)
        yield one


def with_provenance(run: Iterable[Removed], folder: Path) -> Generator[Removed, None, None]:
    """The same frames, with their provenance written into ``folder``, which appears when the last one has come."""
    check_provenance_folder(folder)
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:6]}.part")
    counts: dict[int, Shares] = {}
    try:
        with naming_the_cause(folder):
            (temporary / MATTE).mkdir(parents=True)
        for one in counted(run, counts):
            _write(one, temporary)
            yield one
        text = json.dumps(report(counts), indent=1) + "\n"
        with naming_the_cause(folder):
            (temporary / LEGEND).write_text(text, encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(one: Removed, folder: Path) -> None:
    origins, name = one.origins, f"{one.frame.index:05d}.png"
    write_picture(folder / name, colours(origins, one.frame.index))
    write_picture(folder / MATTE / name, np.repeat(matte(origins)[..., None], 3, axis=2))
