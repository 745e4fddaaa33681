"""The frames of one source as JPEG, for a person who plays, steps or scrubs.

One thread decodes, others write the JPEG meanwhile: the newest request first, then what will be asked for next in the
direction of travel, and when the person rests, what is around. Going backwards it decodes a stretch forwards and gives
it out backwards, since a frame in the middle of a group of pictures costs as much as all before it.
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
ENCODED = 3
"""Frames of one source that are held to be written as JPEG, at most."""


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

    ``decoders`` have a thread for each reel, ``encoders`` are for all of them together. ``give_way`` waits while
    something more urgent needs the processor; ``idle`` says whether nothing else is to do.
    """

    def __init__(
        self,
        open_source: Callable[[], FrameSource],
        count: int,
        tag: str,
        cache: PictureCache,
        decoders: Executor,
        encoders: Executor,
        give_way: Callable[[], None],
        idle: Callable[[], bool],
    ) -> None:
        self._open_source, self._count, self.tag = open_source, count, tag
        self._cache, self._decoders, self._encoders = cache, decoders, encoders
        self._give_way, self._idle = give_way, idle
        self._source: FrameSource | None = None
        self._ways: set[int] = set()
        """Where ways through the video began; ``_long_ways``: keyframes are far apart."""
        self._long_ways = False
        self._changed = threading.Condition()
        self._asked: dict[Place, list[Future[bytes]]] = {}
        """The newest last."""
        self._under_way: set[Place] = set()
        """Decoded, and now being written as JPEG, for which there is ``room``."""
        self._room = threading.Semaphore(ENCODED)
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
                self._decoders.submit(self._work)
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
        here = [] if self._made(place) else [place]
        if place in self._ahead if here else not step:
            return
        coming = [index + self._stride * count for count in range(1, 2 * self._reach + 1)]
        missing = [(at, width) for at in coming if 0 <= at < self._count and not self._made((at, width))]
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
                    pixels = self._opened().read(at[0]).pixels
                except Exception as error:  # theirs who asked for it
                    with self._changed:
                        self._answer(at, error)
                else:
                    self._hand_on(at, pixels)

    def _hand_on(self, place: Place, pixels: Pixels) -> None:
        """Let the picture be written while the next one is decoded."""
        self._room.acquire()
        with self._changed:
            self._under_way.add(place)
        self._encoders.submit(self._encode, place, pixels)

    def _encode(self, place: Place, pixels: Pixels) -> None:
        try:
            picture: bytes | Exception = to_jpeg(pixels, place[1])
        except Exception as error:
            picture = error
        with self._changed:
            self._under_way.discard(place)
            self._answer(place, picture)
        self._room.release()

    def _made(self, place: Place) -> bool:
        """Whether nothing has to be decoded for it."""
        return place in self._under_way or self._cache.has(self.tag, place)

    def _way(self, place: Place) -> Iterator[Place]:
        """The place, and before it those that are decoded on the way there, if the way is gone again or ways are long.

        To look at frames of a long group of pictures at random would else decode half of it for every one of them.
        """
        index, width = place
        way = index
        with contextlib.suppress(Exception):  # it will fail again, for who asked
            source = self._opened()
            way = source.way_to(index) if isinstance(source, Seeking) else index
        self._long_ways |= index - way > NEAR
        if self._long_ways or way in self._ways:
            for at in range(max(way, index - WAY), index):
                if self._leads_elsewhere(range(way, index + AHEAD + 1)):
                    return
                if not self._made((at, width)):
                    yield at, width
        self._ways.add(way)
        yield place

    def _leads_elsewhere(self, way: range) -> bool:
        """Whether a person wants something else by now. What is chosen is at most AHEAD before the newest request."""
        with self._changed:
            waiting = self._waiting
            return self._closed or bool(waiting and waiting[-1][0] not in way)

    @property
    def _waiting(self) -> list[Place]:
        """What was asked for and is not decoded yet, the newest last."""
        return [place for place in self._asked if place not in self._under_way]

    def _next(self) -> Place | None:
        """What to decode now; None when there is nothing left to do."""
        with self._changed:
            place = self._due()
            if place is None and not self._around:
                self._changed.wait_for(self._wanted, REST_SECONDS)
                place = self._due()
            place = place or self._resting()
            self._working = place is not None
            if place is None and isinstance(self._source, Seeking):
                self._source.rest()
            return place

    def _wanted(self) -> bool:
        return self._closed or bool(self._ahead) or not self._under_way.issuperset(self._asked)

    def _due(self) -> Place | None:
        """The newest request, by way of what is wanted shortly before it in the video; or else the next frame ahead."""
        for place, futures in list(self._asked.items()):
            if all(future.cancelled() for future in futures):
                del self._asked[place]
        asked = self._waiting
        if asked and asked[-1] not in self._ahead:
            return min(place for place in asked if asked[-1][0] - NEAR <= place[0] <= asked[-1][0])
        while self._ahead:
            place = self._ahead.pop(0)
            if not self._made(place):
                return place
        return None

    def _resting(self) -> Place | None:
        """The next frame around the place of the last request."""
        if self._closed or not self._idle():
            self._around.clear()
        elif self._rested != self._last:
            self._rested = index, width = self._last
            near = range(max(0, index - AROUND), min(self._count, index + AROUND))
            self._around = [(at, width) for at in near if not self._made((at, width))]
        return self._around.pop(0) if self._around else None

    def _answer(self, place: Place, picture: bytes | Exception) -> None:
        if isinstance(picture, bytes) and not self._closed:
            self._cache.put(self.tag, place, picture)
        for future in self._asked.pop(place, []):
            if not future.set_running_or_notify_cancel():
                continue
            if isinstance(picture, bytes):
                future.set_result(picture)
            else:
                future.set_exception(picture)

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
