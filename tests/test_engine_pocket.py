"""The pocket engine beyond the contract: its view of a picture, its bank, its edges, who owns a pixel, its weights."""

import threading
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from tam_core import rle
from tam_core.engines import ENGINES
from tam_core.engines.pocket import WEIGHTS, PocketSettings, PocketTracker, load
from tam_core.engines.pocket.bank import Bank, MemoryFrame
from tam_core.engines.pocket.edges import sharpened
from tam_core.engines.pocket.parts import clicked_parts, only_clicked
from tam_core.engines.pocket.tracker import threads
from tam_core.engines.pocket.verdict import Verdict, settled, shared_out
from tam_core.engines.pocket.view import flow_between, lab_bins, look
from tam_core.errors import EngineNotReadyError
from tam_core.models.pocket.cues import BINS
from tam_core.models.pocket.decoder import Decoded
from tam_core.models.pocket.encoder import Features
from tam_core.prompts import Box, Click, MaskPrompt
from tam_core.propagation import Plan, Propagation
from tam_core.types import Mask, Pixels
from tam_core.video import ArraySource, Frame
from tests.scenes import crossing, disc, iou, texture


@pytest.fixture(scope="module")
def pocket() -> PocketTracker:
    """The engine with its own weights."""
    tracker: PocketTracker = ENGINES.get("pocket", "tracker").load("cpu")
    return tracker


def test_view_halves_and_bins() -> None:
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[:, 48:] = 255
    view = look(pixels, (64, 96))
    assert view.half.shape == (32, 48, 3) and view.half_size == (32, 48)
    assert view.bins[:, :24].max() < BINS * BINS <= view.bins[:, 24:].min()
    assert lab_bins(pixels).max() < BINS**3


def test_flow_points_back_to_where_things_were() -> None:
    picture = texture(1, (128, 128, 128), 128, 192)
    flow = flow_between(look(picture, (128, 192)), look(np.roll(picture, 8, axis=1), (128, 192)))
    assert flow.shape == (2, 64, 96)
    assert np.median(flow[0]) == pytest.approx(-4, abs=0.3)
    assert np.median(flow[1]) == pytest.approx(0, abs=0.3)


def test_edges_snap_to_those_of_the_picture() -> None:
    truth = disc(120.0, 90.0, 50, (180, 240))
    pixels = np.where(truth[..., None], 220, 40).astype(np.uint8).repeat(3, 2)
    small = cv2.resize(pixels, (120, 90), interpolation=cv2.INTER_AREA)
    rough = cv2.GaussianBlur(cv2.resize(truth.astype(np.float32), (120, 90)), (0, 0), 2.5)
    plain = cv2.resize(rough, (240, 180)) > 0.5
    sharp = sharpened(rough, small, pixels[..., 0])
    assert iou(sharp, truth) > iou(plain, truth)
    assert iou(sharp, truth) > 0.98


def test_a_flat_picture_leaves_the_mask_where_it_is() -> None:
    rough = np.zeros((40, 60), np.float32)
    rough[10:30, 20:40] = 1
    sharp = sharpened(rough, np.full((40, 60, 3), 90, np.uint8), np.full((80, 120), 90, np.uint8))
    assert iou(sharp, cv2.resize(rough, (120, 80)) > 0.5) > 0.9


def memory(number: float, *objects: int) -> MemoryFrame:
    """A frame of one place whose key and values are all ``number``."""
    return MemoryFrame(torch.full((1, 2, 1), number), {one: torch.ones(1, 3, 1) for one in objects})


def test_bank_keeps_the_last_frame_and_spaced_ones_only() -> None:
    bank = Bank(PocketSettings(spaced=2, memory_every=5))
    for number in range(23):
        bank.keep(memory(number, 1))
    numbers = [float(frame.key[0, 0, 0]) for frame in bank.recalled(23, [1]) if frame]
    assert numbers == [13, 18, 22]


def test_bank_gives_each_object_its_nearest_prompts() -> None:
    bank = Bank(PocketSettings(nearest_prompts=1))
    bank.prompted = {0: memory(0, 1), 50: memory(50, 2), 90: memory(90, 1)}
    recalled = {float(frame.key[0, 0, 0]): frame.value[:, -1, 0].tolist() for frame in bank.recalled(80, [1, 2])}
    assert recalled == {50: [0, 1], 90: [1, 0]}


def test_two_objects_share_a_pixel_out() -> None:
    logits = torch.tensor([[[[3.0, 1.0, -4.0]]], [[[1.0, 3.0, -4.0]]]])
    shares = shared_out(logits)
    assert (shares.sum(0) <= 1).all()
    assert ((shares > 0.5).sum(0) <= 1).all()
    assert shares[0, 0, 0, 0] > 0.5 and shares[1, 0, 0, 1] > 0.5


def test_what_is_judged_to_be_gone_or_tiny_has_no_mask() -> None:
    logits = torch.full((3, 3, 8, 8), -5.0)
    logits[:, 0, 2:6, 2:6] = 5
    logits[2, 0] = -5
    logits[2, 0, 0, 0] = 5
    decoded = Decoded(logits, torch.full((3, 3), 2.0), torch.tensor([4.0, -4.0, 4.0]))
    verdict = settled(decoded, [7, 8, 9], PocketSettings())
    assert (verdict.soft[7] > 0.5).sum() == 16 and verdict.scores[7] > 0.8
    assert not verdict.soft[8].any() and verdict.scores[8] == 0
    assert not verdict.soft[9].any() and verdict.scores[9] == 0


def test_what_was_gone_must_be_surely_back() -> None:
    settings = PocketSettings()
    between = (settings.visible_above + settings.back_above) / 2
    logits = torch.full((2, 3, 8, 8), 4.0)
    logits[1] = -logits[1]
    doubtful = Decoded(logits, torch.zeros(2, 3), torch.full((2,), between).logit())
    assert settled(doubtful, [1, 2], settings).soft[1].min() > 0.9
    assert settled(doubtful, [1, 2], settings, gone=[2]).soft[1].min() > 0.9, "each object for itself"
    assert not settled(doubtful, [1, 2], settings, gone=[1]).soft[1].any()
    sure = Decoded(logits, torch.zeros(2, 3), torch.full((2,), settings.back_above + 0.01).logit())
    assert settled(sure, [1, 2], settings, gone=[1]).soft[1].min() > 0.9


def test_a_tracker_knows_which_objects_were_gone(pocket: PocketTracker, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = list[list[int]]()

    def noted(decoded: Decoded, objects: Sequence[int], settings: PocketSettings, missing: Sequence[int]) -> Verdict:
        gone.append(list(missing))
        logits = torch.full_like(decoded.logits, -4)
        logits[0, :, :, :20], logits[1, :, :, 20:] = 4, 4
        visible = torch.tensor([9.0, -9.0 if len(gone) == 2 else 9.0])
        return settled(Decoded(logits, decoded.quality, visible), objects, settings, missing)

    monkeypatch.setattr("tam_core.engines.pocket.tracker.settled", noted)
    source = ArraySource(np.stack([texture(0, (90, 90, 90))] * 5))
    state = pocket.start(source.info)
    prompts = [MaskPrompt(0, number, disc(40 * number, 40, 15)) for number in (1, 2)]
    first, *rest = source.frames()
    pocket.condition(state, first, prompts)
    for frame in (first, *rest):
        pocket.step(state, frame)
    assert gone == [[], [], [2], []]


def test_other_weights_can_be_loaded_and_wrong_ones_are_refused(pocket: PocketTracker, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    copy = tmp_path / "mine.safetensors"
    copy.write_bytes(WEIGHTS.read_bytes())
    assert torch.equal(load(checkpoint=copy).network.temperature, pocket.network.temperature)
    save_file({"something": torch.zeros(3)}, tmp_path / "wrong.safetensors")
    with pytest.raises(EngineNotReadyError, match=r"wrong.safetensors is not a checkpoint of pocket"):
        load(checkpoint=tmp_path / "wrong.safetensors")


def test_weights_are_small_enough_for_the_package() -> None:
    assert WEIGHTS.stat().st_size < 20 * 2**20


def half_and_half(width: int) -> tuple[Pixels, Mask]:
    """A picture of a textured disc on another texture, ``width`` pixels wide."""
    truth = disc(width / 2, width / 3, width / 6, (2 * width // 3, width))
    return np.where(truth[..., None], paint(width), texture(3, (60, 120, 60), *truth.shape)), truth


def paint(width: int) -> Pixels:
    """What the disc is made of."""
    return texture(4, (220, 60, 40), 2 * width // 3, width)


@pytest.mark.parametrize("width", [96, 480, 1920])
def test_masks_come_at_source_size_whatever_it_is(pocket: PocketTracker, width: int) -> None:
    pixels, truth = half_and_half(width)
    found = pocket.segment(pocket.embed(pixels), [Click(0, 1, width / 2, width / 3)])
    assert found.masks.shape[1:] == truth.shape
    assert max(iou(mask, truth) for mask in found.masks) > 0.7


def test_portrait_video_is_followed(pocket: PocketTracker) -> None:
    scene = crossing(6)
    frames, masks = scene.frames.transpose(0, 2, 1, 3).copy(), scene.masks.transpose(0, 2, 1).copy()
    state = pocket.start(ArraySource(frames).info)
    for index in range(6):
        frame = Frame(index, Fraction(index, 25), frames[index])
        if index == 0:
            pocket.condition(state, frame, [MaskPrompt(0, 1, masks[0])])
        found = pocket.step(state, frame)
    assert iou(found.masks[1], masks[5]) > 0.8


def test_box_says_which_of_two_like_objects_is_meant(pocket: PocketTracker) -> None:
    pixels, truth = half_and_half(480)
    other = disc(390.0, 240.0, 50, truth.shape)
    pixels[other] = paint(480)[other]
    found = pocket.segment(pocket.embed(pixels), [Box(0, 1, (335, 185, 445, 295))]).best
    assert iou(found, other) > 0.6 and not (found & truth).sum() > 0.3 * truth.sum()


def test_a_click_means_one_of_two_like_objects_that_lie_apart(pocket: PocketTracker) -> None:
    pixels, truth = half_and_half(480)
    other = disc(420.0, 260.0, 40, truth.shape)
    pixels[other] = paint(480)[other]
    embedding = pocket.embed(pixels)
    for clicks in ([Click(0, 1, 240, 160)], [Click(0, 1, 240, 160), Click(0, 1, 220, 190)]):
        for found in pocket.segment(embedding, clicks).masks:
            assert (found & truth).any() and not (found & other).any()
    both = pocket.segment(embedding, [Click(0, 1, 240, 160), Click(0, 1, 420, 260)]).best
    assert (both & truth).any() and both[260, 420]


def test_parts_are_meant_that_were_clicked_or_lie_close_by() -> None:
    mask = np.zeros((90, 120), bool)  # REACH: 3 pixels
    mask[10:30, 10:30] = mask[10:30, 32:40] = mask[60:80, 60:80] = True
    near = mask & (np.arange(90) < 50)[:, None]
    for points, meant in ([(15.5, 15.5)], near), ([(70.0, 70.0)], mask & ~near), ([(100.0, 5.0)], mask):
        assert np.array_equal(clicked_parts(mask, torch.tensor(points)), meant)
    assert np.array_equal(clicked_parts(mask, torch.zeros(0, 2)), mask)
    assert clicked_parts(mask, torch.tensor([(500.0, -3.0), (70.0, 70.0)])).sum() == 400, "a click beside the picture"
    logits = torch.where(torch.from_numpy(mask), 2.0, -1.0)[None, None]
    assert (only_clicked(logits, torch.tensor([(15.5, 15.5)]))[0, 0].numpy() > 0).tolist() == near.tolist()


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_looking_ahead_changes_no_mask_and_leaves_less_to_do(
    pocket: PocketTracker, one_thread: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, affinities, late = crossing(18), pocket.network.affinities, list[int]()

    def watched(features: Features, keys: Sequence[Tensor]) -> Iterator[Tensor]:
        if threading.current_thread() is threading.main_thread():
            late.append(len(keys))
        return affinities(features, keys)

    monkeypatch.setattr(pocket.network, "affinities", watched)
    plan = Plan({1: {index: rle.encode(scene.masks[index]) for index in (0, 5)}}, "forward", 0, {1: None})
    source = ArraySource(scene.frames)
    alone = list(Propagation(source, pocket, plan, "stop"))
    assert len(late) == 16, "every frame but the two that are given"
    late.clear()
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)  # as if: sums over two threads have other last digits
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    ahead = list(Propagation(source, pocket, plan, "stop"))
    assert not late
    for one, other in zip(ahead, alone, strict=True):
        assert one.scores == other.scores
        assert all(np.array_equal(one.masks[key], other.masks[key]) for key in one.masks | other.masks)


def test_threads_are_lent_and_given_back(one_thread: None) -> None:
    torch.set_num_threads(4)
    with pytest.raises(KeyError), threads(2, 4):
        assert torch.get_num_threads() == 2
        raise KeyError
    assert torch.get_num_threads() == 4
