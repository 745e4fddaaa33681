"""A durable unit of work: what is made of which files, and how one is done, wherever that is.

Its result is put in place first and its record after it: with a record, the result is whole. A unit whose record has
the same key is not done again. It does not know who does it, nor what else there is to do.
"""

import gc
import json
import os
import socket
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Protocol

from plugin.batch import storage
from tam_core.errors import RequestError, TamError

State = Literal["done", "refused", "failed", "lost"]
"""How an attempt ended: refused is what will be refused again; lost: its worker is gone."""

CPU, GPU = "cpu", "gpu"


@dataclass(frozen=True)
class Made:
    """What a task says of its result: ``frames`` that it worked on, and one line for a person."""

    frames: int
    said: str


class Task(Protocol):
    """Files in, a file or folder out. It can be sent to another process, and its repr says all that it depends on."""

    def make(self, inputs: Sequence[Path], output: Path) -> Made:
        """Write ``output``. The same inputs give the same bytes."""
        ...


@dataclass(frozen=True)
class Unit:
    """``inputs`` and ``output`` are paths or addresses. ``key`` tells it from one with other inputs or options.

    ``needs``: names of the units that make some of its inputs. ``row``: the line of the manifest it belongs to.
    ``final``: its output is the row's, not something on the way there.
    """

    name: str
    row: int
    task: Task
    inputs: tuple[str, ...]
    output: str
    record: str
    key: str
    needs: tuple[str, ...] = ()
    on: str = CPU
    final: bool = True


@dataclass(frozen=True)
class Outcome:
    """One attempt at a unit. ``seconds`` of wall time, ``cpu`` of processor time, ``where`` is HOST:PROCESS."""

    unit: str
    state: State
    where: str
    seconds: float = 0.0
    cpu: float = 0.0
    frames: int = 0
    said: str = ""


@dataclass(frozen=True)
class Record:
    """What lies beside a result. ``inputs``: their fingerprints, ``version``: of the code."""

    unit: str
    key: str
    output: str
    task: str
    inputs: Mapping[str, str]
    outcome: Outcome
    attempt: int
    version: str = field(default_factory=lambda: version("tam-studio"))


def here() -> str:
    """Which process of which machine this is."""
    return f"{socket.gethostname()}:{os.getpid()}"


def finished(unit: Unit) -> Outcome | None:
    """How the unit was done, if it was and the result is there."""
    text = storage.read_text(unit.record)
    if text is None or not storage.exists(unit.output):
        return None
    try:
        record: dict[str, Any] = json.loads(text)
        return Outcome(**record["outcome"]) if record["key"] == unit.key else None
    except (ValueError, KeyError, TypeError):
        return None  # no record of ours: it is done again


def run_unit(unit: Unit, attempt: int) -> Outcome:
    """Do it. A failure is an outcome as well: an error of one video is no error of the batch."""
    began, cpu = time.monotonic(), time.process_time()
    folder = None
    try:
        storage.write_text(_begun(unit), here())
        folder = storage.work_folder(unit.output)
        if unit.final and storage.read_text(unit.record) is None:
            storage.check_not_strange(unit.output)
        made = folder / Path(unit.output).name
        told = unit.task.make([storage.fetch(path) for path in unit.inputs], made)
        storage.remove(unit.record)  # from here on it tells of the result before
        storage.put(made, unit.output)
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        outcome = Outcome(unit.name, "done", here(), round(seconds, 3), round(cpu, 3), told.frames, told.said)
        _write(unit, attempt, outcome)
    except Exception as error:
        said = str(error) if isinstance(error, TamError) else _told(error)
        state: State = "refused" if isinstance(error, RequestError) else "failed"
        outcome = Outcome(unit.name, state, here(), time.monotonic() - began, time.process_time() - cpu, said=said)
    finally:
        if folder is not None:
            storage.forget(folder)
        gc.collect()  # decoders and networks of this unit, before the next one has its own
    with suppress(OSError, TamError):  # what cannot be written cannot be cleared away either
        storage.remove(_begun(unit))
    return outcome


def lost(unit: Unit, seconds: float, said: str = "its worker died") -> Outcome:
    """The outcome of an attempt whose worker is gone; what that left lying is cleared away."""
    where = storage.read_text(_begun(unit)) or "?"
    storage.remove(_begun(unit))
    storage.forget_begun(unit.output)
    return Outcome(unit.name, "lost", where, round(seconds, 3), said=said)


def _begun(unit: Unit) -> str:
    """Where it is noted while a unit is worked on, and who does."""
    return f"{unit.record}.begun"


def _told(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(place.filename).name} line {place.lineno})"


def _write(unit: Unit, attempt: int, outcome: Outcome) -> None:
    prints = {path: storage.fingerprint(path) for path in unit.inputs}
    record = Record(unit.name, unit.key, unit.output, repr(unit.task), prints, outcome, attempt)
    storage.write_text(unit.record, json.dumps(asdict(record), indent=1))
