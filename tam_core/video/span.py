"""Which frames are asked for: one set of rules for every source."""

from tam_core.errors import FrameRangeError, RequestError


def check_index(index: int, count: int) -> None:
    """Raise FrameRangeError unless ``index`` is one of ``count`` frames. Indices do not count from the end."""
    if not 0 <= index < count:
        raise FrameRangeError(f"frame {index} of a video of {count} frames; the last one is frame {count - 1}")


def frame_range(count: int, start: int, stop: int | None, step: int) -> range:
    """The frames start, start + step, ... before ``stop`` of a video of ``count`` frames.

    ``stop`` None is the end of the video, or its beginning if ``step`` is negative; a ``stop`` past the end is the end.
    Raises FrameRangeError if ``start`` is not in the video.
    """
    if step == 0:
        raise RequestError("step 0 never moves; use 1 for every frame, -1 to walk backwards")
    check_index(start, count)
    if step > 0:
        return range(start, count if stop is None else min(stop, count), step)
    return range(start, -1 if stop is None else max(stop, -1), step)
