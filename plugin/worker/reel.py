"""The frames of one source as JPEG, for a person who plays, steps or scrubs.

One thread decodes: the newest request first, then what will be asked for next in the direction of travel, and when the
person rests, what is around. Going backwards it decodes a stretch forwards and gives it out backwards, since a frame
in the middle of a group of pictures costs as much as all before it.
"""

import contextlib
import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Protocol, TypeAlias, runtime_checkable

import cv2
from PIL import Image

from tam_core.errors import RequestError
from tam_core.types import Pixels
from tam_core.video import FrameSource

AHEAD = 48
"""Frames that are decoded before they are asked for, at most, once the direction of travel is sure."""
NEAR = 32
"""Frames between two requests beyond which the second one is a jump, not travel."""
AROUND = 128
"""Frames on each side of where the person rests that are decoded in idle moments."""
REST_SECONDS = 1.5
QUALITY = 85

Place: TypeAlias = tuple[int, int]
"""A frame and the width it is wanted in."""


WAY = 300
"""Frames on the way to one that was asked for that are kept as pictures, at most."""


@runtime_checkable
class Seeking(Protocol):
    """A source in which a frame may be a long way from where decoding can begin; see FileSource."""

    def way_to(self, index: int) -> int: ...

    def rest(self) -> None: ...


class PictureCache:
    """Pictures, the least recently used forgotten first; never more than ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._pictures: OrderedDict[tuple[str, Place], bytes] = OrderedDict()
        self.bytes = 0

    def get(self, tag: str, place: Place) -> bytes | None:
        """The picture, if it is here."""
        with self._lock:
            if (tag, place) in self._pictures:
                self._pictures.move_to_end((tag, place))
            return self._pictures.get((tag, place))

    def has(self, tag: str, place: Place) -> bool:
        """Whether it is here; that is no use of it."""
        with self._lock:
            return (tag, place) in self._pictures

    def put(self, tag: str, place: Place, picture: bytes) -> None:
        """Keep it for a while."""
        with self._lock:
            self.bytes += len(picture) - len(self._pictures.pop((tag, place), b""))
            self._pictures[tag, place] = picture
            while self.bytes > self._limit:
                self.bytes -= len(self._pictures.popitem(last=False)[1])

    def forget(self, tag: str) -> None:
        """Nobody will ask for pictures of that tag again."""
        with self._lock:
            for key in [key for key in self._pictures if key[0] == tag]:
                self.bytes -= len(self._pictures.pop(key))


class Reel:
    """``open_source`` is called by the thread that decodes, for the first frame. ``tag``: its name in the cache.

    ``give_way`` waits while something more urgent needs the processor; ``idle`` says whether nothing else is to do.
    """

    def __init__(
        self,
        open_source: Callable[[], FrameSource],
        count: int,
        tag: str,
        cache: PictureCache,
        pool: Executor,
        give_way: Callable[[], None],
        idle: Callable[[], bool],
    ) -> None:
        self._open_source, self._count, self.tag = open_source, count, tag
        self._cache, self._pool, self._give_way, self._idle = cache, pool, give_way, idle
        self._source: FrameSource | None = None
        self._ways: set[int] = set()
        """Where ways through the video began; ``_roams`` once one of them was gone twice."""
        self._roams = False
        self._changed = threading.Condition()
        self._asked: dict[Place, list[Future[bytes]]] = {}
        """The newest last."""
        self._ahead: list[Place] = []
        self._around: list[Place] = []
        self._last: Place = (0, 0)
        self._rested: Place | None = None
        self._stride, self._run = 1, 0
        self._working = self._closed = False

    def picture(self, index: int, width: int) -> "Future[bytes]":
        """The JPEG of a frame, that many pixels wide. Cancel the future when nobody waits for it any more."""
        place, future = (index, width), Future[bytes]()
        with self._changed:
            self._travel(place)
            known = self._cache.get(self.tag, place)
            if known is not None:
                future.set_result(known)
            else:
                self._asked[place] = [*self._asked.pop(place, []), future]
            self._around.clear()
            if self._closed:
                self._turn_away()
            elif not self._working:
                self._working = True
                self._pool.submit(self._work)
            self._changed.notify_all()
        return future

    def close(self) -> None:
        """Decode no more. Whoever still waits for a frame is told."""
        with self._changed:
            self._closed = True
            self._turn_away()
            self._changed.notify_all()

    def _turn_away(self) -> None:
        self._ahead.clear()
        for place in list(self._asked):
            self._answer(place, RequestError("the video was closed while this frame was read: ask again"))

    def _travel(self, place: Place) -> None:
        """Plan what to decode ahead."""
        index, width = place
        step, self._last = index - self._last[0], place
        if step:
            self._turn(step)
        here = [] if self._cache.has(self.tag, place) else [place]
        if place in self._ahead if here else not step:
            return
        coming = [index + self._stride * count for count in range(1, 2 * self._reach + 1)]
        missing = [(at, width) for at in coming if 0 <= at < self._count and not self._cache.has(self.tag, (at, width))]
        under_way = not set(missing).isdisjoint(self._ahead)
        if self._stride < 0 and not here and (under_way or 2 * len(missing) < len(coming)):
            return  # many short stretches would cost as many new starts
        self._ahead = sorted(missing[: self._reach] + here)

    def _turn(self, step: int) -> None:
        """The direction of travel after a step from one request to the next."""
        if abs(step) > NEAR:
            self._stride, self._run = 1, 0
        elif step * self._stride > 0:
            self._stride, self._run = step, self._run + 1
        else:
            self._stride, self._run = (1 if step > 0 else -1), 1

    @property
    def _reach(self) -> int:
        """How many frames to decode ahead: the more requests came in one direction, the more.

        A step back costs a new start at a keyframe, so that even the first one is worth a stretch.
        """
        sure = self._run - (self._stride > 0)
        return min(AHEAD, 4 ** min(sure, 3)) if sure > 0 else 0

    def _work(self) -> None:
        """Runs in the pool for as long as there is anything to do."""
        while (place := self._next()) is not None:
            if self._around:
                self._give_way()
            for at in self._way(place):
                try:
                    picture: bytes | Exception = self._render(at)
                except Exception as error:  # theirs who asked for it
                    picture = error
                with self._changed:
                    self._answer(at, picture)

    def _way(self, place: Place) -> Iterator[Place]:
        """The place, and before it those that are decoded on the way there, once a person goes the same way again.

        To look at frames of a long group of pictures at random would else decode half of it for every one of them.
        """
        index, width = place
        way = index
        with contextlib.suppress(Exception):  # it will fail again, for who asked
            source = self._opened()
            way = source.way_to(index) if isinstance(source, Seeking) else index
        known = way in self._ways
        self._roams |= known
        if known or (self._roams and index - way > NEAR):
            for at in range(max(way, index - WAY), index):
                if self._leads_elsewhere(range(way, index + 1)):
                    return
                if not self._cache.has(self.tag, (at, width)):
                    yield at, width
        self._ways.add(way)
        yield place

    def _leads_elsewhere(self, way: range) -> bool:
        """Whether a person wants something else meanwhile."""
        with self._changed:
            newest = next(reversed(self._asked), None)
            return self._closed or (newest is not None and newest[0] not in way)

    def _next(self) -> Place | None:
        """What to decode now; None when there is nothing left to do."""
        with self._changed:
            place = self._due()
            if place is None and not self._around:
                self._changed.wait_for(lambda: self._asked or self._ahead or self._closed, REST_SECONDS)
                place = self._due()
            place = place or self._resting()
            self._working = place is not None
            if place is None and isinstance(self._source, Seeking):
                self._source.rest()
            return place

    def _due(self) -> Place | None:
        """The newest request, by way of what is wanted shortly before it in the video; or else the next frame ahead."""
        for place, futures in list(self._asked.items()):
            if all(future.cancelled() for future in futures):
                del self._asked[place]
        newest = next(reversed(self._asked), None)
        if newest is not None and newest not in self._ahead:
            return min(place for place in self._asked if newest[0] - NEAR <= place[0] <= newest[0])
        while self._ahead:
            place = self._ahead.pop(0)
            if not self._cache.has(self.tag, place):
                return place
        return None

    def _resting(self) -> Place | None:
        """The next frame around the place of the last request."""
        if self._closed or not self._idle():
            self._around.clear()
        elif self._rested != self._last:
            self._rested = index, width = self._last
            near = range(max(0, index - AROUND), min(self._count, index + AROUND))
            self._around = [(at, width) for at in near if not self._cache.has(self.tag, (at, width))]
        return self._around.pop(0) if self._around else None

    def _answer(self, place: Place, picture: bytes | Exception) -> None:
        if isinstance(picture, bytes):
            self._cache.put(self.tag, place, picture)
        for future in self._asked.pop(place, []):
            if not future.set_running_or_notify_cancel():
                continue
            if isinstance(picture, bytes):
                future.set_result(picture)
            else:
                future.set_exception(picture)

    def _render(self, place: Place) -> bytes:
        index, width = place
        return to_jpeg(self._opened().read(index).pixels, width)

    def _opened(self) -> FrameSource:
        if self._source is None:
            self._source = self._open_source()
        return self._source


def to_jpeg(pixels: Pixels, width: int) -> bytes:
    """(H, W, 3) uint8 RGB as JPEG, ``width`` pixels wide."""
    height, whole = pixels.shape[:2]
    if width != whole:
        quick = cv2.INTER_LINEAR if whole < 2 * width else cv2.INTER_AREA  # looks alike there, at a quarter of the time
        pixels = cv2.resize(pixels, (width, max(1, round(height * width / whole))), interpolation=quick)
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "JPEG", quality=QUALITY)
    return encoded.getvalue()
