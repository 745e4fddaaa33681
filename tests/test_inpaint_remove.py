"""Removal on scenes small enough to draw: what must stay, what must come back, what must not be held."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from weakref import WeakSet

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inpaint.base import SYNTHESISED, UNTOUCHED, Check, Fill, Window, WindowSpec, unchecked
from inpaint.engines import INPAINTERS
from inpaint.engines.plate import PlateInpainter
from inpaint.holes import grown
from inpaint.metrics import flicker, psnr
from inpaint.removal import remove
from inpaint.removal import removed as removed_parts
from tam_core import rle
from tam_core.errors import FrameRangeError, MaskletError, NotVisibleError, RequestError
from tam_core.masklet import Masklet
from tam_core.types import Mask, Pixels
from tam_core.video import ArraySource, Frame, VideoInfo
from tests import scenes

GREY = 128


def texture(height: int, width: int, seed: int = 0) -> Pixels:
    """Random blobs of a few pixels, (H, W, 3) uint8: something to track."""
    noise = np.random.default_rng(seed).uniform(0, 255, (height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    return ((smooth - smooth.min()) * 255 / np.ptp(smooth)).astype(np.uint8)


def masklet(masks: Mask, object_id: int = 1) -> Masklet:
    """Masks (T, H, W) as a masklet."""
    return Masklet(object_id, masks.shape[1:], {i: rle.encode(mask) for i, mask in enumerate(masks)})


def square(count: int, height: int, width: int, at: np.ndarray, side: int = 16) -> Mask:
    """A square whose upper left corner is at ``at[t]`` = (y, x)."""
    masks = np.zeros((count, height, width), bool)
    for mask, (y, x) in zip(masks, at, strict=True):
        mask[max(y, 0) : max(y + side, 0), max(x, 0) : max(x + side, 0)] = True
    return masks


def crossing(background: Pixels) -> tuple[Pixels, Mask]:
    """A grey square walks from left to right over a background (T, H, W, 3)."""
    count, height, width = background.shape[:3]
    x = np.linspace(4, width - 20, count).astype(int)
    masks = square(count, height, width, np.stack([np.full(count, height // 3), x], 1))
    frames = background.copy()
    frames[masks] = GREY
    return frames, masks


def removed(frames: Pixels, masks: Mask, **options: object) -> Pixels:
    return np.stack([frame.pixels for frame in remove(ArraySource(frames), [masklet(masks)], **options)])


def shots(result: Pixels, truth: Pixels, masks: Mask) -> list[tuple[Pixels, Pixels, Mask]]:
    return list(zip(result, truth, masks, strict=True))


def test_static_scene_comes_back_exactly() -> None:
    truth = np.repeat(texture(72, 96)[None], 20, 0)
    frames, masks = crossing(truth)
    result = removed(frames, masks)
    assert np.abs(result.astype(int) - truth).max() <= 2


def test_panning_background_comes_back() -> None:
    world = texture(96, 200)
    truth = np.stack([world[:, 2 * t : 2 * t + 120] for t in range(24)])
    masks = square(24, 96, 120, np.array([(36, 52)] * 24), 18)
    frames = truth.copy()
    frames[masks] = GREY
    assert psnr(shots(removed(frames, masks), truth, masks)) > 30


def test_change_of_exposure_is_matched() -> None:
    scene = texture(72, 96).astype(np.float32) * 0.6 + 30
    truth = np.stack([scene * (1 + 0.02 * t) for t in range(16)]).clip(0, 255).astype(np.uint8)
    frames, masks = crossing(truth)
    assert psnr(shots(removed(frames, masks), truth, masks)) > 40


def test_never_seen_is_filled_and_does_not_flicker() -> None:
    rng = np.random.default_rng(3)
    truth = np.stack([texture(72, 96)] * 60)
    truth = (truth.astype(int) + rng.integers(-2, 3, truth.shape)).clip(0, 255).astype(np.uint8)
    masks = square(60, 72, 96, np.array([(28, 40)] * 60))
    frames = truth.copy()
    frames[masks] = [255, 0, 255]
    result = removed(frames, masks)
    assert (np.abs(result[masks].astype(int) - [255, 0, 255]).sum(1) > 60).all()
    assert flicker(shots(result, truth * 0 + truth[:1], masks)) < 2


def test_what_only_the_last_frames_of_a_short_shot_show_is_copied() -> None:
    truth = np.repeat(texture(72, 96)[None], 45, 0)
    masks = square(45, 72, 96, np.array([(28, 40)] * 45))
    masks[41:] = False
    frames = truth.copy()
    frames[masks] = GREY
    assert np.abs(removed(frames, masks).astype(int) - truth).max() <= 2


def test_two_objects_are_both_removed() -> None:
    truth = np.repeat(texture(72, 96)[None], 16, 0)
    down = np.arange(16)
    first = square(16, 72, 96, np.stack([2 + down * 3, np.full(16, 8)], 1), 12)
    second = square(16, 72, 96, np.stack([58 - down * 3, np.full(16, 60)], 1), 12)
    frames = truth.copy()
    frames[first | second] = GREY
    result = [frame.pixels for frame in remove(ArraySource(frames), [masklet(first), masklet(second, 2)])]
    assert np.abs(np.stack(result).astype(int) - truth).max() <= 2


def test_hole_at_the_border() -> None:
    truth = np.repeat(texture(72, 96)[None], 16, 0)
    masks = square(16, 72, 96, np.stack([np.arange(16) * 5 - 8, np.full(16, -6)], 1))
    frames = truth.copy()
    frames[masks] = GREY
    assert np.abs(removed(frames, masks).astype(int) - truth).max() <= 2


def test_every_frame_comes_once_with_its_own_time() -> None:
    frames, masks = crossing(np.repeat(texture(48, 64)[None], 50, 0))
    source = ArraySource(frames)
    result = list(remove(source, [masklet(masks)], start=3, stop=47))
    assert [frame.index for frame in result] == list(range(3, 47))
    assert [frame.time for frame in result] == [source.read(i).time for i in range(3, 47)]


def test_frames_without_the_object_pass_untouched() -> None:
    frames, masks = crossing(np.repeat(texture(48, 64)[None], 30, 0))
    masks[10:20] = False
    result = removed(frames, masks)
    assert np.array_equal(result[10:20], frames[10:20])
    assert not np.array_equal(result[5], frames[5])


@settings(max_examples=12, deadline=None)
@given(arrays(bool, (5, 12, 15)).filter(np.any), st.integers(0, 4), st.integers(0, 3))
def test_outside_the_hole_not_a_bit_changes(coarse: Mask, grow: int, feather: int) -> None:
    masks = coarse.repeat(3, 1).repeat(3, 2)
    frames = np.random.default_rng(1).integers(0, 256, (*masks.shape, 3), np.uint8)
    result = removed(frames, masks, grow=grow, feather=feather)
    outside = ~np.stack([grown(mask, grow) for mask in masks])
    assert np.array_equal(result[outside], frames[outside])


def test_one_frame_is_enough() -> None:
    frames = texture(48, 64)[None]
    masks = square(1, 48, 64, np.array([(16, 24)]))
    result = removed(frames, masks)
    assert result.shape == frames.shape
    assert not np.array_equal(result[masks], frames[masks])


def test_nothing_to_remove_is_said() -> None:
    frames = np.zeros((4, 20, 30, 3), np.uint8)
    with pytest.raises(NotVisibleError, match="frames 0 to 3"):
        remove(ArraySource(frames), [masklet(np.zeros((4, 20, 30), bool))])


def test_masks_of_another_size_are_refused() -> None:
    frames = np.zeros((4, 20, 30, 3), np.uint8)
    with pytest.raises(MaskletError, match=r"64x48.*30x20"):
        remove(ArraySource(frames), [masklet(np.ones((4, 48, 64), bool))])


class CountingSource(ArraySource):
    """Knows how many of the pictures that it gave away are still held by somebody, and what was read twice."""

    def __init__(self, frames: Pixels) -> None:
        super().__init__(frames)
        self.alive: WeakSet[Frame] = WeakSet()
        self.most = 0
        self.reads = 0
        self.closed = False

    def read(self, index: int) -> Frame:
        frame = super().read(index)
        pixels = frame.pixels.view(Held)
        self.alive.add(pixels)
        self.most = max(self.most, len(self.alive))
        self.reads += 1
        return Frame(frame.index, frame.time, pixels)

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[Frame]:
        try:
            for index in range(start, len(self._frames) if stop is None else stop, step):
                yield self.read(index)
        finally:
            self.closed = True


class Held(np.ndarray):
    """An array that can be counted: plain ones cannot be put into a set."""

    __hash__ = object.__hash__


def test_memory_is_bounded_and_close_ends_the_reading() -> None:
    frames, masks = crossing(np.repeat(texture(32, 48)[None], 150, 0))
    engine = PlateInpainter(window=WindowSpec(12, 4, 4))
    source = CountingSource(frames)
    for _ in remove(source, [masklet(masks)], inpainter=engine):
        assert len(source.alive) <= 12 + 2 * 4 + 4
    assert source.reads < 2.5 * len(frames)
    source = CountingSource(frames)
    run = remove(source, [masklet(masks)], inpainter=engine)
    next(run)
    run.close()
    assert source.closed
    assert source.reads < 100


class Recorder:
    """An inpainter that paints holes green, says that it copied frame 0, and remembers what it was shown."""

    window = WindowSpec(length=12, overlap=4, references=4, footprint=40)

    def __init__(self) -> None:
        self.shown: list[Window] = []

    def fill(self, frames: Pixels, holes: Mask) -> Pixels:
        raise AssertionError("fill_window is there")

    def fill_window(self, window: Window, check: Check = unchecked) -> Fill:
        self.shown.append(window)
        full = np.iinfo(window.frames.dtype).max
        inside = window.holes & window.wanted[:, None, None]
        frames = window.frames.copy()
        frames[inside] = (0, full, 0)
        return Fill(frames, np.where(inside, 0, UNTOUCHED).astype(np.int32))

    @property
    def looked_at(self) -> set[int]:
        return {int(index) for window in self.shown for index in window.indices}


def test_origins_and_alpha_say_what_was_laid_over_the_source() -> None:
    frames, masks = crossing(np.repeat(texture(48, 64)[None], 30, 0))
    for one, frame, mask in zip(removed_parts(ArraySource(frames), [masklet(masks)]), frames, masks, strict=True):
        hole = grown(mask, 4)
        assert (one.origins[~hole] == UNTOUCHED).all()
        assert (one.origins[mask] != UNTOUCHED).all() and one.origins.max() < 30
        assert (one.alpha[mask] == 1).all() and (one.alpha[~hole] == 0).all()
        layer = one.layer().pixels
        share = layer[..., 3:].astype(float) / 255
        laid = np.rint(layer[..., :3] * share + frame * (1 - share))
        assert np.array_equal(laid, one.frame.pixels)


def test_where_windows_overlap_the_origin_is_that_of_the_greater_share() -> None:
    frames, masks = crossing(np.repeat(texture(48, 64)[None], 20, 0))

    class Numbered(Recorder):
        def fill_window(self, window: Window, check: Check = unchecked) -> Fill:
            fill = super().fill_window(window, check)
            return Fill(fill.frames, np.where(fill.origins == 0, len(self.shown), fill.origins).astype(np.int32))

    parts = list(removed_parts(ArraySource(frames), [masklet(masks)], inpainter=Numbered()))
    found = [int(one.sources.max()) for one in parts]
    assert found == [1] * 10 + [2] * 10


def test_windows_and_references_stay_in_their_shot() -> None:
    street, beach = scenes.texture(1, (70, 110, 90)), scenes.texture(2, (200, 60, 40))
    scene = np.concatenate([np.repeat(street[None], 17, 0), np.repeat(beach[None], 17, 0)])
    frames, masks = crossing(scene)
    engine = Recorder()
    assert len(list(remove(ArraySource(frames), [masklet(masks)], inpainter=engine))) == 34
    for window in engine.shown:
        assert len({index >= 17 for index in window.indices.tolist()}) == 1


def test_a_known_cut_is_believed() -> None:
    frames, masks = crossing(np.repeat(texture(48, 64)[None], 20, 0))
    engine = Recorder()
    list(remove(ArraySource(frames), [masklet(masks)], inpainter=engine, cuts=[7]))
    first = engine.shown[0]
    assert first.indices[first.wanted].tolist() == list(range(7))


def test_references_outside_the_span_are_looked_at_where_objects_were_tracked() -> None:
    frames, masks = crossing(np.repeat(texture(48, 64)[None], 60, 0))
    everywhere, engine = masklet(masks), Recorder()
    list(remove(ArraySource(frames), [everywhere], inpainter=engine, start=25, stop=35))
    assert min(engine.looked_at) < 25 and max(engine.looked_at) >= 35
    engine = Recorder()
    known = everywhere.without(index for index in range(60) if not 20 <= index < 35)
    list(remove(ArraySource(frames), [known], inpainter=engine, start=25, stop=35))
    assert engine.looked_at <= set(range(20, 35))


def test_a_painted_frame_is_the_truth_for_the_whole_shot() -> None:
    frames = np.repeat(texture(72, 96)[None], 30, 0)
    masks = square(30, 72, 96, np.array([(28, 40)] * 30))
    frames[masks] = GREY
    picture = frames[11].copy()
    picture[20:52, 32:64] = (250, 20, 20)
    parts = list(removed_parts(ArraySource(frames), [masklet(masks)], painted={11: picture}))
    assert np.array_equal(parts[11].frame.pixels[masks[11]], picture[masks[11]])
    for one, mask in zip(parts, masks, strict=True):
        inner = cv2.erode(mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        assert np.abs(one.frame.pixels[inner].astype(int) - (250, 20, 20)).mean() < 12
        assert (one.origins[inner] == SYNTHESISED).all()


@pytest.mark.parametrize(("index", "change", "message"), [(3, 0, "does not differ"), (40, 99, "frame 40")])
def test_painted_frames_that_do_not_fit_are_refused(index: int, change: int, message: str) -> None:
    frames, masks = crossing(np.repeat(texture(48, 64)[None], 10, 0))
    with pytest.raises(RequestError, match=message):
        remove(ArraySource(frames), [masklet(masks)], painted={index: frames[3] + np.uint8(change)})


def test_a_small_budget_makes_short_windows_of_few_references() -> None:
    frames, masks = crossing(np.repeat(texture(240, 320)[None], 40, 0))
    wide, narrow = Recorder(), Recorder()
    narrow.window = wide.window = WindowSpec(length=24, overlap=6, references=8, footprint=4000)
    list(remove(ArraySource(frames), [masklet(masks)], inpainter=wide, memory=100))
    list(remove(ArraySource(frames), [masklet(masks)], inpainter=narrow, memory=1.5))
    assert max(window.wanted.sum() for window in wide.shown) == 24
    most = max(len(window.indices) * window.frames[0, ..., 0].size * 4000 for window in narrow.shown)
    assert most < 1.5e9 < max(len(window.indices) * window.frames[0, ..., 0].size * 4000 for window in wide.shown)


def test_sixteen_bits_stay_sixteen_bits() -> None:
    frames, masks = crossing(np.repeat(texture(48, 64)[None], 12, 0))
    deep = frames.astype(np.uint16) * 257 + 3
    result = removed(deep, masks, inpainter=Recorder())
    outside = ~np.stack([grown(mask, 4) for mask in masks])
    assert result.dtype == np.uint16
    assert np.array_equal(result[outside], deep[outside])
    assert (result[masks] == (0, 65535, 0)).all()


@pytest.mark.parametrize("name", [row.name for row in INPAINTERS])
def test_no_engine_changes_a_bit_outside_the_hole(name: str) -> None:
    if not INPAINTERS.get(name, "inpainter").ready:
        pytest.skip(f"{name} is not ready on this machine")
    frames, masks = crossing(np.repeat(texture(48, 64)[None], 6, 0))
    result = removed(frames, masks, inpainter=name)
    outside = ~np.stack([grown(mask, 4) for mask in masks])
    assert np.array_equal(result[outside], frames[outside])


class Stream(ArraySource):
    """A live source: nobody knows how long it is, and what has gone by cannot be read again."""

    @property
    def info(self) -> VideoInfo:
        return replace(super().info, times=None)

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[Frame]:
        yield from (Frame(index, Fraction(index, 24), self._frames[index]) for index in range(start, len(self._frames)))

    def read(self, index: int) -> Frame:
        raise FrameRangeError(f"frame {index} has gone by")


@pytest.mark.parametrize("stop", [30, 26, 50])
def test_a_live_source_is_read_once_and_may_end_early(stop: int) -> None:
    frames, masks = crossing(np.repeat(texture(48, 64)[None], 30, 0))
    result = list(remove(Stream(frames), [masklet(masks)], inpainter=Recorder(), stop=stop))
    assert [frame.index for frame in result] == list(range(min(stop, 30)))
    assert all((frame.pixels[masks[frame.index]] == (0, 255, 0)).all() for frame in result)
