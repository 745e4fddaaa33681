"""No flicker: filled pixels become the mean of themselves and of what their neighbours in time show at the same place.

A recursive mean along the background's motion, once from the past and once from the future. What every frame agrees on
stays as it is; what each frame got wrong in its own way evens out.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from inpaint.base import Check, unchecked
from inpaint.camera import Points
from inpaint.flow import Link, sample
from inpaint.levels import levels, stored
from inpaint.paste import on
from tam_core.types import FloatMap, Mask, Pixels

SHARE = 0.8
"""How much of a pixel comes from the frame before (and, the other way, from the frame after)."""


def steady(pictures: Pixels, filled: Mask, links: Sequence[Link], check: Check = unchecked) -> None:
    """Even out ``pictures`` (T, H, W, 3) in time, in place, where they are ``filled`` (T, H, W) bool.

    ``links[i]`` joins frames i and i + 1; over a broken one nothing is carried.
    """
    count = len(pictures)
    past = {}
    for frame, colours in _carried(pictures, filled, links, range(count)):
        past[frame] = colours
        check(len(past) / count / 2)
    for frame, future in _carried(pictures, filled, links, range(count - 1, -1, -1)):
        check(1 - (frame + 1) / count / 2)
        pictures[frame][filled[frame]] = stored((past.pop(frame) + future) / np.float32(2), pictures.dtype)


def _carried(
    pictures: Pixels, filled: Mask, links: Sequence[Link], order: Sequence[int]
) -> Iterator[tuple[int, FloatMap]]:
    """The evened colours (N, 3) of each frame's filled pixels, walking through time in ``order``."""
    last, before = -1, np.zeros(0, np.float32)
    for frame in order:
        picture = levels(pictures[frame])
        if last >= 0 and not links[min(frame, last)].broken:
            y, x = np.nonzero(filled[frame])
            points = np.stack([x, y], 1).astype(np.float32)
            colours, there = _from_neighbour(before, filled[last], points, links[min(frame, last)], last < frame)
            picture[y[there], x[there]] += SHARE * (colours[there] - picture[y[there], x[there]])
        yield frame, picture[filled[frame]]
        last, before = frame, picture


def _from_neighbour(before: FloatMap, filled: Mask, points: Points, link: Link, earlier: bool) -> tuple[FloatMap, Mask]:
    """What the neighbour ``before`` (H, W, 3) shows where ``points`` (N, 2) lie in it; and if it is filled there."""
    place = link.to_earlier(points) if earlier else link.to_later(points)
    light = link.light if earlier else link.light.inverse()
    return light.apply(sample(before, place)), on(filled, place)
