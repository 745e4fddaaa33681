"""What the rest asks of OBS, in words that name no type of OBS. ``native`` does it; tests put something in its place.

Sources, scenes and filters are named by their names. What is not there is answered with nothing, not with an error:
a person can delete a source at any moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Setting = str | int | float | bool
Size = tuple[int, int]
"""(width, height)"""


@dataclass(frozen=True)
class Picture:
    """What OBS drew: ``pixels`` are ``line`` bytes a row from the top, four a pixel: blue, green, red, nothing."""

    width: int
    height: int
    line: int
    pixels: bytes = field(repr=False)


@dataclass(frozen=True)
class Playing:
    """How a media source does: ``plays`` is False while it opens a file, at its end, and when it cannot.

    ``size`` is (0, 0) until there is a picture.
    """

    plays: bool
    seconds: float
    size: Size


@dataclass(frozen=True)
class Affine:
    """Where OBS draws pixel (x, y) of a source in its scene: (xx x + xy y + x0, yx x + yy y + y0)."""

    xx: float
    xy: float
    x0: float
    yx: float
    yy: float
    y0: float

    def __call__(self, x: float, y: float) -> tuple[float, float]:
        return self.xx * x + self.xy * y + self.x0, self.yx * x + self.yy * y + self.y0


class Camera(Protocol):
    """Takes small pictures of one source, for as long as it is open, without what the named filters do to it."""

    def shoot(self) -> None:
        """Have a picture drawn. It can be taken later, so that nobody waits for it."""

    def take(self) -> Picture | None:
        """The picture that was drawn last, once."""

    def close(self) -> None: ...


class Obs(Protocol):
    """Every call is short, and may come from any thread that OBS calls scripts on."""

    def log(self, text: str, warning: bool = False) -> None:
        """Into the script's log, which OBS opens for a warning."""

    def keep(self, name: str, value: str, /) -> None:
        """Set what the page shows under that name, for the next time, too."""

    # Sources

    def video_sources(self) -> list[str]:
        """All that have pictures, media sources and scenes among them."""

    def media_file(self, source: str, /) -> str:
        """The local file that a media source plays, "" for any other source."""

    def playing(self, source: str, /) -> Playing | None: ...

    def play(self, source: str, file: str, /) -> None:
        """Let a media source play another file."""

    def size(self, source: str, /) -> Size: ...

    def cover(self, source: str, cover: str, file: str, /) -> bool:
        """Put a silent media source right over a source, wherever that is shown. False: it is shown nowhere."""

    def remove(self, source: str, /) -> None: ...

    # Scenes

    def scenes(self) -> list[str]: ...

    def current_scene(self) -> str: ...

    def canvas(self) -> Size: ...

    def place(self, source: str, /) -> Affine | None:
        """Where a source is drawn in the current scene; None if it is not."""

    # Filters

    def has_filter(self, source: str, name: str, /) -> bool: ...

    def put_filter(self, source: str, name: str, kind: str, settings: Mapping[str, Setting], /) -> None:
        """Add a filter behind the others, or change the one of that name."""

    def drop_filter(self, source: str, name: str, /) -> None: ...

    # Recording, pictures

    def last_recording(self) -> str: ...

    def camera(self, source: str, size: Size, without: Sequence[str], /) -> Camera: ...


# The script's page in OBS ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """One line of the page. ``name``: under which the settings keep it, or what a button does."""

    kind: Literal["note", "text", "path", "int", "float", "bool", "menu", "button", "group"]
    name: str
    label: str
    hint: str = ""
    default: Setting = ""
    low: float = 0
    high: float = 100
    step: float = 1
    choices: tuple[tuple[str, str], ...] = ()
    shown: bool = True
    fields: tuple["Field", ...] = ()
    steers: bool = False
    """Whether other lines are shown or not depending on it."""
