"""The live mask without OBS: what is drawn for OBS's filter, how long pictures wait, and what a recording remembers."""

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from plugin.link import raster, wire
from plugin.link.errors import LinkError
from plugin.obs import looks, pictures
from plugin.obs.delay import MOST, Delay, parts
from plugin.obs.live import DELAYS, MASK, LiveMask, picture_size
from plugin.obs.looks import LOOKS, drawn, following, look
from plugin.obs.ports import Affine, Picture, Size
from plugin.obs.stream import Mask, Shot, Stream
from plugin.obs.take import Take
from plugin.obs.words import Word
from plugin.obs.work import Said
from tests.obs_stand_in import Source, StandIn


def seen(png: bytes) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED))


def test_a_picture_of_obs_becomes_a_png_whatever_its_lines_are_padded_with() -> None:
    bgrx = np.random.default_rng(1).integers(0, 255, (9, 24, 4), np.uint8)
    picture = Picture(21, 9, 96, bgrx.tobytes())
    assert np.array_equal(seen(pictures.rgb_png(picture)), bgrx[:, :21, :3])


def test_a_reduced_picture_takes_the_nearest_pixels() -> None:
    bgrx = np.arange(8 * 12 * 4, dtype=np.uint16).astype(np.uint8).reshape(8, 12, 4)
    small = pictures.reduced(Picture(12, 8, 48, bgrx.tobytes()), (3, 2))
    assert np.array_equal(np.frombuffer(small.pixels, np.uint8).reshape(2, 3, 4), bgrx[2::4, 2::4])


def test_a_look_is_two_greys_and_objects_are_drawn_together() -> None:
    first = wire.ObjectMask(1, raster.from_rows([[(0, 2)], []], 4), 1.0)
    second = wire.ObjectMask(2, raster.from_rows([[], [(3, 4)]], 4), 1.0)
    elsewhere = wire.ObjectMask(3, raster.from_rows([[(0, 1)]], 1), 1.0)
    for one in LOOKS:
        here, there = one.inside, one.outside
        expected = [[here, here, there, there], [there, there, there, here]]
        assert seen(drawn([first, second, elsewhere], (4, 2), one)).tolist() == expected


def test_after_the_last_look_comes_the_first() -> None:
    names = [LOOKS[0].name]
    while (name := following(names[-1]).name) not in names:
        names.append(name)
    assert names == [one.name for one in LOOKS]
    assert look("unknown") == LOOKS[0]


def test_the_delay_follows_the_slow_masks_in_steps_and_stands_still_otherwise() -> None:
    delay = Delay()
    changes = [delay.learn(age) for age in (0.21, 0.19, 0.2, 0.22, 0.18, 0.2, 0.21, 0.2)]
    assert changes == [False, False, True] + [False] * 5
    assert delay.seconds == pytest.approx(0.25)
    assert any(delay.learn(9.0) for _ in range(20))
    assert delay.seconds == MOST


def test_a_delay_is_made_of_filters_that_can_do_half_a_second() -> None:
    assert parts(0.0, 0.5) == []
    assert parts(0.5, 0.5) == [0.5]
    assert parts(1.25, 0.5) == [0.5, 0.5, 0.25]


def test_pictures_for_the_worker_are_small_and_keep_their_shape() -> None:
    assert picture_size((1920, 1080)) == (640, 360)
    assert picture_size((1080, 1920)) == (360, 640)
    assert picture_size((320, 180)) == (320, 180)


class Followed(Stream):
    """A stream whose worker is the test."""

    def __init__(self) -> None:
        self.offered: list[Shot] = []
        self.answer: Mask | None = None
        self.problem = ""
        self.closed = False
        self._look = looks.LOOKS[0]

    def offer(self, shot: Shot) -> None:
        self.offered.append(shot)

    def take(self) -> Mask | None:
        answer, self.answer = self.answer, None
        return answer

    def close(self) -> None:
        self.closed = True


def test_the_mask_is_put_behind_its_delays_and_nothing_is_left_when_it_ends() -> None:
    obs, stream, now = StandIn(Clip=Source()), Followed(), [100.0]

    def begin(size: Size) -> Stream:
        assert size == (160, 120)
        return stream

    live = LiveMask(obs, "Clip", begin, look("only"), rate=5, delay=0.7, clock=lambda: now[0])
    filters = obs.sources["Clip"].filters
    for _ in range(21):  # one second
        live.step()
        now[0] += 0.05
    assert 4 <= len(stream.offered) <= 6
    assert not filters
    stream.answer = Mask(Path("mask-1.png"), 0.3)
    live.step()
    assert list(filters) == [*DELAYS[:2], MASK]
    assert [filters[name][1]["delay_ms"] for name in DELAYS[:2]] == [500, 200]
    assert filters[MASK][1] == {"type": "mask_color_filter.effect", "image_path": "mask-1.png", "stretch": True}
    live.close()
    assert not filters
    assert stream.closed
    assert not obs.cameras[0].open


def test_a_measured_delay_that_grows_puts_the_mask_behind_the_new_filter() -> None:
    obs, stream, now = StandIn(Clip=Source()), Followed(), [100.0]
    live = LiveMask(obs, "Clip", lambda size: stream, look("only"), rate=5, clock=lambda: now[0])
    for age in [0.1] * 5 + [0.9] * 30:
        stream.answer = Mask(Path("mask.png"), age)
        live.step()
    assert list(obs.sources["Clip"].filters) == [*DELAYS[:3], MASK]
    assert live.delay == pytest.approx(1.05)


def test_a_recording_remembers_when_something_was_said_without_its_pauses() -> None:
    take = Take(100.0)
    take.pause(103.0)
    assert take.seconds(150.0) == pytest.approx(3.0)
    take.go_on(200.0)
    said = Said((Word(1, (10, 20)), Word(2, (5, 6), False)))
    take.remember(said, Affine(1, 0, 0, 0, 1, 0), (320, 240), 202.0)
    assert take.said == Said((Word(1, (10, 20), True, 5.0), Word(2, (5, 6), False, 5.0)))


def test_a_source_pixel_is_found_where_obs_draws_it() -> None:
    quarter_turn = Affine(0, -2, 300, 2, 0, 10)
    assert quarter_turn(10, 20) == (260, 30)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (LinkError("there is no 'tam' on PATH"), "there is no 'tam' on PATH"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (ValueError("odd"), "a fault of tam-studio: ValueError: odd"),
    ],
)
def test_a_stream_that_cannot_go_on_says_so(error: Exception, said: str, tmp_path: Path) -> None:
    def connect() -> None:
        raise error

    stream = Stream(connect, Said((Word(1, (1, 2)),)), (160, 120), tmp_path)  # type: ignore[arg-type]
    deadline = time.monotonic() + 10
    while not stream.problem and time.monotonic() < deadline:
        time.sleep(0.01)
    assert stream.problem == said
