"""What every segmenter of the engine table must do."""

import numpy as np
import pytest

from tam_core.engines import ENGINES
from tam_core.engines.base import Segmenter
from tam_core.errors import PromptError
from tam_core.prompts import Box, Click, MaskPrompt
from tests.scenes import crossing, iou

SEGMENTERS = [row.name for row in ENGINES if row.role == "segmenter"]


@pytest.fixture(params=SEGMENTERS)
def segmenter(request: pytest.FixtureRequest) -> Segmenter:
    row = ENGINES.get(request.param, "segmenter")
    if not row.ready:
        pytest.skip(f"{row.name} is not downloaded; its network is tested with random weights in its own file")
    return row.load("cpu")


def test_click_finds_the_object_it_is_on(segmenter: Segmenter) -> None:
    scene = crossing(1)
    found = segmenter.segment(segmenter.embed(scene.frames[0]), [Click(0, 1, 30, 60)])
    assert max(iou(mask, scene.masks[0]) for mask in found.masks) > 0.85
    assert found.masks.dtype == bool
    assert 1 <= len(found.masks) == len(found.scores) <= 3
    assert list(found.scores) == sorted(found.scores, reverse=True)
    assert 0 <= found.scores.min() <= found.scores.max() <= 1


def test_box_finds_the_object_inside(segmenter: Segmenter) -> None:
    scene = crossing(1)
    found = segmenter.segment(segmenter.embed(scene.frames[0]), [Box(0, 1, (11, 41, 49, 79))])
    assert iou(found.best, scene.masks[0]) > 0.85


def test_mask_comes_back_as_it_is(segmenter: Segmenter) -> None:
    scene = crossing(1)
    found = segmenter.segment(segmenter.embed(scene.frames[0]), [MaskPrompt(0, 1, scene.masks[0])])
    assert np.array_equal(found.best, scene.masks[0])


def test_one_embedding_serves_many_questions(segmenter: Segmenter) -> None:
    scene = crossing(1)
    embedding = segmenter.embed(scene.frames[0])
    first = segmenter.segment(embedding, [Click(0, 1, 30, 60)])
    segmenter.segment(embedding, [Click(0, 1, 120, 20)])
    again = segmenter.segment(embedding, [Click(0, 1, 30, 60)])
    assert np.array_equal(first.masks, again.masks)


def test_negative_clicks_alone_are_refused(segmenter: Segmenter) -> None:
    embedding = segmenter.embed(crossing(1).frames[0])
    with pytest.raises(PromptError, match="positive"):
        segmenter.segment(embedding, [Click(0, 1, 30, 60, positive=False)])
