"""The pocket network: its cues say what they should, its memory reads what was written, folding changes nothing."""

from collections.abc import Sequence

import torch
from torch import Tensor

from tam_core.models.pocket.cues import (
    BINS,
    CUES,
    Colours,
    Motion,
    box_map,
    carry,
    click_cues,
    click_likeness,
    click_map,
    colour_likeness,
    track_cues,
)
from tam_core.models.pocket.decoder import CANDIDATES
from tam_core.models.pocket.folded import fold
from tam_core.models.pocket.memory import BLOCK, Remembered, affinities, read
from tam_core.models.pocket.network import VALUE, Pocket


def square(top: int, left: int, side: int = 6, size: tuple[int, int] = (24, 32)) -> Tensor:
    """A mask (1, 1, h, w) of one square."""
    mask = torch.zeros(1, 1, *size)
    mask[..., top : top + side, left : left + side] = 1
    return mask


def shaken(network: Pocket) -> Pocket:
    """Norms as they are after training: neither 0 nor 1."""
    generator = torch.Generator().manual_seed(3)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for values, low in ((module.weight, 0.5), (module.bias, -0.5), (module.running_var, 0.5)):
                values.data.uniform_(low, low + 1, generator=generator)
            module.running_mean.uniform_(-0.5, 0.5, generator=generator)
    return network.eval()


def test_carry_follows_the_flow_back_and_brings_nothing_from_outside() -> None:
    flow = torch.zeros(1, 2, 24, 32)
    flow[:, 0] = -5  # every pixel was five to the left of where it is now
    assert torch.allclose(carry(square(4, 8), flow), square(4, 13), atol=1e-4)
    assert carry(square(4, 25), flow).sum() < 36  # partly out of the picture now
    assert carry(torch.ones(1, 1, 24, 32), flow)[..., :5].abs().max() < 1e-4


def test_what_moves_with_the_object_is_told_from_what_does_not() -> None:
    mask = square(4, 8)
    flow = torch.zeros(1, 2, 24, 32) + mask * torch.tensor([4.0, 0.0]).view(1, 2, 1, 1)
    motion = Motion(flow, torch.zeros(1, 1, 24, 32))
    cues = track_cues(mask, torch.zeros_like(mask), motion, torch.zeros_like(mask), torch.zeros_like(mask))
    assert cues.shape == (1, CUES, 24, 32)
    alike, rest = cues[:, 2:3], cues[:, 3:4]
    assert (alike[mask > 0] > 0.9).all() and (alike[mask == 0] < 0.1).all()
    assert (rest[mask > 0] < 0.1).all() and (rest[mask == 0] > 0.9).all()


def test_colours_tell_the_object_from_the_rest_also_where_it_has_moved() -> None:
    bins = torch.full((1, 24, 32), 5 * BINS * BINS)
    bins[square(4, 8)[0] > 0] = 11 * BINS * BINS
    colours = Colours.of(bins, square(4, 8))
    moved = torch.full((1, 24, 32), 5 * BINS * BINS)
    moved[square(10, 20)[0] > 0] = 11 * BINS * BINS
    odds = colours.odds(moved)
    assert (odds[square(10, 20) > 0] > 0.5).all() and (odds[square(10, 20) == 0] < -0.5).all()
    assert torch.isclose(colours.inside.sum(), torch.ones(()), atol=1e-3)


def test_colours_never_seen_speak_for_nothing() -> None:
    bins = torch.zeros(1, 24, 32, dtype=torch.int64)
    odds = Colours.of(bins, square(4, 8)).odds(torch.full_like(bins, BINS**3 - 1))
    assert odds.abs().max() < 1e-3


def test_colours_learn_slowly() -> None:
    bins = torch.zeros(1, 24, 32, dtype=torch.int64)
    old, new = Colours.of(bins, square(4, 8)), Colours.of(bins + 7, square(4, 8))
    assert torch.allclose(old.mixed(new, 0.25).inside, 0.75 * old.inside + 0.25 * new.inside)


def test_a_click_is_a_spot_where_it_was_made() -> None:
    spot = click_map(torch.tensor([[20.5, 7.5]]), (24, 32))[0]
    assert spot.argmax() == 7 * 32 + 20 and spot.max() == 1
    assert spot[7, 20] > spot[7, 24] > spot[20, 2]
    assert not click_map(torch.zeros(0, 2), (24, 32)).any()


def test_a_box_reaches_from_edge_to_edge_and_may_leave_the_picture() -> None:
    inside = box_map([(-3.0, 2.0, 5.0, 40.0)], (24, 32))[0]
    assert inside[2:, :5].all() and inside.sum() == 22 * 5


def test_click_cues_say_nothing_of_motion() -> None:
    cues = click_cues(square(1, 1), square(2, 2), square(3, 3), square(4, 4), square(5, 5))
    assert cues.shape[1] == CUES and not cues[:, 1:7].any()
    assert [int(cues[:, channel].argmax()) for channel in (0, 7, 8, 9, 10)] == [33, 66, 99, 132, 165]


def test_what_has_the_colour_of_a_click_is_seen_pixel_by_pixel() -> None:
    picture = torch.full((1, 3, 24, 32), 0.2)
    picture[:, 0, 12] = picture[:, 0, 3:6, 3:6] = 0.9  # a line one pixel thin, and a spot
    on, off = torch.tensor([[4.5, 4.5]]), torch.tensor([[20.5, 20.5], [90.0, -5.0]])
    like = colour_likeness(picture, on, off)[0, 0]
    assert (like[12] > 0.9).all() and (like[13:] < -0.9).all()
    assert (colour_likeness(picture, on, on[:0])[0, 0, 13:] < 0.05).all()
    assert not colour_likeness(picture, on[:0], on[:0]).any()


def test_places_that_look_like_the_clicked_one_are_found() -> None:
    key = torch.zeros(1, 2, 6, 8)
    key[:, 0] = 1
    key[:, :, 2:4, 4:6] = torch.tensor([0.0, 1.0]).view(1, 2, 1, 1)
    on, off = torch.tensor([[17.0, 9.0]]), torch.tensor([[1.0, 1.0]])
    like = click_likeness(key, on, off)[0, 0]
    assert (like[2:4, 4:6] == 1).all() and like.sum() == 4


def test_memory_gives_back_what_was_there_where_it_looked_the_same() -> None:
    keys = torch.nn.functional.normalize(torch.randn(1, 16, 5, 7), dim=1)
    values = counted(torch.randn(1, 3, 35))
    readout = recalled(keys, [Remembered(keys.flatten(2), values)], 60)
    assert torch.allclose(readout, values[:, :-1], atol=1e-2)


def recalled(key: Tensor, remembered: Sequence[Remembered], temperature: float) -> Tensor:
    known = affinities(key, [one.key for one in remembered], torch.tensor(temperature))
    return read(known, [one.value for one in remembered], shared=len(key) == 1)


def counted(values: Tensor) -> Tensor:
    """Values with their weights."""
    return torch.cat([values, torch.ones_like(values[:, :1])], 1)


def test_frames_that_know_nothing_of_an_object_do_not_count_for_it() -> None:
    keys = [torch.nn.functional.normalize(torch.randn(1, 16, 20), dim=1) for _ in range(2)]
    known, unknown = counted(torch.randn(1, 3, 20)), torch.zeros(1, 4, 20)
    query = torch.nn.functional.normalize(torch.randn(1, 16, 4, 5), dim=1)
    both = recalled(query, [Remembered(keys[0], known), Remembered(keys[1], unknown)], 14)
    alone = recalled(query, [Remembered(keys[0], known)], 14)
    assert torch.allclose(both, alone, atol=1e-5)


def test_memory_is_read_in_blocks_as_in_one_piece() -> None:
    keys = torch.nn.functional.normalize(torch.randn(1, 8, 24, 30), dim=1)
    assert keys.flatten(2).shape[2] > BLOCK
    remembered = [
        Remembered(torch.nn.functional.normalize(torch.randn(1, 8, 90), dim=1), counted(torch.randn(2, 4, 90)))
        for _ in range(2)
    ]
    alike = torch.cat([one.key for one in remembered], 2).mT @ keys.flatten(2) * 10
    whole = torch.cat([one.value for one in remembered], 2)[:, :-1] @ alike.softmax(1)
    assert torch.allclose(recalled(keys, remembered, 10), whole, atol=1e-5)


def test_the_memory_of_many_pictures_is_that_of_each() -> None:
    keys, queries = (torch.nn.functional.normalize(torch.randn(2, 16, *size), dim=1) for size in ((20,), (4, 5)))
    values = counted(torch.randn(2, 3, 20))
    both = recalled(queries, [Remembered(keys, values)], 14)
    for row in range(2):
        here = slice(row, row + 1)
        alone = recalled(queries[here], [Remembered(keys[here], values[here])], 14)
        assert torch.allclose(both[here], alone, atol=1e-5)


def test_folding_changes_nothing_but_the_number_of_layers() -> None:
    torch.manual_seed(0)
    network = shaken(Pocket())
    pixels = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        before = network.encode(pixels)
        fold(network)
        after = network.encode(pixels)
    for name in before.__dataclass_fields__:
        assert torch.allclose(getattr(before, name), getattr(after, name), atol=1e-4), name
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())


def test_objects_are_rows_that_do_not_touch_each_other() -> None:
    torch.manual_seed(0)
    network = shaken(Pocket())
    with torch.no_grad():
        features = network.encode(torch.rand(1, 3, 64, 96))
        masks = torch.cat([square(4, 8, size=(32, 48)), square(15, 30, size=(32, 48))])
        remembered = network.remember(features, masks)
        shared = Remembered(features.key.flatten(2), remembered.value)
        cues = click_cues(masks, *[torch.zeros_like(masks)] * 4)
        both = network.decode(features, cues, network.recall(features, [shared]))
        alone = network.decode(features, cues[1:], network.recall(features, [Remembered(shared.key, shared.value[1:])]))
    assert both.logits.shape == (2, CANDIDATES, 32, 48) and shared.value.shape == (2, VALUE + 2, 96)
    assert torch.allclose(both.logits[1:], alone.logits, atol=1e-4)
    assert torch.allclose(both.quality[1:], alone.quality, atol=1e-4)
    assert torch.allclose(both.visible[1:], alone.visible, atol=1e-4)
