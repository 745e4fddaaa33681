"""The next frame is decoded while the present one is worked on."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from tam_core.video.source import Frame


def read_ahead(frames: Iterator[Frame], look: Callable[[Frame], None] = lambda frame: None) -> Iterator[Frame]:
    """The same frames, one of them read ahead in a thread, which then may ``look`` at it. Closing it closes ``frames``.

    Not for a live source: closing waits for the frame that is being read.
    """

    def following() -> Frame | None:
        frame = next(frames, None)
        if frame is not None:
            look(frame)
        return frame

    try:
        with ThreadPoolExecutor(1, "read-ahead") as reader:
            coming = reader.submit(following)
            while (frame := coming.result()) is not None:
                coming = reader.submit(following)
                yield frame
    finally:
        close = getattr(frames, "close", None)
        if close:
            close()
