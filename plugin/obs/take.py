"""A recording under way: when it began, and where the objects were then. It knows no OBS."""

from dataclasses import replace

from .ports import Affine, Size
from .work import Said


class Take:
    """Times are of one clock, in seconds. ``place`` leads from the source's pixels to the canvas of ``size``."""

    def __init__(self, now: float) -> None:
        self._began, self._lost = now, 0.0
        self._paused_at: float | None = None
        self.said: Said | None = None
        self.place: Affine | None = None
        self.size: Size | None = None

    def pause(self, now: float) -> None:
        self._paused_at = now

    def go_on(self, now: float) -> None:
        if self._paused_at is not None:
            self._lost += now - self._paused_at
            self._paused_at = None

    def seconds(self, now: float) -> float:
        """How much is recorded."""
        until = now if self._paused_at is None else self._paused_at
        return until - self._began - self._lost

    def remember(self, said: Said, place: Affine, size: Size, now: float) -> None:
        """From now on the objects are known. What was picked in a session stays that, at the recording's beginning."""
        words = tuple(replace(word, seconds=self.seconds(now)) for word in said.words)
        self.said, self.place, self.size = replace(said, words=words), place, size
