"""Pictures for clients: which sizes there are, one cache and one pool of decoding threads for all sessions, filmstrips.

Where pictures come from is the session's; what is decoded when, the reel's.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from plugin.worker.reel import PictureCache, Reel, to_jpeg
from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.errors import RequestError
from tam_core.types import Pixels
from tam_core.video import FrameSource

WIDTHS = (160, 320, 480, 640, 960, 1280, 1920, 2560, 3840)
"""Pictures are served in these widths, and in the source's own: so that caches hit whatever a window's size is."""
CACHE_BYTES = 256 * 2**20
DECODERS = 32
"""Threads at most, of which each serves one session at a time."""
ENCODERS = 2
"""Threads that write JPEG, for all sessions together."""
STRIP_PIXELS = 30_000
"""Width of a filmstrip at most; a JPEG has at most 65535."""
KEPT_STRIPS = 8


class Media:
    """``give_way`` and ``idle`` are for what nobody waits for, see Reel."""

    def __init__(self, give_way: Callable[[], None], idle: Callable[[], bool], cache_bytes: int = CACHE_BYTES) -> None:
        self._give_way, self._idle = give_way, idle
        self._cache = PictureCache(cache_bytes)
        self._decoders = ThreadPoolExecutor(DECODERS, "tam-pictures")
        self._encoders = ThreadPoolExecutor(ENCODERS, "tam-jpeg")
        self._strips = ThreadPoolExecutor(1, "tam-filmstrip")
        self._closed = False

    def reel(self, open_source: Callable[[], FrameSource], count: int, tag: str) -> Reel:
        """The frames of a source, read by ``open_source`` when they are first wanted."""
        pools = self._decoders, self._encoders
        return Reel(open_source, count, tag, self._cache, *pools, self._give_way, self._idle)

    def filmstrip(
        self, open_source: Callable[[], FrameSource], folder: Path, count: int, height: int
    ) -> "Future[bytes]":
        """``count`` frames side by side, kept in ``folder``: a JPEG. One is made at a time, behind everything else."""
        return self._strips.submit(self._strip, open_source, folder / f"filmstrip-{count}x{height}.jpg", count, height)

    def forget(self, tag: str) -> None:
        """Pictures of that tag are not wanted any more."""
        self._cache.forget(tag)

    def close(self) -> None:
        """End the threads. Reels have to be closed before."""
        self._closed = True
        self._strips.shutdown(cancel_futures=True)
        self._decoders.shutdown(cancel_futures=True)
        self._encoders.shutdown()

    def _strip(self, open_source: Callable[[], FrameSource], file: Path, count: int, height: int) -> bytes:
        if file.is_file():
            return file.read_bytes()
        pixels = strip_of(open_source(), count, height, self._between)
        picture = to_jpeg(pixels, pixels.shape[1])
        with atomic_file(file) as temporary, naming_the_cause(file):
            temporary.write_bytes(picture)
        _keep_newest(file.parent)
        return picture

    def _between(self) -> None:
        self._give_way()
        if self._closed:
            raise RequestError("the worker is about to stop: ask again when it runs")


def served_width(asked: int | None, whole: int) -> int:
    """The width that is served where ``asked`` pixels are wanted of a source ``whole`` pixels wide."""
    return next((width for width in WIDTHS if asked is not None and asked <= width < whole), whole)


def strip_of(source: FrameSource, count: int, height: int, between: Callable[[], None]) -> Pixels:
    """``count`` frames at equal distances, side by side: (height, W, 3) uint8 RGB. ``between`` is called for each.

    The frames are exact: in a long group of pictures, its keyframe alone would show one moment many times.
    """
    width = strip_width(source.info.width, source.info.height, count, height) // count
    total = source.info.frame_count or 0
    strip = np.zeros((height, width * count, 3), np.uint8)
    last: tuple[int, Pixels] | None = None
    for position in range(count):
        between()
        index = (2 * position + 1) * total // (2 * count)
        if last is None or last[0] != index:
            last = index, cv2.resize(source.read(index).pixels, (width, height), interpolation=cv2.INTER_AREA)
        strip[:, position * width : (position + 1) * width] = last[1]
    return strip


def strip_width(width: int, height: int, count: int, strip_height: int) -> int:
    """Of a filmstrip, in pixels. Raises RequestError where that is too wide for a picture."""
    found = max(1, round(width * strip_height / height)) * count
    if found > STRIP_PIXELS:
        raise RequestError(
            f"{count} frames of height {strip_height} are {found} pixels wide: ask for fewer, or smaller"
        )
    return found


def _keep_newest(folder: Path) -> None:
    strips = sorted(folder.glob("filmstrip-*.jpg"), key=lambda file: file.stat().st_mtime)
    for file in strips[:-KEPT_STRIPS]:
        file.unlink(missing_ok=True)
