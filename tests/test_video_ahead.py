"""Reading ahead changes nothing but the time."""

import threading
from collections.abc import Iterator

import pytest

from tam_core.errors import VideoError
from tam_core.video import ArraySource, Frame
from tam_core.video.ahead import read_ahead
from tests.scenes import crossing


def test_gives_the_same_frames_in_order() -> None:
    source = ArraySource(crossing(7).frames)
    assert [frame.index for frame in read_ahead(source.frames(5, None, -1))] == [5, 4, 3, 2, 1, 0]


def test_reads_the_next_frame_while_one_is_used() -> None:
    second_was_read = threading.Event()

    def frames() -> Iterator[Frame]:
        yield crossing(1).frame(0)
        second_was_read.set()
        yield crossing(2).frame(1)

    ahead = read_ahead(frames())
    next(ahead)
    assert second_was_read.wait(5)


def test_closing_closes_the_source_and_errors_come_through() -> None:
    closed = []

    def frames() -> Iterator[Frame]:
        try:
            yield crossing(1).frame(0)
            raise VideoError("frame 1 is damaged")
        finally:
            closed.append(True)

    ahead = read_ahead(frames())
    next(ahead)
    ahead.close()  # type: ignore[attr-defined]
    assert closed
    with pytest.raises(VideoError, match="frame 1"):
        list(read_ahead(frames()))
