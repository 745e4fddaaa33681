"""A project folder and its video. What is in its log is the session's business."""

import json
import os
import shutil
import uuid
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from tam_core.atomic import check_writable, naming_the_cause
from tam_core.errors import ProjectError, SourceMovedError, SourceNotFoundError
from tam_core.project.database import Database
from tam_core.project.identity import Identity, find, identify
from tam_core.project.log import ProjectLog

SUFFIX = ".tam"


class Project:
    """An open project; ``create`` or ``open`` one, and close it, so that another program may open it.

    Give it to ``Session(open_video(project.source_path), project=project)``.
    """

    def __init__(self, folder: Path, database: Database, source_path: Path) -> None:
        self.folder = folder
        self.source_path = source_path
        self.log = ProjectLog(database, folder)
        self._database = database

    @classmethod
    def create(cls, folder: Path, source: Path) -> "Project":
        """A new project for a video or a folder of pictures. It appears whole.

        Raises ProjectError if there is something already, SourceNotFoundError, OutputError.
        """
        folder, source = Path(folder).absolute(), Path(source).absolute()
        check_new(folder)
        identity = identify(source)
        temporary = folder.with_name(f".{folder.stem}.{os.getpid()}-{uuid.uuid4().hex[:6]}.part")
        with naming_the_cause(folder):
            temporary.mkdir()
        try:
            database = Database(temporary, create=True)
            _write_source(database, folder, source, identity)
            database.close()
            with naming_the_cause(folder):
                temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return cls(folder, Database(folder), source)

    @classmethod
    def open(cls, folder: Path, source: Path | None = None) -> "Project":
        """A project that is there. ``source``: where its video is now.

        Without it, the video is looked for where it was, where it was as seen from the project, and beside the project.
        Raises SourceMovedError, or ProjectError for anything that is no project, is damaged or is open elsewhere.
        """
        folder = Path(folder).absolute()
        if not folder.exists():
            raise ProjectError(f"{folder}: no such project")
        database = Database(folder)
        try:
            return cls(folder, database, _find_source(database, folder, None if source is None else Path(source)))
        except BaseException:
            database.close()
            raise

    @classmethod
    def source_of(cls, folder: Path) -> Path:
        """Where a project has its video, there or not. Raises ProjectError, also for one that is open elsewhere."""
        with closing(Database(Path(folder))) as database:
            return Path(_read_source(database, Path(folder))[0]["path"])

    def close(self) -> None:
        """Let others open it. All is on disk already."""
        self._database.close()

    def files(self) -> Path:
        """A folder for what can be made again, such as removals; it may be emptied at any time."""
        folder = self.folder / "files"
        with naming_the_cause(folder):
            folder.mkdir(exist_ok=True)
        return folder

    def meta(self, key: str) -> str | None:
        """A small fact that was kept with ``set_meta``."""
        rows = self._database.rows("SELECT value FROM meta WHERE key = ?", key)
        return str(rows[0][0]) if rows else None

    def set_meta(self, key: str, value: str) -> None:
        """Keep a small fact that is no part of the history, such as the cuts of the video."""
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [key, value])


def check_new(folder: Path) -> None:
    """Raise ProjectError unless a new project may have this name, OutputError if it cannot be written there."""
    if folder.suffix != SUFFIX:
        raise ProjectError(f"{folder.name}: a project's name ends in {SUFFIX}, such as {folder.stem}{SUFFIX}")
    if folder.exists():
        raise ProjectError(f"{folder} is there already: open it, or give another name")
    check_writable(folder)


def _find_source(database: Database, folder: Path, given: Path | None) -> Path:
    facts, identity = _read_source(database, folder)
    old, name = Path(facts["path"]), Path(facts["path"]).name
    if given is not None and not given.exists():
        raise SourceNotFoundError(f"{str(given)!r}: no such file or folder")
    usual = [old, (folder / facts["relative"]).resolve(), folder.parent / name]
    found = find(usual if given is None else [given.absolute()], identity)
    if found is None and given is not None:
        raise SourceMovedError(
            f"{given} is not the video of {folder.name}, which was made for {name} ({identity.extent}): "
            "give that one, or another project"
        )
    if found is None:
        raise SourceMovedError(
            f"the video of {folder.name}, {name} ({identity.extent}), is no longer at {old.parent} and not beside the "
            "project: say where it is now, or put it back"
        )
    if found != old:
        _write_source(database, folder, found, identity)
    return found


def _read_source(database: Database, folder: Path) -> tuple[dict[str, str], Identity]:
    try:
        ((text,),) = database.rows("SELECT value FROM facts WHERE key = 'source'")
        facts = json.loads(text)
        return {key: str(facts[key]) for key in ("path", "relative")}, Identity(**facts["identity"])
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(f"{folder} is damaged: it does not say which video it is for ({error})") from error


def _write_source(database: Database, folder: Path, source: Path, identity: Identity) -> None:
    try:
        relative = os.path.relpath(source, folder)
    except ValueError:  # on another drive of Windows
        relative = str(source)
    facts = {"path": str(source), "relative": relative, "identity": asdict(identity)}
    with database.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO facts VALUES ('source', ?)", [json.dumps(facts)])
