"""The keys of the pick tool, and the one that begins it."""

from typing import Any

import bpy

ACTIONS = {
    "TAB": "next_candidate",
    "COMMA": "frame_back",
    "PERIOD": "frame_forward",
    "DEL": "take_back",
    "BACK_SPACE": "take_back",
    "N": "new_object",
    "ESC": "leave",
    "RET": "leave",
    "NUMPAD_ENTER": "leave",
}
"""Key -> what the tool does, over a picture; ESC and Return everywhere."""
HINTS = (
    "Click: on the object   Ctrl Click: not on it   Drag: box   Tab: other answer   , . : frame   "
    "N: new object   Backspace: take back   Esc: leave"
)
BEGIN = {"type": "Y", "value": "PRESS", "alt": True}
KEYMAPS = (
    ("SequencerCommon", "SEQUENCE_EDITOR"),
    ("Video Sequence Editor", "SEQUENCE_EDITOR"),
    ("Clip", "CLIP_EDITOR"),
    ("Image Generic", "IMAGE_EDITOR"),
)
"""Of the whole editors; the sequencer's was renamed in 5.0."""

_added: list[tuple[Any, Any]] = []


def action(event: Any) -> str:
    """What a key that was pressed asks for, "" for nothing of ours."""
    if event.value != "PRESS" or event.ctrl or event.alt or event.oskey or event.shift:
        return ""
    return ACTIONS.get(event.type, "")


def register() -> None:
    """Alt Y begins and ends the tool in the three editors. In the background there are no keys."""
    manager = bpy.context.window_manager
    if manager is None or manager.keyconfigs.addon is None:
        return
    for name, space in KEYMAPS:
        if name in manager.keyconfigs.default.keymaps:
            keymap = manager.keyconfigs.addon.keymaps.new(name=name, space_type=space)
            _added.append((keymap, keymap.keymap_items.new("tam.pick", **BEGIN)))


def unregister() -> None:
    while _added:
        keymap, item = _added.pop()
        keymap.keymap_items.remove(item)
