"""A media source plays another file, and nobody sees how: a second source covers it until it plays.

A media source that opens a file shows nothing for a moment. So a cover with the new file is put over it first; when the
cover has a picture, the source itself gets the file underneath, and when that plays, the cover goes.
"""

import time
from collections.abc import Callable

from .ports import Obs

COVER = "tam-studio cover of "
PATIENCE = 10.0
"""Seconds after which the next step is taken anyway, for a file that does not play or a source that is not shown."""
SETTLED = 0.15
"""Seconds of the new file that must have been played before the cover goes."""


class Swap:
    """Call ``step`` from a timer until it says that it is over."""

    def __init__(self, obs: Obs, source: str, file: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.source, self.file = source, file
        self._obs, self._clock = obs, clock
        self._cover = COVER + source
        self._since = clock()
        self._played = not obs.cover(source, self._cover, file)
        if self._played:
            obs.play(source, file)

    def step(self) -> bool:
        """True when the source plays the file and nothing else is left."""
        if self._obs.playing(self.source) is None:  # it was deleted
            self.close()
            return True
        if not self._played:
            if self._shows(self._cover):
                self._obs.play(self.source, self.file)
                self._played, self._since = True, self._clock()
            return False
        if self._shows(self.source):
            self.close()
            return True
        return False

    def close(self) -> None:
        """Leave nothing behind: the source itself plays the file."""
        if not self._played:
            self._obs.play(self.source, self.file)
            self._played = True
        self._obs.remove(self._cover)

    def _shows(self, source: str) -> bool:
        found = self._obs.playing(source)
        late = self._clock() - self._since > PATIENCE
        return late or bool(found and found.plays and found.size[0] and found.seconds > SETTLED)


class Swaps:
    """The swaps under way, and what each source played ``before`` the first one: source -> file."""

    def __init__(self, obs: Obs) -> None:
        self.before: dict[str, str] = {}
        self._obs = obs
        self._under_way: dict[str, Swap] = {}

    def original(self, source: str) -> str:
        """The user's own file of a media source, also while it plays a result of ours. "" if it is none."""
        return self.before.get(source) or self._obs.media_file(source)

    def playing(self, file: str) -> list[str]:
        """The media sources whose own file that is."""
        return [source for source in self._obs.video_sources() if file and self.original(source) == file]

    def play(self, source: str, file: str) -> None:
        self.before.setdefault(source, self._obs.media_file(source))
        self._begin(source, file)

    def back(self, source: str) -> None:
        """Play what it played before."""
        if source in self.before:
            self._begin(source, self.before.pop(source))

    def step(self) -> None:
        self._under_way = {source: swap for source, swap in self._under_way.items() if not swap.step()}

    def sweep(self) -> None:
        """Remove covers that an OBS left which ended in the middle of a swap."""
        for source in self._obs.video_sources():
            if source.startswith(COVER) and source.removeprefix(COVER) not in self._under_way:
                self._obs.remove(source)

    def forget(self) -> None:
        """Leave the swaps under way as they are; their covers are for the next OBS to ``sweep``."""
        self._under_way = {}

    def close(self) -> None:
        for swap in self._under_way.values():
            swap.close()
        self._under_way = {}

    def _begin(self, source: str, file: str) -> None:
        if source in self._under_way:
            self._under_way.pop(source).close()
        self._under_way[source] = Swap(self._obs, source, file)
