"""Effects: each does what it says in its layer, and nothing elsewhere."""

from contextlib import suppress
from dataclasses import fields
from itertools import product
from pathlib import Path
from typing import get_type_hints

import numpy as np
import pytest

from inpaint.effects import EFFECTS, PARAMETERS, EffectSpec, Layer, Moment, Target, chosen_effects, find_effect
from inpaint.effects.base import Effect
from inpaint.effects.colours import Desaturate, Grade, Overlay
from inpaint.effects.emoji import emoji
from inpaint.effects.layers import feathered
from inpaint.effects.lettering import Label
from inpaint.effects.lines import Glow, Lines, Outline
from inpaint.effects.shapes import Burst, Spotlight
from inpaint.effects.softening import Blur, Pixelate
from inpaint.effects.stamps import font_for
from inpaint.effects.taking import Remove
from tam_core.errors import RequestError
from tam_core.types import Mask, Pixels
from tests.scenes import crossing, texture

SCENE = crossing(3)
FRAME, OBJECT = SCENE.frames[1], SCENE.masks[1]
ALL = [(row, layer, variant) for row in EFFECTS for layer in row.layers for variant in row.variants]
INSIDE = ("blur", "pixelate", "desaturate", "gradient", "overlay", "grade", "noise", "erase")
"""Effects that stay in their layer."""


def deep(pixels: Pixels) -> Pixels:
    return pixels.astype(np.uint16) * 257


def changed(effect: Effect, frame: Pixels, mask: Mask, moment: Moment | None = None) -> Mask:
    return (effect.apply(frame, mask, moment or Moment(0.3)) != frame).any(2)


@pytest.mark.parametrize(("row", "layer", "variant"), ALL, ids=lambda value: getattr(value, "name", value))
def test_every_variant_draws_at_both_depths_and_leaves_its_input(row: EffectSpec, layer: Layer, variant: str) -> None:
    effect, mask = row.made(variant), OBJECT if layer == "object" else ~OBJECT
    before = FRAME.copy()
    result = effect.apply(FRAME, mask, Moment(0.3))
    assert np.array_equal(FRAME, before)
    assert (result.shape, result.dtype) == (FRAME.shape, np.uint8)
    assert np.array_equal(result, FRAME) == (row.name == "original")
    assert np.array_equal(result, row.made(variant).apply(FRAME, mask, Moment(0.3))), (
        "the same moment, the same picture"
    )
    if (row.name, layer) == ("erase", "object"):
        return
    fine = effect.apply(deep(FRAME), mask, Moment(0.3))
    assert (fine.shape, fine.dtype) == (FRAME.shape, np.uint16)
    assert np.abs(fine / 257 - result).mean() < 1.5
    if row.name in INSIDE and variant != "censor":
        assert np.array_equal(fine[~mask], deep(FRAME)[~mask])
        assert np.array_equal(result[~mask], FRAME[~mask])


@pytest.mark.parametrize(("row", "layer", "variant"), ALL, ids=lambda value: getattr(value, "name", value))
def test_nothing_is_drawn_on_a_frame_without_the_object(row: EffectSpec, layer: Layer, variant: str) -> None:
    if layer == "object":
        nowhere = np.zeros_like(OBJECT)
        assert not changed(row.made(variant), FRAME, nowhere, Moment(0.3, ())).any()


def test_a_soft_mask_lets_as_much_through_as_it_says() -> None:
    half = np.full(OBJECT.shape, 0.5, np.float32)
    grey, mixed = (Desaturate().apply(FRAME, mask) for mask in (np.ones_like(OBJECT), half))
    assert np.abs(mixed - (FRAME.astype(float) + grey) / 2).max() <= 1


def test_blur_and_pixelate_take_no_colour_from_the_other_layer() -> None:
    frame = np.where(OBJECT[..., None], np.uint8([250, 0, 0]), np.uint8([0, 0, 250]))
    for effect in (Blur(60), Blur(60, "lens"), Blur(60, "motion"), Pixelate(90)):
        assert np.abs(effect.apply(frame, ~OBJECT).astype(int) - frame).max() <= 2, effect


def test_blur_takes_away_detail_and_keeps_the_mean() -> None:
    detail = texture(4, (120, 120, 120))
    blurred = Blur(60).apply(detail, np.ones_like(OBJECT))
    assert (blurred.std((0, 1)) < 0.6 * detail.std((0, 1))).all()
    assert abs(blurred.mean() - detail.mean()) < 2


def test_censor_hides_the_outline() -> None:
    frame = np.where(OBJECT[..., None], np.uint8(255), np.uint8(0)).repeat(3, 2)
    hidden = find_effect("pixelate:size=60,whole=yes", "object").apply(frame, OBJECT)
    covered = (hidden != frame).any(2)
    assert OBJECT.sum() and (hidden[OBJECT] > 40).all()
    assert covered[~OBJECT].sum() > 0.1 * OBJECT.sum()


def test_lengths_follow_the_size_of_the_picture() -> None:
    large, mask = texture(3, (120, 120, 120), 480, 640), np.zeros((480, 640), bool)
    mask[200:280, 280:360] = True
    small = Outline(width=12)
    rim = changed(small, large, mask).sum(), changed(small, large[::2, ::2].copy(), mask[::2, ::2]).sum()
    assert rim[0] == pytest.approx(4 * rim[1], rel=0.25)


@pytest.mark.parametrize(("row", "layer", "variant"), ALL, ids=lambda value: getattr(value, "name", value))
def test_a_number_is_refused_or_drawn(row: EffectSpec, layer: Layer, variant: str) -> None:
    numbers = [name for name, hint in get_type_hints(row.effect).items() if hint in (int, float)]
    for name, value in product(numbers, (-9999, -1, 0, 9999)):
        with suppress(RequestError):
            effect = find_effect(f"{row.name}:{variant},{name}={value}", layer)
            if not isinstance(effect, Remove):
                effect.apply(FRAME, OBJECT if layer == "object" else ~OBJECT, Moment(0.3))


@pytest.mark.parametrize("name", ["outline", "outline:chalk", "pixelate", "noise", "noise:hologram"])
def test_a_background_looks_the_same_however_much_of_the_picture_it_is(name: str) -> None:
    frame = texture(3, (120, 120, 120), 720, 320)
    everything, top = np.ones((720, 320), bool), np.zeros((720, 320), bool)
    top[:300] = True
    whole, part = (find_effect(name, "background").apply(frame, mask) for mask in (everything, top))
    assert np.array_equal(whole[:200], part[:200])


def test_outline_and_glow_stay_outside_the_object() -> None:
    for effect in (Outline(width=30), Glow(radius=60)):
        drawn = changed(effect, FRAME, OBJECT)
        assert drawn.sum() > 50
        assert not drawn[OBJECT].any()


def test_the_spotlight_darkens_what_is_far_and_follows_the_box() -> None:
    target = Target(20, 40, 60, 80)
    lit = Spotlight(shade=1.0).apply(FRAME, OBJECT, Moment(0, (target,)))
    assert np.array_equal(lit[55:65, 35:45], FRAME[55:65, 35:45])
    assert not lit[:, 140:].any()
    gone = Spotlight(shade=1.0).apply(FRAME, OBJECT, Moment(0, (Target(20, 40, 60, 80, presence=0.0),)))
    assert np.array_equal(gone, FRAME)


def test_rays_turn_with_time_and_stay_behind_the_object() -> None:
    early, late = (Burst().apply(FRAME, OBJECT, Moment(time)) for time in (0.0, 0.4))
    assert (early != late).any()
    assert np.array_equal(early[OBJECT], FRAME[OBJECT])


def test_every_object_gets_the_effect() -> None:
    targets = (Target(10, 70, 40, 100), Target(110, 70, 140, 100))
    drawn = changed(Label("A", size=80), FRAME, OBJECT, Moment(0, targets))
    assert drawn[:, :60].any()
    assert drawn[:, 90:].any()


def test_a_label_stays_in_the_picture_and_moves_less_than_a_pixel_at_a_time() -> None:
    edge = changed(Label("HELLO", size=90), FRAME, OBJECT, Moment(0, (Target(0, 2, 12, 20),)))
    assert edge.any()
    places = []
    for x in (60.0, 60.25, 60.5, 61.0):
        light = Label("I", size=90).apply(np.zeros_like(FRAME), OBJECT, Moment(0, (Target(x, 80, x + 20, 100),)))
        weights = light.astype(float).sum((0, 2))
        places.append((weights * np.arange(len(weights))).sum() / weights.sum())
    assert np.diff(places) == pytest.approx([0.25, 0.25, 0.5], abs=0.03)


def test_words_behind_the_object() -> None:
    drawn = changed(find_effect("text:HELLO", "background"), FRAME, ~OBJECT)
    assert drawn.sum() > 0.05 * drawn.size
    assert not drawn[OBJECT].any()


def test_grades_do_what_they_are_called() -> None:
    everything = np.ones_like(OBJECT)
    mean = {name: find_effect(f"grade:{name}", "object").apply(FRAME, everything).mean((0, 1)) for name in GRADES}
    plain = FRAME.mean((0, 1))
    assert mean["warm"][0] - mean["warm"][2] > plain[0] - plain[2] > mean["cool"][0] - mean["cool"][2]
    assert mean["bright"].mean() > plain.mean() > mean["dim"].mean() > mean["night"].mean()
    assert np.array_equal(Grade().apply(FRAME, everything), FRAME)


GRADES = ("warm", "cool", "bright", "dim", "night")


def test_lines_are_drawn_where_there_are_edges() -> None:
    frame = np.full((120, 160, 3), 200, np.uint8)
    frame[40:80, 60:100] = 40
    drawn = Lines().apply(frame, np.ones((120, 160), bool)).mean(2)
    assert drawn[5:20, 5:20].min() > 240
    assert drawn[36:44, 70:90].min() < 120


def test_emoji_are_drawn_by_us_and_others_are_refused_with_the_list() -> None:
    assert emoji("cat").alpha.mean() > 0.3
    assert emoji("🐱").alpha.mean() > 0.2
    with pytest.raises(RequestError, match="did you mean 'heart'"):
        emoji("haert")


def test_letters_that_no_font_has_are_named() -> None:
    assert font_for("Hello, Wörld", 20)
    with pytest.raises(RequestError, match="no font here has the letters"):
        font_for("\U000105c0", 20)


@pytest.mark.parametrize(
    ("text", "layer", "expected"),
    [
        ("blur", "object", Blur()),
        ("blur:lens", "background", Blur(12, "lens")),
        ("blur:12", "object", Blur(12)),
        ("blur:lens,radius=20", "object", Blur(20, "lens")),
        ("overlay:#ff8800", "object", Overlay("#ff8800")),
        ("overlay:stripes,colour=red", "object", Overlay("red", 0.75, stripes=12.0)),
        ("text:HELLO, you: two", "object", Label("HELLO, you: two")),
        ("text:HELLO,size=80", "object", Label("HELLO", size=80)),
        ("grade:-0.5", "background", Grade(exposure=-0.5)),
    ],
)
def test_names_variants_and_values(text: str, layer: Layer, expected: Effect) -> None:
    assert find_effect(text, layer) == expected


@pytest.mark.parametrize(
    ("text", "layer", "said"),
    [
        ("blurr", "object", "did you mean 'blur'"),
        ("glow", "background", "--object glow"),
        ("glow:pinkk", "object", "did you mean 'pink'"),
        ("blur:lense", "object", "did you mean 'lens'.*radius: a number"),
        ("blur:radios=3", "object", "did you mean 'radius'"),
        ("blur:kind=round", "object", "one of soft, lens, motion"),
        ("desaturate:3", "object", "0 to 1"),
        ("original:x", "object", "takes no value"),
        ("emoji:shape=haert", "object", "did you mean 'heart'"),
        ("blur:nan", "object", "a number"),
        ("pixelate:1e9", "object", "a number"),
        ("burst:rays=0", "object", "rays is '0': a whole number, 1 to 1000"),
        ("text:rows=-2", "background", "rows is '-2': a whole number, 0 to 100"),
        ("noise:static,amount=-0.5", "object", "a number, 0 to 1"),
        ("grade:warmth=9999", "object", "a number, -1 to 1"),
        ("glow:radius=-9999", "object", "a number, at least 0"),
        ("text:HELLO \U000105c0", "object", "^no font here has the letters"),
        ("text:HELLO \U000105c0", "background", "^no font here has the letters"),
    ],
)
def test_what_is_not_there_is_said(text: str, layer: Layer, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        find_effect(text, layer)


def test_every_main_field_is_a_field_and_every_name_is_once_in_a_layer() -> None:
    for row in EFFECTS:
        assert not row.main or row.main in {field.name for field in fields(row.effect)}  # type: ignore[arg-type]
        assert row.title
        assert row.summary
    for layer in ("object", "background"):
        names = [row.name for row in EFFECTS if layer in row.layers]
        assert len(names) == len(set(names))


def test_the_gallery_shows_every_effect() -> None:
    folder = Path(__file__).parents[1] / "docs"
    page = (folder / "gallery.md").read_text()
    for row in EFFECTS:
        for layer in row.layers if row.name != "original" else ():
            picture = f"gallery/{layer}-{row.name}.jpg"
            assert f"]({picture})" in page
            assert (folder / picture).is_file()
    assert sum(file.stat().st_size for file in (folder / "gallery").iterdir()) < 1_600_000


def test_parameters_offer_every_variant_and_take_own_values() -> None:
    offered = {parameter.name: parameter for parameter in PARAMETERS}
    assert "glow:pink" in offered["object"].choices
    assert "glow:pink" not in offered["background"].choices
    for choice in offered["object"].choices:
        chosen_effects({"object": choice})
    assert chosen_effects({"object": "text", "object_value": "HI"})[0] == Label("HI")
    assert chosen_effects({"background": "blur:lens", "background_value": "radius=9"})[1] == Blur(9, "lens")
    with pytest.raises(RequestError, match="no variant"):
        chosen_effects({"object": "glow", "object_value": "nonsense"})


def test_a_feathered_edge_is_wholly_in_and_out_beyond_it() -> None:
    soft = feathered(OBJECT, 2)
    assert soft[60, 80] == 1
    assert soft[0, 0] == 0
    assert 0 < ((soft > 0) & (soft < 1)).sum() < OBJECT.sum()
    assert np.array_equal(feathered(OBJECT, 0) > 0, OBJECT)
