"""The commands of a project as a tree: undo and redo move its head, and what was undone stays in the file.

A Log of the timeline (see tam_core.timeline): every method returns when what it says is on disk.
"""

import json
import time
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection

from tam_core.errors import MaskletError, ProjectError
from tam_core.history import Command, Prompted, Propagated
from tam_core.masklet import Sighting, Sightings
from tam_core.project.codec import from_body, masks_of, to_body
from tam_core.project.counts import check_counts
from tam_core.project.database import Database
from tam_core.rle import RLE
from tam_core.types import ObjectId, Size

_ANCESTORS = (
    "WITH RECURSIVE up(id) AS (SELECT head FROM state UNION SELECT parent FROM commands JOIN up USING (id)) "
    "SELECT id FROM up WHERE id IS NOT NULL ORDER BY id"
)
_AHEAD = "SELECT max(id) FROM commands WHERE parent IS (SELECT head FROM state)"


class ProjectLog:
    """``folder`` is for messages only."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        states = database.rows("SELECT revision FROM state")
        if len(states) != 1:
            raise ProjectError(f"{folder} is damaged: it does not say how far it was worked on")
        self.revision = int(states[0][0])

    def path(self, complete: bool = False) -> list[tuple[int, Command]]:
        """The commands from the first one to the head.

        Unless they shall be ``complete``, tracked masks that were found anew later are left out: opening a project
        takes no longer for having been tracked ten times.
        """
        numbers = [number for (number,) in self._database.rows(_ANCESTORS)]
        newer: set[tuple[ObjectId, int]] = set()
        commands = []
        for number in reversed(numbers):
            command = self._read(number, newer)
            commands.append((number, command))
            if isinstance(command, Propagated) and not complete:
                newer.update((o, frame) for o, frames in command.found.masks.items() for frame in frames)
        return commands[::-1]

    def add(self, command: Command) -> int:
        """A child of the head, which becomes the head."""
        kind, body = to_body(command)
        with self._change() as connection:
            if isinstance(command, Prompted):  # the first masks of all are a prompt's
                size = next(iter(command.masks.values())).size
                connection.execute("INSERT OR IGNORE INTO facts VALUES ('mask size', ?)", [json.dumps(size)])
            added = connection.execute(
                "INSERT INTO commands (parent, kind, body, time) VALUES ((SELECT head FROM state), ?, ?, ?)",
                [kind, json.dumps(body), time.time()],
            )
            number = added.lastrowid
            assert number is not None
            _write(connection, number, masks_of(command))
            connection.execute("UPDATE state SET head = ?", [number])
        return number

    def settle(self, number: int, command: Propagated, masks: Sightings) -> None:
        """The propagation of that number as it is now, and the masks that are new; the newest of a frame counts."""
        with self._change() as connection:
            _write(connection, number, masks)
            connection.execute("UPDATE commands SET body = ? WHERE id = ?", [json.dumps(to_body(command)[1]), number])

    def back(self) -> None:
        """The head's parent becomes the head."""
        with self._change() as connection:
            connection.execute("UPDATE state SET head = (SELECT parent FROM commands WHERE id = head)")

    def forward(self) -> tuple[int, Command] | None:
        """The head's newest child becomes the head."""
        ((number,),) = self._database.rows(_AHEAD)
        if number is None:
            return None
        command = self._read(number)
        with self._change() as connection:
            connection.execute("UPDATE state SET head = ?", [number])
        return number, command

    def ahead(self) -> str:
        """The title of the head's newest child, "" for none."""
        ((number,),) = self._database.rows(_AHEAD)
        return "" if number is None else self._read(number, with_masks=False).title

    @contextmanager
    def _change(self) -> Iterator[Connection]:
        with self._database.transaction() as connection:
            yield connection
            connection.execute("UPDATE state SET revision = revision + 1")
        self.revision += 1

    def _read(self, number: int, newer: Container[tuple[ObjectId, int]] = (), with_masks: bool = True) -> Command:
        """A command; if it is a propagation, without the masks that are ``newer`` elsewhere.

        Raises ProjectError for what this program never wrote.
        """
        commands = self._database.rows("SELECT kind, body FROM commands WHERE id = ?", number)
        written = self._database.rows("SELECT value FROM facts WHERE key = 'mask size'")
        try:
            ((kind, body),) = commands
            height, width = json.loads(written[0][0]) if written else (0, 0)  # without a prompt there are no masks
            masks = self._masks(number, (height, width), newer if kind == "propagate" else ()) if with_masks else {}
            return from_body(kind, json.loads(body), (height, width), masks)
        except (ValueError, KeyError, TypeError, AttributeError, MaskletError) as error:
            raise ProjectError(f"{self._folder} is damaged: its command {number} cannot be read ({error})") from error

    def _masks(self, number: int, size: Size, without: Container[tuple[ObjectId, int]]) -> Sightings:
        written = self._database.rows("SELECT object, frame, counts, score, flag FROM masks WHERE command = ?", number)
        rows = [row for row in written if row[:2] not in without]
        check_counts(size, [counts for _, _, counts, _, _ in rows])
        masks: dict[ObjectId, dict[int, Sighting]] = {}
        for object_id, frame, counts, score, flag in rows:
            masks.setdefault(int(object_id), {})[int(frame)] = Sighting(RLE(size, counts), float(score), str(flag))
        return masks


def _write(connection: Connection, number: int, masks: Sightings) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO masks VALUES (?, ?, ?, ?, ?, ?)",
        [
            (number, object_id, frame, sighting.code.counts, sighting.score, sighting.flag)
            for object_id, frames in masks.items()
            for frame, sighting in frames.items()
        ],
    )
