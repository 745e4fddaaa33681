"""The SAM adapter gives the numbers of the package's own SamPredictor, holds no picture, and refuses other files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tam_core.errors import EngineNotReadyError, PromptError
from tam_core.prompts import Box, Click, MaskPrompt
from tests.networks import small_sam

torch = pytest.importorskip("torch")
pytest.importorskip("segment_anything")

SIDE = 128
CLICK = Click(0, 1, 40, 30)
NEGATIVE = Click(0, 1, 80, 12, positive=False)
BOX = Box(0, 1, (10, 8, 70, 44))


@pytest.fixture(scope="module")
def segmenter() -> Any:
    return small_sam()


@pytest.fixture(scope="module")
def model(segmenter: Any) -> Any:
    return segmenter._model


@pytest.fixture
def picture() -> Any:
    return np.random.default_rng(0).integers(0, 255, (60, 100, 3), dtype=np.uint8)


def predicted(model: Any, picture: Any, **prompts: Any) -> tuple[Any, Any]:
    """What the package itself says, best first."""
    from segment_anything import SamPredictor

    predictor = SamPredictor(model)
    predictor.set_image(picture)
    masks, scores, _ = predictor.predict(**prompts)
    order = np.argsort(-scores)
    return masks[order], scores[order].clip(0, 1)


@pytest.mark.parametrize(
    ("prompts", "asked"),
    [
        ([CLICK], {"point_coords": np.array([[40, 30]]), "point_labels": np.array([1])}),
        (
            [CLICK, NEGATIVE],
            {
                "point_coords": np.array([[40, 30], [80, 12]]),
                "point_labels": np.array([1, 0]),
                "multimask_output": False,
            },
        ),
        ([BOX], {"box": np.array([10, 8, 70, 44]), "multimask_output": False}),
        (
            [BOX, CLICK],
            {
                "box": np.array([10, 8, 70, 44]),
                "point_coords": np.array([[40, 30]]),
                "point_labels": np.array([1]),
                "multimask_output": False,
            },
        ),
    ],
    ids=["click", "two clicks", "box", "box and click"],
)
def test_same_masks_and_scores_as_the_package(
    model: Any, segmenter: Any, picture: Any, prompts: Any, asked: Any
) -> None:
    masks, scores = predicted(model, picture, **asked)
    found = segmenter.segment(segmenter.embed(picture), prompts)
    assert np.array_equal(found.masks, masks)
    assert np.allclose(found.scores, scores, atol=1e-6)


def test_a_mask_and_a_click_are_the_package_with_mask_logits(model: Any, segmenter: Any, picture: Any) -> None:
    mask = np.zeros((60, 100), bool)
    mask[20:40, 30:60] = True
    logits = segmenter._mask_input(mask)[0].numpy()
    asked = {"point_coords": np.array([[40, 30]]), "point_labels": np.array([1]), "mask_input": logits}
    masks, scores = predicted(model, picture, multimask_output=False, **asked)
    found = segmenter.segment(segmenter.embed(picture), [MaskPrompt(0, 1, mask), CLICK])
    assert np.array_equal(found.masks, masks)
    assert np.allclose(found.scores, scores, atol=1e-6)


def test_mask_logits_lie_where_the_resized_picture_lies(segmenter: Any) -> None:
    logits = segmenter._mask_input(np.ones((60, 100), bool))[0, 0].numpy()
    assert logits.shape == (SIDE // 4, SIDE // 4)
    assert (logits[:19] > 6).all()  # 60 of 100 rows: 19.2 of 32, and padding below
    assert (logits[20:] < -6).all()


def prior_of(height: int, width: int) -> Any:
    """Another engine's logits: a ridge from left to right that rises to the right."""
    rows, columns = np.mgrid[:height, :width] / np.array([height, width])[:, None, None]
    return (30 * columns * (0.25 - np.abs(rows - 0.5))).astype(np.float32)


@pytest.mark.parametrize("prompts", [[CLICK], [BOX], [BOX, CLICK, NEGATIVE]], ids=["click", "box", "all"])
def test_a_prior_is_the_mask_input_of_the_package(model: Any, segmenter: Any, picture: Any, prompts: Any) -> None:
    prior = prior_of(30, 50)
    asked: dict[str, Any] = {"mask_input": segmenter._prior_input(prior, (60, 100))[0].numpy()}
    if clicks := [prompt for prompt in prompts if isinstance(prompt, Click)]:
        asked["point_coords"] = np.array([(click.x, click.y) for click in clicks])
        asked["point_labels"] = np.array([int(click.positive) for click in clicks])
    if BOX in prompts:
        asked["box"] = np.array(BOX.xyxy)
    masks, scores = predicted(model, picture, multimask_output=False, **asked)
    embedding = segmenter.embed(picture)
    found = segmenter.segment(embedding, prompts, prior)
    assert found.masks.shape == (1, 60, 100)
    assert np.array_equal(found.masks, masks)
    assert np.allclose(found.scores, scores, atol=1e-6)
    assert not np.array_equal(segmenter.segment(embedding, prompts).masks[:1], found.masks)


@pytest.mark.parametrize("size", [(15, 25), (30, 50), (60, 100), (256, 256)])
def test_a_prior_of_any_resolution_lies_over_the_picture_and_is_limited(segmenter: Any, size: tuple[int, int]) -> None:
    laid = segmenter._prior_input(1000 * (prior_of(*size) > 0) - 500.0, (60, 100))[0, 0].numpy()
    assert laid.shape == (SIDE // 4, SIDE // 4)
    assert laid[10, 4:].min() > 9.9
    assert laid.max() <= 10
    assert laid.min() == -10
    assert (laid[19:] == -10).all(), "below the picture is nothing"
    assert abs((laid[:19] > 0).mean() - 0.5) < 0.1


def test_a_mask_of_the_user_says_more_than_a_prior(segmenter: Any, picture: Any) -> None:
    embedding, mask = segmenter.embed(picture), np.zeros((60, 100), bool)
    mask[20:40, 30:60] = True
    with_prior = segmenter.segment(embedding, [MaskPrompt(0, 1, mask), CLICK], prior_of(30, 50))
    without = segmenter.segment(embedding, [MaskPrompt(0, 1, mask), CLICK])
    assert np.array_equal(with_prior.masks, without.masks)


def test_a_single_click_has_three_candidates_best_first(segmenter: Any, picture: Any) -> None:
    found = segmenter.segment(segmenter.embed(picture), [CLICK])
    assert found.masks.shape == (3, 60, 100)
    assert found.masks.dtype == bool
    assert found.scores.dtype == np.float32
    assert list(found.scores) == sorted(found.scores, reverse=True)


def test_a_mask_alone_comes_back_exactly(segmenter: Any, picture: Any) -> None:
    mask = np.random.default_rng(1).random((60, 100)) > 0.7
    found = segmenter.segment(segmenter.embed(picture), [MaskPrompt(0, 1, mask)])
    assert np.array_equal(found.masks, mask[None])
    assert found.scores.tolist() == [1]


def test_an_answer_depends_on_the_embedding_and_not_on_what_came_before(segmenter: Any, picture: Any) -> None:
    first = segmenter.embed(picture)
    before = segmenter.segment(first, [CLICK])
    segmenter.segment(segmenter.embed(picture[::-1, ::-1].copy()), [BOX])
    after = segmenter.segment(first, [CLICK])
    assert np.array_equal(before.masks, after.masks)
    assert np.array_equal(before.scores, after.scores)


def test_only_negative_clicks_say_what_is_missing(segmenter: Any, picture: Any) -> None:
    with pytest.raises(PromptError, match="positive click"):
        segmenter.segment(segmenter.embed(picture), [NEGATIVE])


@pytest.mark.parametrize(
    "content",
    [{}, {"image_encoder.patch_embed.proj.weight": "not a tensor"}, {"weight": 1}, ["a list"]],
    ids=["empty", "no tensor", "another model", "no names"],
)
def test_another_file_of_weights_is_refused_by_name(tmp_path: Path, content: Any) -> None:
    from tam_core.engines.sam import load

    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(EngineNotReadyError, match=r"other\.pth"):
        load("cpu", tmp_path / "other.pth")


def test_sam_weights_with_a_part_missing_are_refused(tmp_path: Path) -> None:
    from tam_core.engines.sam import load

    torch.save({"image_encoder.patch_embed.proj.weight": torch.zeros(768, 3, 16, 16)}, tmp_path / "half.pth")
    with pytest.raises(
        EngineNotReadyError, match=r"half.pth is not a checkpoint of SAM: it lacks image_encoder.pos_embed.* more"
    ):
        load("cpu", tmp_path / "half.pth")


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>"], ids=["nothing", "a web page"])
def test_a_file_that_is_no_weights_is_refused(tmp_path: Path, content: bytes) -> None:
    from tam_core.engines.sam import load

    (tmp_path / "page.pth").write_bytes(content)
    with pytest.raises(EngineNotReadyError, match=r"page\.pth"):
        load("cpu", tmp_path / "page.pth")


def test_loading_reads_the_model_size_off_the_weights(
    tmp_path: Path, model: Any, monkeypatch: pytest.MonkeyPatch, picture: Any
) -> None:
    from tam_core.engines import sam

    torch.save(model.state_dict(), tmp_path / "small.pth")
    monkeypatch.setitem(sam._MODEL_OF_WIDTH, 16, "tiny")
    monkeypatch.setitem(sam.sam_model_registry, "tiny", lambda: model)
    loaded = sam.load("auto", tmp_path / "small.pth")
    assert loaded.segment(loaded.embed(picture), [CLICK]).masks.shape == (3, 60, 100)
