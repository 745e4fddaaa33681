"""Masklets for the tests of file formats, by hypothesis and by hand."""

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from tam_core import rle
from tam_core.masklet import Masklet
from tam_core.types import Mask
from tam_core.video import VideoInfo

HEIGHT, WIDTH = 6, 8


def info(count: int, rate: Fraction = Fraction(24), height: int = HEIGHT, width: int = WIDTH) -> VideoInfo:
    """Facts about a video of ``count`` frames."""
    return VideoInfo(width, height, rate, tuple(index / rate for index in range(count)))


def block(left: int, top: int = 1, width: int = 3, height: int = 2) -> Mask:
    """(HEIGHT, WIDTH) with a rectangle."""
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[top : top + height, left : left + width] = True
    return mask


def masklet(object_id: int, masks: dict[int, Mask]) -> Masklet:
    """Fully trusted masks."""
    return Masklet(
        object_id, (HEIGHT, WIDTH), {i: rle.encode(mask) for i, mask in masks.items()}, dict.fromkeys(masks, 1.0)
    )


def pictures(count: int) -> st.SearchStrategy[list[list[int]]]:
    """For each of ``count`` frames the object number (0..3) of each pixel: objects that do not overlap."""
    return st.lists(st.lists(st.integers(0, 3), min_size=48, max_size=48), min_size=count, max_size=count)


def objects_of(labels: list[list[int]], step: int = 1) -> list[Masklet]:
    """Masklets 1..3 of ``pictures``, on every ``step``-th frame, those that are never seen left out."""
    stack = np.array(labels).reshape(len(labels), HEIGHT, WIDTH)
    frames = range(0, len(labels), step)
    made = [masklet(number, {frame: stack[frame] == number for frame in frames}) for number in (1, 2, 3)]
    return [one for one in made if one.visible_frames]
