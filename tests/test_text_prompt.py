"""Words find an object among all objects of a frame, clicks correct it, and what is missing is named."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tam_core.engines import ENGINES
from tam_core.engines.base import Candidates
from tam_core.errors import EngineNotReadyError, PromptError
from tam_core.prompts import Click, MaskPrompt, TextPrompt, check_prompt
from tam_core.session import Session
from tam_core.video import ArraySource, write_video
from tests.scenes import crossing, disc

torch = pytest.importorskip("torch")

from tam_core import rle  # noqa: E402
from tam_core.engines.everything import FoundObject  # noqa: E402
from tam_core.engines.text import find_by_text, show  # noqa: E402

SMALL, MIDDLE, LARGE, TINY = (disc(x, 60, radius) for x, radius in ((20, 8), (60, 14), (110, 20), (145, 4)))
FOLDER = "clip-vit-base-patch32"


@dataclass
class Seer:
    """Finds four discs at any point, and answers clicks with the mask that it was given to correct."""

    corrected: list[Any] = field(default_factory=list)
    searches: int = 0

    def embed(self, pixels: Any) -> Any:
        return pixels

    def segment(self, embedding: Any, prompts: Any, prior: Any = None) -> Candidates:
        self.corrected.append(prompts)
        return Candidates(prompts[0].mask[None].copy(), np.ones(1, np.float32))

    def segment_points(self, embedding: Any, points_n2: Any, least_score: float) -> tuple[Any, Any]:
        self.searches += 1
        logits = [np.where(mask, 9.0, -9.0) for mask in (SMALL, MIDDLE, LARGE, TINY)]
        return torch.tensor(np.stack(logits)), torch.full((4,), 0.9)


class Sizes:
    """Reads "small" and "large", and nothing else."""

    def score(self, pixels: Any, objects: Any, text: str) -> Any:
        areas = np.array([one.rle.area for one in objects], np.float32) / 4000
        return 0.5 - areas if text == "small" else areas


def session(segmenter: Any, scorer: Any = None) -> Session:
    return Session(ArraySource(crossing(3).frames), segmenter=segmenter, tracker="flow", scorer=scorer or Sizes())


def found(mask: Any) -> FoundObject:
    code = rle.encode(mask)
    assert code.box is not None
    return FoundObject(code, 0.9, 1.0, code.box)


def test_the_three_objects_that_the_text_describes_best_come_best_first() -> None:
    masks = session(Seer()).preview(TextPrompt(0, 1, "large")).masks
    assert [np.array_equal(mask, wanted) for mask, wanted in zip(masks, (LARGE, MIDDLE, SMALL), strict=True)] == [
        True
    ] * 3


def test_a_text_is_a_prompt_like_any_other_and_a_candidate_can_be_picked() -> None:
    words = session(Seer())
    assert np.array_equal(words.prompt(TextPrompt(0, 1, "small")).masks[1], TINY)
    assert np.array_equal(words.prompt(TextPrompt(0, 2, "large"), candidate=1).masks[2], MIDDLE)
    assert set(words.masklets) == {1, 2}


def test_clicks_correct_what_the_text_found() -> None:
    segmenter = Seer()
    words = session(segmenter)
    words.prompt(TextPrompt(0, 1, "large"))
    answer = words.prompt(Click(0, 1, 110, 60))
    given = segmenter.corrected[-1]
    assert [type(prompt).__name__ for prompt in given] == ["MaskPrompt", "Click"]
    assert np.array_equal(given[0].mask, LARGE)
    assert np.array_equal(answer.masks[1], LARGE)


def test_a_frame_is_searched_once_for_all_texts_and_clicks() -> None:
    segmenter = Seer()
    words = session(segmenter)
    words.prompt(TextPrompt(0, 1, "large"))
    once = segmenter.searches
    words.prompt(TextPrompt(0, 2, "small"), Click(0, 2, 145, 60))
    assert segmenter.searches == once


def test_a_text_on_a_tracked_frame_looks_again_and_corrects_nothing() -> None:
    words = session(Seer())
    words.prompt(MaskPrompt(0, 1, SMALL))
    for _ in words.propagate():
        pass
    assert np.array_equal(words.prompt(TextPrompt(1, 1, "large")).masks[1], LARGE)


def test_a_mask_of_the_user_says_more_than_a_text() -> None:
    segmenter = Seer()
    assert np.array_equal(session(segmenter).preview(TextPrompt(0, 1, "large"), MaskPrompt(0, 1, TINY)).best, TINY)
    assert segmenter.searches == 0


def test_scores_are_between_0_and_1() -> None:
    objects = [found(mask) for mask in (SMALL, LARGE)]
    scores = find_by_text(Sizes(), crossing(1).frames[0], objects, "small").scores
    assert scores.dtype == np.float32
    assert scores[0] > 0.4
    assert 0 <= scores.min() <= scores.max() <= 1


def test_no_objects_at_all_says_what_was_looked_for() -> None:
    with pytest.raises(PromptError, match="'a dog' was not found"):
        find_by_text(Sizes(), crossing(1).frames[0], [], "a dog")


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(PromptError, match="text for object 1 on frame 0 is empty"):
        check_prompt(TextPrompt(0, 1, "  "), (120, 160), 3)
    with pytest.raises(PromptError, match="frame 3 of a video of 3 frames"):
        check_prompt(TextPrompt(3, 1, "a dog"), (120, 160), 3)


def test_the_object_is_shown_large_and_its_surroundings_greyed() -> None:
    pixels = np.full((120, 160, 3), (250, 10, 10), np.uint8)
    box = found(SMALL).box
    shown = show(pixels, SMALL, box, 64)
    assert shown.shape == (64, 64, 3)
    assert np.array_equal(shown[32, 32], (250, 10, 10))
    assert abs(int(shown[2, 2, 0]) - (0.25 * 250 + 0.75 * 123)) < 3
    red = (shown[..., 0] > 200).mean()
    assert red == pytest.approx(SMALL.sum() / (1.2 * 17) ** 2, abs=0.01), "a tenth of its 17 pixels on each side"


def test_outside_the_picture_is_grey() -> None:
    corner = disc(2, 2, 8)
    shown = show(np.full((120, 160, 3), 255, np.uint8), corner, found(corner).box, 64)
    assert np.array_equal(shown[0, 0], (123, 117, 104))
    assert (shown[32, 32] == 255).all()


def test_without_its_weights_clip_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers")
    monkeypatch.setenv("TAM_MODELS", str(tmp_path))
    segmenter = Seer()
    words = session(segmenter, "clip")
    with pytest.raises(EngineNotReadyError, match=r"607 MB.*tam engines fetch clip"):
        words.prompt(TextPrompt(0, 1, "large"))
    assert segmenter.searches == 0, "it is said before the work"


def test_the_command_line_takes_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers")
    from plugin.cli import app

    monkeypatch.setenv("TAM_MODELS", str(tmp_path / "models"))
    write_video(ArraySource(crossing(3).frames).frames(), tmp_path / "in.mkv", rate=Fraction(24), codec="ffv1")
    arguments = [str(tmp_path / "in.mkv"), "--text", "2:a red disc@1", "-o", str(tmp_path / "out.mkv")]
    for command in ("track", "remove"):
        with pytest.raises(EngineNotReadyError, match="tam engines fetch clip"):
            app([command, *arguments], standalone_mode=False)


def test_without_its_package_clip_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "transformers" else object())
    with pytest.raises(EngineNotReadyError, match="pip install transformers"):
        ENGINES.get("clip", "text").load()


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP with its own wiring, one layer deep, random weights and six words."""
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    torch.manual_seed(0)
    words = ["<start>", "<end>", "?", "a", "photo", "of", "dog", "cat"]
    tower = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.CLIPConfig(
        text_config={**tower, "vocab_size": 8, "max_position_embeddings": 6, "bos_token_id": 0, "eos_token_id": 1},
        vision_config={**tower, "image_size": 32, "patch_size": 8},
        projection_dim=8,
    )
    folder = tmp_path_factory.mktemp("models") / FOLDER
    model = transformers.CLIPModel(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 0), ("<end>", 1)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_clip_scores_are_the_cosines_of_the_package(clip_folder: Path) -> None:
    from transformers import CLIPModel

    from tam_core.engines.text import load

    pixels = crossing(1).frames[0]
    objects = [found(mask) for mask in (SMALL, MIDDLE, LARGE)]
    scores = load("cpu", clip_folder).score(pixels, objects, "dog")
    crops = np.stack([show(pixels, one.mask, one.box, 32) for one in objects])
    mean, deviation = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
    batch = torch.tensor((crops / 255 - mean) / deviation, dtype=torch.float32).permute(0, 3, 1, 2)
    model = CLIPModel.from_pretrained(clip_folder).eval()
    with torch.no_grad():
        asked = model(input_ids=torch.tensor([[0, 3, 4, 5, 6, 1]]), pixel_values=batch)
    assert np.allclose(scores, (asked.logits_per_image / model.logit_scale.exp())[:, 0].detach().numpy(), atol=1e-5)
    assert np.ptp(scores) > 1e-3


def test_clip_tells_texts_apart_and_cuts_what_is_too_long(clip_folder: Path) -> None:
    from tam_core.engines.text import load

    clip, pixels, objects = load("cpu", clip_folder), crossing(1).frames[0], [found(LARGE)]
    assert not np.allclose(clip.score(pixels, objects, "dog"), clip.score(pixels, objects, "cat"))
    assert np.allclose(clip.score(pixels, objects, "dog dog dog dog"), clip.score(pixels, objects, "dog"))


def test_a_text_goes_all_the_way_through_clip(clip_folder: Path) -> None:
    from tam_core.engines.text import load

    assert len(session(Seer(), load("cpu", clip_folder)).preview(TextPrompt(0, 1, "dog")).masks) == 3


def test_another_model_in_the_folder_is_refused(clip_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    from tam_core.engines.text import load

    with pytest.raises(EngineNotReadyError, match="does not hold a CLIP"):
        load("cpu", tmp_path)
    (tmp_path / "config.json").write_bytes((clip_folder / "config.json").read_bytes())
    weights = load_file(clip_folder / "model.safetensors")
    save_file(
        {name: weight for name, weight in weights.items() if "visual_projection" not in name},
        tmp_path / "model.safetensors",
    )
    with pytest.raises(EngineNotReadyError, match=r"lacks visual_projection\.weight"):
        load("cpu", tmp_path)
