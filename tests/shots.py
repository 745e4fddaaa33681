"""Shots of different textures, and a disc of one colour in some of them."""

import numpy as np

from tam_core.types import Mask, Pixels
from tests.scenes import disc, texture

STREET, BEACH, FOREST = texture(1, (70, 110, 90)), texture(5, (160, 150, 120)), texture(9, (60, 90, 170))
RED, BLUE = (255, 0, 0), (0, 0, 255)
LENGTH = 10
"""Frames of a shot."""

Place = tuple[float, float]


def shot(place: Pixels, red: Place | None = None, blue: Place | None = None) -> Pixels:
    """Ten frames in which the discs walk right, 2 pixels a frame, from where they are."""
    frames = np.repeat(place[None], LENGTH, 0)
    for colour, centre in ((RED, red), (BLUE, blue)):
        for index in range(LENGTH if centre else 0):
            assert centre is not None
            frames[index][disc(centre[0] + 2 * index, centre[1], 12)] = colour
    return frames


def red(video: Pixels, frame: int) -> Mask:
    mask: Mask = (video[frame] == RED).all(-1)
    return mask


LOST = np.concatenate([shot(STREET, (30, 30)), shot(BEACH), shot(FOREST, (90, 80))])
"""The red disc is in the first and in the last of three shots."""
