"""What a forecast tells, on scenes whose answer is known, and beside a real removal."""

import numpy as np
import pytest

from inpaint.engines import INPAINTERS
from inpaint.forecast import Forecast, forecast
from inpaint.provenance import shares, total
from inpaint.removal import removed
from tam_core.errors import NotVisibleError
from tam_core.formats.davis import read_davis
from tam_core.types import Mask, Pixels
from tam_core.video import ArraySource, open_video
from tests.media import CLIPS
from tests.test_inpaint_remove import GREY, crossing, masklet, square, texture

DANCER = CLIPS.parent / "clean-plate" / "dancer"


def told(frames: Pixels, masks: Mask, **options: object) -> Forecast:
    engine = INPAINTERS.get("plate", "inpainter").load()
    return forecast(ArraySource(frames), [masklet(masks)], inpainter=engine, **options)


def test_all_is_seen_where_the_object_moves_away() -> None:
    found = told(*crossing(np.repeat(texture(72, 96)[None], 40, 0)))
    assert found.seen > 0.97
    assert "can be copied" in found.in_words()


def test_nothing_is_seen_where_nothing_moves() -> None:
    frames = np.repeat(texture(72, 96)[None], 20, 0)
    masks = square(20, 72, 96, np.array([(28, 40)] * 20))
    frames[masks] = GREY
    assert told(frames, masks).seen == 0


def test_a_camera_that_pans_uncovers_what_is_behind() -> None:
    world = texture(96, 240)
    frames = np.stack([world[:, 5 * t : 5 * t + 120] for t in range(24)])
    masks = square(24, 96, 120, np.array([(36, 52)] * 24), 18)
    frames[masks] = GREY
    assert told(frames, masks).seen > 0.9


def test_the_worst_frames_come_first_and_lie_in_the_span() -> None:
    frames, masks = crossing(np.repeat(texture(72, 96)[None], 40, 0))
    masks[20:26] = False
    masks |= square(1, 72, 96, np.array([(52, 70)]), 12)[0]
    frames[masks] = GREY
    found = told(frames, masks, start=5, stop=35)
    assert {one.frame for one in found.worst[:3]} <= set(range(20, 26))
    assert [one.seen for one in found.worst] == sorted(one.seen for one in found.worst)
    assert all(one.frame in range(5, 35) for one in found.worst)


def test_time_and_memory_grow_with_the_work() -> None:
    frames, masks = crossing(np.repeat(texture(72, 96)[None], 90, 0))
    short, long = told(frames, masks, stop=12), told(frames, masks)
    assert 0 < short.seconds < long.seconds
    assert 0.1 < short.memory <= long.memory < 2
    assert long.to_json()["never_seen"] == pytest.approx(1 - long.seen)


def test_nothing_to_remove_is_said() -> None:
    with pytest.raises(NotVisibleError):
        told(np.zeros((4, 20, 30, 3), np.uint8), np.zeros((4, 20, 30), bool))


@pytest.mark.slow
def test_agrees_with_the_provenance_of_a_real_removal() -> None:
    if not DANCER.exists():
        pytest.skip(f"no {DANCER}")
    source, objects = open_video(DANCER / "frames"), read_davis(DANCER / "masks")
    engine = INPAINTERS.get("plate", "inpainter").load()
    said = forecast(source, objects, inpainter=engine)
    assert 0.33 < 1 - said.seen < 0.45, "what the true background says: 39 % is never seen"
    counted = total(shares(one) for one in removed(source, objects, inpainter=engine))
    assert 0.3 < counted.copied_share < said.seen + 0.05
