"""The segmenter without weights: it finds drawn things, and what the user said holds in every mask."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tam_core.engines.grabcut import GrabCutSegmenter, load
from tam_core.engines.grabcut.coefficients import coefficients
from tam_core.engines.grabcut.evidence import find_seeds, measure, remeasure
from tam_core.engines.grabcut.levels import find_hints, find_levels
from tam_core.errors import PromptError
from tam_core.prompts import Box, Click, MaskPrompt, Prompt
from tam_core.types import Mask, Pixels

HEIGHT, WIDTH = 120, 160


@pytest.fixture(scope="module")
def segmenter() -> GrabCutSegmenter:
    return load()


def textured() -> Pixels:
    """A background (H, W, 3) of grey-green noise."""
    noise = np.random.default_rng(0).normal(0, 12, (HEIGHT, WIDTH, 3))
    return np.clip(np.array([110, 130, 105]) + noise, 0, 255).astype(np.uint8)


def disc(x: int, y: int, radius: int) -> Mask:
    rows, columns = np.indices((HEIGHT, WIDTH))
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def drawn(*things: tuple[Mask, tuple[int, int, int]]) -> Pixels:
    """The background with coloured masks painted on it in turn."""
    picture = textured()
    for mask, colour in things:
        picture[mask] = colour
    return picture


def overlap(first: Mask, second: Mask) -> float:
    return float((first & second).sum() / (first | second).sum())


def test_a_click_on_a_disc_finds_the_disc(segmenter: GrabCutSegmenter) -> None:
    ball = disc(70, 60, 25)
    found = segmenter.segment(segmenter.embed(drawn((ball, (200, 60, 40)))), [Click(0, 1, 70, 60)])
    assert found.masks.shape[1:] == (HEIGHT, WIDTH)
    assert found.masks.dtype == bool
    assert overlap(found.best, ball) >= 0.9


def test_a_small_disc_in_a_large_picture_is_looked_at_closely(segmenter: GrabCutSegmenter) -> None:
    picture = cv2.resize(textured(), (960, 720), interpolation=cv2.INTER_CUBIC)
    ball = cv2.circle(np.zeros((720, 960), np.uint8), (300, 400), 14, 1, cv2.FILLED) > 0
    picture[ball] = (200, 60, 40)
    found = segmenter.segment(segmenter.embed(picture), [Click(0, 1, 300, 400)])
    assert overlap(found.best, ball) >= 0.85


def test_a_ring_around_a_core_has_candidates_of_two_sizes(segmenter: GrabCutSegmenter) -> None:
    whole, core = disc(80, 60, 36), disc(80, 60, 16)
    picture = drawn((whole, (200, 60, 40)), (core, (240, 220, 60)))
    found = segmenter.segment(segmenter.embed(picture), [Click(0, 1, 80, 60)])
    areas = sorted(int(mask.sum()) for mask in found.masks)
    assert areas[-1] > 1.5 * areas[0]
    assert max(overlap(mask, core) for mask in found.masks) > 0.8


def test_a_second_click_on_the_ring_adds_it(segmenter: GrabCutSegmenter) -> None:
    whole, core = disc(80, 60, 36), disc(80, 60, 16)
    picture = drawn((whole, (200, 60, 40)), (core, (240, 220, 60)))
    clicks = [Click(0, 1, 80, 60), Click(0, 1, 106, 60), Click(0, 1, 54, 60)]
    assert overlap(segmenter.segment(segmenter.embed(picture), clicks).best, whole) > 0.8


def test_a_negative_click_removes_the_neighbour(segmenter: GrabCutSegmenter) -> None:
    left, right = disc(50, 60, 22), disc(93, 60, 22)
    embedding = segmenter.embed(drawn((left, (200, 60, 40)), (right, (230, 150, 60))))
    clicks = [Click(0, 1, 50, 60), Click(0, 1, 93, 60, positive=False)]
    found = segmenter.segment(embedding, clicks).best
    assert overlap(found, left) > 0.8
    assert not found[60, 93]


def test_a_box_bounds_the_mask(segmenter: GrabCutSegmenter) -> None:
    ball = disc(70, 60, 25)
    embedding = segmenter.embed(drawn((ball, (200, 60, 40)), (disc(130, 60, 20), (200, 60, 40))))
    for mask in segmenter.segment(embedding, [Box(0, 1, (45, 35, 96, 86))]).masks:
        rows, columns = np.nonzero(mask)
        assert columns.min() >= 45 - 5
        assert columns.max() <= 96 + 5
        assert rows.min() >= 35 - 5
        assert rows.max() <= 86 + 5
    assert overlap(segmenter.segment(embedding, [Box(0, 1, (45, 35, 96, 86))]).best, ball) > 0.85


@pytest.mark.parametrize("xyxy", [(3.2, 3.2, 4.1, 4.1), (-50, -50, 2, 2), (100, 0, 400, 300), (0, 50, 160, 51)])
def test_no_box_gives_an_empty_mask(segmenter: GrabCutSegmenter, xyxy: Any) -> None:
    found = segmenter.segment(segmenter.embed(textured()), [Box(0, 1, xyxy)])
    assert found.masks.any(axis=(1, 2)).all()


def test_a_mask_alone_comes_back_exactly(segmenter: GrabCutSegmenter) -> None:
    mask = np.random.default_rng(0).random((HEIGHT, WIDTH)) > 0.8
    found = segmenter.segment(segmenter.embed(textured()), [MaskPrompt(0, 1, mask)])
    assert np.array_equal(found.masks, mask[None])
    assert found.scores.tolist() == [1]


def test_a_positive_click_adds_a_thing_to_a_mask_and_changes_nothing_else(segmenter: GrabCutSegmenter) -> None:
    left, right = disc(40, 60, 18), disc(110, 60, 18)
    embedding = segmenter.embed(drawn((left, (200, 60, 40)), (right, (60, 60, 200))))
    prompts: list[Prompt] = [MaskPrompt(0, 1, left), Click(0, 1, 110, 60)]
    found = segmenter.segment(embedding, prompts).best
    assert overlap(found, left | right) > 0.9
    assert np.array_equal(found[:, :65], left[:, :65])


def test_a_negative_click_takes_a_thing_out_of_a_mask_and_changes_nothing_else(
    segmenter: GrabCutSegmenter,
) -> None:
    left, right = disc(40, 60, 18), disc(110, 60, 18)
    embedding = segmenter.embed(drawn((left, (200, 60, 40)), (right, (60, 60, 200))))
    prompts: list[Prompt] = [MaskPrompt(0, 1, left | right), Click(0, 1, 110, 60, positive=False)]
    found = segmenter.segment(embedding, prompts).best
    assert overlap(found, left) > 0.9
    assert np.array_equal(found[:, :65], left[:, :65])


def test_a_click_that_agrees_with_the_mask_changes_nothing(segmenter: GrabCutSegmenter) -> None:
    ball = disc(70, 60, 25)
    prompts: list[Prompt] = [MaskPrompt(0, 1, ball), Click(0, 1, 70, 60), Click(0, 1, 5, 5, positive=False)]
    assert np.array_equal(segmenter.segment(segmenter.embed(textured()), prompts).best, ball)


def test_only_negative_clicks_say_what_is_missing(segmenter: GrabCutSegmenter) -> None:
    with pytest.raises(PromptError, match="positive click"):
        segmenter.segment(segmenter.embed(textured()), [Click(0, 1, 5, 5, positive=False)])


def test_the_same_words_give_the_same_mask(segmenter: GrabCutSegmenter) -> None:
    picture = drawn((disc(70, 60, 25), (120, 140, 100)))
    first, second = (segmenter.segment(segmenter.embed(picture), [Click(0, 1, 70, 60)]) for _ in range(2))
    assert np.array_equal(first.masks, second.masks)
    assert np.array_equal(first.scores, second.scores)


def test_every_measurement_has_its_learned_number(segmenter: GrabCutSegmenter) -> None:
    view, clicks = segmenter.embed(textured()), [Click(0, 1, 70, 60), Click(0, 1, 5, 5, positive=False)]
    hints = find_hints(view, clicks, None)
    first = measure(view.regions, hints, find_seeds(view.regions, hints))
    second = remeasure(view.regions, first, view.regions.full(0))
    level = find_levels(view, clicks, None)[0].measured
    for name, measured in {
        "edges": view.regions.edges,
        "clicks": first,
        "box": first,
        "clicks again": second,
        "box again": second,
        "level": level,
    }.items():
        assert set(coefficients()[name]) == {*measured, "constant"}


@pytest.mark.parametrize("shape", [(8, 8), (1, 40), (33, 7), (500, 20)])
def test_odd_pictures_are_pictures(segmenter: GrabCutSegmenter, shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    found = segmenter.segment(segmenter.embed(pixels), [Click(0, 1, shape[1] // 2, shape[0] // 2)])
    assert found.masks.shape[1:] == shape
    assert found.masks[:, shape[0] // 2, shape[1] // 2].all()


@st.composite
def said(draw: st.DrawFn) -> tuple[Pixels, list[Click]]:
    """A picture of random patches and one to six clicks, opposite ones at least 4 pixels apart."""
    height, width = draw(st.integers(20, 70)), draw(st.integers(20, 70))
    patches = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 255, (5, 5, 3), dtype=np.uint8)
    way = draw(st.sampled_from([cv2.INTER_NEAREST, cv2.INTER_CUBIC]))
    clicks: list[Click] = []
    for index in range(draw(st.integers(1, 6))):
        x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        positive = index == 0 or draw(st.booleans())
        if all(c.positive == positive or np.hypot(c.x - x, c.y - y) >= 4 for c in clicks):
            clicks.append(Click(0, 1, x, y, positive))
    return cv2.resize(patches, (width, height), interpolation=way), clicks


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(said())
def test_every_click_holds_in_every_mask(scene: tuple[Pixels, list[Click]]) -> None:
    pixels, clicks = scene
    segmenter = load()
    found = segmenter.segment(segmenter.embed(pixels), clicks)
    assert 1 <= len(found.masks) <= 3
    assert found.masks.shape[1:] == pixels.shape[:2]
    assert found.masks.dtype == bool
    assert found.scores.dtype == np.float32
    assert list(found.scores) == sorted(found.scores, reverse=True)
    assert found.scores.min() >= 0
    assert found.scores.max() <= 1
    for click in clicks:
        assert (found.masks[:, int(click.y), int(click.x)] == click.positive).all()
