"""What a worker left behind when it was killed: half-written files. Only its own are touched, and none that still grow.

Names of such files are made by tam_core/atomic.py: ``.STEM.PID-HEX.part.SUFFIX`` beside the file they were to become.
"""

import glob
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from plugin.link import launch

_MADE_BY = re.compile(r"\.(\d+)-[0-9a-f]{6}\.part")


def forget_parts_of(target: Path) -> None:
    """Delete what was being written for a file or a folder by a process that is gone."""
    stem, suffix = glob.escape(target.stem), glob.escape(target.suffix)
    _delete(target.parent.glob(f".{stem}.*.part{suffix}"))


def forget_parts_in(folder: Path) -> None:
    """The same for whatever was being written in a folder of the worker's own."""
    _delete(folder.glob(".*.part*"))


def _delete(parts: Iterable[Path]) -> None:
    for part in list(parts):
        made = _MADE_BY.search(part.name)
        if made is None or _still_there(int(made[1])):
            continue
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


def _still_there(pid: int) -> bool:
    """This process has written nothing yet, so that its number was another's before."""
    return pid != os.getpid() and launch.alive(pid)
