"""Where pixels are from: counted and coloured."""

from fractions import Fraction

import numpy as np

from inpaint.base import SYNTHESISED, UNTOUCHED
from inpaint.provenance import (
    COPIED_GREY,
    SYNTHESISED_COLOUR,
    SYNTHESISED_GREY,
    Shares,
    age_colours,
    ages,
    colours,
    matte,
    report,
    shares,
    total,
)
from inpaint.removal import Removed
from tam_core.video import Frame

ORIGINS = np.array([[UNTOUCHED, 5, 9, SYNTHESISED]], np.int32)


def one() -> Removed:
    """Frame 7, 4x2 pixels; of its lower row two pixels are copied and one is made up."""
    pixels = np.zeros((2, 4, 3), np.uint8)
    share = np.array([[0, 1, 1, 1]], np.float32)
    return Removed(Frame(7, Fraction(7), pixels), (0, 1, 4, 2), pixels[1:], share, ORIGINS)


def test_every_pixel_is_counted_once() -> None:
    counted = shares(one())
    assert counted == Shares(untouched=5, copied=2, synthesised=1, oldest=2)
    assert counted.in_words() == "67 % copied, 33 % made up"
    assert total([counted, counted]) == Shares(10, 4, 2, 2)
    assert Shares(untouched=8).in_words() == "nothing filled"


def test_age_is_the_distance_in_frames() -> None:
    assert ages(ORIGINS, 7).tolist() == [[0, 2, 2, 0]]


def test_pictures_tell_the_three_apart() -> None:
    picture = colours(ORIGINS, 7)[0]
    assert picture[0].tolist() == [0, 0, 0]
    assert tuple(picture[3]) == SYNTHESISED_COLOUR
    assert np.array_equal(picture[1], age_colours(np.array(2)))
    assert matte(ORIGINS).tolist() == [[0, COPIED_GREY, COPIED_GREY, SYNTHESISED_GREY]]


def test_older_copies_have_another_colour_up_to_the_oldest() -> None:
    told = [tuple(age_colours(np.array(age)).tolist()) for age in (1, 4, 16, 64, 256, 10_000)]
    assert len(set(told)) == 5 and told[-1] == told[-2]


def test_report_has_the_shares_of_every_frame_and_of_all() -> None:
    counted = shares(one())
    said = report({7: counted, 8: Shares(untouched=8)})
    assert said["frames"]["7"] == {"untouched": 5, "copied": 2, "synthesised": 1, "oldest": 2}
    assert said["all"]["copied_share"] == 2 / 3
