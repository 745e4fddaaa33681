"""The SQLite file of a project: one process at a time, every transaction whole, every failure a ProjectError.

It knows tables, not what commands mean.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from tam_core.errors import ProjectError

FILE_NAME = "project.sqlite"
SCHEMA = 1
_APPLICATION = 0x74616D31  # "tam1": SQLite's own place to say whose file it is

_TABLES = """
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE commands (
    id INTEGER PRIMARY KEY, parent INTEGER REFERENCES commands, kind TEXT NOT NULL, body TEXT NOT NULL,
    time REAL NOT NULL
);
CREATE INDEX children ON commands (parent);
CREATE TABLE masks (
    command INTEGER NOT NULL REFERENCES commands, object INTEGER NOT NULL, frame INTEGER NOT NULL,
    counts BLOB NOT NULL, score REAL NOT NULL, flag TEXT NOT NULL, PRIMARY KEY (command, object, frame)
) WITHOUT ROWID;
CREATE TABLE state (head INTEGER REFERENCES commands, revision INTEGER NOT NULL);
INSERT INTO state VALUES (NULL, 0);
"""


class Database:
    """An open project file. Threads take turns; another process is refused until this one closes it or dies."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self._folder = folder
        self._lock = RLock()
        file = folder / FILE_NAME
        if not create and not file.is_file():
            raise ProjectError(f"{folder} is no tam-studio project: it has no {FILE_NAME}")
        with self._naming_the_cause():
            self._connection = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            self._lay_out() if create else self._check()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Everything is on disk already; this lets others in."""
        with self._lock, self._naming_the_cause():
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that the block writes, or nothing. Raises ProjectError."""
        with self._lock, self._naming_the_cause():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite has gone back by itself where the disk is full
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """The answer to a question. Raises ProjectError."""
        with self._lock, self._naming_the_cause():
            return self._connection.execute(question, values).fetchall()

    def _lay_out(self) -> None:
        self._take()
        with self.transaction() as connection:
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {SCHEMA}")

    def _check(self) -> None:
        """Raise ProjectError unless this is a project that this program can read. A foreign file stays as it is."""
        ((application,),), ((schema,),) = self.rows("PRAGMA application_id"), self.rows("PRAGMA user_version")
        if application != _APPLICATION:
            raise ProjectError(f"{self._folder} is no tam-studio project: its {FILE_NAME} is another program's")
        if schema > SCHEMA:
            raise ProjectError(
                f"{self._folder} was written by a newer tam-studio (format {schema}, this one reads up to {SCHEMA}): "
                "update tam-studio to open it"
            )
        self._take()

    def _take(self) -> None:
        """Hold the file alone from here on: the lock is the operating system's and dies with the process."""
        with self._naming_the_cause():
            for order in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", "BEGIN EXCLUSIVE", "COMMIT"):
                self._connection.execute(order)

    @contextmanager
    def _naming_the_cause(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:  # the second for SQLite's own words about damage
            raise ProjectError(_explain(self._folder, error)) from error


def _explain(folder: Path, error: Exception) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"{folder} is open in another tam-studio (the page, or another command): close it there first"
    if name.startswith("SQLITE_FULL"):
        return f"{folder}: the disk is full. Make room, then try again; all that was answered before is kept"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return f"{folder} cannot be written: no permission, or the folder is gone"
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or isinstance(error, UnicodeDecodeError):
        return f"{folder} is damaged or no tam-studio project ({error}): take its last backup"
    return f"{folder} cannot be used: {error}"
