"""An OBS in name only: sources, scenes and filters as plain records, for the script's logic without a host."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plugin.obs.ports import Affine, Picture, Playing, Setting, Size


@dataclass
class Source:
    file: str = ""
    size: Size = (160, 120)
    plays: bool = True
    seconds: float = 1.0
    filters: dict[str, tuple[str, dict[str, Setting]]] = field(default_factory=dict)


class Camera:
    """Gives ``picture`` one call after it was asked for."""

    def __init__(self, picture: Picture) -> None:
        self._picture, self._ready, self.open = picture, False, True

    def shoot(self) -> None:
        self._ready = True

    def take(self) -> Picture | None:
        ready, self._ready = self._ready, False
        return self._picture if ready else None

    def close(self) -> None:
        self.open = False


class StandIn:
    """``files`` that a source opens show nothing until a test says so with ``starts``."""

    def __init__(self, scenes: Sequence[str] = ("Scene",), **sources: Source) -> None:
        self.sources = {**sources, **{scene: Source(size=(320, 240)) for scene in scenes}}
        self._scenes = list(scenes)
        self.said: list[tuple[str, bool]] = []
        self.settings: dict[str, str] = {}
        self.shown = set(sources)
        self.picture = Picture(16, 16, 64, bytes(1024))
        self.cameras: list[Camera] = []
        self.recording = ""

    def starts(self, source: str) -> None:
        """The media source plays what it opened."""
        self.sources[source].plays, self.sources[source].seconds = True, 1.0

    def log(self, text: str, warning: bool = False) -> None:
        self.said.append((text, warning))

    def keep(self, name: str, value: str) -> None:
        self.settings[name] = value

    def video_sources(self) -> list[str]:
        return list(self.sources)

    def media_file(self, source: str) -> str:
        return self.sources[source].file if source in self.sources else ""

    def playing(self, source: str) -> Playing | None:
        found = self.sources.get(source)
        return Playing(found.plays, found.seconds, found.size) if found else None

    def play(self, source: str, file: str) -> None:
        if found := self.sources.get(source):
            found.file, found.plays, found.seconds = file, False, 0.0

    def size(self, source: str) -> Size:
        return self.sources[source].size if source in self.sources else (0, 0)

    def cover(self, source: str, cover: str, file: str) -> bool:
        if source not in self.shown:
            return False
        self.sources[cover] = Source(file, plays=False, seconds=0.0)
        return True

    def remove(self, source: str) -> None:
        self.sources.pop(source, None)

    def scenes(self) -> list[str]:
        return self._scenes

    def add_scene(self, name: str) -> None:
        self._scenes.append(name)
        self.sources[name] = Source(size=(320, 240))

    def current_scene(self) -> str:
        return self._scenes[-1]

    def canvas(self) -> Size:
        return 320, 240

    def place(self, source: str) -> Affine | None:
        return Affine(2, 0, 0, 0, 2, 0) if source in self.shown else None

    def has_filter(self, source: str, name: str) -> bool:
        return source in self.sources and name in self.sources[source].filters

    def put_filter(self, source: str, name: str, kind: str, settings: Mapping[str, Setting]) -> None:
        self.sources[source].filters[name] = kind, dict(settings)

    def drop_filter(self, source: str, name: str) -> None:
        self.sources[source].filters.pop(name, None)

    def last_recording(self) -> str:
        return self.recording

    def camera(self, source: str, size: Size, without: Sequence[str]) -> Camera:
        self.cameras.append(Camera(self.picture))
        return self.cameras[-1]
