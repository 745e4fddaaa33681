"""A session's commands in order, with what was known after each: undo and redo move along them.

It knows no engines. Where commands are kept is the log's business: every change goes to the log before it counts here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from tam_core.errors import RequestError
from tam_core.history import Command, Edit, Findings, Propagated, Sighting
from tam_core.rle import RLE
from tam_core.types import ObjectId


class Log(Protocol):
    """Where commands are kept. Each has a number; one of them is the newest, and undone ones may lie ahead of it."""

    @property
    def revision(self) -> int:
        """Grows with every change."""
        ...

    def path(self) -> Iterable[tuple[int, Command]]:
        """The commands that count, oldest first; without masks that later ones replaced."""
        ...

    def add(self, command: Command) -> int:
        """The newest command from now on; what lay ahead does not count any more."""
        ...

    def add_masks(self, number: int, frame: int, masks: Mapping[ObjectId, Sighting]) -> None:
        """More of what the propagation of that number found."""
        ...

    def settle(self, number: int, command: Propagated) -> None:
        """The propagation of that number as it is now, but for its masks."""
        ...

    def back(self) -> None:
        """Undo the newest command."""
        ...

    def forward(self) -> tuple[int, Command] | None:
        """Do again what was undone last; None when there is nothing."""
        ...

    def ahead(self) -> str:
        """The title of what ``forward`` would do again, "" for nothing."""
        ...


class MemoryLog:
    """Commands that live as long as their session."""

    def __init__(self) -> None:
        self._done: list[Command] = []
        self._undone: list[Command] = []
        self.revision = 0

    def path(self) -> Iterable[tuple[int, Command]]:
        return enumerate(self._done)

    def add(self, command: Command) -> int:
        self._undone.clear()
        self._done.append(command)
        self.revision += 1
        return len(self._done) - 1

    def add_masks(self, number: int, frame: int, masks: Mapping[ObjectId, Sighting]) -> None:
        self.revision += 1  # the command itself grows

    def settle(self, number: int, command: Propagated) -> None:
        self.revision += 1

    def back(self) -> None:
        self._undone.append(self._done.pop())
        self.revision += 1

    def forward(self) -> tuple[int, Command] | None:
        if not self._undone:
            return None
        self._done.append(self._undone.pop())
        self.revision += 1
        return len(self._done) - 1, self._done[-1]

    def ahead(self) -> str:
        return self._undone[-1].title if self._undone else ""


@dataclass
class _Step:
    """A command and what is known after it; None where it would have to be folded from the log again."""

    number: int
    command: Command
    after: Edit | None


class Timeline:
    """The fold of a log's commands over ``root``, kept up to date."""

    def __init__(self, log: Log, root: Edit) -> None:
        self._log = log
        self._root = root
        self._steps: list[_Step] = []
        self._running: int | None = None
        self._folded = True
        self._load()

    @property
    def now(self) -> Edit:
        """All that is known, also of a propagation that is running."""
        if not self._folded and self._running is not None:
            self._fold_from(self._running)
        return self._after(len(self._steps))

    @property
    def anchors(self) -> Mapping[ObjectId, Mapping[int, RLE]]:
        """The user's masks; these need no folding of what a propagation finds."""
        return self._after(len(self._steps)).anchors

    @property
    def commands(self) -> list[Command]:
        """All that was done and not undone, oldest first."""
        return [step.command for step in self._steps]

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self._log.revision

    @property
    def undo_title(self) -> str:
        """What ``undo`` would take back, "" for nothing."""
        return self._steps[-1].command.title if self._steps else ""

    @property
    def redo_title(self) -> str:
        """What ``redo`` would do again, "" for nothing."""
        return self._log.ahead()

    @property
    def running(self) -> Propagated | None:
        """The propagation that is growing now."""
        if self._running is None:
            return None
        command = self._steps[self._running].command
        assert isinstance(command, Propagated)
        return command

    def add(self, command: Command) -> None:
        """What was done now."""
        self._append(self._log.add(command), command)

    def undo(self) -> bool:
        """Take back the newest command. False when there is none. Raises RequestError while a propagation runs."""
        self.check_still("undo")
        if not self._steps:
            return False
        self._log.back()
        if len(self._steps) > 1 and self._steps[-2].after is None:
            self._load()
        else:
            self._steps.pop()
        return True

    def redo(self) -> bool:
        """Do again what was undone last. False when there is nothing. Raises RequestError like ``undo``."""
        self.check_still("redo")
        done = self._log.forward()
        if done is not None:
            self._append(*done)
        return done is not None

    def check_still(self, wish: str) -> None:
        """Raise RequestError while a propagation runs."""
        if self._running is not None:
            raise RequestError(f"{wish} while objects are being tracked: stop the tracking first, or let it end")

    def begin(self, command: Propagated) -> None:
        """A propagation found its first masks; what follows goes to ``found`` until ``end``."""
        self.add(command)
        self._running = len(self._steps) - 1

    def found(self, frame: int, masks: Mapping[ObjectId, Sighting]) -> None:
        """The running propagation found these masks on a frame, perhaps instead of others."""
        assert self._running is not None and self.running is not None
        self._log.add_masks(self._steps[self._running].number, frame, masks)
        for object_id, sighting in masks.items():
            self.running.found.masks.setdefault(object_id, {})[frame] = sighting
        self._folded = False

    def settle(self, found: Findings) -> None:
        """What else the running propagation found out, so far or at its end; its masks are known."""
        assert self._running is not None and self.running is not None
        self._log.settle(self._steps[self._running].number, replace(self.running, found=found))
        known = self.running.found
        known.absences, known.proposals, known.finished = found.absences, found.proposals, found.finished
        self._folded = False

    def end(self) -> None:
        """The running propagation finds no more."""
        if self._running is not None:
            self._fold_from(self._running)
        self._running = None

    def _append(self, number: int, command: Command) -> None:
        self._steps.append(_Step(number, command, command.apply(self.now)))

    def _after(self, count: int) -> Edit:
        """What is known after so many commands."""
        if not count:
            return self._root
        edit = self._steps[count - 1].after
        assert edit is not None, "undo loads what it comes to"
        return edit

    def _load(self) -> None:
        """Fold the log. Only the newest state is kept: the others would be without the masks that were replaced."""
        steps, edit = [], self._root
        for number, command in self._log.path():
            edit = command.apply(edit)
            steps.append(_Step(number, command, None))
        if steps:
            steps[-1].after = edit
        self._steps = steps

    def _fold_from(self, first: int) -> None:
        edit = self._after(first)
        for step in self._steps[first:]:
            step.after = edit = step.command.apply(edit)
        self._folded = True
