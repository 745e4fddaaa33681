"""The network has the published names and shapes, and its shortcuts give the numbers of the formulas."""

from pathlib import Path

import pytest
import torch
from torch import nn

from tam_core.models.xmem import XMem, XMemSizes, shared_out
from tam_core.models.xmem.affinity import best_affinity, memory_side, query_side, similarity, weighted_rows
from tam_core.models.xmem.blocks import conv_beside
from tests.networks_xmem import SMALL, seeded

PUBLISHED = Path(__file__).parent / "golden" / "xmem_keys.txt"
"""Name and shape of every weight of the published network, as listed by its authors' code."""


@pytest.fixture(scope="module")
def small() -> XMem:
    return seeded(XMem(SMALL))


def random(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(sum(shape)))


def test_names_and_shapes_are_the_published_ones() -> None:
    with torch.device("meta"):
        weights = XMem(XMemSizes()).state_dict()
    ours = [f"{name} {'x'.join(map(str, value.shape)) or 'scalar'}" for name, value in sorted(weights.items())]
    assert ours == PUBLISHED.read_text().splitlines()


@pytest.mark.parametrize("sizes", [SMALL, XMemSizes()], ids=["small", "published"])
def test_sizes_are_read_off_the_weights(sizes: XMemSizes) -> None:
    with torch.device("meta"):
        assert XMemSizes.of(XMem(sizes).state_dict()) == sizes


def test_similarity_is_minus_the_anisotropic_distance() -> None:
    keys, shrinkage, queries, selection = random(7, 8) - 0.5, 1 + random(7), random(5, 8) - 0.5, random(5, 8)
    distance = ((keys[None] - queries[:, None]).square() * selection[:, None]).sum(2)
    expected = -shrinkage * distance / 8**0.5
    found = similarity(query_side(queries, selection), memory_side(keys, shrinkage))
    assert torch.allclose(found, expected, atol=1e-6)


def test_reading_takes_the_best_few_and_leaves_out_the_rest() -> None:
    alike, values = random(4, 9), random(9, 3)
    shares, rows = best_affinity(alike, 2)
    only_best = torch.where(alike >= alike.topk(2, 1).values[:, -1:], alike, -torch.inf)
    assert torch.allclose(weighted_rows(values, rows, shares), only_best.softmax(1) @ values, atol=1e-6)
    shares, rows = best_affinity(alike, 100)
    assert torch.allclose(weighted_rows(values, rows, shares), alike.softmax(1) @ values, atol=1e-6)


def test_shares_of_overlapping_masks_sum_to_one_and_keep_their_order() -> None:
    shares = shared_out(torch.tensor([[[0.9, 0.1, 0.0]], [[0.6, 0.1, 1.0]]]))
    assert torch.allclose(shares.sum(0), torch.ones(1, 3))
    assert shares.argmax(0).tolist() == [[1, 0, 2]]
    assert shares[2, 0, 2] > 0.999


def test_the_image_is_convolved_once_for_all_objects() -> None:
    conv = nn.Conv2d(7, 4, 3, padding=1)
    image, objects = random(1, 5, 6, 6), random(3, 2, 6, 6)
    together = conv(torch.cat([image.expand(3, -1, -1, -1), objects], 1))
    assert torch.allclose(conv_beside(conv, image, objects), together, atol=1e-6)


@torch.inference_mode()
def test_objects_keep_to_themselves_until_pixels_are_shared_out(small: XMem) -> None:
    features = small.encode_image(random(1, 3, 32, 48))
    readout, sensory = random(2, SMALL.value, 2, 3), random(2, SMALL.sensory, 2, 3)
    both, after = small.decoder(features.pyramid, readout, sensory, True)
    one, after_one = small.decoder(features.pyramid, readout[1:], sensory[1:], True)
    assert torch.allclose(both[1:], one, atol=1e-5)
    assert torch.allclose(after[1:], after_one, atol=1e-5)
    assert not torch.allclose(both[0], both[1], atol=1e-2)


@torch.inference_mode()
def test_sensory_memory_moves_only_when_asked(small: XMem) -> None:
    features = small.encode_image(random(1, 3, 32, 32))
    readout, sensory = random(1, SMALL.value, 2, 2), random(1, SMALL.sensory, 2, 2)
    assert torch.equal(small.segment(features, readout, sensory, update=False)[1], sensory)
    assert not torch.allclose(small.segment(features, readout, sensory, update=True)[1], sensory, atol=1e-3)


@torch.inference_mode()
def test_values_depend_on_the_mask_and_on_the_others(small: XMem) -> None:
    features = small.encode_image(random(1, 3, 32, 32))
    mask, nothing = (random(1, 32, 32) > 0.5).float(), torch.zeros(1, 32, 32)
    values = [small.encode_values(features, *masks) for masks in ((mask, nothing), (nothing, mask), (mask, mask))]
    assert values[0].shape == (1, SMALL.value, 2, 2)
    assert not torch.allclose(values[0], values[1], atol=1e-3)
    assert not torch.allclose(values[0], values[2], atol=1e-3)


@torch.inference_mode()
def test_half_precision_inside_gives_float32_outside(small: XMem) -> None:
    half = seeded(XMem(SMALL, torch.bfloat16))
    image = random(1, 3, 32, 48)
    exact, rough = small.encode_image(image), half.encode_image(image)
    assert rough.pyramid[0].dtype == torch.bfloat16
    assert rough.key.dtype == rough.shrinkage.dtype == rough.selection.dtype == torch.float32
    assert (rough.key - exact.key).abs().max() < 0.1 * exact.key.std()
    assert not torch.equal(rough.key, exact.key)
