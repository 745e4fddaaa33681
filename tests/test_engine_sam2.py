"""SAM 2's adapter: memory banks, corrections, absence, and reading checkpoints. Weights are random."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tam_core.engines.sam2 import Sam2Settings, Sam2Tracker, load
from tam_core.engines.sam2.bank import nearest
from tam_core.errors import EngineNotReadyError, PromptError
from tam_core.models.sam2 import Sam2, Sam2Size
from tam_core.models.sam2.hiera import HieraSize
from tam_core.prompts import Box, Click, MaskPrompt
from tam_core.video import ArraySource
from tests.networks_sam2 import SIDE, small_sam2
from tests.scenes import Scene, crossing, disc, iou

TINY = Sam2Size(HieraSize(96, 1, (1, 2, 7, 2), (8, 4, 14, 7), (5, 7, 9), 7))


def logits(tracker: Sam2Tracker, scene: Scene, prompts: list[MaskPrompt], order: range) -> list[dict[int, np.ndarray]]:
    state = tracker.start(ArraySource(scene.frames).info)
    for prompt in prompts:
        tracker.condition(state, scene.frame(prompt.frame), [prompt])
    return [dict(tracker.step(state, scene.frame(index)).logits) for index in order]


def test_the_memory_of_an_object_is_its_own() -> None:
    """With others beside it, an object gets the very logits it gets alone; objects of equal age share the work."""
    tracker, scene = small_sam2(), crossing(5)
    mine = MaskPrompt(0, 1, scene.masks[0])
    others = [MaskPrompt(0, 2, disc(120, 20, 12)), MaskPrompt(2, 3, disc(20, 100, 10))]
    alone = logits(tracker, scene, [mine], range(5))
    together = logits(tracker, scene, [mine, *others], range(5))
    for one, both in zip(alone[1:], together[1:], strict=True):
        assert np.allclose(one[1], both[1], atol=1e-4)
    assert set(together[4]) == {1, 2, 3}


def test_a_correction_changes_what_follows() -> None:
    tracker, scene = small_sam2(), crossing(5)
    first = MaskPrompt(0, 1, scene.masks[0])
    plain = logits(tracker, scene, [first], range(5))
    corrected = logits(tracker, scene, [first, MaskPrompt(2, 1, disc(20, 100, 10))], range(5))
    assert not np.allclose(plain[4][1], corrected[4][1], atol=1e-2)


def test_memory_reaches_back_as_far_as_it_is_set_to() -> None:
    settings = Sam2Settings(image_size=SIDE, memory_size=3, max_object_pointers=4)
    tracker, scene = small_sam2(settings), crossing(12)
    state = tracker.start(ArraySource(scene.frames).info)
    tracker.condition(state, scene.frame(0), [MaskPrompt(0, 1, scene.masks[0])])
    for index in range(12):
        tracker.step(state, scene.frame(index))
    assert [age for age, _ in state.banks[1].memories_for(12, settings)] == [0, 2, 1]
    assert [age for age, _ in state.banks[1].pointers_for(12, True, settings)] == [12, 3, 2, 1]
    assert [age for age, _ in state.banks[1].pointers_for(12, False, settings)] == [3, 2, 1]


def test_of_many_prompted_frames_the_nearest_are_looked_at() -> None:
    assert nearest([0, 10, 20, 30, 40], 21, 3) == [20, 30, 10]
    assert nearest([0, 1, 2, 30], 3, 2) == [2, 30]
    assert nearest([5], 90, 8) == [5]


def test_not_in_the_picture_is_an_empty_mask() -> None:
    tracker, scene = small_sam2(), crossing(3)
    with torch.no_grad():
        tracker.network.sam_mask_decoder.pred_obj_score_head.layers[-1].bias -= 100
    state = tracker.start(ArraySource(scene.frames).info)
    tracker.condition(state, scene.frame(0), [MaskPrompt(0, 1, scene.masks[0])])
    tracker.step(state, scene.frame(0))
    found = tracker.step(state, scene.frame(1))
    assert not found.masks[1].any()
    assert found.scores[1] < 1e-3


def test_clicks_and_boxes_can_be_given_to_the_tracker_itself() -> None:
    tracker, scene = small_sam2(), crossing(2)
    state = tracker.start(ArraySource(scene.frames).info)
    found = tracker.condition(state, scene.frame(0), [Click(0, 1, 30, 60), Box(0, 2, (11, 41, 49, 79))])
    again = tracker.step(state, scene.frame(0))
    assert np.array_equal(found.masks[1], again.masks[1])
    assert set(tracker.step(state, scene.frame(1)).masks) == {1, 2}


def test_a_prior_is_refined_where_the_clicks_point() -> None:
    tracker, scene = small_sam2(), crossing(1)
    embedding = tracker.embed(scene.frames[0])
    click = [Click(0, 1, 30, 60)]
    prior = np.where(scene.masks[0][::4, ::4], 5, -5).astype(np.float32)
    assert len(tracker.segment(embedding, click).masks) == 3
    refined = tracker.segment(embedding, click, prior)
    assert len(refined.masks) == 1
    assert iou(refined.best, tracker.segment(embedding, click, -prior).best) < 1
    with pytest.raises(PromptError, match="positive"):
        tracker.segment(embedding, [Click(0, 1, 30, 60, positive=False)])


def test_reads_published_and_hugging_face_files(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    safetensors = pytest.importorskip("safetensors.torch")
    network = Sam2(TINY)
    torch.save({"model": network.state_dict()}, tmp_path / "sam2.1_hiera_tiny.pt")
    loaded = load("cpu", tmp_path / "sam2.1_hiera_tiny.pt").network.state_dict()
    name = "image_encoder.trunk.blocks.3.attn.qkv.weight"
    assert torch.allclose(loaded[name].float(), network.state_dict()[name], atol=1e-3)
    theirs = transformers.Sam2VideoModel(transformers.Sam2VideoConfig()).state_dict()
    safetensors.save_file(theirs, tmp_path / "model.safetensors")
    weights = load("cpu", tmp_path / "model.safetensors").network.state_dict()
    assert torch.allclose(
        weights[name].float(),
        theirs["vision_encoder.backbone.blocks.3.attn.qkv.weight"],
        atol=1e-3,
    )


def test_a_file_of_other_weights_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(EngineNotReadyError, match=r"other\.pt is not a SAM 2\.1 checkpoint"):
        load("cpu", tmp_path / "other.pt")
    incomplete = Sam2(TINY).state_dict()
    del incomplete["no_obj_ptr"]
    torch.save(incomplete, tmp_path / "part.pt")
    with pytest.raises(EngineNotReadyError, match="no_obj_ptr"):
        load("cpu", tmp_path / "part.pt")
