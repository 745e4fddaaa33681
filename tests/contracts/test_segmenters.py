"""What every segmenter must do: all of them with any weights, those of the engine table that are ready with theirs."""

import numpy as np
import pytest

from tam_core.engines import ENGINES
from tam_core.engines.base import Segmenter
from tam_core.errors import PromptError
from tam_core.prompts import Box, Click, MaskPrompt, Prompt
from tests.networks import SEGMENTERS, load_segmenter
from tests.scenes import crossing, iou

CLICK = Click(0, 1, 30, 60)
BOX = Box(0, 1, (11, 41, 49, 79))


@pytest.fixture(params=[*ENGINES.names("segmenter"), *SEGMENTERS])
def segmenter(request: pytest.FixtureRequest) -> Segmenter:
    """Any segmenter, also with random weights."""
    return load_segmenter(request.param)


@pytest.fixture(params=ENGINES.names("segmenter"))
def trained(request: pytest.FixtureRequest) -> Segmenter:
    """A segmenter that knows what objects are."""
    return load_segmenter(request.param)


@pytest.mark.parametrize("prompts", [[CLICK], [CLICK, Click(0, 1, 90, 20, positive=False)], [BOX], [BOX, CLICK]])
def test_up_to_three_candidates_best_first(segmenter: Segmenter, prompts: list[Prompt]) -> None:
    scene = crossing(1)
    found = segmenter.segment(segmenter.embed(scene.frames[0]), prompts)
    assert found.masks.dtype == bool
    assert found.masks.shape[1:] == scene.masks[0].shape
    assert 1 <= len(found.masks) == len(found.scores) <= 3
    assert list(found.scores) == sorted(found.scores, reverse=True)
    assert 0 <= found.scores.min() <= found.scores.max() <= 1


def test_mask_comes_back_as_it_is(segmenter: Segmenter) -> None:
    scene = crossing(1)
    found = segmenter.segment(segmenter.embed(scene.frames[0]), [MaskPrompt(0, 1, scene.masks[0])])
    assert np.array_equal(found.best, scene.masks[0])


def test_one_embedding_serves_many_questions(segmenter: Segmenter) -> None:
    scene = crossing(1)
    embedding = segmenter.embed(scene.frames[0])
    first = segmenter.segment(embedding, [CLICK])
    segmenter.segment(embedding, [Click(0, 1, 120, 20)])
    again = segmenter.segment(embedding, [CLICK])
    assert np.array_equal(first.masks, again.masks)


def test_negative_clicks_alone_are_refused(segmenter: Segmenter) -> None:
    embedding = segmenter.embed(crossing(1).frames[0])
    with pytest.raises(PromptError, match="positive"):
        segmenter.segment(embedding, [Click(0, 1, 30, 60, positive=False)])


def test_a_prior_of_any_resolution_is_refined_with_a_box(segmenter: Segmenter) -> None:
    scene = crossing(1)
    prior = np.where(scene.masks[0][::2, ::2], 4, -4).astype(np.float32)
    before = prior.copy()
    found = segmenter.segment(segmenter.embed(scene.frames[0]), [BOX, CLICK], prior)
    assert found.masks.shape[1:] == scene.masks[0].shape
    assert np.array_equal(prior, before)


def test_click_finds_the_object_it_is_on(trained: Segmenter) -> None:
    scene = crossing(1)
    found = trained.segment(trained.embed(scene.frames[0]), [CLICK])
    assert max(iou(mask, scene.masks[0]) for mask in found.masks) > 0.85


def test_box_finds_the_object_inside(trained: Segmenter) -> None:
    scene = crossing(1)
    found = trained.segment(trained.embed(scene.frames[0]), [BOX])
    assert iou(found.best, scene.masks[0]) > 0.85


def test_prior_and_box_find_the_object(trained: Segmenter) -> None:
    scene = crossing(1)
    prior = np.where(scene.masks[0], 4, -4).astype(np.float32)
    found = trained.segment(trained.embed(scene.frames[0]), [BOX, CLICK], prior)
    assert iou(found.best, scene.masks[0]) > 0.85
