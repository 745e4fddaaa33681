"""A media source gets another file under a cover, and panic blurs every scene: with a stand-in for OBS."""

from plugin.obs import panic
from plugin.obs.swap import COVER, PATIENCE, Swap, Swaps
from tests.obs_stand_in import Source, StandIn

UNDER_COVER = COVER + "Clip"


def test_the_source_gets_the_file_once_the_cover_plays_and_loses_the_cover_once_it_plays_itself() -> None:
    obs = StandIn(Clip=Source("old.mp4"))
    swap = Swap(obs, "Clip", "new.mp4")
    assert not swap.step()
    assert (obs.sources["Clip"].file, obs.sources[UNDER_COVER].file) == ("old.mp4", "new.mp4")
    obs.starts(UNDER_COVER)
    assert not swap.step()
    assert obs.sources["Clip"].file == "new.mp4"
    assert not swap.step()
    assert UNDER_COVER in obs.sources
    obs.starts("Clip")
    assert swap.step()
    assert UNDER_COVER not in obs.sources


def test_a_file_that_does_not_play_does_not_leave_a_cover_for_ever() -> None:
    obs, now = StandIn(Clip=Source("old.mp4")), [0.0]
    swap = Swap(obs, "Clip", "broken.mp4", clock=lambda: now[0])
    assert not swap.step()
    now[0] += PATIENCE + 1
    assert not swap.step()
    now[0] += PATIENCE + 1
    assert swap.step()
    assert UNDER_COVER not in obs.sources


def test_a_source_that_is_shown_nowhere_needs_no_cover() -> None:
    obs = StandIn(Clip=Source("old.mp4"))
    obs.shown.clear()
    Swap(obs, "Clip", "new.mp4")
    assert obs.sources["Clip"].file == "new.mp4"
    assert UNDER_COVER not in obs.sources


def test_a_source_that_is_deleted_meanwhile_ends_its_swap() -> None:
    obs = StandIn(Clip=Source("old.mp4"))
    swap = Swap(obs, "Clip", "new.mp4")
    obs.remove("Clip")
    assert swap.step()
    assert UNDER_COVER not in obs.sources


def test_back_is_what_was_played_before_the_first_swap() -> None:
    obs = StandIn(Clip=Source("mine.mp4"))
    swaps = Swaps(obs)
    for file in ("first.mp4", "second.mp4"):
        swaps.play("Clip", file)
        swaps.close()
    assert obs.sources["Clip"].file == "second.mp4"
    assert swaps.original("Clip") == "mine.mp4"
    assert swaps.playing("mine.mp4") == ["Clip"]
    swaps.back("Clip")
    swaps.close()
    assert obs.sources["Clip"].file == "mine.mp4"
    assert not swaps.before


def test_ending_in_the_middle_leaves_the_file_and_no_cover() -> None:
    obs = StandIn(Clip=Source("old.mp4"))
    swaps = Swaps(obs)
    swaps.play("Clip", "new.mp4")
    swaps.close()
    assert obs.sources["Clip"].file == "new.mp4"
    assert UNDER_COVER not in obs.sources


def test_covers_of_an_obs_that_crashed_are_swept_away() -> None:
    obs = StandIn(Clip=Source("old.mp4"))
    obs.sources[UNDER_COVER] = Source("new.mp4")
    Swaps(obs).sweep()
    assert set(obs.sources) == {"Clip", "Scene"}


def test_panic_draws_every_scene_small_and_large_again_also_new_ones() -> None:
    obs = StandIn(scenes=("Desk", "Camera"))
    assert not panic.is_on(obs)
    panic.turn_on(obs)
    obs.add_scene("Third")
    panic.turn_on(obs)
    for scene in ("Desk", "Camera", "Third"):
        small, large = obs.sources[scene].filters.values()
        assert small == ("scale_filter", {"resolution": "16x12", "sampling": "area"})
        assert large == ("scale_filter", {"resolution": "320x240", "sampling": "bicubic"})
    assert panic.is_on(obs)
    panic.turn_off(obs)
    assert not any(source.filters for source in obs.sources.values())


def test_when_obs_ends_nothing_is_touched_and_the_next_one_takes_the_cover_away() -> None:
    obs = StandIn(Clip=Source("old.mp4"))
    swaps = Swaps(obs)
    swaps.play("Clip", "new.mp4")
    swaps.forget()
    swaps.close()
    assert UNDER_COVER in obs.sources
    Swaps(obs).sweep()
    assert UNDER_COVER not in obs.sources
