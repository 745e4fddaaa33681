"""The sidebar tab "TAM Studio" of the three editors: one state, shown in each. A panel only shows; operators ask.

Everything is drawn from the studio, so it is the same wherever it is looked at; see ``parts`` for what is drawn.
"""

from collections.abc import Callable
from typing import Any

import bpy

from ..studio import studio
from . import objects, parts

EDITORS = {"SEQUENCE_EDITOR": "vse", "CLIP_EDITOR": "clip", "IMAGE_EDITOR": "image"}
CATEGORY = "TAM Studio"
Draw = Callable[[Any, Any], None]

PARTS: tuple[tuple[str, str, Draw, bool], ...] = (
    ("objects", "Objects", objects.draw, True),
    ("track", "Track", parts.draw_track, True),
    ("edit", "Edit", parts.draw_edit, True),
    ("results", "Into the Project", parts.draw_results, True),
    ("export", "Export", parts.draw_export, False),
)
"""Name, title, what draws it, whether it is open at first."""


def _main(space: str, short: str) -> Any:
    def draw(self: Any, context: Any) -> None:
        with studio().timed("panel"):
            parts.draw_main(self.layout, context)

    return _panel(f"TAM_PT_{short}", "TAM Studio", space, draw)


def _part(space: str, short: str, name: str, title: str, drawn: Draw, begins_open: bool) -> Any:
    def draw(self: Any, context: Any) -> None:
        with studio().timed("panel"):
            drawn(self.layout, context)

    made = _panel(f"TAM_PT_{short}_{name}", title, space, draw)
    made.bl_parent_id = f"TAM_PT_{short}"
    made.bl_options = set() if begins_open else {"DEFAULT_CLOSED"}
    made.poll = classmethod(lambda cls, context: parts.has_session(context))
    return made


def _panel(name: str, title: str, space: str, draw: Any) -> Any:
    facts = {
        "bl_idname": name,
        "bl_label": title,
        "bl_space_type": space,
        "bl_region_type": "UI",
        "bl_category": CATEGORY,
        "draw": draw,
    }
    return type(name, (bpy.types.Panel,), facts)


CLASSES = (
    *objects.CLASSES,
    *(
        made
        for space, short in EDITORS.items()
        for made in (_main(space, short), *(_part(space, short, *part) for part in PARTS))
    ),
)
