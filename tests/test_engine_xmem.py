"""The XMem tracker: the numbers of the authors' code, memory of fixed size, and what is learnt when."""

import dataclasses
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tam_core.engines.base import FrameMasks
from tam_core.engines.xmem import XMemSettings, XMemTracker, load
from tam_core.engines.xmem.memory import Memory
from tam_core.engines.xmem.picture import Canvas
from tam_core.engines.xmem.state import XMemState
from tam_core.errors import EngineNotReadyError, PromptError, RequestError
from tam_core.models.xmem import ImageFeatures, XMem, XMemSizes
from tam_core.prompts import Click, MaskPrompt
from tam_core.video.source import Frame, VideoInfo
from tests.networks_xmem import SMALL, SMALL_SETTINGS, golden_clip, seeded, small_xmem
from tests.scenes import HEIGHT, WIDTH, Scene, crossing, disc

INFO = VideoInfo(WIDTH, HEIGHT, Fraction(24))
OTHER = disc(120, 30, 14)


@pytest.fixture(scope="module")
def tracker() -> XMemTracker:
    return small_xmem()


@pytest.fixture(scope="module")
def scene() -> Scene:
    return crossing(12)


def begun(
    tracker: XMemTracker, scene: Scene, frames: int = 1, prompts: dict[int, list[MaskPrompt]] | None = None
) -> Any:
    """A state after so many frames; by default objects 3 and 7 are prompted on the first."""
    state = tracker.start(INFO)
    both = [MaskPrompt(0, 3, scene.masks[0]), MaskPrompt(0, 7, OTHER)]
    for index, given in (prompts or {0: both}).items():
        tracker.condition(state, scene.frame(index), given)
    for index in range(frames):
        tracker.step(state, scene.frame(index))
    return state


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """All tensors that a state holds."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors(item)
    elif hasattr(value, "__dict__"):
        yield from tensors(vars(value))


def contents(state: XMemState) -> list[torch.Tensor]:
    """What a state remembers, without the frame predicted last."""
    return [tensor.clone() for tensor in tensors(dataclasses.replace(state, last=None))]


def same(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return len(first) == len(second) and all(map(torch.equal, first, second))


def known_rows(state: XMemState, object_id: int) -> int:
    return int(state.memory._known[object_id].sum())


def test_gives_the_numbers_of_the_authors_code() -> None:
    golden = json.loads((Path(__file__).parent / "golden" / "xmem.json").read_text())
    frames, masks = golden_clip()
    settings = XMemSettings(
        short_side=90,
        memory_every=3,
        min_working_frames=1,
        max_working_frames=2,
        prototypes=16,
        max_long_term=24,
    )
    tracker = XMemTracker(seeded(XMem(XMemSizes())), settings)
    state = tracker.start(VideoInfo(140, 90, Fraction(24)))
    pictures = [Frame(index, Fraction(index), pixels) for index, pixels in enumerate(frames)]
    tracker.condition(state, pictures[0], [MaskPrompt(0, 1, masks[0]), MaskPrompt(0, 2, masks[1])])
    tracker.step(state, pictures[0])
    for picture in pictures[1:]:
        found = tracker.predict(state, picture)
        assert state.last and state.last.findings
        key = state.last.findings.features.key
        shares = np.stack([1 / (1 + np.exp(-found.logits[object_id])) for object_id in (1, 2)])
        tracker.remember(state, found)
        assert far(key.T[::8, ::8].numpy(), golden["keys"][picture.index]) < 1e-4
        assert far(shares[:, ::9, ::9], golden["probabilities"][picture.index - 1]) < 1e-3
        areas = [found.masks[object_id].sum() for object_id in (1, 2)]
        assert np.allclose(areas, golden["areas"][picture.index - 1], atol=20)
        prototypes = int(state.memory._filled()[: settings.max_long_term].sum())
        assert prototypes == golden["memory"][picture.index][1]
    assert prototypes == settings.max_long_term, "nothing was forgotten: the numbers prove too little"


def far(found: Any, expected: list[float]) -> float:
    """The greatest difference, relative to the range."""
    return float(np.abs(np.asarray(found).ravel() - expected).max() / np.ptp(expected))


def test_state_is_as_large_after_400_frames_as_after_40(tracker: XMemTracker) -> None:
    scene = crossing(40)
    state = begun(tracker, scene, 40)
    early = [(tensor.shape, tensor.nbytes) for tensor in tensors(state)]
    for index in range(40, 400):
        tracker.step(state, Frame(index, Fraction(index, 24), scene.frames[index % 40]))
    assert [(tensor.shape, tensor.nbytes) for tensor in tensors(state)] == early
    assert 0 < known_rows(state, 3) <= len(state.memory._keys)
    assert state.last is None


def test_prompted_frames_come_back_exactly_in_both_directions(tracker: XMemTracker, scene: Scene) -> None:
    odd = scene.masks[6].copy()
    odd[:, :60] = False
    odd[3, 5] = True
    for order in (range(12), range(11, -1, -1)):
        state = begun(tracker, scene, 0, {9: [MaskPrompt(9, 3, scene.masks[9])], 6: [MaskPrompt(6, 3, odd)]})
        found = {index: tracker.step(state, scene.frame(index)) for index in order}
        assert np.array_equal(found[6].masks[3], odd)
        assert np.array_equal(found[9].masks[3], scene.masks[9])
        assert found[6].scores[3] == 1.0
        present = [index for index in order if 3 in found[index].masks]
        assert present == list(order)[order.index(6 if order.step > 0 else 9) :]


def test_a_reversed_video_walked_backwards_is_the_same(tracker: XMemTracker, scene: Scene) -> None:
    backwards = Scene(scene.frames[::-1], scene.masks[::-1], scene.background)
    states = [begun(tracker, scene), begun(tracker, backwards, 0, {11: prompted(scene, 11)})]
    tracker.step(states[1], backwards.frame(11))
    for index in range(1, 12):
        ahead, back = tracker.step(states[0], scene.frame(index)), tracker.step(states[1], backwards.frame(11 - index))
        assert np.array_equal(ahead.masks[3], back.masks[3])
        assert ahead.scores == back.scores


def prompted(scene: Scene, frame: int) -> list[MaskPrompt]:
    """The prompts of the first frame, for another index."""
    return [MaskPrompt(frame, 3, scene.masks[0]), MaskPrompt(frame, 7, OTHER)]


def test_masks_scores_and_logits_agree(tracker: XMemTracker, scene: Scene) -> None:
    state = begun(tracker, scene)
    for index in range(1, 12):
        found = tracker.step(state, scene.frame(index))
        assert list(found.masks) == list(found.scores) == list(found.logits) == [3, 7]
        assert not (found.masks[3] & found.masks[7]).any()
        for object_id in (3, 7):
            assert found.logits[object_id].shape == state.canvas.inner == (48, 64)
            assert found.logits[object_id].dtype == np.float32
            assert (found.scores[object_id] > 0.5) == (found.logits[object_id] > 0).any()
            assert found.logits[object_id].std() > 0.5, "a mask without shape proves nothing"


def test_an_object_joins_without_touching_what_is_known_of_another(tracker: XMemTracker, scene: Scene) -> None:
    late = {0: [MaskPrompt(0, 3, scene.masks[0])], 5: [MaskPrompt(5, 7, OTHER)]}
    state, alone = begun(tracker, scene, 5, late), begun(tracker, scene, 5, {0: late[0]})
    assert torch.equal(state.sensory[3], alone.sensory[3])
    found = tracker.step(state, scene.frame(5))
    assert set(found.masks) == {3, 7}
    assert np.array_equal(found.masks[7], OTHER)
    assert not (found.masks[3] & OTHER).any()
    later = [tracker.step(state, scene.frame(index)) for index in range(6, 12)]
    assert all(set(masks.masks) == {3, 7} for masks in later)
    assert known_rows(state, 3) > known_rows(state, 7)


def test_predict_and_search_change_nothing(tracker: XMemTracker, scene: Scene) -> None:
    state = begun(tracker, scene, 6)
    before = contents(state)
    first = tracker.predict(state, scene.frame(6))
    searched = tracker.search(state, scene.frame(9))
    again = tracker.predict(state, scene.frame(6))
    assert same(before, contents(state))
    assert (state.since_memory, len(state.given)) == (1, 1)
    assert all(np.array_equal(first.logits[object_id], again.logits[object_id]) for object_id in (3, 7))
    assert not np.array_equal(searched.logits[3], tracker.predict(state, scene.frame(9)).logits[3])


def test_search_depends_on_long_memory_only(tracker: XMemTracker, scene: Scene) -> None:
    state = begun(tracker, scene, 6)
    found = tracker.search(state, scene.frame(9))
    state.sensory = {object_id: torch.randn_like(sensory) for object_id, sensory in state.sensory.items()}
    assert np.array_equal(found.logits[3], tracker.search(state, scene.frame(9)).logits[3])


def test_step_is_predict_then_remember(tracker: XMemTracker, scene: Scene) -> None:
    one, two = begun(tracker, scene), begun(tracker, scene)
    for index in range(1, 8):
        tracker.step(one, scene.frame(index))
        found = tracker.predict(two, scene.frame(index))
        tracker.remember(two, found)
    assert same(contents(one), contents(two))


def test_an_improved_mask_is_learnt_at_once(tracker: XMemTracker, scene: Scene) -> None:
    learnt, after = {}, {}
    for improved in (False, True):
        state = begun(tracker, scene, 3)
        assert state.since_memory + 1 < SMALL_SETTINGS.memory_every, "the frame would be remembered anyway"
        found, rows = tracker.predict(state, scene.frame(3)), known_rows(state, 3)
        if improved:
            found = dataclasses.replace(found, masks={**found.masks, 3: scene.masks[3]})
        tracker.remember(state, found)
        learnt[improved] = known_rows(state, 3) - rows
        after[improved] = tracker.predict(state, scene.frame(4)).logits[3]
    assert learnt[False] == 0 < learnt[True]
    assert np.abs(after[True] - after[False]).max() > 0.05


def test_an_object_left_out_is_frozen_while_another_learns(tracker: XMemTracker, scene: Scene) -> None:
    state = begun(tracker, scene, 2)
    sensory, rows = state.sensory[7].clone(), known_rows(state, 7)
    for index in range(2, 5):
        found = tracker.predict(state, scene.frame(index))
        assert set(found.masks) == {3, 7}
        tracker.remember(state, FrameMasks(index, {3: found.masks[3]}, {3: found.scores[3]}))
    assert torch.equal(state.sensory[7], sensory)
    assert known_rows(state, 7) == rows < known_rows(state, 3)


def test_nothing_is_learnt_where_all_objects_are_left_out(tracker: XMemTracker, scene: Scene) -> None:
    state = begun(tracker, scene, 2)
    sensory = {object_id: value.clone() for object_id, value in state.sensory.items()}
    values = [rows.clone() for rows in state.memory._values.values()]
    tracker.predict(state, scene.frame(2))
    tracker.remember(state, FrameMasks(2, {}, {}))
    assert all(torch.equal(state.sensory[object_id], value) for object_id, value in sensory.items())
    assert same(values, list(state.memory._values.values()))


def test_a_second_prompt_on_a_frame_replaces_the_first(tracker: XMemTracker, scene: Scene) -> None:
    twice = begun(tracker, scene, 0, {0: [MaskPrompt(0, 3, OTHER)]})
    tracker.condition(twice, scene.frame(0), [MaskPrompt(0, 7, OTHER)])
    tracker.condition(twice, scene.frame(0), [MaskPrompt(0, 3, scene.masks[0])])
    once = begun(tracker, scene, 0)
    found = [tracker.search(state, scene.frame(4)).logits for state in (twice, once)]
    assert np.allclose(found[0][3], found[1][3], atol=1e-4)
    assert np.allclose(found[0][7], found[1][7], atol=1e-4)


def features(seed: int, grid: tuple[int, int] = (2, 3)) -> ImageFeatures:
    """Keys of a frame of six places."""
    generator = torch.Generator().manual_seed(seed)
    places, nothing = grid[0] * grid[1], torch.zeros(0)
    key, selection = (torch.rand(places, SMALL.key, generator=generator) for _ in range(2))
    return ImageFeatures(nothing, (nothing,) * 3, key, 1 + torch.rand(places, generator=generator), selection)


def values(seed: int) -> torch.Tensor:
    return torch.rand(SMALL.value, 2, 3, generator=torch.Generator().manual_seed(seed))


def test_prompted_frames_are_never_consolidated_or_forgotten() -> None:
    memory = Memory(SMALL_SETTINGS, SMALL, (2, 3), torch.device("cpu"))
    memory.add_prompted(0, features(0), {1: values(0), 2: values(1)})
    for index in range(1, 60):
        memory.count_usage(memory.read([1], features(index)).usage)
        memory.add(features(index), {1: values(index)})
        if index == 30:
            memory.add_prompted(30, features(100), {1: values(100)})
        prototypes = int(memory._filled()[: SMALL_SETTINGS.max_long_term].sum())
        assert prototypes <= SMALL_SETTINGS.max_long_term
        assert len(memory._working) < SMALL_SETTINGS.max_working_frames
    assert prototypes > SMALL_SETTINGS.max_long_term - SMALL_SETTINGS.prototypes
    assert torch.equal(memory.prompted_values(0, 1), values(0))
    assert torch.equal(memory.prompted_values(0, 2), values(1))
    assert torch.equal(memory.prompted_values(30, 1), values(100))
    exact = dataclasses.replace(features(100), shrinkage=torch.ones(6), selection=torch.full((6, SMALL.key), 1e4))
    assert torch.allclose(memory.read([1], exact).values[0], values(100), atol=1e-3)
    assert torch.allclose(memory.read([2], exact).values[0], memory.read([2, 1], exact).values[0])


def test_the_prototype_that_is_used_least_is_forgotten_first() -> None:
    settings = dataclasses.replace(SMALL_SETTINGS, max_long_term=12, top_k=1)
    memory = Memory(settings, SMALL, (2, 3), torch.device("cpu"))
    memory.add_prompted(0, features(0), {1: values(0)})
    asked = features(1)
    for index in range(1, 20):
        memory.add(features(index), {1: values(index)})
        memory.count_usage(memory.read([1], asked).usage)
    long = memory._keys[: settings.max_long_term]
    assert all((long == key).all(1).any() for key in asked.key), "what was asked for all the time is still there"
    assert not any((long == key).all(1).any() for key in features(4).key), "what was never asked for is gone"


def test_consolidation_gathers_values_like_a_softmax_over_the_frames() -> None:
    settings = dataclasses.replace(SMALL_SETTINGS, prototypes=1)
    memory = Memory(settings, SMALL, (2, 3), torch.device("cpu"))
    frames = [features(index) for index in range(3)]
    for index, frame in enumerate(frames):
        memory.add(frame, {1: values(index)})
        if index == 0:
            memory.count_usage(torch.eye(len(memory._keys))[settings.max_long_term + 4])
    key, selection = frames[0].key[4], frames[0].selection[4]
    keys, shrinkages = torch.cat([f.key for f in frames[:2]]), torch.cat([f.shrinkage for f in frames[:2]])
    shares = (-(selection * (keys - key).square()).sum(1) * shrinkages / SMALL.key**0.5).softmax(0)
    rows = torch.cat([values(index).flatten(1).T for index in range(2)])
    assert torch.equal(memory._keys[0], key)
    assert torch.allclose(memory._values[1][0], shares @ rows, atol=1e-5)
    assert torch.allclose(memory._shrinkages[0], shares @ shrinkages, atol=1e-5)


@pytest.mark.parametrize("size", [(90, 140), (480, 854), (1080, 1920), (333, 100)])
def test_a_mask_survives_the_way_to_the_network_and_back(size: tuple[int, int]) -> None:
    canvas = Canvas.of(size, 96)
    assert min(canvas.inner) == 96
    rows, columns = np.mgrid[: size[0], : size[1]]
    mask = (columns - size[1] * 0.7) ** 2 + (rows - size[0] * 0.4) ** 2 < (0.2 * min(size)) ** 2
    shown = canvas.mask(mask, torch.device("cpu"))
    assert all(side % 16 == 0 for side in shown.shape)
    assert shown.shape == canvas.image(np.zeros((*size, 3), np.uint8), torch.device("cpu")).shape[2:]
    back = canvas.masks(shown[None])[0]
    assert (back & mask).sum() / (back | mask).sum() > 0.97


def test_only_masks_are_taken(tracker: XMemTracker, scene: Scene) -> None:
    with pytest.raises(PromptError, match="Click"):
        tracker.condition(tracker.start(INFO), scene.frame(0), [Click(0, 1, 5.0, 5.0)])


def test_only_the_frame_predicted_last_can_be_remembered(tracker: XMemTracker, scene: Scene) -> None:
    state = begun(tracker, scene)
    found = tracker.predict(state, scene.frame(1))
    tracker.predict(state, scene.frame(2))
    with pytest.raises(RequestError, match="frame 1 cannot be remembered"):
        tracker.remember(state, found)


def test_a_mask_of_an_object_that_was_not_predicted_is_refused(tracker: XMemTracker, scene: Scene) -> None:
    state = begun(tracker, scene)
    found = tracker.predict(state, scene.frame(1))
    with pytest.raises(RequestError, match=r"\[5\] were not predicted"):
        tracker.remember(state, dataclasses.replace(found, masks={**found.masks, 5: OTHER}))


def test_a_checkpoint_gives_the_network_it_was_saved_from(tmp_path: Path, tracker: XMemTracker, scene: Scene) -> None:
    torch.save(tracker.network.state_dict(), tmp_path / "xmem.pth")
    loaded = load("cpu", tmp_path / "xmem.pth", SMALL_SETTINGS)
    found = [each.predict(begun(each, scene, 4), scene.frame(4)) for each in (tracker, loaded)]
    assert np.allclose(found[0].logits[3], found[1].logits[3], rtol=0.01, atol=0.01)


@pytest.mark.parametrize("change", [{"extra.weight": torch.zeros(1)}, {"decoder.pred.bias": None}, {"key_proj.": None}])
def test_weights_that_do_not_fit_exactly_are_refused(
    tmp_path: Path, tracker: XMemTracker, change: dict[str, Any]
) -> None:
    weights = tracker.network.state_dict()
    for start, value in change.items():
        kept = {name: tensor for name, tensor in weights.items() if not name.startswith(start)}
        torch.save(kept if value is None else {**kept, start: value}, tmp_path / "other.pth")
    with pytest.raises(EngineNotReadyError, match=r"other\.pth is not a checkpoint of XMem.*(extra|pred|key_proj)"):
        load("cpu", tmp_path / "other.pth")
