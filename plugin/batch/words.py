"""The words of a row as those of the command it stands for: checked by the command line itself, not by a second list.

It knows which words name files, so that these can be fetched from elsewhere.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tam_core.errors import RequestError

Word: TypeAlias = tuple[str, str | bool]
"""An option without its dashes, and its value; of a switch, on or off."""

OPERATIONS = ("track", "remove", "effect", "replace", "export")
_OURS = {"output", "o", "project", "provenance", "receipt", "list", "help"}
"""Options that a row cannot have: a unit has one output, and asks for nothing else."""

_PLAIN = re.compile(r"()(.+)()", re.DOTALL)
_FILES: Mapping[tuple[str, str], "re.Pattern[str]"] = {
    **{(operation, "mask"): re.compile(r"()(.+?)(@\d+)?") for operation in OPERATIONS},
    **{(operation, "masks"): re.compile(r"()(.+?)(#[^/#]*)?") for operation in OPERATIONS},
    ("remove", "patch"): re.compile(r"(\d+=)(.+)()"),
    ("replace", "with"): _PLAIN,
    ("replace", "background"): re.compile(r"()(.*[./].*)()"),  # a colour has neither a point nor a slash
}


@dataclass(frozen=True)
class Call:
    """A command's arguments, understood: ``given`` by the command's own names of them, defaults included."""

    arguments: tuple[str, ...]
    given: Mapping[str, Any]


def checked_call(operation: str, source: str, output: str, words: Sequence[Word]) -> Call:
    """The command line of a row. Raises RequestError for what ``tam OPERATION`` would not understand."""
    command = _command(operation)
    arguments = [source, "-o", output, *_spelled(command, operation, words)]
    try:
        context = command.make_context(operation, list(arguments))
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        raise RequestError(f"tam {operation}: {error.format_message()}") from error
    return Call((operation, *arguments), dict(context.params))


def has_option(operation: str, name: str) -> bool:
    """Does ``tam OPERATION`` have the option ``--name``?"""
    return name in _options(_command(operation))


def with_files(operation: str, words: Sequence[Word], change: Callable[[str], str]) -> tuple[Word, ...]:
    """The same words with the path of every file changed."""

    def changed(name: str, value: str | bool) -> Word:
        found = _file_in(operation, name, value)
        return (name, value) if found is None else (name, f"{found[1]}{change(found[2])}{found[3] or ''}")

    return tuple(changed(name, value) for name, value in words)


def files_in(operation: str, words: Sequence[Word]) -> Iterator[str]:
    """The paths of the files that words name."""
    for name, value in words:
        found = _file_in(operation, name, value)
        if found is not None:
            yield found[2]


def _file_in(operation: str, name: str, value: str | bool) -> "re.Match[str] | None":
    pattern = _FILES.get((operation, name))
    return pattern.fullmatch(value) if pattern is not None and isinstance(value, str) else None


def _spelled(command: Any, operation: str, words: Sequence[Word]) -> Iterator[str]:
    known = _options(command)
    for name, value in words:
        if name in _OURS or name not in known:
            there = ", ".join(sorted(known.keys() - _OURS))
            raise RequestError(f"tam batch: {operation} has no option {name!r}; there are: {there}")
        on, off, switch = known[name]
        if not isinstance(value, bool):
            yield from (f"--{name}", value)
        elif not switch:
            raise RequestError(f"tam batch: {operation}: {name} is no switch, it needs a value")
        elif value or off:
            yield on if value else off


def _options(command: Any) -> dict[str, tuple[str, str, bool]]:
    """By its name without dashes: how an option is said, how it is said not to, and whether it is a switch."""
    found = {}
    for one in command.params:
        for spelling in one.opts:
            if spelling.startswith("--"):
                off = one.secondary_opts[0] if one.secondary_opts else ""
                found[spelling[2:]] = (spelling, off, bool(getattr(one, "is_flag", False)))
    return found


def _command(operation: str) -> Any:
    import typer

    from plugin.cli import app

    if operation not in OPERATIONS:
        raise RequestError(f"no operation is named {operation[:64]!r}; there are: {', '.join(OPERATIONS)}")
    return typer.main.get_command(app).commands[operation]  # type: ignore[attr-defined]
