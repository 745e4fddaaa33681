"""What ``tam export`` does: masks in any format that can be read, or a project's -> any export made of masks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from plugin.catalogue import settled
from plugin.exports import EXPORTS, ExportFormat, find_format
from plugin.finding import Asked, Found, found, objects_in_words
from plugin.material import Material
from plugin.progress import with_progress
from plugin.settings import settings_from
from tam_core.errors import RequestError
from tam_core.registry import Parameter, Value
from tam_core.types import ObjectId


def export(
    asked: Asked,
    output: Path | None,
    name: str,
    objects: Sequence[ObjectId] = (),
    given: Mapping[str, Value] | None = None,
) -> str:
    """Write the masks of a video as the format called ``name``, all objects or those chosen. One line for the user.

    ``output`` None: beside the video, named after it and the format. ``given``: parameters of the format. Raises
    RequestError.
    """
    row, path, project = mask_format(name), asked.path, asked.project
    if asked.masks is None and (project is None or not project.exists()):
        raise RequestError(f"say what to export: --masks PATH, or --project NAME.tam{_missing(project)}")
    values = settled(row.parameters, given or {}, f"export as {row.name}")
    whole = path if path.name else path.absolute()  # "." has none
    target = output or whole.with_name(f"{whole.stem}-{row.name}{row.suffix}")
    row.check_path(target)
    with found(asked, target) as work:
        material = _material(work, objects, values)
        for _ in with_progress(row.write(material, target), "writing", len(work.frames)):
            pass
    chosen = {masklet.object_id: masklet for masklet in material.masklets}
    return f"{target}: {len(work.frames)} frames, {objects_in_words(chosen)} as {row.title}"


def _material(work: Found, objects: Sequence[ObjectId], values: Mapping[str, Value]) -> Material:
    missing = [number for number in objects if number not in work.masklets]
    if missing:
        raise RequestError(f"there is no object {missing[0]}; there are: {sorted(work.masklets)}")
    chosen = [work.masklets[number] for number in sorted(set(objects) or work.masklets)]
    names = {number: label.name for number, label in work.session.labels.items()}
    return Material(work.source, chosen, work.frames.start, work.frames.stop, None, values, names)


def mask_format(name: str) -> ExportFormat:
    """A row of the exports that needs nothing but masks. Raises RequestError."""
    row = find_format(name)
    if row.takes != "masklets":
        raise RequestError(f"'{name}' is of a result: tam remove writes it, or the page of tam serve")
    return row


def parameters_from(name: str, words: Sequence[str], soft: bool | None) -> dict[str, Value]:
    """``NAME=VALUE`` words, and ``soft`` unless it is None, as parameters of a format. Raises RequestError."""
    row = mask_format(name)
    values = settings_from(words, row.parameters, row.name)
    if soft is not None:
        if all(parameter.name != "soft" for parameter in row.parameters):
            raise RequestError(f"{row.name} holds hard masks; soft edges are in {', '.join(_with_soft_edges())}")
        values["soft"] = soft
    return values


def formats_in_words() -> str:
    """A line for every format that masks can be written as, with the names of its settings, and a line for each."""
    rows = [row for row in EXPORTS if row.takes == "masklets"]
    lines: list[str] = []
    settings: dict[str, Parameter] = {}
    for row in rows:
        names = ", ".join(parameter.name for parameter in row.parameters)
        lines.append(f"{row.name:16} {row.suffix or 'folder':7} {row.summary}" + (f" [{names}]" if names else ""))
        settings |= {parameter.name: parameter for parameter in row.parameters}
    lines += ["", *(f"{name:16} {_values_of(one)}: {one.summary}" for name, one in settings.items())]
    return "\n".join(lines)


def _values_of(parameter: Parameter) -> str:
    if parameter.type == "bool":
        return "yes or no"
    return " or ".join(parameter.choices) or f"{parameter.low:g} to {parameter.high:g} {parameter.unit}".rstrip()


def _with_soft_edges() -> list[str]:
    return [row.name for row in EXPORTS if any(parameter.name == "soft" for parameter in row.parameters)]


def _missing(project: Path | None) -> str:
    return f" (there is no {project})" if project is not None else ""
