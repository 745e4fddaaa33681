"""Draws panels without a window: a layout that writes down what it is asked to show, and refuses what is not there."""

from typing import Any

import bpy


class Layout:
    """As much of ``bpy.types.UILayout`` as panels use. ``shown``: the words and names, in order."""

    enabled = alert = True
    scale_y = ui_units_x = 1.0

    def __init__(self, shown: list[str] | None = None) -> None:
        self.shown: list[str] = [] if shown is None else shown

    def _part(self, **_: Any) -> "Layout":
        return Layout(self.shown)

    row = column = box = _part

    def separator(self, **_: Any) -> None: ...

    def label(self, text: str = "", icon: str = "NONE") -> None:
        _check_icon(icon)
        self.shown.append(text)

    def prop(self, data: Any, name: str, text: str | None = None, icon: str = "NONE", **_: Any) -> None:
        _check_icon(icon)
        known = data.bl_rna.properties[name]
        self.shown.append(known.name if text is None else text)

    def operator(self, name: str, text: str | None = None, icon: str = "NONE", **_: Any) -> Any:
        _check_icon(icon)
        rna = getattr(bpy.ops.tam, name.partition(".")[2]).get_rna_type()
        self.shown.append(rna.name if text is None else text)
        return _Given(rna)

    def operator_menu_enum(self, name: str, field: str, text: str = "", **_: Any) -> None:
        _Given(getattr(bpy.ops.tam, name.partition(".")[2]).get_rna_type())._known(field)
        self.shown.append(text)

    def progress(self, factor: float = 0, text: str = "", type: str = "") -> None:
        assert 0 <= factor <= 1
        self.shown.append(text)

    def template_list(self, kind: str, _: str, data: Any, name: str, active: Any, active_name: str, rows: int) -> None:
        getattr(active, active_name)
        for item in getattr(data, name):
            getattr(bpy.types, kind).draw_item(None, bpy.context, self, data, item, 0, active, active_name)


class _Given:
    """The properties that a button gives its operator."""

    def __init__(self, rna: Any) -> None:
        object.__setattr__(self, "_rna", rna)

    def _known(self, name: str) -> None:
        assert name in self._rna.properties, f"{self._rna.identifier} has no {name}"

    def __setattr__(self, name: str, value: Any) -> None:
        self._known(name)


class _Panel:
    def __init__(self) -> None:
        self.layout = Layout()


def _check_icon(icon: str) -> None:
    icons = bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
    assert icon in icons, f"there is no icon {icon}"


def draw(short: str, context: Any) -> dict[str, list[str]]:
    """Panel -> what it shows, for an editor's panels that would be seen now."""
    found = {}
    for name in dir(bpy.types):
        panel = getattr(bpy.types, name)
        ours = name == f"TAM_PT_{short}" or name.startswith(f"TAM_PT_{short}_")
        if ours and (not hasattr(panel, "poll") or panel.poll(context)):
            shown = _Panel()
            panel.draw(shown, context)
            found[name] = shown.layout.shown
    return found
