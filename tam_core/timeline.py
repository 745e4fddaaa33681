"""A session's commands in order, with what was known after each: undo and redo move along them.

It knows no engines. Where commands are kept is the log's business: every change goes to the log before it counts here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from tam_core.errors import RequestError
from tam_core.history import Command, Edit, Findings, Propagated
from tam_core.masklet import Sightings
from tam_core.rle import RLE
from tam_core.types import ObjectId

KEPT_STATES = 20
"""So many of the newest steps are undone at once; beyond them the log is folded again. A state can take megabytes."""


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

    def settle(self, number: int, command: Propagated, masks: Sightings) -> None:
        """The propagation of that number as it is now; of its masks, ``masks`` are those that are new."""
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

    def settle(self, number: int, command: Propagated, masks: Sightings) -> None:
        self.revision += 1  # the command itself grows

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
        self._base = root
        """What was known before the running propagation."""
        self._folded = True
        self._load()

    @property
    def now(self) -> Edit:
        """All that is known, also of a propagation that is running."""
        if not self._folded:
            self._fold_running()
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

    def begin_anew(self, root: Edit) -> None:
        """Another state to begin with; nothing was done yet."""
        assert not self._steps
        self._root = root

    def add(self, command: Command) -> None:
        """What was done now."""
        self._append(self._log.add(command), command)

    def undo(self) -> bool:
        """Take back the newest command. False when there is none. Raises RequestError if it still runs."""
        if self._running == len(self._steps) - 1:
            self.check_still("undo")
        if not self._steps:
            return False
        self._log.back()
        if self._running is None and len(self._steps) > 1 and self._steps[-2].after is None:
            self._load()
            return True
        self._steps.pop()
        if self._running is not None:
            self._fold_running()
        return True

    def redo(self) -> bool:
        """Do again what was undone last. False when there is nothing."""
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
        self.go_on(command)

    def go_on(self, command: Propagated) -> None:
        """One of ``commands``, a propagation that was interrupted, finds more."""
        self._running = next(place for place, step in enumerate(self._steps) if step.command is command)
        self._base = self._before(self._running)

    def found(self, news: Findings) -> None:
        """The running propagation found masks, perhaps instead of others; the rest of ``news`` is all there is."""
        assert self._running is not None and self.running is not None
        self._log.settle(self._steps[self._running].number, replace(self.running, found=news), news.masks)
        self.running.found.take(news)
        self._folded = False

    def end(self) -> None:
        """The running propagation finds no more."""
        if self._running is not None:
            self._fold_running()
        self._running = None

    def _append(self, number: int, command: Command) -> None:
        self._steps.append(_Step(number, command, command.apply(self.now)))
        for old in self._steps[-KEPT_STATES - 1 : -KEPT_STATES]:
            old.after = None

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

    def _before(self, index: int) -> Edit:
        """What was known before a step; where that is not kept, without the masks that later steps replaced."""
        kept = [place for place, step in enumerate(self._steps[:index], 1) if step.after is not None]
        first = kept[-1] if kept else 0
        edit = self._after(first)
        for step in self._steps[first:index]:
            edit = step.command.apply(edit)
        return edit

    def _fold_running(self) -> None:
        """Fold anew what the running propagation changes. States that were not kept are still not to be had."""
        edit = self._base
        for step in self._steps[self._running :]:
            edit = step.command.apply(edit)
            step.after = edit if step.after is not None or step is self._steps[-1] else None
        self._folded = True
