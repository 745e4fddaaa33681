"""What a person calls an object, and the colour it is drawn in."""

import colorsys
import re
from dataclasses import dataclass

from tam_core.errors import RequestError
from tam_core.types import ObjectId

_GOLDEN = 0.618034
"""Of the colour circle between two neighbouring objects: whatever their number, all stay apart (the golden ratio)."""


@dataclass(frozen=True)
class Label:
    """An object's name and colour, "#rrggbb"."""

    name: str
    colour: str


def default_label(object_id: ObjectId) -> Label:
    """The label of an object that nobody has named: the same in every session."""
    lightness = (0.6, 0.5, 0.7)[object_id // 8 % 3]
    red, green, blue = colorsys.hls_to_rgb(0.58 + object_id * _GOLDEN, lightness, 0.9)
    return Label(f"Object {object_id}", f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}")


def check_label(name: str | None, colour: str | None) -> None:
    """Raise RequestError for an empty name or a colour that is not "#rrggbb"; None is no change."""
    if name is None and colour is None:
        raise RequestError("a label: give a name, a colour or both")
    if name is not None and not name.strip():
        raise RequestError("an object's name needs a letter at least")
    if colour is not None and not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        raise RequestError(f"colour {colour!r}: give it as #rrggbb, such as #ff8800")
