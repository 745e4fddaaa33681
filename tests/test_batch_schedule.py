"""Units are done in order, begun again when they fail, skipped when they are there; the others go on."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from plugin.batch import storage
from plugin.batch.backend import Backend
from plugin.batch.pool import THREADS, Pool
from plugin.batch.schedule import Schedule
from plugin.batch.summary import summarise, table
from plugin.batch.unit import Made, Outcome, Task, Unit, finished, lost, run_unit
from tam_core.errors import PromptError


@dataclass(frozen=True)
class Join:
    """Writes what it reads. ``trouble``: how often it fails before; ``refuses``: it always does."""

    trouble: int = 0
    refuses: bool = False
    diary: list[str] = field(default_factory=list, compare=False, repr=False)

    def make(self, inputs: Sequence[Path], output: Path) -> Made:
        self.diary.append(output.name)
        if self.refuses:
            raise PromptError("a click outside")
        if len(self.diary) <= self.trouble:
            raise OSError("the network is away")
        output.write_text("".join(path.read_text() for path in inputs) + output.name)
        return Made(10, "written")


@dataclass(frozen=True)
class Born:
    """Writes the environment that its process was begun with."""

    def make(self, inputs: Sequence[Path], output: Path) -> Made:
        del inputs
        output.write_bytes(Path("/proc/self/environ").read_bytes())
        return Made(0, "written")


@dataclass
class Here:
    """A backend without processes. ``dies``: units whose worker dies on the first attempt."""

    dies: tuple[str, ...] = ()
    slots: int = 1
    running: list[tuple[Unit, int]] = field(default_factory=list)

    def takes(self, unit: Unit) -> bool:
        return not self.running

    def start(self, unit: Unit, attempt: int) -> None:
        self.running.append((unit, attempt))

    def wait(self, seconds: float) -> list[Outcome]:
        if not self.running:
            return []
        unit, attempt = self.running.pop()
        return [lost(unit, 1) if unit.name in self.dies and attempt == 1 else run_unit(unit, attempt)]

    def __enter__(self) -> "Here":
        return self

    def __exit__(self, *error: object) -> None:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "a.txt").write_text("A")
    return str(tmp_path)


def unit(folder: str, name: str, task: Task, *, row: int = 1, needs: Sequence[Unit] = (), final: bool = True) -> Unit:
    inputs = tuple(one.output for one in needs) or (f"{folder}/a.txt",)
    record = f"{folder}/tam-batch/records/{name}.json"
    return Unit(
        name, row, task, inputs, f"{folder}/{name}", record, f"key of {name}", tuple(n.name for n in needs), final=final
    )


def run(units: list[Unit], backend: Backend | None = None, retries: int = 2) -> Schedule:
    schedule = Schedule(units, retries, backoff=0)
    for _ in schedule.run(backend or Here()):
        pass
    return schedule


def test_what_a_unit_needs_comes_first_and_goes_with_the_result(folder: str) -> None:
    first = unit(folder, "first", Join(), final=False)
    last = unit(folder, "last", Join(), needs=[first])
    run([first, last])
    assert Path(last.output).read_text() == "Afirstlast"
    assert not Path(first.output).exists() and finished(last)


def test_what_is_there_is_not_done_again_unless_its_key_changed(folder: str) -> None:
    task = Join()
    one = unit(folder, "one", task)
    run([one])
    kept = run([one])
    assert task.diary == ["one"] and summarise(kept.histories.values(), 1)["kept"] == 1
    run([replace(one, key="another")])
    assert len(task.diary) == 2
    storage.remove(one.output)
    run([replace(one, key="another")])
    assert len(task.diary) == 3


def test_a_failure_is_tried_again_and_then_named_while_others_go_on(folder: str) -> None:
    stubborn, late = Join(trouble=9), Join(trouble=1)
    broken = unit(folder, "broken", stubborn, final=False)
    after = unit(folder, "after", Join(), needs=[broken])
    schedule = run([broken, after, unit(folder, "late", late, row=2), unit(folder, "good", Join(), row=3)])
    summary = summarise(schedule.histories.values(), 1)
    assert (len(stubborn.diary), len(late.diary)) == (3, 2)
    assert (summary["clips"], summary["done"], summary["retries"]) == (3, 2, 3)
    assert [one["unit"] for one in summary["failed"]] == ["broken"] and summary["left_out"] == ["after"]
    assert "the network is away" in table(summary) and not Path(after.output).exists()


def test_a_row_whose_folder_cannot_be_made_does_not_keep_the_others(folder: str) -> None:
    nowhere = replace(unit(folder, "one", Join()), output=f"{folder}/a.txt/one")
    schedule = run([nowhere, unit(folder, "good", Join(), row=2)])
    summary = summarise(schedule.histories.values(), 1)
    assert (summary["clips"], summary["done"]) == (2, 1)
    assert "a.txt" in summary["failed"][0]["said"]


def test_what_is_refused_is_not_tried_again(folder: str) -> None:
    task = Join(refuses=True)
    schedule = run([unit(folder, "one", task)])
    assert task.diary == ["one"]
    assert summarise(schedule.histories.values(), 1)["failed"][0]["said"] == "a click outside"


def test_a_lost_unit_is_done_again_and_only_that(folder: str) -> None:
    tasks = {name: Join() for name in ("one", "two")}
    units = [unit(folder, name, task, row=row) for row, (name, task) in enumerate(tasks.items())]
    left = storage.work_folder(units[0].output)  # by one that died
    schedule = run(units, Here(dies=("one",)))
    summary = summarise(schedule.histories.values(), 1)
    assert (summary["done"], summary["lost"], summary["retries"]) == (2, 1, 1)
    assert [one["state"] for one in summary["attempts"]["one"]] == ["lost", "done"]
    assert len(summary["attempts"]["two"]) == 1 and not left.exists()


def test_a_record_says_of_what_by_whom_and_how_long(folder: str) -> None:
    one = unit(folder, "one", Join())
    run([one])
    record = json.loads(Path(one.record).read_text())
    assert record["inputs"] == {f"{folder}/a.txt": storage.fingerprint(f"{folder}/a.txt")}
    assert (record["key"], record["attempt"], record["outcome"]["frames"]) == (one.key, 1, 10)
    assert sorted(path.name for path in Path(folder).iterdir()) == ["a.txt", "one", "tam-batch"]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux tells how a process was begun")
def test_a_worker_has_one_thread_from_its_first_breath(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy counts its threads while it is loaded, which is before a worker runs any line of ours."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    one = unit(folder, "one", Born())
    with Pool(1) as pool:
        run([one], pool)
    begun = dict(line.split("=", 1) for line in Path(one.output).read_text().split("\0") if line)
    assert {begun[name] for name in THREADS} == {"1"}
    assert os.environ["OMP_NUM_THREADS"] == "3" and "OPENBLAS_NUM_THREADS" not in os.environ
