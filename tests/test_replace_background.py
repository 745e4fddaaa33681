"""A new background behind objects."""

from fractions import Fraction

import numpy as np
import pytest

from inpaint.replace import BACKGROUND_PARAMETERS, replace_background
from tam_core import rle
from tam_core.errors import NotVisibleError, RequestError, SourceNotFoundError
from tam_core.masklet import Masklet
from tam_core.types import Pixels
from tam_core.video import ArraySource
from tests.scenes import HEIGHT, WIDTH, crossing

SCENE = crossing(6)
MASKLET = Masklet(1, (HEIGHT, WIDTH), {i: rle.encode(mask) for i, mask in enumerate(SCENE.masks)}, {})


def made(background: object, **options: object) -> Pixels:
    run = replace_background(ArraySource(SCENE.frames), [MASKLET], background, **options)  # type: ignore[arg-type]
    return np.stack([frame.pixels for frame in run])


def test_a_colour_is_behind_the_object_and_the_object_is_untouched() -> None:
    result = made("#20a040")
    for frame, source, mask in zip(result, SCENE.frames, SCENE.masks, strict=True):
        rows, columns = np.nonzero(mask)
        y, x = int(rows.mean()), int(columns.mean())
        assert np.array_equal(frame[y - 8 : y + 9, x - 8 : x + 9], source[y - 8 : y + 9, x - 8 : x + 9])
        assert (np.abs(frame[:20].astype(int) - (0x20, 0xA0, 0x40)) <= 1).all()


def test_a_picture_covers_the_frame() -> None:
    picture = np.zeros((60, 60, 3), np.uint8)
    picture[:30], picture[30:] = (250, 0, 0), (0, 0, 250)
    frame = made(picture)[0]
    assert (np.abs(frame[5, ::10].astype(int) - (250, 0, 0)) <= 1).all()
    assert (np.abs(frame[-5, ::10].astype(int) - (0, 0, 250)) <= 1).all()


def test_a_clip_plays_by_time() -> None:
    levels = np.arange(3, dtype=np.uint8)[:, None, None, None] * 60
    clip = ArraySource(np.broadcast_to(levels, (3, 12, 16, 3)).copy(), Fraction(12))
    assert [int(frame[0, 0, 0]) for frame in made(clip)] == [0, 0, 60, 60, 120, 120]


def test_the_edge_has_none_of_the_old_background() -> None:
    """The disc is red, the old background green: over black, no green rim may be left."""
    result = made("black").astype(int)
    green = result[..., 1] - result[..., 0]
    assert green.max() < 40


def test_light_brightens_the_object_before_a_bright_background() -> None:
    plain, lit = (made("white", light=light).astype(int) for light in (0.0, 0.5))
    mask = SCENE.masks[2]
    assert lit[2][mask].mean() > plain[2][mask].mean() + 10
    assert plain[2][~mask].mean() == pytest.approx(lit[2][~mask].mean(), abs=5)


def test_what_cannot_be_behind_is_said() -> None:
    with pytest.raises(SourceNotFoundError, match="neither a picture or clip that is there nor a colour"):
        made("no-such-colour")
    with pytest.raises(RequestError, match="cover, contain, stretch"):
        made("teal", fit="height")
    empty = Masklet(1, (HEIGHT, WIDTH), {0: rle.encode(np.zeros((HEIGHT, WIDTH), bool))}, {})
    with pytest.raises(NotVisibleError):
        replace_background(ArraySource(SCENE.frames), [empty], "teal")


def test_the_parameters_are_the_arguments() -> None:
    assert [one.name for one in BACKGROUND_PARAMETERS] == ["background", "fit", "repeat", "light"]
