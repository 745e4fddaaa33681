"""SAM 2's network against the published names and against transformers with the same random weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tam_core.engines.sam2 import Sam2Settings, Sam2Tracker
from tam_core.models.sam2 import Sam2, size_of
from tam_core.models.sam2.attention import attend
from tam_core.models.sam2.keys import is_hugging_face, published_names
from tam_core.models.sam2.position import rotated, rotations
from tam_core.prompts import Box, Click, MaskPrompt
from tam_core.video import ArraySource
from tests.reference_sam2 import REFERENCE_SIZES, Said, reference, reference_logits, relative_difference, twin
from tests.scenes import crossing

KEYS = Path(__file__).parent / "golden" / "sam2_tiny_keys.txt"
SIDE = 128


def published() -> dict[str, torch.Tensor]:
    """The names and shapes in sam2.1_hiera_tiny.pt, without data."""
    lines = (line.split(" ", 1) for line in KEYS.read_text().splitlines())
    shapes = {name: [int(side) for side in shape.strip("()").split(",") if side.strip()] for name, shape in lines}
    return {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


def test_parameters_are_those_of_the_published_checkpoint() -> None:
    wanted = published()
    with torch.device("meta"):
        ours = Sam2(size_of(wanted)).state_dict()
    assert {name: value.shape for name, value in ours.items()} == {name: value.shape for name, value in wanted.items()}


@pytest.mark.parametrize("name", REFERENCE_SIZES)
def test_hugging_face_names_fit_with_none_left_over(name: str) -> None:
    theirs = reference(name, 128).state_dict()
    assert is_hugging_face(theirs)
    weights = published_names(theirs)
    with torch.device("meta"):
        ours = Sam2(size_of(weights)).state_dict()
    assert {key: value.shape for key, value in ours.items()} == {key: value.shape for key, value in weights.items()}


def test_masks_are_those_of_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A click, a box and a mask, and a correction on frame 4, over eight frames."""
    model = reference("tiny", SIDE)
    ours = Sam2Tracker(twin(model), Sam2Settings(image_size=SIDE))
    scene = crossing(8)
    height, width = scene.masks.shape[1:]
    scale = torch.tensor([SIDE / width, SIDE / height])
    pixels = torch.cat([ours.normalised(frame) for frame in scene.frames])
    theirs = reference_logits(
        model,
        pixels,
        [
            Said(1, 0, torch.tensor([[30.0, 60]]) * scale, torch.tensor([1])),
            Said(2, 0, torch.tensor([[11.0, 41], [49, 79]]) * scale, torch.tensor([2, 3])),
            Said(3, 0, mask=ours.square(scene.masks[0])[0, 0]),
            Said(1, 4, torch.tensor([[60.0, 60], [5, 5]]) * scale, torch.tensor([1, 0])),
        ],
    )
    adopt = ours.network.adopt
    monkeypatch.setattr(ours.network, "adopt", lambda features, masks: adopt(features, masks, several=True))
    state = ours.start(ArraySource(scene.frames).info)
    said = [Click(0, 1, 30, 60), Box(0, 2, (11, 41, 49, 79)), MaskPrompt(0, 3, scene.masks[0])]
    first = ours.condition(state, scene.frame(0), said)
    fourth = ours.condition(state, scene.frame(4), [Click(4, 1, 60, 60), Click(4, 1, 5, 5, positive=False)])
    for index in range(8):
        found = {**ours.step(state, scene.frame(index)).logits}
        found |= first.logits if index == 0 else fourth.logits if index == 4 else {}
        assert relative_difference(found, theirs[index]) < 1e-3, index
    assert relative_difference({1: theirs[7][3].numpy()}, {1: theirs[7][1]}) > 1e-2, "the memory matters"


def test_image_features_are_those_of_transformers() -> None:
    model = reference("base-plus", SIDE)
    pixels = torch.from_numpy(np.random.default_rng(0).normal(size=(1, 3, SIDE, SIDE))).float()
    with torch.inference_mode():
        ours = twin(model).encode_image(pixels)
        theirs = model.get_image_features(pixels).fpn_hidden_states
    for mine, other in zip((ours.finest, ours.fine, ours.coarse), theirs, strict=True):
        flat = mine.flatten(2).permute(2, 0, 1)
        assert float((flat - other).abs().max() / (other.max() - other.min())) < 1e-4


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_blockwise_attention_is_attention(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, count, width, dtype=dtype) for count, width in ((700, 32), (2500, 32), (2500, 8)))
    weights = torch.softmax(q.double() @ k.double().mT / 32**0.5, -1)
    expected = weights @ v.double()
    tolerance = 1e-5 if dtype == torch.float32 else 2e-2
    assert torch.allclose(attend(q, k, v).double(), expected, atol=tolerance)
    assert torch.allclose(attend(q[:1], k, v).double()[0], expected[0], atol=tolerance)


def test_weights_of_another_network_are_not_taken_for_sam2() -> None:
    with pytest.raises(KeyError):
        size_of({"image_encoder.trunk.pos_embed": torch.zeros(1, 5, 7, 7)})


def test_attention_over_many_keys_has_gradients() -> None:
    keys = torch.randn(1, 2048, 8, requires_grad=True)
    attend(keys, keys, keys).sum().backward()
    assert keys.grad is not None


def test_positions_that_were_kept_while_tracking_stand_gradients() -> None:
    rotations.cache_clear()
    with torch.inference_mode():
        turns = rotations(4, 4, 8, torch.device("cpu"))
    tokens = torch.ones(1, 16, 8, requires_grad=True)
    rotated(tokens, turns).sum().backward()
    assert tokens.grad is not None
