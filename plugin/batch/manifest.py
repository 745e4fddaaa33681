"""The manifest: a row for each clip, as JSON lines or CSV. It checks every row before any work, and names the line.

A row has ``input``, ``operation``, ``output`` and, where they are needed, ``click``, ``not``, ``box``, ``mask``,
``text`` (one, or a list; in CSV several are separated by ``;``), ``masks``, ``options`` (an object, or words as on the
command line) and ``on``: "cpu", "gpu", or the name of a resource that some nodes of a cluster have. Paths are relative
to the manifest.
"""

import csv
import io
import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from plugin.batch import storage
from plugin.batch.words import OPERATIONS, Word, checked_call, files_in, has_option, with_files
from tam_core.errors import RequestError, SourceNotFoundError

_LISTS = ("click", "not", "box", "mask", "text")
_COLUMNS = ("input", "operation", "output", *_LISTS, "masks", "options", "on")
_RESERVED = "tam-batch"
"""What the folder of results keeps for itself begins with that."""


@dataclass(frozen=True)
class Row:
    """One clip. ``line`` of the manifest, from 1. ``words``: prompts and options, paths made whole."""

    line: int
    input: str
    operation: str
    output: str
    words: tuple[Word, ...] = ()
    on: str = "cpu"

    def value(self, name: str) -> str | bool | None:
        """The last of an option's values."""
        return next((value for option, value in reversed(self.words) if option == name), None)


def read_manifest(path: str, defaults: Mapping[str, str]) -> list[Row]:
    """All rows, checked. ``defaults``: values of options, for rows whose operation has them and that do not say.

    Raises RequestError that names the line, or SourceNotFoundError if the manifest or an input is not there.
    """
    text = storage.read_text(path)
    if text is None:
        raise SourceNotFoundError(f"no such manifest: {path}")
    text = text.removeprefix("\ufeff")  # which Excel writes before a CSV
    folder = path.rpartition("/")[0] or ("/" if path.startswith("/") else ".")
    form = _csv_rows if PurePosixPath(path).suffix.lower() == ".csv" else _json_rows
    rows: list[Row] = []
    taken: dict[str, int] = {}
    for line, entry in _each(form, text, path):
        with _naming(path, line):
            row = _row(line, entry, folder, defaults)
            if row.output in taken:
                raise RequestError(f"the output {row.output!r} is that of line {taken[row.output]}; give it another")
        taken[row.output] = line
        rows.append(row)
    if not rows:
        raise RequestError(f"{path} has no rows: give one for each clip")
    return rows


class _naming:
    """Says of an error of the block in which line it is."""

    def __init__(self, path: str, line: int) -> None:
        self._where = f"{path} line {line}"

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, RequestError):
            raise type(error)(f"{self._where}: {error}") from error


def _each(form: Any, text: str, path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    rows: Iterable[tuple[int, Any]] = form(text, path)
    for line, entry in rows:
        with _naming(path, line):
            if not isinstance(entry, dict):
                raise RequestError('expected an object, such as {"input": "a.mp4", "operation": "track", ...}')
            strange = [str(name) for name in entry if name not in _COLUMNS]
            if strange:
                raise RequestError(f"unknown column {strange[0]!r}; there are: {', '.join(_COLUMNS)}")
        yield line, entry


def _json_rows(text: str, path: str) -> Iterator[tuple[int, Any]]:
    for line, content in enumerate(text.splitlines(), 1):
        if content.strip():
            try:
                yield line, json.loads(content)
            except json.JSONDecodeError as error:
                raise RequestError(f"{path} line {line}: not JSON: {error.msg} at column {error.colno}") from error


def _csv_rows(text: str, path: str) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        for entry in reader:
            if None in entry:
                raise RequestError(f"{path} line {reader.line_num}: more fields than columns; quote what has commas")
            yield reader.line_num, {name: value.strip() for name, value in entry.items() if value and value.strip()}
    except csv.Error as error:
        raise RequestError(f"{path} line {reader.line_num}: not CSV: {error}") from error


def _row(line: int, entry: Mapping[str, Any], folder: str, defaults: Mapping[str, str]) -> Row:
    source, operation, output, on = (_text(entry, name) for name in ("input", "operation", "output", "on"))
    for name, value in (("input", source), ("operation", operation), ("output", output)):
        if not value:
            raise RequestError(f"there is no {name!r}")
    if operation not in OPERATIONS:
        raise RequestError(f"no operation is named {operation[:64]!r}; there are: {', '.join(OPERATIONS)}")
    words = [*_listed(entry), *_options(entry.get("options", ""))]
    if entry.get("masks"):
        words.append(("masks", _text(entry, "masks")))
    said = {name for name, _ in words}
    missing = {name: value for name, value in defaults.items() if name not in said and has_option(operation, name)}
    complete = with_files(operation, [*words, *missing.items()], lambda path: storage.joined(folder, path))
    row = Row(line, storage.joined(folder, source), operation, _output(output), complete, on or "cpu")
    checked_call(operation, row.input, row.output, row.words)
    for file in (row.input, *files_in(operation, row.words)):
        if not storage.exists(file):
            raise SourceNotFoundError(f"no such file: {file}")
    return row


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str):
        raise RequestError(f"{name!r} has to be a text, not {value!r}")
    return value.strip()


def _output(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or storage.is_remote(name) or str(path) == ".":
        raise RequestError(f"the output {name!r} has to be a name, or a path below the folder of the results")
    if path.parts[0].startswith(_RESERVED):
        raise RequestError(f"the output {name!r}: names that begin with {_RESERVED} are kept for the batch itself")
    return str(path)


def _listed(entry: Mapping[str, Any]) -> Iterator[Word]:
    for name in _LISTS:
        value = entry.get(name) or []
        for one in value.split(";") if isinstance(value, str) else value:
            if not isinstance(one, str):
                raise RequestError(f'{name!r} has to be a text or a list of them, such as "320,180@12", not {one!r}')
            yield name, one.strip()


def _options(given: Any) -> Iterator[Word]:
    """Words from an object, or from what would stand on the command line."""
    if isinstance(given, str):
        yield from _spoken(given)
        return
    if not isinstance(given, dict):
        raise RequestError(f"'options' has to be an object or words as on the command line, not {given!r}")
    for name, value in given.items():
        for one in value if isinstance(value, list) else [value]:
            yield name.replace("_", "-"), one if isinstance(one, bool) else str(one)


def _spoken(text: str) -> Iterator[Word]:
    words = shlex.split(text)
    while words:
        name = words.pop(0)
        if not name.startswith("--"):
            raise RequestError(f"options: {name!r} stands where an option such as --grow was expected")
        name, equals, value = name[2:].partition("=")
        if equals:
            yield name, value
        elif words and not words[0].startswith("--"):
            yield name, words.pop(0)
        else:
            yield name, True
