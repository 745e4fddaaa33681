"""Annotating a folder of videos: who has which video, what becomes of it, and what the phases do to a session."""

import json
import os
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tam_core import rle
from tam_core.annotate.locks import Holder, LockedError, holder_of, take
from tam_core.annotate.phases import Annotation, annotated_frames, made, phase_of
from tam_core.annotate.proposals import Filter, accept_all, find_objects, worth_showing
from tam_core.annotate.queue import Queue
from tam_core.annotate.records import Work
from tam_core.annotate.statistics import comes_back, statistics
from tam_core.annotate.store import Store
from tam_core.engines.base import Candidates
from tam_core.errors import ProjectError, RequestError, SourceNotFoundError
from tam_core.masklet import Masklet
from tam_core.prompts import Click, MaskPrompt, Prompt
from tam_core.session import Session
from tam_core.types import FloatMap, Mask, Pixels
from tam_core.video import ArraySource, VideoInfo
from tests.media import make_video
from tests.scenes import HEIGHT, WIDTH, crossing, disc, iou

COUNT = 12
INFO = VideoInfo(WIDTH, HEIGHT, Fraction(25), tuple(Fraction(i, 25) for i in range(COUNT)))
USUAL = Work(30, 3, 5)
GONE_PROCESS = 2**22 + 1
"""Beyond what Linux numbers processes with."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two videos and something else."""
    (tmp_path / "videos").mkdir()
    for name in ("a", "b"):
        make_video(tmp_path / f"videos/{name}.mp4", crossing(COUNT).frames)
    (tmp_path / "videos/notes.txt").write_text("no video")
    return tmp_path / "videos"


def masklet(object_id: int = 1, frames: range = range(COUNT)) -> Masklet:
    masks = crossing(COUNT).masks
    return Masklet(object_id, (HEIGHT, WIDTH), {f: rle.encode(masks[f]) for f in frames}, dict.fromkeys(frames, 0.9))


def submitted(queue: Queue, name: str = "a", phase: int = 3, work: Work = USUAL) -> None:
    taken = queue.take(name)
    draft = taken.worked(taken.draft(phase), {1: work})
    taken.submit(draft, [masklet()], {1: (0, 8)}, INFO)
    taken.give_back()


# Locks ---------------------------------------------------------------------------------------------------------------


def test_a_lock_is_had_by_one_until_it_is_released(tmp_path: Path) -> None:
    first = take(tmp_path, Holder.here("ann"))
    assert first is not None
    assert take(tmp_path, Holder.here("bob")) is None
    found = holder_of(tmp_path)
    assert found is not None and found.annotator == "ann"
    first.release()
    assert holder_of(tmp_path) is None
    assert take(tmp_path, Holder.here("bob")) is not None


def test_a_lock_that_nobody_touches_is_taken_over_and_its_holder_told(tmp_path: Path) -> None:
    elsewhere = Holder("ann", "another machine", 1)
    first = take(tmp_path, elsewhere)
    assert first is not None
    assert take(tmp_path, Holder.here("bob")) is None
    old = time.time() - 200
    os.utime(tmp_path / "lock.1", (old, old))
    second = take(tmp_path, Holder.here("bob"))
    assert second is not None
    with pytest.raises(LockedError, match="taken by bob"):
        first.beat()
    first.release()
    second.beat()
    found = holder_of(tmp_path)
    assert found is not None and found.annotator == "bob"


def test_the_lock_of_a_process_that_ended_here_is_free_at_once(tmp_path: Path) -> None:
    assert take(tmp_path, Holder("ann", Holder.here("ann").host, GONE_PROCESS)) is not None
    assert holder_of(tmp_path) is None
    assert take(tmp_path, Holder.here("bob")) is not None


def test_a_number_is_never_used_twice(tmp_path: Path) -> None:
    """Or somebody who saw the folder a while ago could take a number that others think is over."""
    for turn in range(1, 4):
        lock = take(tmp_path, Holder.here("ann"))
        assert lock is not None
        assert [path.name for path in tmp_path.glob("lock.*")] == [f"lock.{turn}"]
        lock.release()


def test_of_many_at_once_one_gets_the_lock(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(16) as pool:
        for _ in range(5):
            found = list(pool.map(lambda number: take(tmp_path, Holder.here(f"p{number}")), range(16)))
            (lock,) = [one for one in found if one is not None]
            lock.release()


# The queue -----------------------------------------------------------------------------------------------------------


def test_the_way_of_a_video_through_the_queue(folder: Path) -> None:
    ann, bob = Queue(Store(folder), "ann"), Queue(Store(folder), "bob")
    assert [(entry.name, entry.state) for entry in ann.entries()] == [("a", "to do"), ("b", "to do")]
    first, second = ann.next(), bob.next()
    assert first is not None and second is not None and (first.name, second.name) == ("a", "b")
    assert [entry.holder for entry in ann.entries()] == ["ann", "bob"]
    with pytest.raises(LockedError, match="'b' is taken by bob"):
        ann.take("b")
    assert bob.next() is None
    second.give_back()
    draft = first.worked(first.draft(3), {1: Work(12, 2, 3)})
    first.submit(draft, [masklet()], {1: (0, 4)}, INFO)
    first.give_back()
    assert ann.entries()[0].state == "to verify"
    with pytest.raises(RequestError, match="your own"):
        ann.take("a")
    judged = bob.next()
    assert judged is not None and (judged.name, judged.task) == ("a", "verify")
    judged.judge([1], "the border")
    judged.give_back()
    entry = ann.entries()[0]
    assert (entry.state, entry.note, entry.annotator) == ("unsatisfactory", "the border", "ann")
    again = ann.next()
    assert again is not None and (again.name, again.task) == ("a", "annotate")
    again.submit(again.worked(again.draft(3), {1: Work(8, 1, 1)}), [masklet()], {1: (0, 4, 9)}, INFO)
    again.give_back()
    judged = bob.next()
    assert judged is not None
    judged.judge()
    judged.give_back()
    assert ann.entries()[0].state == "satisfactory"
    assert ann.store.record("a").work == {1: Work(20, 3, 4)}
    last = ann.next()
    assert last is not None and last.name == "b"


def test_who_is_alone_verifies_his_own(folder: Path) -> None:
    queue = Queue(Store(folder), "ann")
    submitted(queue)
    taken = queue.next()
    assert taken is not None and (taken.name, taken.task) == ("a", "verify")


def test_work_is_on_disk_before_it_is_submitted(folder: Path) -> None:
    taken = Queue(Store(folder), "ann").take("a")
    draft = taken.worked(taken.draft(2), {1: Work(10, 1, 2), 2: Work(5, 0, 1)})
    taken.worked(draft, {1: Work(10, 1, 2)})
    taken.give_back()
    found = Queue(Store(folder), "bob").take("a").draft(3)
    assert found.phase == 2
    assert found.work == {1: Work(20, 2, 4), 2: Work(5, 0, 1)}


def test_what_was_taken_over_is_not_submitted(folder: Path) -> None:
    taken = Queue(Store(folder), "ann").take("a")
    place = taken.store.place("a")
    old = time.time() - 200
    os.utime(place / "lock.1", (old, old))
    Queue(Store(folder), "bob").take("a")
    with pytest.raises(LockedError, match="taken by bob"):
        taken.submit(taken.draft(3), [masklet()], {1: (0,)}, INFO)
    assert not taken.store.record("a").submissions


def test_mistakes_are_named(folder: Path) -> None:
    queue = Queue(Store(folder), "ann")
    with pytest.raises(RequestError, match=r"no video 'c'.*a, b"):
        queue.take("c")
    with pytest.raises(RequestError, match="no name"):
        Queue(Store(folder), "../ann")
    with pytest.raises(SourceNotFoundError):
        Store(folder / "nowhere")
    taken = queue.take("a")
    with pytest.raises(RequestError, match="no masklet"):
        taken.submit(taken.draft(3), [], {}, INFO)
    with pytest.raises(RequestError, match="not to be verified"):
        taken.judge()
    taken.give_back()
    submitted(queue)
    with pytest.raises(RequestError, match="no object 7"):
        queue.take("a").judge([7])
    (queue.store.place("b") / "record.json").write_text("{")
    with pytest.raises(ProjectError, match="damaged"):
        queue.entries()
    make_video(folder / "a.mov", crossing(2).frames)
    with pytest.raises(RequestError, match=r"a\.mp4 and a\.mov would both be 'a'"):
        Store(folder)


# Phases --------------------------------------------------------------------------------------------------------------


def annotation(number: int) -> tuple[Annotation, Session]:
    session = Session(ArraySource(crossing(COUNT).frames), tracker="flow", segmenter="grabcut")
    return Annotation(session, 1, phase_of(number)), session


def mask(session: Session, frame: int) -> Mask:
    return session.masklets[1].rles[frame].decode()


def centre(frame: int) -> Click:
    return Click(frame, 1, 30 + 100 * frame / (COUNT - 1), 60)


def test_six_frames_a_second_are_annotated() -> None:
    assert list(annotated_frames(INFO)) == [0, 4, 8]


def test_in_the_first_phase_nothing_is_tracked() -> None:
    one, session = annotation(1)
    for frame in (0, 4):
        one.say(centre(frame))
        one.track(frame)
    assert session.masklets[1].frames == [0, 4]
    assert one.work.interactions == 2
    assert one.work.machine_seconds > 0


def test_in_the_first_phase_only_what_was_segmented_is_submitted() -> None:
    one, session = annotation(1)
    one.say(centre(0))
    for _ in session.propagate():
        pass
    (found,) = made(session, one.phase)
    assert found.frames == [0]
    assert session.masklets[1].frames == list(range(COUNT))


def test_in_the_second_phase_a_wrong_frame_is_done_anew_and_tracked_on() -> None:
    """It begins at a mask of something else; a click on a tracked frame does not correct that, but begins anew."""
    one, session = annotation(2)
    one.say(MaskPrompt(0, 1, disc(120, 30, 12)))
    one.track(0)
    before = mask(session, 3)
    one.say(centre(6))
    assert session.masklets[1].frames == list(range(7))
    one.track(6)
    truth = crossing(COUNT).masks
    assert iou(mask(session, 6), truth[6]) > 0.8
    assert iou(mask(session, 11), truth[11]) > 0.6
    assert np.array_equal(mask(session, 3), before)


def test_in_the_third_phase_a_correction_reaches_both_sides() -> None:
    one, session = annotation(3)
    one.say(MaskPrompt(0, 1, disc(120, 30, 12)))
    one.track(0)
    before = mask(session, 9)
    one.say(MaskPrompt(10, 1, crossing(COUNT).masks[10]))
    one.track(10)
    assert iou(mask(session, 9), crossing(COUNT).masks[9]) > 0.6
    assert iou(before, crossing(COUNT).masks[9]) < 0.1
    assert session.prompted_frames(1) == [0, 10]


def test_only_three_phases_are_known() -> None:
    with pytest.raises(RequestError, match="mode 4"):
        phase_of(4)


# Proposals -----------------------------------------------------------------------------------------------------------


class Discs:
    """A segmenter that knows where discs are: a click in one finds it, any other click a few pixels around itself."""

    def __init__(self, *discs: Mask) -> None:
        self._discs = discs

    def embed(self, pixels: Pixels) -> None:
        return None

    def segment(self, embedding: Any, prompts: Sequence[Prompt], prior: FloatMap | None = None) -> Candidates:
        click = prompts[0]
        if isinstance(click, MaskPrompt):
            return Candidates(click.mask[None], np.ones(1, np.float32))
        assert isinstance(click, Click)
        inside = [one for one in self._discs if one[int(click.y), int(click.x)]]
        mask = inside[0] if inside else disc(click.x, click.y, 6)
        return Candidates(mask[None], np.full(1, 0.9, np.float32))


def test_a_grid_of_clicks_finds_what_is_stable_once_and_nothing_that_is_not() -> None:
    first, second, speck = crossing(COUNT).masks[0], disc(120, 30, 14), disc(100, 100, 1)
    session = Session(ArraySource(crossing(COUNT).frames), tracker="flow", segmenter=Discs(first, second, speck))
    found = find_objects(session, 0)
    assert sorted(one.code.area for one in found) == sorted([first.sum(), second.sum()])
    assert all(one.stability > 0.99 for one in found)
    assert not session.objects
    accept_all(session, 0, found)
    for _ in session.propagate():
        pass
    kept = worth_showing(session, 0, found)
    assert {1} <= {masklet.object_id for masklet in kept} <= {1, 2}
    assert all(masklet.scores[0] < 1 for masklet in kept)
    assert not worth_showing(session, 0, found, Filter(least_trust=1.1))


# Numbers -------------------------------------------------------------------------------------------------------------


def test_what_goes_and_comes_is_told_from_what_only_goes() -> None:
    assert comes_back([5, 0, 7])
    assert comes_back([0, 5, 0, 0, 7, 7])
    assert not comes_back([5, 5, 0])
    assert not comes_back([0, 5, 5])
    assert not comes_back([])


def test_the_statistics_are_those_of_what_was_submitted(folder: Path) -> None:
    queue = Queue(Store(folder), "ann")
    submitted(queue, "a", phase=1, work=Work(30, 3, 6))
    submitted(queue, "b", phase=3, work=Work(6, 1.5, 2))
    queue.take("a").judge()
    found = statistics(queue.store, lambda name: INFO)
    assert (found.videos, found.masklets, found.satisfactory, found.frames, found.masks) == (2, 2, 1, 6, 6)
    assert (found.small, found.medium, found.large) == (2 / 2, 0, 0)
    one, two, three = found.phases
    assert (one.seconds, one.machine_seconds, one.edited, one.clicks) == (10, 1, 2 / 3, 3)
    assert two.seconds is None
    assert (three.seconds, three.machine_seconds) == (2, 0.5)
    assert [each.state for each in found.each] == ["satisfactory", "to verify"]


def test_the_files_are_plain(folder: Path) -> None:
    submitted(Queue(Store(folder), "ann"))
    record = json.loads((folder / ".tam-annotate/videos/a/record.json").read_text())
    assert record["submissions"][0]["masklets"][0]["work"] == {"seconds": 30, "machine_seconds": 3, "interactions": 5}
