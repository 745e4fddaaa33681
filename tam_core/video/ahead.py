"""The next frame is decoded while the present one is worked on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tam_core.video.source import Frame


def read_ahead(frames: Iterator[Frame]) -> Iterator[Frame]:
    """The same frames, one of them read ahead in a thread. Closing it closes ``frames``.

    Not for a live source: closing waits for the frame that is being read.
    """
    try:
        with ThreadPoolExecutor(1, "read-ahead") as reader:
            coming = reader.submit(next, frames, None)
            while (frame := coming.result()) is not None:
                coming = reader.submit(next, frames, None)
                yield frame
    finally:
        close = getattr(frames, "close", None)
        if close:
            close()
