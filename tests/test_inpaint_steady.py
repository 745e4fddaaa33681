"""Evening out in time, on a scene whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from inpaint.engines.plate import measure_links
from inpaint.flow import FlowSettings, Link
from inpaint.steady import steady
from tam_core.types import Mask, Pixels
from tests.scenes import disc, texture

COUNT = 12


@pytest.fixture
def truth() -> Pixels:
    return np.repeat(texture(1, (90, 120, 100))[None], COUNT, 0)


@pytest.fixture
def filled() -> Mask:
    return np.repeat(disc(80, 60, 25)[None], COUNT, 0)


@pytest.fixture
def links(truth: Pixels, filled: Mask) -> list[Link]:
    return measure_links(truth, filled, FlowSettings())


def restless(truth: Pixels, filled: Mask) -> Pixels:
    """Every frame is wrong in its own way inside the fill."""
    pictures = truth.copy()
    noise = np.random.default_rng(3).normal(0, 12, truth.shape)
    pictures[filled] = (truth + noise)[filled].clip(0, 255)
    return pictures


def test_errors_of_single_frames_even_out(truth: Pixels, filled: Mask, links: list[Link]) -> None:
    pictures = restless(truth, filled)
    before = np.abs(pictures[filled].astype(int) - truth[filled]).mean()
    steady(pictures, filled, links)
    assert np.abs(pictures[filled].astype(int) - truth[filled]).mean() < before / 1.8
    assert np.array_equal(pictures[~filled], truth[~filled])


def test_what_all_frames_agree_on_stays(truth: Pixels, filled: Mask, links: list[Link]) -> None:
    pictures = truth.copy()
    steady(pictures, filled, links)
    assert np.abs(pictures.astype(int) - truth).max() <= 1


def test_nothing_is_carried_over_a_cut(truth: Pixels, filled: Mask, links: list[Link]) -> None:
    pictures = truth.copy()
    pictures[6:] = 255 - pictures[6:]
    expected = pictures.copy()
    cut = [replace(link, broken=True) if index == 5 else link for index, link in enumerate(links)]
    steady(pictures, filled, cut)
    assert np.abs(pictures.astype(int) - expected).max() <= 1
