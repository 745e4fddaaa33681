"""The live mask on a source: OBS draws small pictures of it, the worker follows the objects, and OBS's own filters do
the rest: Image Mask/Blend with the newest mask, behind Render Delay so that the picture waits for its mask.
"""

import time
from collections.abc import Callable
from pathlib import Path

from . import looks
from .delay import Delay, parts
from .ports import Obs, Setting, Size
from .stream import Shot, Stream

MASK, DELAY = "tam-studio mask", "tam-studio delay"
MASK_KIND, DELAY_KIND = "mask_filter_v2", "gpu_delay"
LONGEST_DELAY = 0.5
"""Of one Render Delay filter, in seconds."""
MOST_DELAYS = 4
DELAYS = tuple(f"{DELAY} {number + 1}" for number in range(MOST_DELAYS))
OWN = (MASK, *DELAYS)
"""Filters of ours on a source."""
LARGEST = 640
"""Pixels of the longer side that the worker gets: enough to follow, and soon there."""


def picture_size(size: Size) -> Size:
    """Of the pictures of a source of ``size``."""
    share = min(1.0, LARGEST / max(size))
    return max(16, round(size[0] * share)), max(16, round(size[1] * share))


def clear(obs: Obs, source: str) -> None:
    """The source without anything of ours."""
    for name in OWN:
        obs.drop_filter(source, name)


class LiveMask:
    """Call ``step`` from a timer. ``rate``: pictures a second. ``delay`` None: what is measured."""

    def __init__(
        self,
        obs: Obs,
        source: str,
        begin: Callable[[Size], Stream],
        look: looks.Look,
        *,
        rate: float,
        delay: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source, self.look = source, look
        self._obs, self._clock = obs, clock
        self._every, self._fixed, self._delay = 1 / rate, delay, Delay()
        self.stream = begin(obs.size(source))
        self.stream.show(look)
        self._camera = obs.camera(source, picture_size(obs.size(source)), OWN)
        self._shot_at: float | None = None
        self._next = 0.0
        self.masks = 0
        """How many were shown."""

    @property
    def delay(self) -> float:
        """Seconds that the picture waits."""
        return self._delay.seconds if self._fixed is None else self._fixed

    def step(self) -> None:
        """Take the picture that was asked for the last time, ask for one if it is time, show the newest mask."""
        now = self._clock()
        if self._shot_at is not None:
            picture = self._camera.take()
            if picture is not None:
                self.stream.offer(Shot(picture, self._shot_at))
                self._next = self._shot_at + self._every
                self._shot_at = None
        if self._shot_at is None and now >= self._next:
            self._camera.shoot()
            self._shot_at = now
        self._show()

    def show(self, look: looks.Look) -> None:
        """Another look, from the next mask on."""
        self.look = look
        self.stream.show(look)

    def close(self) -> None:
        self.stream.close()
        self._camera.close()
        clear(self._obs, self.source)

    def _show(self) -> None:
        """Nothing is put on the source before it is known how long pictures have to wait: each new delay blinks."""
        mask = self.stream.take()
        if mask is None:
            return
        changed = self._fixed is None and self._delay.learn(mask.age + self._every / 2)
        if changed or (self._fixed is not None and not self.masks):
            self._put_delays()
        if self._fixed is not None or self._delay.seconds:
            self.masks += 1
            self._put_mask(mask.file)

    def _put_mask(self, file: Path) -> None:
        settings: dict[str, Setting] = {"type": self.look.kind, "image_path": str(file), "stretch": True}
        self._obs.put_filter(self.source, MASK, MASK_KIND, settings)

    def _put_delays(self) -> None:
        """The mask comes behind the delays, so it is put anew when there is one more of them."""
        wanted = parts(self.delay, LONGEST_DELAY)[:MOST_DELAYS]
        there = [name for name in DELAYS if self._obs.has_filter(self.source, name)]
        if len(wanted) != len(there):
            clear(self._obs, self.source)
        for name, seconds in zip(DELAYS, wanted, strict=False):
            self._obs.put_filter(self.source, name, DELAY_KIND, {"delay_ms": round(seconds * 1000)})
