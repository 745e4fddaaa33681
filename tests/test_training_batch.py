"""Batches: what they hold of a clip, and that they depend on their seed and step alone."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tam_core.training.batch import Batch, BatchPlan, draw_batch, looked_at, mirrored, sample
from tam_core.training.clip import Clip, ClipMix
from tam_core.training.library import load_library
from tam_core.training.pools import Pools, batches_of
from tests.scenes import texture
from tests.test_training_clips import write_folder

HEIGHT, WIDTH = 64, 96
PLAN = BatchPlan((HEIGHT, WIDTH), length=2, batch=2, mix=ClipMix(), reuse=1, pool=4)


def panned(shift: int = 4, length: int = 2) -> Clip:
    """A picture that moves to the right by ``shift`` pixels a frame: a block (1), another (2), a strip nobody knows."""
    frames = [np.roll(texture(3, (120, 130, 110), HEIGHT, WIDTH), t * shift, 1) for t in range(length)]
    masks = np.zeros((length, HEIGHT, WIDTH), np.uint8)
    masks[:, 20:41, 10:40] = 1
    masks[:, 10:30, 50:70] = 2
    masks[:, :, 80:90] = 255
    return Clip(np.stack(frames), masks)


def one_of(clip: Clip, seed: int = 0) -> Batch:
    return sample(looked_at(clip), np.random.default_rng(seed))


def equal(one: Batch, other: Batch) -> bool:
    return all(torch.equal(getattr(one, part.name), getattr(other, part.name)) for part in fields(Batch))


def test_a_batch_splits_the_labels_into_the_object_the_others_and_the_unknown() -> None:
    clip = panned()
    seen = [one_of(clip, seed) for seed in range(8)]
    areas = {(float(one.target[0].sum()) * 4, float(one.others[0].sum()) * 4) for one in seen}
    assert areas == {(21 * 30, 20 * 20), (20 * 20, 21 * 30)}, "each object is the target of some"
    for one in seen:
        assert one.target.shape == (2, 1, 1, HEIGHT // 2, WIDTH // 2)
        assert set(one.target.unique().tolist()) <= {0, 0.5, 1}, "a pixel that is half covered counts half"
        assert (1 - one.known).sum() * 4 == 2 * HEIGHT * 10
        assert not (one.target * one.others).any()


def test_flow_leads_back_to_the_frame_before_in_half_size_pixels() -> None:
    seen = looked_at(panned(shift=4))
    assert not seen.flow[0].any(), "there is no frame before the first"
    assert np.median(seen.flow[1, 0]) == pytest.approx(-2, abs=0.1)
    assert np.median(seen.flow[1, 1]) == pytest.approx(0, abs=0.1)


def test_a_mirrored_batch_is_that_of_the_mirrored_clip() -> None:
    clip = panned()
    turned = mirrored(one_of(clip, seed=0))
    other = one_of(Clip(clip.frames[:, :, ::-1].copy(), clip.masks[:, :, ::-1].copy()), seed=0)
    assert torch.equal(turned.frames, other.frames)
    assert torch.equal(turned.half, other.half)
    assert torch.equal(turned.bins, other.bins)
    assert torch.equal(turned.target, other.target)
    assert turned.flow[1, 0, 0].median() == pytest.approx(float(other.flow[1, 0, 0].median()), abs=0.1)
    assert equal(mirrored(turned), one_of(clip, seed=0))


def test_no_clip_is_twice_in_a_batch_while_there_are_enough() -> None:
    pool = [looked_at(panned(shift)) for shift in (0, 2, 4)]
    pool = [replace(one, clip=replace(one.clip, frames=np.full_like(one.clip.frames, n))) for n, one in enumerate(pool)]
    for seed in range(5):
        drawn = draw_batch(pool, 3, np.random.default_rng(seed))
        assert sorted(drawn.frames[0, :, 0, 0, 0].tolist()) == [0, 1, 2]
    assert draw_batch(pool, 5, np.random.default_rng(0)).frames.shape[1] == 5


def test_batches_depend_on_seed_and_step_alone(tmp_path: Path) -> None:
    library = load_library(write_folder(tmp_path))
    pools = Pools(library, PLAN, seed=0, steps=range(5))
    here = list(batches_of(pools, workers=0))
    assert len(here) == 5, "two pools of two steps each, and a half one"
    assert here[0].frames.shape == (2, 2, HEIGHT, WIDTH, 3)
    assert not equal(here[0], here[1])
    elsewhere = list(batches_of(replace(pools, steps=range(1, 5)), workers=2))
    assert [equal(*pair) for pair in zip(here[1:], elsewhere, strict=True)] == [True] * 4
    other = next(batches_of(replace(pools, seed=1), workers=0))
    assert not equal(here[0], other)


def test_plans_that_take_turns_make_different_clips(tmp_path: Path) -> None:
    """Two rows of the same plan in one stage: even steps from one, odd steps from the other."""
    library = load_library(write_folder(tmp_path))
    even, odd = (Pools(library, PLAN, seed=0, steps=range(first, 8, 2)) for first in (0, 1))
    assert len(even) == 2 and even[0].frames.shape[0] == 2
    assert not torch.equal(even[0].frames, odd[0].frames)
    assert torch.equal(even[1].frames, Pools(library, PLAN, seed=0, steps=range(4, 8, 2))[0].frames)
