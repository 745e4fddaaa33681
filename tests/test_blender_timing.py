"""Scene frames and source frames of strips: what all sequencers have in common, and where they differ."""

from dataclasses import replace

import pytest

from plugin.blender.timing import Rounding, Timing, Warp, multiplied, playing_rate, shown_frames, stretched

PLAIN = Timing(start=10, first=10, stop=70, count=60, span=60)


def seen(timing: Timing) -> list[int | None]:
    return [timing.source_frame(frame) for frame in range(timing.first, timing.stop)]


def test_a_strip_shows_its_frames_one_by_one_and_nothing_beside() -> None:
    assert seen(PLAIN) == list(range(60))
    assert PLAIN.source_frame(9) is None and PLAIN.source_frame(70) is None


def test_handles_hide_frames_and_stills_repeat_the_ends() -> None:
    assert seen(replace(PLAIN, first=20, stop=50)) == list(range(10, 40))
    assert seen(replace(PLAIN, first=7, stop=72)) == [0, 0, 0, *range(60), 59, 59]


def test_what_handles_hide_is_known_all_the_same() -> None:
    hidden = replace(PLAIN, first=20, stop=50)
    assert [hidden.frame_at(frame) for frame in hidden.content] == list(range(60))


def test_trimmed_media_begins_later() -> None:
    assert seen(replace(PLAIN, count=48, span=48, stop=58, trim=7)) == list(range(7, 55))


def test_backwards_the_last_comes_first() -> None:
    assert seen(replace(PLAIN, reverse=True)) == list(range(59, -1, -1))


def test_a_strobe_holds_every_third_frame() -> None:
    assert seen(replace(PLAIN, strobe=3))[:7] == [0, 0, 0, 3, 3, 3, 6]


@pytest.mark.parametrize(
    ("rounding", "frames"),
    [("down", [0, 0, 1, 2, 3, 4, 5]), ("nearest", [0, 1, 2, 3, 3, 4, 5]), ("kept", [0, 0, 2, 3, 3, 4, 5])],
)
def test_each_blender_has_its_way_between_two_frames(rounding: Rounding, frames: list[int]) -> None:
    """25 frames a second in a scene of 30."""
    assert seen(replace(PLAIN, stop=82, span=72, speed=25 / 30, rounding=rounding))[:7] == frames


@pytest.mark.parametrize("rounding", ["down", "nearest", "kept"])
@pytest.mark.parametrize("speed", [1, 1.3, 2.5, 0.5])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_frame_that_is_seen_is_found_again(rounding: Rounding, speed: float, reverse: bool) -> None:
    timing = replace(
        PLAIN, span=int(60 / speed), stop=10 + int(60 / speed), speed=speed, rounding=rounding, reverse=reverse
    )
    for frame in {one for one in seen(timing) if one is not None}:
        assert timing.source_frame(round(timing.scene_frame(frame))) == frame


def test_pictures_in_another_order_are_found_by_their_place_in_the_folder() -> None:
    timing = Timing(start=1, first=1, stop=5, count=4, span=4, shown=(9, 7, 5, 3))
    assert seen(timing) == [9, 7, 5, 3]
    assert timing.scene_frame(5) == 3


def test_a_video_of_no_rate_is_shown_by_time() -> None:
    times = [0, 0.04, 0.08, 0.18, 0.28, 0.3]
    assert shown_frames(times, 50, 16) == (0, 0, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 5)
    assert shown_frames([index * 1001 / 30000 for index in range(100)], 29.97003, 100) is None


def test_a_strip_keeps_its_own_rate_when_its_length_says_so() -> None:
    assert playing_rate(25, 30, 60, span=60) == 1
    assert playing_rate(25, 30, 60, span=72) == pytest.approx(25 / 30)
    assert playing_rate(60, 24, 60, span=24) == 2.5
    assert playing_rate(25, 30, 60, span=36, speed=2) == pytest.approx(50 / 30)


def test_a_speed_effect_asks_for_other_frames() -> None:
    halved = replace(PLAIN, first=20, stop=50, warp=Warp(20, tuple(20 + one for one in stretched(30, 50))))
    assert seen(halved)[:4] == [10, 12, 13, 15] and list(halved.content) == list(range(20, 50))
    faster = replace(PLAIN, warp=Warp(10, tuple(10 + one for one in multiplied(60, 1.7, 60))))
    assert seen(faster)[:5] == [0, 2, 3, 5, 7] and seen(faster)[-1] == 59
    assert faster.scene_frame(7) == 14
