"""What can be done with a video, read off the worker's catalogue: the menus, and what each choice takes.

Its name is what the settings keep of a choice: ``remove/plate``, ``export/preview``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ..link import wire

MOVIES = (".mp4", ".mov", ".mkv", ".webm")
"""What a media source of OBS can play instead of the video."""
AUTO = "auto"


@dataclass(frozen=True)
class Edit:
    """One line of the menu. ``operation`` makes new pictures, with ``tool`` as inpainter; "" is an export as ``tool``.

    ``suffix``: of an export's file, "" for a folder.
    """

    name: str
    title: str
    summary: str
    operation: str
    tool: str
    suffix: str = ""
    parameters: tuple[wire.Parameter, ...] = ()

    def given(self, values: Mapping[str, object]) -> dict[str, wire.Value]:
        """Of everything that was set, what belongs to this edit, in the types that it wants."""
        return {one.name: _typed(one, values[key]) for one in self.parameters if (key := self.key(one.name)) in values}

    def files(self, values: Mapping[str, object]) -> list[str]:
        """Of what was set, the texts that may be paths of files."""
        given = self.given(values)
        return [str(given[one.name]) for one in self.parameters if one.file and one.name in given]

    def key(self, parameter: str) -> str:
        """Under which name the settings keep a parameter."""
        return f"{self.name}/{parameter}"


def edits(catalogue: wire.Catalogue) -> list[Edit]:
    """Every operation that makes new pictures, removal with each inpainter that is ready; then mattes.

    Mattes are what is exported of the masks.
    """
    found: list[Edit] = []
    for operation in _of(catalogue, "operation"):
        if operation.name == "remove":
            found += _removals(operation, catalogue)
        elif operation.name != "track" and operation.ready:
            found.append(_edit(operation, operation.name, AUTO, operation.title, operation.parameters))
    return [*found, *_mattes(catalogue)]


def find(catalogue: wire.Catalogue, name: str) -> Edit | None:
    """The edit of that name, or the first one if none was chosen yet; None if it is not there (any more)."""
    found = edits(catalogue)
    if not name:
        return next(iter(found), None)
    return next((edit for edit in found if edit.name == name), None)


def results(catalogue: wire.Catalogue) -> list[wire.Entry]:
    """The formats in which OBS can play new pictures."""
    return [entry for entry in _of(catalogue, "export") if entry.takes == "removal" and entry.suffix in MOVIES]


def engines(catalogue: wire.Catalogue, role: str) -> list[tuple[str, str]]:
    """(name, title) for a menu of trackers or segmenters that are ready; what "auto" means now is said."""
    usual = catalogue.defaults.get(role, "")
    chosen = [(AUTO, f"automatic ({usual})" if usual else "automatic")]
    return chosen + [(entry.name, entry.title) for entry in _of(catalogue, role) if entry.ready]


def _removals(operation: wire.Entry, catalogue: wire.Catalogue) -> list[Edit]:
    """One for each inpainter, the usual one first."""
    usual = catalogue.defaults.get("inpainter")
    ready = [entry for entry in _of(catalogue, "inpainter") if entry.ready]
    return [
        _edit(
            operation,
            f"{operation.name}/{filler.name}",
            filler.name,
            f"{operation.title} ({filler.title})",
            [*operation.parameters, *filler.parameters],
        )
        for filler in sorted(ready, key=lambda entry: entry.name != usual)
    ]


def _edit(operation: wire.Entry, name: str, tool: str, title: str, parameters: list[wire.Parameter]) -> Edit:
    return Edit(name, title, operation.summary, operation.name, tool, parameters=tuple(parameters))


def _mattes(catalogue: wire.Catalogue) -> list[Edit]:
    return [
        Edit(
            f"export/{entry.name}",
            entry.title,
            entry.summary,
            "",
            entry.name,
            entry.suffix,
            tuple(entry.parameters),
        )
        for entry in _of(catalogue, "export")
        if entry.takes == "masklets" and entry.ready
    ]


def _of(catalogue: wire.Catalogue, kind: str) -> list[wire.Entry]:
    return [entry for entry in catalogue.entries if entry.kind == kind]


def _typed(parameter: wire.Parameter, value: object) -> wire.Value:
    """OBS keeps whole numbers of a slider with decimals as they come."""
    if parameter.type == "bool":
        return bool(value)
    if parameter.type == "int" and isinstance(value, int | float):
        return int(value)
    if parameter.type == "float" and isinstance(value, int | float):
        return float(value)
    return str(value)
