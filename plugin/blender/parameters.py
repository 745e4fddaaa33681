"""The catalogue's parameters as Blender properties, so that whatever a worker offers has sliders, menus and tooltips.

Classes are made from the catalogue when it comes, and again when another worker has another one. The values are kept in
the .blend under the name of what they belong to.
"""

import os
from collections.abc import Sequence
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from ..link import wire

MOST, FIRST = 7, 4
"""Settings of an entry that are shown at once; of more, the first few until "More Settings" is ticked."""

_made: list[Any] = []
_of: list[wire.Catalogue] = []


def follow(catalogue: wire.Catalogue) -> None:
    """Have the properties of this catalogue, if it is another one than before."""
    if _of and _of[0] is catalogue:
        return
    unregister()
    fields = {}
    for entry in catalogue.entries:
        if entry.parameters:
            group = _registered(f"TAM_PG_{attribute(entry)}", {one.name: _field(one) for one in entry.parameters})
            fields[attribute(entry)] = PointerProperty(type=group)
        if len(entry.parameters) > MOST:
            fields[more(entry)] = BoolProperty(name="More Settings")
    fields["operation"] = _operations(catalogue)
    fields["filler"] = _fillers(catalogue)
    bpy.types.Scene.tam_values = PointerProperty(type=_registered("TAM_PG_values", fields))
    _of[:] = [catalogue]


def group(scene: Any, entry: wire.Entry) -> Any | None:
    """The property group of an entry, None if it has no parameters."""
    return getattr(getattr(scene, "tam_values", None), attribute(entry), None)


def shown(scene: Any, entry: wire.Entry) -> list[wire.Parameter]:
    """The settings of an entry that the panel shows."""
    if len(entry.parameters) <= MOST or getattr(scene.tam_values, more(entry)):
        return list(entry.parameters)
    return entry.parameters[:FIRST]


def more(entry: wire.Entry) -> str:
    """The property that says whether all settings of an entry with many are shown."""
    return f"more_{attribute(entry)}"


def values(scene: Any, entries: Sequence[wire.Entry | None]) -> dict[str, wire.Value]:
    """What the user set for the entries, by name, as a request says it; of what two of them have, the first's."""
    found: dict[str, wire.Value] = {}
    for entry in reversed(entries):
        here = entry and group(scene, entry)
        if entry and here:
            found |= {one.name: _value(here, one) for one in entry.parameters}
    return found


def files(scene: Any, entries: Sequence[wire.Entry | None]) -> list[str]:
    """The files that the user chose for the entries: the worker has to be let into their folders."""
    given = values(scene, entries)
    chosen = {str(given[one.name]) for entry in entries if entry for one in entry.parameters if one.file}
    return sorted(path for path in chosen if os.path.isabs(path) and os.path.exists(path))


def _value(group: Any, one: wire.Parameter) -> wire.Value:
    """Paths from where the .blend is ("//...") as full ones."""
    value: wire.Value = getattr(group, one.name)
    return str(bpy.path.abspath(str(value))) if one.file and value else value


def fills(entry: wire.Entry) -> bool:
    """Whether an operation takes what fills holes; an older worker does not say so of "remove"."""
    return entry.fills or entry.name == "remove"


def find(catalogue: wire.Catalogue, kind: str, name: str) -> wire.Entry | None:
    return next((one for one in catalogue.entries if (one.kind, one.name) == (kind, name)), None)


def operation(catalogue: wire.Catalogue, name: str) -> wire.Entry | None:
    """The operation of that name."""
    return find(catalogue, "operation", name)


def edits(catalogue: wire.Catalogue) -> list[wire.Entry]:
    """The operations that make new pictures: all but tracking."""
    return [one for one in catalogue.entries if one.kind == "operation" and one.name != "track"]


def chosen_edit(scene: Any, catalogue: wire.Catalogue) -> wire.Entry | None:
    """What the Edit panel shows: an operation that makes new pictures."""
    return operation(catalogue, getattr(getattr(scene, "tam_values", None), "operation", ""))


def chosen_filler(scene: Any) -> str:
    """The name of what fills holes, or "auto"."""
    return str(getattr(getattr(scene, "tam_values", None), "filler", "auto"))


def filler(scene: Any, catalogue: wire.Catalogue) -> wire.Entry | None:
    """The same as an entry, with "auto" looked up."""
    chosen = chosen_filler(scene)
    name = catalogue.defaults.get("inpainter") if chosen == "auto" else chosen
    return find(catalogue, "inpainter", name) if name else None


def title(parameter: wire.Parameter) -> str:
    """As a label says it, with its unit."""
    words = parameter.name.replace("_", " ").capitalize()
    return f"{words} ({parameter.unit})" if parameter.unit else words


def attribute(entry: wire.Entry) -> str:
    """A name that Python and Blender accept, the same for the same entry always."""
    return "".join(one if one.isalnum() else "_" for one in f"{entry.kind}_{entry.name}")


def _operations(catalogue: wire.Catalogue) -> Any:
    return EnumProperty(name="Do", items=[(one.name, one.title, one.summary.capitalize()) for one in edits(catalogue)])


def _fillers(catalogue: wire.Catalogue) -> Any:
    best = catalogue.defaults.get("inpainter", "none")
    ready = [one for one in catalogue.entries if one.kind == "inpainter" and one.ready]
    items = [("auto", f"Automatic ({best})", "The best that is ready")]
    return EnumProperty(name="Fill With", items=[*items, *((one.name, one.title, one.summary) for one in ready)])


def _field(one: wire.Parameter) -> Any:
    said = {"name": title(one), "description": one.summary}
    if one.type == "bool":
        return BoolProperty(default=bool(one.default), **said)
    if one.file:
        return StringProperty(default=str(one.default), subtype="FILE_PATH", **said)
    if one.type == "text":
        return StringProperty(default=str(one.default), **said)
    if one.type == "choice":
        items = [(choice, choice.replace("_", " ").capitalize(), "") for choice in one.choices]
        return EnumProperty(default=str(one.default), items=items, **said)
    bounds = {name: bound for name, bound in (("min", one.low), ("max", one.high)) if bound is not None}
    if one.type == "int":
        return IntProperty(default=int(one.default), **{name: int(bound) for name, bound in bounds.items()}, **said)
    return FloatProperty(default=float(one.default), **bounds, **said)


def _registered(name: str, fields: dict[str, Any]) -> Any:
    made = type(name, (bpy.types.PropertyGroup,), {"__annotations__": fields})
    bpy.utils.register_class(made)
    _made.append(made)
    return made


def unregister() -> None:
    """Nothing of the catalogue is left."""
    _of.clear()
    if hasattr(bpy.types.Scene, "tam_values"):
        del bpy.types.Scene.tam_values
    while _made:
        bpy.utils.unregister_class(_made.pop())
