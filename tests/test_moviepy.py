"""moviepy effects: frames as they are asked for, in any order."""

import gc
import importlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from moviepy import AudioClip, CompositeVideoClip, ImageClip, ImageSequenceClip, VideoClip

import inpaint.moviepy as ours
from inpaint.moviepy import ClipSource, ObjectEffect, RemoveObject, ReplaceObject, masklet_to_mask_clip
from tam_core import rle
from tam_core.errors import FrameRangeError, MaskletError, RequestError
from tam_core.masklet import Masklet
from tam_core.video import open_video
from tests.media import add_sound, make_video, payloads
from tests.scenes import crossing

COUNT, FPS = 12, 24
SCENE = crossing(COUNT)
CODES = {index: rle.encode(mask) for index, mask in enumerate(SCENE.masks)}
MASKLET = Masklet(1, (120, 160), CODES, dict.fromkeys(CODES, 1.0))


@pytest.fixture
def asked() -> list[int]:
    return []


@pytest.fixture
def clip(asked: list[int]) -> VideoClip:
    """The scene, which notes which frames it was asked for."""

    def shown(time: float) -> Any:
        index = min(int(time * FPS + 1e-6), COUNT - 1)
        asked.append(index)
        return SCENE.frames[index]

    made = VideoClip(shown, duration=COUNT / FPS).with_fps(FPS)
    asked.clear()
    return made


def at(clip: VideoClip, index: int) -> Any:
    return clip.get_frame((index + 0.5) / FPS)


def test_an_effect_pulls_each_frame_once_and_no_more_than_it_needs(clip: VideoClip, asked: list[int]) -> None:
    drawn = clip.with_effects([ObjectEffect([MASKLET], object="overlay:red", feather=0)])
    assert asked == []
    for index in (0, 1, 2, 2, 1, 0):
        assert at(drawn, index)[SCENE.masks[index]][:, 0].mean() > 150
    assert sorted(asked) == [0, 1, 2]
    asked.clear()
    assert np.array_equal(at(drawn, 7)[~SCENE.masks[7]], SCENE.frames[7][~SCENE.masks[7]])
    assert set(asked) <= {3, 4, 5, 6, 7}


def test_frames_asked_for_at_random_are_those_played_in_order(clip: VideoClip) -> None:
    effect = ObjectEffect([MASKLET], object="burst", background="noise:static")
    played = [at(clip.with_effects([effect]), index) for index in range(COUNT)]
    again = clip.with_effects([effect])
    for index in (9, 2, 11, 0, 5):
        assert np.array_equal(at(again, index), played[index])


def test_an_object_is_removed_and_the_rest_is_the_source(clip: VideoClip) -> None:
    clean = clip.with_effects([RemoveObject([MASKLET])])
    for index in (8, 3):
        inside, after = SCENE.masks[index], at(clean, index)
        before = np.abs(SCENE.frames[index].astype(int) - SCENE.background[index])[inside].mean()
        assert np.abs(after.astype(int) - SCENE.background[index])[inside].mean() < before / 3
        assert np.array_equal(after[0], SCENE.frames[index][0])


def test_an_object_is_replaced_by_a_picture(clip: VideoClip) -> None:
    green = np.full((40, 40, 3), (0, 220, 0), np.uint8)
    made = clip.with_effects([ReplaceObject([MASKLET], green, ours.ReplaceSettings(tone=0, light=False))])
    centre = [int(side) for side in np.argwhere(SCENE.masks[5]).mean(0)]
    red, shown, blue = at(made, 5)[centre[0], centre[1]].astype(int)
    assert shown > max(red, blue) + 80


def test_a_clip_that_is_put_in_is_transparent_where_its_mask_says_so(clip: VideoClip) -> None:
    logo = np.zeros((40, 40, 4), np.uint8)
    logo[10:30, 10:30] = (0, 220, 0, 255)
    settings = ours.ReplaceSettings(tone=0, light=False, grain=False, sharpness=False)
    picture, shown = (
        at(clip.with_effects([ReplaceObject([MASKLET], with_, settings)]), 5)
        for with_ in (logo, ImageClip(logo, transparent=True, duration=1).with_fps(FPS))
    )
    assert np.array_equal(shown, picture)
    assert (shown[SCENE.masks[5]][:, 1] > 200).sum() < SCENE.masks[5].sum() / 2


def test_a_cut_out_brings_its_mask_and_is_laid_over_another_clip(clip: VideoClip) -> None:
    alone = clip.with_effects([ObjectEffect([MASKLET], background="cutout", feather=0)])
    blue = ImageSequenceClip([np.full((120, 160, 3), (0, 0, 200), np.uint8)] * COUNT, fps=FPS)
    both = CompositeVideoClip([blue, alone])
    frame, mask = at(both, 4), SCENE.masks[4]
    assert np.array_equal(frame[mask], SCENE.frames[4][mask])
    assert (frame[~mask] == (0, 0, 200)).all()


LEFT = 60
"""Frames of a clip of which the object is on the first dozen."""


@pytest.mark.parametrize("top", ["original", "glow", "erase:plate"])
@pytest.mark.parametrize("under", ["blur:heavy", "cutout"])
def test_a_jump_past_the_object_s_last_frame_shows_what_playing_shows(top: str, under: str) -> None:
    shown = VideoClip(lambda t: SCENE.frames[min(int(t * FPS + 1e-6), COUNT - 1)], duration=LEFT / FPS).with_fps(FPS)
    codes = CODES | {index: rle.encode(np.zeros((120, 160), bool)) for index in range(COUNT, LEFT)}
    effect = ObjectEffect([Masklet(1, (120, 160), codes, dict.fromkeys(codes, 1.0))], object=top, background=under)
    played, jumped = shown.with_effects([effect]), shown.with_effects([effect])
    for index in range(LEFT):
        frame = at(played, index)
    assert np.array_equal(at(jumped, LEFT - 1), frame)
    assert np.array_equal(frame, SCENE.frames[-1]) == (under == "cutout")
    if under == "cutout":
        assert not at(jumped.mask, LEFT - 1).any()


def test_sound_rate_and_length_stay(clip: VideoClip) -> None:
    sound = AudioClip(lambda t: np.sin(440 * t), duration=0.5, fps=8000)
    drawn = clip.with_audio(sound).with_effects([ObjectEffect([MASKLET], object="glow")])
    assert drawn.audio is not None
    assert (drawn.fps, drawn.duration, drawn.size) == (FPS, 0.5, clip.size)


def test_a_masklet_as_a_mask() -> None:
    mask = masklet_to_mask_clip(MASKLET, FPS, feather=0)
    assert mask.is_mask
    assert mask.duration == pytest.approx(COUNT / FPS)
    for index in (0, 5, 11):
        assert np.array_equal(at(mask, index), SCENE.masks[index].astype(float))
    assert 0 < masklet_to_mask_clip(MASKLET, FPS).get_frame(0)[:, 14].max() < 1
    assert not masklet_to_mask_clip(MASKLET, FPS, duration=9).get_frame(5).any()


def test_no_more_is_held_than_allowed(clip: VideoClip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "HELD_BYTES", 3 * SCENE.frames[0].nbytes)
    source = ClipSource(clip)
    for frame in source.frames():
        assert np.array_equal(frame.pixels, SCENE.frames[frame.index])
    assert len(source._held.pictures) == 3


def test_a_frame_that_is_made_again_is_counted_once() -> None:
    held = ours._Held()
    for _ in range(3):
        held.put(0, SCENE.frames[0])
    assert held.size == SCENE.frames[0].nbytes


def test_what_does_not_fit_is_said(clip: VideoClip) -> None:
    with pytest.raises(RequestError, match="with_fps"):
        VideoClip(lambda t: SCENE.frames[0], duration=1).with_effects([RemoveObject([MASKLET])])
    with pytest.raises(RequestError, match="did you mean 'glow'"):
        clip.with_effects([ObjectEffect([MASKLET], object="glwo")])
    with pytest.raises(FrameRangeError):
        ClipSource(clip).read(COUNT)
    other = Masklet(1, (60, 80), {0: rle.encode(SCENE.masks[0][::2, ::2])}, {0: 1.0})
    with pytest.raises(MaskletError):
        at(clip.with_effects([RemoveObject([other])]), 0)


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Any]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "examples"))
    monkeypatch.chdir(tmp_path)
    return importlib.import_module


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # moviepy leaves FFmpeg's pipe open
def test_the_example_lays_one_clip_s_object_over_another(example: Callable[[str], Any], tmp_path: Path) -> None:
    make_video(tmp_path / "front.mp4", SCENE.frames, rate=Fraction(FPS))
    blue = [np.full((60, 80, 3), (20, 40, 220), np.uint8)] * COUNT
    add_sound(make_video(tmp_path / "still.mp4", blue, rate=Fraction(FPS)), tmp_path / "back.mp4", seconds=0.5)
    example("moviepy_two_clips").main("front.mp4", "30", "60", "back.mp4", "both.mp4")
    made = open_video("both.mp4").read(6).pixels.astype(int)
    mask = SCENE.masks[6]
    assert np.abs(made[mask] - SCENE.frames[6][mask]).mean() < 25
    assert np.abs(made[:20] - blue[0][0, 0]).mean() < 12
    assert payloads(tmp_path / "both.mp4")
    gc.collect()  # so that moviepy's pipe is noticed in this test
