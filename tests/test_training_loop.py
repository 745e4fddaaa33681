"""Learning: the losses, the unrolled clip, the loop, and ``tam train`` from a folder of pictures to weights."""

import csv
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from plugin.cli import main
from tam_core.engines import pocket
from tam_core.errors import OutputError, RequestError, SourceNotFoundError
from tam_core.models.pocket.decoder import Decoded
from tam_core.models.pocket.encoder import pixels_to_tensor
from tam_core.training import recipes
from tam_core.training.batch import Batch, BatchPlan
from tam_core.training.checkpoint import save_weights
from tam_core.training.clip import ClipMix
from tam_core.training.finetune import Progress
from tam_core.training.log import Log
from tam_core.training.loop import Learned, Training
from tam_core.training.losses import candidates_loss, mask_losses, overlaps, tracking_loss
from tam_core.training.muon import orthogonal
from tam_core.training.optimisers import Name
from tam_core.training.recipe import Recipe, Stage
from tam_core.training.train import CHECKPOINT, LOG, train
from tam_core.training.unroll import Chances, Follower, unroll
from tam_core.weights import load_strictly, read_weights
from tests.test_training_batch import one_of, panned
from tests.test_training_clips import write_folder

EASY = Chances(no_flow=0, no_others=0, second_prompt=0, prior_first=0, rounds=1)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums are taken in the same order, to the last bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


# Losses


def target() -> torch.Tensor:
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., 4:12, 4:12] = 1
    return mask


def said(*masks: torch.Tensor, quality: float = 12.0, visible: float = 12.0) -> Decoded:
    """An answer with these masks (1, 1, h, w), sure of itself."""
    logits = torch.cat([24 * mask - 12 for mask in masks], 1)
    return Decoded(logits, torch.full((1, len(masks)), quality), torch.full((1,), visible))


KNOWN = torch.ones(1, 1, 16, 16)


def test_the_right_answer_costs_nothing_and_a_wrong_one_does() -> None:
    assert tracking_loss(said(target()), target(), KNOWN) < 1e-3
    assert tracking_loss(said(1 - target()), target(), KNOWN) > 10
    assert tracking_loss(said(target(), quality=-12.0), target(), KNOWN) > 1, "a score that is too modest"
    assert tracking_loss(said(target(), visible=-12.0), target(), KNOWN) > 1, "an object that is there"


def test_an_object_that_is_gone_is_rightly_nowhere() -> None:
    nothing = torch.zeros_like(target())
    assert tracking_loss(said(nothing, visible=-12.0), nothing, KNOWN) < 1e-2
    assert tracking_loss(said(nothing, visible=12.0), nothing, KNOWN) > 1
    assert overlaps(said(nothing).logits, nothing, KNOWN).tolist() == [[1.0]]


def test_what_is_not_known_does_not_count() -> None:
    known = KNOWN.clone()
    known[..., 12:] = 0
    found = target()
    found[..., 12:] = 1
    assert torch.equal(
        mask_losses(said(found).logits, target(), known), mask_losses(said(target()).logits, target(), known)
    )
    assert overlaps(said(found).logits, target(), known).tolist() == [[1.0]]


def test_a_lone_click_may_mean_any_of_the_candidates() -> None:
    wrong, right = 1 - target(), target()
    honest = Decoded(said(wrong, right).logits, torch.tensor([[-12.0, 12.0]]), torch.tensor([12.0]))
    assert candidates_loss(said(right, right), right, KNOWN) < 1e-3
    assert 0.5 < candidates_loss(honest, right, KNOWN) < 0.3 * tracking_loss(honest, right, KNOWN)


# The unrolled clip


def kinds(length: int, chances: Chances, distant: bool = False) -> list[str]:
    training, rng = Training(Recipe(())), np.random.default_rng(0)
    with torch.no_grad():
        outcomes = list(unroll(training.network, one_of(panned(length=length)), rng, chances, distant))
    assert all(torch.isfinite(one.loss) and 0 <= one.iou <= 1 for one in outcomes)
    return [one.kind for one in outcomes]


def test_a_clip_is_clicked_on_carried_and_corrected() -> None:
    assert kinds(4, EASY) == ["click1", "track", "track", "track", "corrected"]


def test_a_picture_is_clicked_on() -> None:
    assert kinds(1, EASY) == ["click1"]


def test_a_mask_that_is_there_is_corrected_rather_than_clicked_anew() -> None:
    assert kinds(1, Chances(prior_first=1)) == ["corrected"]


def test_a_frame_that_is_given_is_not_asked_for() -> None:
    assert kinds(3, Chances(prior_first=1, second_prompt=1)).count("track") == 1


def test_a_clip_can_begin_from_a_mistake_and_without_colours() -> None:
    hard = Chances(prior_first=1, no_colours=1, drift=1, merged=1, boxed=1)
    assert set(kinds(4, hard)) == {"corrected", "track"}


def test_far_from_its_prompt_a_clip_is_carried_on_from_the_second_frame() -> None:
    assert kinds(4, EASY, distant=True) == ["click1", "track", "track", "corrected"]
    batch, network = one_of(panned(length=4)), Training(Recipe(())).network
    with torch.no_grad():
        seen = network.encode(pixels_to_tensor(batch.frames.flatten(0, 1))).split(1)
        follower = Follower(network, seen, batch, again=None, begin=1)
    assert torch.equal(follower.mask, batch.target[1]), "what is carried"
    assert torch.equal(follower.prompted[0].value, network.remember(seen[0], batch.target[0]).value), "what is known"


# The loop


def tiny_recipe(steps: int = 4) -> Recipe:
    moving = BatchPlan((64, 96), length=2, batch=1, mix=ClipMix(), reuse=1, pool=2)
    pictures = replace(moving, length=1, mix=ClipMix(0, 1, 0))
    first = Stage(steps // 2, (pictures,), (1e-3, 5e-4), kept=True)
    second = Stage(steps - steps // 2, (moving, pictures), (5e-4, 1e-4), optimiser="muon", kept=True)
    return Recipe((first, second), warmup=2)


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_a_clip_seen_again_and_again_is_learned(optimiser: Name) -> None:
    stage = Stage(1000, (BatchPlan((64, 96), 2, 1, ClipMix()),), (4e-3, 4e-3), EASY, optimiser)
    training, batch = Training(Recipe((stage,), warmup=1)), one_of(panned())
    learned = [training.learn(batch) for _ in range(40)]
    for kind in ("click1", "track"):
        ious = [iou for one in learned for iou in one.ious[kind]]
        assert np.mean(ious[:5]) < 0.2
        assert np.mean(ious[-5:]) > 0.8
    assert learned[-1].loss < learned[0].loss / 3


@pytest.mark.parametrize("shape", [(24, 60), (60, 24), (32, 32)])
def test_muon_changes_a_matrix_equally_in_every_direction(shape: tuple[int, int]) -> None:
    gradient = torch.randn(shape, generator=torch.Generator().manual_seed(0)) @ torch.diag(
        torch.logspace(0, -2, shape[1])
    )
    update = orthogonal(gradient)
    before, after = torch.linalg.svdvals(gradient), torch.linalg.svdvals(update) / max(shape) ** 0.5
    assert after.max() < 1.3
    assert after.max() / after.min() < 0.2 * before.max() / before.min()
    assert 0.7 < update.square().mean().sqrt() < 1.2
    assert (update * gradient).sum() > 0


def test_stages_follow_each_other_and_rates_fall_within_each() -> None:
    recipe = tiny_recipe(steps=40)
    first, second = recipe.stages
    assert list(recipe.parts(range(5, 30))) == [(first, range(5, 20)), (second, range(20, 30))]
    assert list(recipe.parts(range(25, 30))) == [(second, range(25, 30))]
    assert recipe.rate(0) == pytest.approx(0.5e-3), "half way through the warm-up"
    rates = [recipe.rate(step) for step in range(2, 40)]
    assert rates == sorted(rates, reverse=True)
    assert recipe.rate(20) == pytest.approx(5e-4)
    assert recipe.rate(39) == pytest.approx(1e-4, abs=1e-5)


def test_a_line_of_the_log_is_the_mean_of_its_steps(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = Log(path, ["click1", "track"], step=0)
    for step in (1, 2, 3, 4):
        log.add(Learned(1e-3 / step, float(step), {"track": [0.5, 0.25 * step]}))
        if step % 2 == 0:
            log.write(step)
    log.write(4)
    assert [list(line) for line in read(path)] == [["step", "seconds", "rate", "loss", "click1", "track"]] * 2
    assert [[line[name] for name in line if name != "seconds"] for line in read(path)] == [
        ["2", "0.0005", "1.5000", "", "0.4375"],
        ["4", "0.00025", "3.5000", "", "0.6875"],
    ]


def test_the_log_goes_on_where_the_training_does(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,seconds,rate,loss,track\n2,100.0,0.1,1.5,0.5\n4,200.0,0.1,1.2,0.6\n6,30")
    log = Log(path, ["click1", "track"], step=3)
    log.add(Learned(1e-4, 9.0, {"click1": [1.0]}))
    log.write(4)
    before, after = read(path)
    assert before == {"step": "2", "seconds": "100.0", "rate": "0.1", "loss": "1.5", "click1": "", "track": "0.5"}
    assert (after["step"], after["loss"], after["click1"], after["track"]) == ("4", "9.0000", "1.0000", "")
    assert float(after["seconds"]) >= 100, "the time of the run before counts"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_file_that_is_no_log_is_kept(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("day,walk\n1,8 km\n")
    with pytest.raises(OutputError, match=r"log\.csv is not the log of a training"):
        Log(tmp_path / "log.csv", [], 0)
    assert "8 km" in (tmp_path / "log.csv").read_text()


# From a folder of pictures to weights


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of training data, for the recipe ``tiny`` of four steps; what is learned is large, and thrown away."""
    monkeypatch.setitem(recipes.RECIPES, "tiny", tiny_recipe())
    monkeypatch.chdir(tmp_path)
    yield write_folder(tmp_path / "data")
    shutil.rmtree(tmp_path)


def state(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = torch.load(folder / CHECKPOINT, weights_only=True)
    return loaded


def test_stopped_and_gone_on_is_as_good_as_never_stopped(data: Path) -> None:
    assert [done.step for done in train("tiny", data, Path("whole"))] == [1, 2, 3, 4]
    assert [done.step for done in train("tiny", data, Path("parts"), steps=1)] == [1]
    steps = train("tiny", data, Path("parts"))
    assert (next(steps).step, next(steps).step) == (2, 3)
    steps.close()  # type: ignore[attr-defined]
    assert state(Path("parts"))["step"] == 3
    assert [done.step for done in train("tiny", data, Path("parts"))] == [4]
    whole, parts = state(Path("whole")), state(Path("parts"))
    for part in ("network", "mean"):
        assert all(torch.equal(value, parts[part][name]) for name, value in whole[part].items())
    assert not all(torch.equal(value, whole["mean"][name]) for name, value in whole["network"].items())
    assert list(train("tiny", data, Path("whole"))) == [], "nothing is left to do"
    weights, (middle, end) = load_file("parts/tiny.safetensors"), parts["ends"]
    assert all(torch.equal(value, whole["ends"][0][name]) for name, value in middle.items())
    assert all(torch.equal(value, parts["mean"][name]) for name, value in end.items())
    for name in ("decoder.mask.weight", "encoder.s2.0.weight"):
        assert torch.allclose(weights[name].float(), (middle[name] + end[name]) / 2, atol=1e-3)
        assert not torch.equal(weights[name], end[name].half())


def tam(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
    finally:
        signal.signal(signal.SIGTERM, before)
    captured = capsys.readouterr()
    return int(stop.value.code or 0), captured.out, captured.err


def test_train_makes_weights_that_the_engine_loads(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = tam(capsys, "train", "--recipe", "tiny", "--data", data, "-o", "run", "--steps", 3)
    assert code == 0, err
    assert out.startswith("run/tiny.safetensors: 3 steps, loss ")
    assert sorted(path.name for path in Path("run").iterdir()) == [CHECKPOINT, LOG, "tiny.safetensors"]
    assert Path("run/tiny.safetensors").stat().st_size < 20e6
    weights, mean = load_file("run/tiny.safetensors"), state(Path("run"))["mean"]
    assert all(torch.equal(value, mean[name].to(value.dtype)) for name, value in weights.items())
    assert weights["decoder.mask.weight"].dtype == torch.float16
    assert isinstance(pocket.load(checkpoint=Path("run/tiny.safetensors")), pocket.PocketTracker)
    (line,) = read(Path("run") / LOG)
    assert line["step"] == "3"
    assert list(line) == ["step", "seconds", "rate", "loss", "click1", "click2", "click3", "corrected", "track"]
    assert float(line["rate"]) == pytest.approx(tiny_recipe().rate(2))
    assert float(line["loss"]) > 0
    assert 0 <= float(line["track"]) <= 1


def test_statistics_beyond_half_precision_are_kept(tmp_path: Path) -> None:
    network = Training(Recipe(())).mean
    variances = network.get_buffer("encoder.merge16.1.running_var").fill_(1e5)
    save_weights(network, tmp_path / "pocket.safetensors")
    again = Training(Recipe((), seed=1)).mean
    load_strictly(again, read_weights(tmp_path / "pocket.safetensors"), "pocket", tmp_path / "pocket.safetensors")
    assert torch.equal(again.get_buffer("encoder.merge16.1.running_var"), variances)


def test_ctrl_c_keeps_what_is_learned_and_the_same_command_goes_on(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    learn = Training.learn

    def interrupted(training: Training, batch: Batch) -> Learned:
        if training.step == 1:
            signal.raise_signal(signal.SIGINT)
        return learn(training, batch)

    command = ("train", "--recipe", "tiny", "--data", data, "-o", "run")
    with monkeypatch.context() as patch:
        patch.setattr(Training, "learn", interrupted)
        code, out, err = tam(capsys, *command)
    assert (code, out) == (130, "")
    assert err.splitlines()[-1] == "tam: stopped after step 2 of 4; the same command goes on"
    assert state(Path("run"))["step"] == 2
    code, out, err = tam(capsys, *command)
    assert (code, out.startswith("run/tiny.safetensors: 4 steps, loss ")) == (0, True), err
    assert "tam: going on after step 2 of 4" in err
    assert [line["step"] for line in read(Path("run") / LOG)] == ["2", "4"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--recipe", "tyni"], "no recipe is named 'tyni': did you mean 'tiny'? There are: pocket, tiny"),
        (["--recipe", "tiny", "--steps", "9"], "9 steps of recipe 'tiny', which has 4: ask for 1 to 4"),
        (["--recipe", "tiny", "--device", "tpu"], "device 'tpu' is not on this machine"),
        (["--recipe", "tiny", "-o", "no/where"], "there is no folder no"),
        (["--recipe", "tiny", "-o", "notes.txt"], "notes.txt is a file"),
        (["--recipe", "tiny", "-o", "other"], "checkpoint.pt is no checkpoint that this training can go on from"),
        (["--recipe", "tiny"], "no training pictures in nothing/images"),
        ([], "--recipe NAME"),
        (["--recipe", "tiny", "--from", "sam2.1-tiny"], "--from ENGINE"),
        (["--from", "flow"], "'flow' cannot be fine-tuned"),
    ],
)
def test_mistakes_are_found_before_the_data_is_read(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    Path("notes.txt").write_text("milk, eggs")
    Path("other").mkdir()
    torch.save({"epoch": 3}, Path("other") / CHECKPOINT)
    before = sorted(Path().rglob("*"))
    code, out, err = tam(capsys, "train", "--data", "nothing", "-o", "run", *arguments)
    assert code in (1, 2)
    assert out == ""
    assert len(err.splitlines()) == 1 and err.startswith("tam: error: ")
    assert says in err
    assert sorted(Path().rglob("*")) == before


def test_train_from_an_engine_teaches_it_more(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def finetune(*arguments: object) -> Iterator[Progress]:
        asked.append(arguments)
        return (Progress(step, 6, 0.5, 0, 0, 0, 0, 0) for step in (4, 5, 6))

    monkeypatch.setattr("tam_core.training.finetune.finetune", finetune)
    code, out, err = tam(capsys, "train", "--from", "sam2.1-tiny", "--data", data, "-o", "run", "--steps", 6)
    assert (code, out) == (0, "run/weights.safetensors: 6 steps, loss 0.500\n")
    assert "tam: going on after step 3 of 6" in err
    ((name, folder, output, plan, device),) = asked
    assert (name, folder, output, plan.steps, device) == ("sam2.1-tiny", data, Path("run"), 6, "auto")


def test_a_folder_with_nothing_to_make_clips_of_is_refused(data: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="no training pictures"):
        train("tiny", data / "unlabelled", Path("run"))
    recipes.RECIPES["tiny"] = Recipe(
        (Stage(2, (replace(tiny_recipe().stages[0].plans[0], mix=ClipMix(0, 0, 0)),), (1e-3, 1e-3)),)
    )
    with pytest.raises(RequestError, match="no clip to make"):
        train("tiny", data, Path("run"))
