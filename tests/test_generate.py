"""Generation by words: what is asked of a model, and how its pictures get into the video."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from inpaint.base import Check, unchecked
from inpaint.fillers.diffusion import DiffusionFiller, Wish, enough_steps
from inpaint.generate import PARAMETERS, choose_model, generate
from inpaint.generate.carry import carried, onwards, step
from inpaint.generate.clips import ClipRule, by_clips, windows
from inpaint.generate.shot import Shot
from inpaint.generate.stills import Anchors, by_stills
from inpaint.holes import Holes
from tam_core import rle
from tam_core.errors import EngineNotReadyError, NotVisibleError, RequestError
from tam_core.masklet import Masklet
from tam_core.types import Mask, Pixels
from tam_core.video.memory import ArraySource
from tests.scenes import HEIGHT, WIDTH, Scene, disc, disc_scene, texture

Answer = Callable[[Pixels, Mask, float], Pixels]


@dataclass
class Painter:
    """Stands for an inpainting pipeline: answers with ``answer(picture, hole, strength)`` and notes what was asked."""

    answer: Answer
    asked: list[dict[str, Any]] = field(default_factory=list)
    vae_scale_factor: int = 8
    num_timesteps: int = 2

    @property
    def unet(self) -> Any:
        return SimpleNamespace(config=SimpleNamespace(sample_size=16))

    def __call__(self, **asked: Any) -> Any:
        self.asked.append(asked)
        for number in range(self.num_timesteps):
            asked["callback_on_step_end"](self, number, 0, {})
        picture, hole = np.asarray(asked["image"]), np.asarray(asked["mask_image"]) > 0
        return SimpleNamespace(images=[self.answer(picture, hole, asked["strength"]).astype(np.float32) / 255])


def stripes(picture: Pixels, hole: Mask, strength: float) -> Pixels:
    """Red and blue stripes at full strength; else what is shown."""
    width = hole.shape[1]
    pattern = np.zeros_like(picture)
    columns = (np.arange(width) // 12) % 2 == 0
    pattern[:, columns, 0], pattern[:, ~columns, 2] = 220, 220
    return np.where(hole[..., None] & (strength == 1), pattern, picture)


def shot(scene: Scene, masks: Mask, check: Check = unchecked, grow: int = 2) -> Shot:
    codes = {i: rle.encode(mask) for i, mask in enumerate(masks)}
    holes = Holes((Masklet(1, (HEIGHT, WIDTH), codes),), (HEIGHT, WIDTH), grow, feather=0)
    return Shot(ArraySource(scene.frames), holes, range(len(masks)), check)


def moving(count: int) -> Scene:
    """The disc goes right by 3 and down by 1 pixel a frame."""
    return disc_scene(lambda i: (40 + 3 * i, 45 + i), count, radius=18)


def filled(run: Shot, painter: Painter, anchors: Anchors) -> Pixels:
    frames = list(by_stills(run, painter, Wish("stripes", guidance=1), anchors))
    assert [frame.index for frame in frames] == list(run.span)
    return np.stack([frame.pixels for frame in frames])


def test_motion_is_measured_inside_the_object() -> None:
    scene = moving(4)
    moved = step(scene.frames[1], scene.frames[2], scene.masks[1], scene.masks[2])
    assert not moved.lost
    inner = disc(46, 47, 12)
    assert np.abs(moved.to_earlier[inner] - (-3, -1)).mean() < 0.3
    assert np.abs(moved.to_later[inner] - (3, 1)).mean() < 0.3


def test_a_fast_object_is_followed_by_its_mask() -> None:
    scene = disc_scene(lambda i: (35 + 40 * i, 60), 2, radius=18)
    moved = step(scene.frames[0], scene.frames[1], *scene.masks)
    assert not moved.lost
    assert np.abs(moved.to_earlier[disc(75, 60, 12)] - (-40, 0)).mean() < 1


def test_another_object_is_another_object() -> None:
    scene, other = moving(2), texture(9, (30, 200, 30))
    frames = np.where(scene.masks[1][..., None], other, scene.frames[1])
    assert step(scene.frames[0], frames, *scene.masks).lost


def test_ways_are_added_up_without_softening() -> None:
    """Fifty steps of half a pixel: looked up once, an edge stays an edge."""
    one = np.full((20, 80, 2), (-0.5, 0), np.float32)
    way = np.zeros_like(one)
    for _ in range(50):
        way = onwards(one, way)
    painted = np.zeros((20, 80, 3), np.float32)
    painted[:, 20:] = 200
    everywhere = np.ones((20, 80), bool)
    colours, _ = carried(painted, everywhere, way, everywhere)
    assert np.array_equal(colours[10, 30:, 0] > 100, np.arange(30, 80) >= 45)
    assert np.abs(np.diff(colours[10, 30:, 0])).max() == 200


def test_what_a_key_frame_does_not_show_is_told() -> None:
    painted = np.full((20, 40, 3), 90, np.float32)
    hole = np.zeros((20, 40), bool)
    hole[5:15, 5:20] = True
    wanted = np.roll(hole, 6, 1)
    colours, unseen = carried(painted, hole, np.zeros((20, 40, 2), np.float32), wanted)
    assert unseen.sum() == 60 and np.allclose(colours[unseen], 90, atol=1)


def test_what_is_painted_moves_with_the_object() -> None:
    scene, painter = moving(8), Painter(stripes)
    result = filled(shot(scene, scene.masks), painter, Anchors(12))
    assert len(painter.asked) == 1, "one key frame, the others are carried"
    inner = disc(40, 45, 13)
    for index in range(1, 8):
        there = np.roll(result[index], (-index, -3 * index), (0, 1))
        error = np.abs(there[inner].astype(int) - result[0][inner])
        assert np.median(error) < 8, index


def test_outside_the_grown_object_every_pixel_is_the_source_s() -> None:
    scene = moving(10)
    run = shot(scene, scene.masks)
    result = filled(run, Painter(stripes), Anchors(8))
    for index in range(10):
        hole = run.holes.hole(index)
        assert np.array_equal(result[index][~hole], scene.frames[index][~hole])
        assert (result[index][hole] != scene.frames[index][hole]).any()


def test_what_stands_in_front_stays_in_front() -> None:
    """A wall of 12 pixels hides a part of the object on the middle frames: its pixels are not in the mask."""
    scene = moving(8)
    masks, frames = scene.masks.copy(), scene.frames.copy()
    masks[2:6, :, 45:57] = False
    frames[2:6, :, 45:57] = 10
    covered = Scene(frames, masks, scene.background)
    result = filled(shot(covered, masks, grow=0), Painter(stripes), Anchors(12))
    assert (result[2:6, :, 45:57] == 10).all()
    last = disc(40 + 21, 45 + 7, 13)
    first = np.roll(result[0], (7, 21), (0, 1))
    assert np.median(np.abs(result[7][last].astype(int) - first[last])) < 20, "found again behind it"


def test_key_frames_are_painted_anew_lightly_and_fade_in() -> None:
    scene = moving(13)

    def darker(picture: Pixels, hole: Mask, strength: float) -> Pixels:
        return np.where(hole[..., None], 200 if strength == 1 else picture // 2, picture)

    painter = Painter(darker)
    result = filled(shot(scene, scene.masks), painter, Anchors(6, strength=0.3))
    assert [one["strength"] for one in painter.asked] == [1, 0.3]
    centre = [int(result[i, 45 + i, 40 + 3 * i, 0]) for i in range(13)]
    assert centre[0] == 200 and abs(centre[6] - 100) <= 2 and abs(centre[12] - 100) <= 4
    assert (np.diff(centre[:7]) <= 0).all() and np.abs(np.diff(centre)).max() < 40, "no jump"


def test_an_object_out_of_sight_is_painted_again_when_it_is_back() -> None:
    scene, painter = moving(9), Painter(stripes)
    masks = scene.masks.copy()
    masks[3:6] = False
    result = filled(shot(scene, masks), painter, Anchors(8))
    assert [one["strength"] for one in painter.asked] == [1, 1]
    assert np.array_equal(result[3:6], scene.frames[3:6])


def test_the_first_key_frame_shows_most_of_the_object() -> None:
    scene, painter = disc_scene(lambda i: (-14 + 4 * i, 60), 10, radius=16), Painter(stripes)
    filled(shot(scene, scene.masks), painter, Anchors(20))
    (asked,) = painter.asked
    assert (np.asarray(asked["mask_image"]) > 0).mean() > 0.045, "not the sliver that comes in first"


def test_progress_never_goes_back_and_cancel_ends_the_work() -> None:
    scene, told = moving(10), list[float]()
    filled(shot(scene, scene.masks, told.append), Painter(stripes), Anchors(4))
    assert told == sorted(told) and told[-1] == 10 and len(told) > 10

    def stop(done: float) -> None:
        if done > 0.5:
            raise KeyboardInterrupt

    painter = Painter(stripes)
    with pytest.raises(KeyboardInterrupt):
        list(by_stills(shot(scene, scene.masks, stop), painter, Wish(), Anchors(4)))
    assert len(painter.asked) == 1, "stopped within the first key frame's steps"


def test_a_low_strength_still_makes_a_step() -> None:
    assert enough_steps(Wish(steps=10, strength=0.02)) == 50
    assert enough_steps(Wish(steps=30, strength=0.4)) == 30


def test_a_model_that_changes_all_colours_leaves_no_step_at_the_rim() -> None:
    plate = texture(3, (90, 120, 60))
    hole = disc(80, 60, 12)
    painter = Painter(lambda picture, hole, strength: np.minimum(picture, 215) + 40)
    result = DiffusionFiller(painter).fill(plate[None], hole[None])[0]
    assert np.array_equal(result[~hole], plate[~hole])
    assert np.abs(result[hole].astype(int) - plate[hole]).mean() < 5


def test_windows_of_a_clip_overlap_and_cover_it() -> None:
    rule = ClipRule(length=9, overlap=3)
    assert list(windows(range(2, 19), rule)) == [range(2, 11), range(8, 17), range(14, 19)]
    assert list(windows(range(9), rule)) == [range(9)]


@dataclass
class Director:
    """Stands for a Wan-VACE pipeline: what is masked becomes ``level``, one more for each call."""

    level: int = 100
    asked: list[dict[str, Any]] = field(default_factory=list)
    num_timesteps: int = 2

    def __call__(self, **asked: Any) -> Any:
        self.asked.append(asked)
        asked["callback_on_step_end"](self, 1, 0, {})
        shown = np.stack([np.asarray(one) for one in asked["video"]])
        masks = np.stack([np.asarray(one) > 0 for one in asked["mask"]])
        made = np.where(masks[..., None], self.level + 60 * (len(self.asked) - 1), shown)
        return SimpleNamespace(frames=[made.astype(np.float32) / 255])


def test_a_clip_is_made_in_windows_that_go_on_from_each_other() -> None:
    scene = moving(12)
    run, director = shot(scene, scene.masks), Director()
    rule = ClipRule(length=9, overlap=3, area=64 * 64)
    frames = list(by_clips(run, director, Wish("a ball"), rule))
    assert [frame.index for frame in frames] == list(range(12))
    first, second = director.asked
    assert (first["num_frames"], second["num_frames"]) == (9, 9), "six frames to make, in groups of four and one"
    assert first["height"] % 16 == 0 and first["width"] % 16 == 0
    masks = [np.asarray(one) for one in second["mask"]]
    assert not any(mask.any() for mask in masks[:3]) and all(mask.any() for mask in masks[3:])
    grey = np.asarray(first["video"][0])[np.asarray(first["mask"][0]) > 0]
    assert (grey == 128).all(), "the model does not see the object"
    for frame in frames:
        hole = run.holes.hole(frame.index)
        assert np.array_equal(frame.pixels[~hole], scene.frames[frame.index][~hole])


def test_words_are_needed_and_an_object() -> None:
    source, nothing = ArraySource(moving(3).frames), Masklet(1, (HEIGHT, WIDTH))
    with pytest.raises(RequestError, match="in words"):
        generate(source, [nothing], prompt=" ")
    with pytest.raises(NotVisibleError):
        generate(source, [nothing], prompt="a ball")


def test_without_any_model_it_says_what_to_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EngineNotReadyError, match=r"tam engines fetch stable-diffusion-v1-5/\S+, .*fetch Wan-AI/"):
        choose_model("cpu")


def test_the_parameters_are_those_of_generate() -> None:
    import inspect

    known = inspect.signature(generate).parameters
    for parameter in PARAMETERS:
        assert parameter.name in known
        if parameter.name != "prompt":
            assert known[parameter.name].default == parameter.default, parameter.name
