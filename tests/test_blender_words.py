"""What the add-on's panels say."""

import pytest

from plugin.blender import words
from plugin.link import wire
from tests.test_blender_studio import job


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (job(done=3, total=12, eta=9.4), "Track object 1: 25 %, 9 s left"),
        (job(done=3, total=12), "Track object 1: 25 %, running"),
        (job("paused", done=3, total=12, eta=5), "Track object 1: 25 %, paused"),
        (job("queued"), "Track object 1: waits for its turn"),
    ],
)
def test_a_job_in_words(one: wire.Job, text: str) -> None:
    assert words.job(one) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "1 s"), (89, "89 s"), (100, "2 min"), (7000, "1.9 h")])
def test_durations_as_a_person_says_them(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


def test_a_bar_is_full_at_its_end() -> None:
    assert (words.bar(0, 4), words.bar(0.5, 4), words.bar(2, 4)) == ("░░░░", "██░░", "████")


def test_long_words_fit_the_sidebar() -> None:
    lines = words.wrapped(f"the folder /{'long' * 30} is not there", 270)
    assert max(map(len, lines)) == 30 and "".join(lines).count("long") >= 26


def test_a_sidebar_that_is_nearly_closed_still_says_something() -> None:
    assert words.wrapped("the worker has ended", 5) == ["the worker has", "ended"]
