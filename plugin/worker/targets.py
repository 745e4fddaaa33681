"""Which files a request may lead to: where exports go, folders packed for download, weights of an engine."""

import shutil
import zipfile
from collections.abc import Generator
from pathlib import Path

from plugin.exports import ExportFormat
from plugin.worker.folders import Folders
from plugin.worker.opened import OpenSession
from tam_core.atomic import atomic_file, check_folder, check_writable, naming_the_cause
from tam_core.errors import OutputError, RequestError


def check_target(target: Path, row: ExportFormat, opened: OpenSession) -> None:
    """Raise RequestError or OutputError now rather than after the work. The video itself is never written over."""
    row.check_path(target)
    for kept in (opened.project.source_path.resolve(), opened.project.folder.resolve()):
        if target.is_relative_to(kept) or kept.is_relative_to(target):
            raise RequestError(f"{target} is or holds {kept.name}, which the export is made of: give another name")
    check_writable(target)
    if row.suffix and target.is_dir():
        raise OutputError(f"{target} is a folder; give the name of a file")
    if not row.suffix:
        check_folder(target)


def check_engine(name: str, folders: Folders) -> None:
    """Raise ForbiddenError for an engine (NAME=FILE) with a weight file outside the opened folders."""
    _, given, file = name.partition("=")
    if given:
        folders.check(file)


def zipped(folder: Path) -> Generator[None, None, Path]:
    """Pack a folder, with all that lies below it, into ``<folder>.zip``, and delete it; the zip's path.

    Pictures, which most of it is, are compressed already.
    """
    file = folder.with_name(f"{folder.name}.zip")
    with atomic_file(file) as temporary, naming_the_cause(file), zipfile.ZipFile(temporary, "w") as packed:
        for part in sorted(one for one in folder.rglob("*") if one.is_file()):
            packed.write(part, part.relative_to(folder.parent))
            yield
    shutil.rmtree(folder, ignore_errors=True)
    return file
