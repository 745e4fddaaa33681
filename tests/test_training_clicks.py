"""The simulated user: where it clicks, and what it leaves alone."""

from collections.abc import Callable

import numpy as np
import pytest

from tam_core.training.clicks import Clicks, first_prompt, largest_region, next_click, point_inside
from tam_core.types import Mask

SIZE = (40, 60)
ALL_KNOWN = np.ones(SIZE, bool)


def block(top: int, left: int, bottom: int, right: int) -> Mask:
    mask = np.zeros(SIZE, bool)
    mask[top:bottom, left:right] = True
    return mask


def at(mask: Mask, point: tuple[float, float]) -> bool:
    x, y = point
    return bool(mask[int(y), int(x)])


def many(make: Callable[[np.random.Generator], Clicks]) -> list[Clicks]:
    return [make(np.random.default_rng(seed)) for seed in range(40)]


def test_the_first_click_is_well_inside_the_object() -> None:
    target, inner = block(10, 20, 30, 50), block(14, 24, 26, 46)
    said = many(lambda rng: first_prompt(target, rng, box_share=0))
    assert all(at(inner, point) for one in said for point in one.positive)
    assert all(len(one.positive) == 1 and not one.negative and one.box is None for one in said)
    assert len({one.positive[0] for one in said}) > 10, "people do not all click on the same spot"


def test_a_box_is_off_by_a_tenth_of_the_object_at_most() -> None:
    for one in many(lambda rng: first_prompt(block(10, 20, 30, 50), rng, box_share=1)):
        assert one.box is not None
        assert one.box == pytest.approx((20, 10, 50, 30), abs=3)
        assert (one.box[1], one.box[3]) == pytest.approx((10, 30), abs=2)


def test_nothing_is_said_about_an_object_that_is_not_there() -> None:
    assert first_prompt(np.zeros(SIZE, bool), np.random.default_rng(0)) == Clicks()


@pytest.mark.parametrize("positive", [True, False])
def test_the_next_click_is_where_the_mask_is_most_wrong(positive: bool) -> None:
    right, wrong, less_wrong = block(10, 10, 30, 20), block(12, 25, 28, 35), block(0, 50, 5, 55)
    target, found = right | less_wrong | wrong, right | less_wrong
    if not positive:
        target, found = right, right | less_wrong | wrong
    for seed in range(10):
        clicks = Clicks()
        next_click(clicks, found, target, ALL_KNOWN, np.random.default_rng(seed))
        there, elsewhere = (clicks.positive, clicks.negative) if positive else (clicks.negative, clicks.positive)
        assert len(there) == 1 and not elsewhere
        assert at(wrong, there[0])


def test_a_mask_that_is_right_as_far_as_is_known_gets_no_click() -> None:
    target, found = block(10, 10, 30, 20), block(10, 10, 30, 26)
    clicks = Clicks()
    next_click(clicks, target, target, ALL_KNOWN, np.random.default_rng(0))
    next_click(clicks, found, target, ~block(0, 20, 40, 60), np.random.default_rng(0))
    assert clicks == Clicks()


def test_clicks_add_up() -> None:
    target, clicks, rng = block(10, 10, 30, 20), Clicks(), np.random.default_rng(0)
    next_click(clicks, np.zeros(SIZE, bool), target, ALL_KNOWN, rng)
    next_click(clicks, block(10, 10, 30, 40), target, ALL_KNOWN, rng)
    assert at(target, clicks.positive[0])
    assert at(block(10, 20, 30, 40), clicks.negative[0])


def test_regions_that_touch_at_a_corner_are_one() -> None:
    corner = block(5, 5, 8, 8) | block(8, 8, 11, 11)
    assert np.array_equal(largest_region(corner | block(30, 30, 34, 34)), corner)
    assert not largest_region(np.zeros(SIZE, bool)).any()


def test_a_single_pixel_is_clicked_in_its_middle() -> None:
    assert point_inside(block(0, 59, 1, 60), np.random.default_rng(0)) == (59.5, 0.5)
