"""Fine-tuning SAM 2.1 and EdgeTAM: the simulated person, losses, the loop. Networks are small and random."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tam_core.engines import edgetam as edgetam_engine
from tam_core.engines import sam2 as sam2_engine
from tam_core.engines.sam2 import Sam2Settings, Sam2Tracker
from tam_core.errors import EngineNotReadyError, OutputError, RequestError
from tam_core.models.edgetam import EdgeTam, EdgeTamSize
from tam_core.models.edgetam.repvit import RepViTSize
from tam_core.models.sam2 import Sam2, sizes
from tam_core.models.sam2.mask_decoder import RawMasks
from tam_core.models.sam2.prompt_encoder import BOTTOM_RIGHT, NOT_A_POINT, POSITIVE, TOP_LEFT
from tam_core.prompts import MaskPrompt
from tam_core.training.clicks import Clicks
from tam_core.training.finetune import FinetunePlan, finetune
from tam_core.training.finetune.loop import CHECKPOINT, LOG, WEIGHTS
from tam_core.training.finetune.losses import DICE, FOCAL, dice_loss, focal_loss, judged
from tam_core.training.finetune.person import as_points, correct, script
from tam_core.training.finetune.start import choose_what_learns, read_network
from tam_core.video import ArraySource
from tests.networks_edgetam import seeded
from tests.networks_sam2 import SMALL, small_sam2
from tests.scenes import Scene, iou
from tests.test_training_masklets import davis_folder, scene

SIDE = 96
EDGETAM = EdgeTamSize(
    trunk=RepViTSize(channels=(8, 16, 32, 64), depths=(1, 1, 2, 1)),
    width=32,
    memory_width=8,
    global_latents=5,
    grid_side=2,
)


@pytest.fixture(autouse=True)
def small_sam2_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights do not tell heads, windows and global blocks: a table does."""
    trunk = SMALL.trunk
    assert isinstance(trunk, sizes.HieraSize)
    row = (trunk.heads, trunk.windows, trunk.whole_picture)
    monkeypatch.setitem(sizes._PUBLISHED, (trunk.width, sum(trunk.stages)), row)


def network(kind: str) -> Sam2:
    return small_sam2().network if kind == "sam2" else seeded(EdgeTam(EDGETAM))


def start(kind: str, folder: Path) -> str:
    """A weight file of a small random network."""
    path = folder / f"{kind}.safetensors"
    save_file(network(kind).state_dict(), path)
    return str(path)


def followed(weights: str | Path, kind: str, one: Scene) -> float:
    """Mean IoU over the clip, the mask of the first frame given, by the engine as a user runs it."""
    engine = sam2_engine if kind == "sam2" else edgetam_engine
    tracker: Sam2Tracker = engine.load("cpu", Path(weights), Sam2Settings(image_size=SIDE))
    state = tracker.start(ArraySource(one.frames).info)
    tracker.condition(state, one.frame(0), [MaskPrompt(0, 1, one.masks[0])])
    found = [tracker.step(state, one.frame(index)).masks[1] for index in range(len(one.frames))]
    return float(np.mean([iou(mask, truth) for mask, truth in zip(found[1:], one.masks[1:], strict=True)]))


# What is taught, is learned


@pytest.mark.parametrize("kind", ["sam2", pytest.param("edgetam", marks=pytest.mark.slow)])
def test_a_small_random_network_learns_one_clip(kind: str, tmp_path: Path) -> None:
    data = davis_folder(tmp_path / "data", scene())
    plan = FinetunePlan(
        steps=24, image_size=SIDE, length=4, corrections=1, encoder=True, rate=3e-3, encoder_rate=3e-3, save_every=24
    )
    before = start(kind, tmp_path)
    done = list(finetune(before, data, tmp_path / "out", plan, "cpu"))
    assert [one.step for one in done] == list(range(1, 25))
    assert followed(before, kind, scene()) < 0.3
    assert followed(tmp_path / "out" / WEIGHTS, kind, scene()) > 0.8


def short(**changes: int | float | bool) -> FinetunePlan:
    settings = {"steps": 4, "image_size": SIDE, "length": 3, "corrections": 1, "rate": 1e-3, "save_every": 2}
    return FinetunePlan(**settings | changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return davis_folder(tmp_path_factory.mktemp("data"), scene())


@pytest.mark.parametrize(("kind", "closed", "left"), [("sam2", True, [4]), ("edgetam", False, [3, 4])])
def test_a_stopped_run_ends_as_one_that_was_not(
    kind: str, closed: bool, left: list[int], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed between two steps, it is saved there; broken off in the midst of the fourth, as of the second."""
    first, whole, stopped = start(kind, tmp_path), tmp_path / "whole", tmp_path / "stopped"
    list(finetune(first, data, whole, short(), "cpu"))
    run = finetune(first, data, stopped, short(), "cpu")
    assert [one.step for one in islice(run, 3)] == [1, 2, 3]
    if closed:
        run.close()  # type: ignore[attr-defined]
    else:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(torch.optim.AdamW, "step", interrupted)
            next(run)
    assert [one.step for one in finetune(first, data, stopped, short(), "cpu")] == left
    expected = load_file(whole / WEIGHTS)
    for name, weight in load_file(stopped / WEIGHTS).items():
        assert torch.equal(weight, expected[name]), name
    assert (stopped / LOG).read_text() == (whole / LOG).read_text()
    assert list(finetune(first, data, stopped, short(), "cpu")) == []


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("kind", ["sam2", "edgetam"])
def test_weights_keep_their_published_names_and_the_encoder_stays_as_it_was(
    kind: str, data: Path, tmp_path: Path
) -> None:
    list(finetune(start(kind, tmp_path), data, tmp_path / "out", short(steps=2), "cpu"))
    before, after = network(kind).state_dict(), read_network(tmp_path / "out" / WEIGHTS).state_dict()
    assert list(after) == list(before)
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert not any(name.startswith("image_encoder") for name in changed)
    for part in ("sam_mask_decoder.conv_s0", "sam_mask_decoder.transformer", "memory_attention", "memory_encoder"):
        assert any(name.startswith(part) for name in changed), part


def test_batch_normalisation_never_learns() -> None:
    small = network("edgetam")
    choose_what_learns(small, encoder=True)
    learning = {name for name, weight in small.named_parameters() if weight.requires_grad}
    assert "image_encoder.trunk.body.stem.conv1.c.weight" in learning
    assert not any(".bn." in name for name in learning)


def test_the_log_has_a_line_for_each_step(data: Path, tmp_path: Path) -> None:
    done = list(finetune(start("edgetam", tmp_path), data, tmp_path / "out", short(steps=2), "cpu"))
    head, *lines = (tmp_path / "out" / LOG).read_text().splitlines()
    assert head == "step,loss,focal,dice,iou,presence,overlap"
    assert [float(line.split(",")[1]) for line in lines] == pytest.approx([one.loss for one in done], rel=1e-4)


def test_a_run_that_leads_nowhere_ends_before_it_is_saved(data: Path, tmp_path: Path) -> None:
    weights = network("edgetam").state_dict()
    weights["memory_attention.norm.weight"] = torch.full((32,), torch.nan)
    save_file(weights, tmp_path / "spoilt.safetensors")
    with pytest.raises(RequestError, match="step 1: the loss is nan; ask for a lower rate"):
        list(finetune(str(tmp_path / "spoilt.safetensors"), data, tmp_path / "out", short(), "cpu"))
    assert not (tmp_path / "out" / WEIGHTS).exists()


# The losses


def raw(logits: torch.Tensor, ious: list[float], presence: float) -> RawMasks:
    return RawMasks(logits, torch.tensor([ious]), torch.zeros(1, len(ious), 4), torch.tensor([[presence]]))


def square() -> torch.Tensor:
    target = torch.zeros(1, 1, 8, 8)
    target[..., 2:6, 2:6] = 1
    return target


def test_a_right_answer_costs_nothing() -> None:
    logits = (2 * square() - 1) * 30
    assert float(judged(raw(logits, [1.0], 30.0), square()).total) < 0.02
    assert float(judged(raw(-logits, [1.0], -30.0), square()).total) > 30


def test_of_three_masks_the_best_one_learns_and_the_predicted_iou_of_all() -> None:
    logits = torch.stack([-square(), 0.5 * square(), torch.zeros(1, 1, 8, 8)], 1)[:, :, 0].requires_grad_()
    answer = raw(logits, [0.5, 0.25, 0.5], 3.0)
    losses = FOCAL * focal_loss(logits, square()) + DICE * dice_loss(logits, square())
    judged(answer, square()).total.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert [bool(mask.any()) for mask in logits.grad[0]] == [place == int(losses.argmin()) for place in range(3)]
    assert float(judged(answer, square()).iou.detach()) == pytest.approx((0.5 + 0.75 + 0.5) / 3)


def test_where_the_object_is_not_there_only_its_presence_is_learned() -> None:
    logits = torch.ones(1, 3, 8, 8, requires_grad=True)
    answer = judged(raw(logits, [0.9, 0.9, 0.9], 2.0), torch.zeros(1, 1, 8, 8))
    (gradient,) = torch.autograd.grad(answer.total, logits)
    assert not gradient.any()
    assert float(answer.presence) == pytest.approx(np.log1p(np.exp(2.0)), rel=1e-4)
    assert bool(answer.overlap.isnan())


# The simulated person


def test_half_of_the_clips_begin_with_a_mask_and_the_other_half_is_corrected() -> None:
    masks = np.ones((8, 1, 4, 4), bool)
    scripts = [script(masks, np.random.default_rng(seed)) for seed in range(400)]
    shares = [np.mean([one.kind == kind for one in scripts]) for kind in ("mask", "click", "box")]
    assert shares == pytest.approx([0.5, 0.25, 0.25], abs=0.08)
    for one in scripts:
        assert one.prompted[0] == 0
        assert 1 <= len(set(one.prompted)) == len(one.prompted) <= 2
        assert one.corrected == () if one.kind == "mask" else set(one.prompted) <= set(one.corrected)
        assert len(set(one.corrected)) == len(one.corrected) <= 2


def test_only_frames_that_show_all_objects_are_prompted() -> None:
    masks = np.ones((8, 2, 4, 4), bool)
    masks[1:5, 1] = False
    prompted = {frame for seed in range(200) for frame in script(masks, np.random.default_rng(seed)).prompted}
    assert prompted == {0, 5, 6, 7}


def test_a_corrective_click_goes_where_the_mask_is_wrong() -> None:
    target, found = np.zeros((2, 16, 16), bool)
    target[2:8, 2:14] = True
    found[2:8, 2:8] = True
    rights = 0
    for seed in range(50):
        said = [Clicks()]
        correct(said, found[None], target[None], np.random.default_rng(seed))
        ((x, y),) = said[0].positive
        rights += bool(target[int(y), int(x)] and not found[int(y), int(x)])
    assert rights >= 40  # a careless one may show any part of the object


def test_points_are_in_pixels_of_the_networks_picture() -> None:
    said = [Clicks(positive=[(2.5, 3.5)]), Clicks(box=(1, 2, 5, 6))]
    points = as_points(said, torch.device("cpu"))
    assert points.labels.tolist() == [[POSITIVE, NOT_A_POINT], [TOP_LEFT, BOTTOM_RIGHT]]
    assert points.points[0, 0].tolist() == [9.5, 13.5]
    assert points.points[1].tolist() == [[3.5, 7.5], [19.5, 23.5]]


# What cannot be done


def test_what_cannot_be_fine_tuned_is_named_before_any_work(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAM_MODELS", str(tmp_path / "nothing"))
    known = start("edgetam", tmp_path)

    def asked(name: str = known, output: Path = tmp_path / "out", plan: FinetunePlan | None = None) -> Iterator[object]:
        return finetune(name, data, output, plan or short(), "cpu")

    with pytest.raises(RequestError, match="'flow' cannot be fine-tuned; there are: sam2"):
        asked("flow")
    with pytest.raises(EngineNotReadyError, match="not downloaded"):
        asked("sam2.1-tiny")
    with pytest.raises(OutputError, match="is a file"):
        asked(output=Path(known))
    save_file({"weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(EngineNotReadyError, match="no checkpoint of SAM"):
        asked(str(tmp_path / "other.safetensors"))
    with pytest.raises(RequestError, match="image size 80: this network takes multiples of 32"):
        asked(plan=short(image_size=80))
    with pytest.raises(RequestError, match="steps = 0"):
        short(steps=0)
    assert not (tmp_path / "out").exists()


def test_another_run_in_the_folder_is_not_gone_on_with(data: Path, tmp_path: Path) -> None:
    name = start("edgetam", tmp_path)
    list(finetune(name, data, tmp_path / "out", short(steps=1), "cpu"))
    kept = (tmp_path / "out" / CHECKPOINT).read_bytes()
    with pytest.raises(RequestError, match=r"holds another run \(steps was 1, not 4; rate was 0.001, not 0.002\)"):
        finetune(name, data, tmp_path / "out", short(rate=2e-3), "cpu")
    assert (tmp_path / "out" / CHECKPOINT).read_bytes() == kept
    (tmp_path / "out" / CHECKPOINT).write_bytes(kept[:100])
    with pytest.raises(RequestError, match="is no checkpoint that this training can go on from"):
        finetune(name, data, tmp_path / "out", short(steps=1), "cpu")
