"""Armed: the objects are followed live, and each recording that ends is edited with the same clicks.

It holds the live mask and the recording under way, and knows when what was said has to be remembered for later.
"""

import time
from collections.abc import Callable
from pathlib import Path

from ..link.client import Client
from . import looks
from .live import LiveMask, clear
from .ports import Affine, Obs, Picture
from .settings import Settings
from .stream import Stream
from .take import Take
from .work import Order, Said

NOWHERE = (
    "{source} is not in the scene that is shown, so recordings cannot be edited with its clicks: choose that scene"
)


class Arming:
    """``tell`` gets what went wrong; ``folder`` is for masks on their way to OBS."""

    def __init__(self, obs: Obs, connect: Callable[[], Client], tell: Callable[[str], None], folder: Path) -> None:
        self._obs, self._connect, self._tell, self._folder = obs, connect, tell, folder
        self._source, self._said = "", Said()
        self._live: LiveMask | None = None
        self._take: Take | None = None

    @property
    def armed(self) -> bool:
        return bool(self._source)

    def arm(self, source: str, said: Said, settings: Settings, still: Picture | None = None) -> None:
        """``still``: the picture it was said on, None for what is shown now."""
        self.disarm()
        self._source, self._said = source, said
        if settings.live:
            self._live = self._begin(settings, still)
        self._remember()

    def disarm(self) -> None:
        if self._live is not None:
            self._live.close()
        self._live, self._source = None, ""

    def show(self, look: looks.Look) -> None:
        """Another look of the live mask."""
        if self._live is not None:
            self._live.show(look)

    def step(self) -> None:
        if self._live is None:
            return
        self._live.step()
        if problem := self._live.stream.problem:
            self._tell(f"{problem} (the live mask has stopped: arm again)")
            self._live.close()
            self._live = None

    def status(self) -> str:
        """In a line; "" when nothing is armed."""
        if not self.armed:
            return ""
        if self._live is None:
            return f"armed: recordings are edited with the clicks on {self._source}"
        if not self._live.masks:
            return f"armed: waiting for the first mask of {self._source}"
        return f"armed: {self._live.look.title} in {self._source}, {self._live.delay * 1000:.0f} ms behind"

    # The recording

    def recording_begins(self) -> None:
        self._take = Take(time.monotonic())
        self._remember()

    def recording_pauses(self) -> None:
        if self._take is not None:
            self._take.pause(time.monotonic())

    def recording_goes_on(self) -> None:
        if self._take is not None:
            self._take.go_on(time.monotonic())

    def recording_ends(self, video: str, settings: Settings) -> Order | None:
        """What is to be done with the recording, None for nothing."""
        take, self._take = self._take, None
        if not (self.armed and settings.final and video and take and take.said):
            return None
        return Order(
            Path(video),
            settings.edit,
            settings.result,
            take.said,
            take.place,
            take.size,
            settings.values,
            settings.engine,
            settings.segmenter,
        )

    def _begin(self, settings: Settings, still: Picture | None) -> LiveMask:
        clear(self._obs, self._source)

        def stream(size: tuple[int, int]) -> Stream:
            engines = settings.engine, settings.segmenter
            return Stream(self._connect, self._said, size, self._folder, still=still, engines=engines)

        delay = None if settings.delay < 0 else settings.delay / 1000
        look = looks.look(settings.look)
        return LiveMask(self._obs, self._source, stream, look, rate=settings.rate, delay=delay)

    def _remember(self) -> None:
        """Where the objects are now, for the recording under way."""
        if self._take is None or not self.armed:
            return
        place = self._obs.place(self._source)
        if self._source == self._obs.current_scene():
            place = Affine(1, 0, 0, 0, 1, 0)
        if place is None:
            self._tell(NOWHERE.format(source=self._source))
            return
        seen = self._live.stream.words if self._live else []
        said = Said(tuple(seen)) if seen else self._said
        self._take.remember(said, place, self._obs.canvas(), time.monotonic())
