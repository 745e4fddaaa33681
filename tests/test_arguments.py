"""The prompt grammar of the command line."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from plugin.arguments import PromptArguments, parse_box, parse_click, parse_mask, parse_text
from tam_core.errors import PromptError, TamError
from tam_core.prompts import Box, Click, TextPrompt

NUMBERS = st.integers(-9999, 9999)


@given(st.integers(1, 99), NUMBERS, NUMBERS, st.integers(0, 10**6))
def test_full_click(object_id: int, x: int, y: int, frame: int) -> None:
    assert parse_click(f"{object_id}:{x},{y}@{frame}", True) == Click(frame, object_id, x, y)


def test_defaults_are_object_1_on_frame_0() -> None:
    assert parse_click("12.5,7", False) == Click(0, 1, 12.5, 7.0, positive=False)
    assert parse_box("1,2,3,4") == Box(0, 1, (1, 2, 3, 4))
    assert parse_box("2:1,2,3,4.5@9") == Box(9, 2, (1, 2, 3, 4.5))


@given(st.text(max_size=20))
def test_anything_else_is_a_prompt_error(text: str) -> None:
    for parse in (lambda t: parse_click(t, True), parse_box):
        try:
            parse(text)
        except PromptError as error:
            assert "expected" in str(error)


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("the red car", TextPrompt(0, 1, "the red car")),
        ("2:a dog@45", TextPrompt(45, 2, "a dog")),
        (" 12: two words @3", TextPrompt(3, 12, "two words")),
        ("the ball at 5:30", TextPrompt(0, 1, "the ball at 5:30")),
        ("a sign: stop", TextPrompt(0, 1, "a sign: stop")),
        ("me@home", TextPrompt(0, 1, "me@home")),
        ("7", TextPrompt(0, 1, "7")),
    ],
)
def test_text(text: str, prompt: TextPrompt) -> None:
    assert parse_text(text) == prompt


@pytest.mark.parametrize("text", ["", "  ", "2:", "2: @4", "@4"])
def test_text_without_words(text: str) -> None:
    with pytest.raises(PromptError, match="expected"):
        parse_text(text)


def test_text_is_a_prompt_of_its_frame() -> None:
    arguments = PromptArguments(clicks=["1,1@4"], texts=["a dog@4"])
    assert arguments
    assert arguments.parse() == [(TextPrompt(4, 1, "a dog"), Click(4, 1, 1, 1))]
    assert PromptArguments(texts=["a dog"])


def test_mask_files(tmp_path: Path) -> None:
    labels = np.zeros((4, 6), np.uint8)
    labels[0, :2], labels[2, 3:] = 1, 7
    for name in ("m.png", "odd@5.png"):
        Image.fromarray(labels).save(tmp_path / name)
    first, second = parse_mask(f"{tmp_path}/m.png@12")
    assert (first.object_id, first.frame, second.object_id) == (1, 12, 7)
    assert np.array_equal(second.mask, labels == 7)
    assert next(iter(parse_mask(f"{tmp_path}/odd@5.png"))).frame == 0, "the @ belongs to the file's name"
    assert next(iter(parse_mask(f"{tmp_path}/odd@5.png@3"))).frame == 3


def test_mask_file_mistakes(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(tmp_path / "empty.png")
    with pytest.raises(PromptError, match="is empty"):
        list(parse_mask(f"{tmp_path}/empty.png"))
    with pytest.raises(TamError, match="no mask file"):
        list(parse_mask(f"{tmp_path}/none.png"))


def test_prompts_of_one_frame_stay_together_and_masks_come_first(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 6), 255, np.uint8)).save(tmp_path / "m.png")
    arguments = PromptArguments(["1,1@4", "2,2"], ["3,3@4"], ["0,0,2,2"], [f"{tmp_path}/m.png@4"])
    early, late = arguments.parse()
    assert [type(prompt).__name__ for prompt in early] == ["Box", "Click"]
    assert [type(prompt).__name__ for prompt in late] == ["MaskPrompt", "Click", "Click"]
    assert not PromptArguments()
    assert arguments
