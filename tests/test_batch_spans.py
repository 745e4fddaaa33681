"""Spans cover a clip, masklets keep their ids over them, pictures fade from one into the next."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from plugin.batch.joining import joined_pictures, matched, volume_iou
from plugin.batch.spans import Cutting, Span, parts, spans_of
from tam_core import rle
from tam_core.errors import RequestError
from tam_core.masklet import Masklet
from tam_core.video import ArraySource, write_video
from tests.scenes import disc

SIZE = (40, 60)


def seen(number: int, frames: range, x: float) -> Masklet:
    """A disc that moves a pixel a frame; of frames below 0, an empty mask."""
    return Masklet(number, SIZE, {f: rle.encode(disc(x + f, 20, 6, SIZE)) for f in frames}, dict.fromkeys(frames, 0.9))


@pytest.mark.parametrize(
    ("count", "length", "overlap"), [(1394, 349, 16), (10, 9, 4), (7, 2, 1), (100, 100, 10), (4, 3, 1)]
)
def test_spans_cover_every_frame_once_and_overlap(count: int, length: int, overlap: int) -> None:
    spans = spans_of(range(5, 5 + count), Cutting(length, overlap))
    assert [frame for span in spans for frame in range(span.start, span.stop)] == list(range(5, 5 + count))
    assert all(len(span) <= length for span in spans)
    assert all(before.end - after.start == overlap for before, after in pairwise(spans))
    assert all(before.end <= after.stop for before, after in pairwise(spans))
    assert spans[-1].end == 5 + count


@pytest.mark.parametrize(("length", "overlap"), [(1, 0), (10, 6), (10, -1)])
def test_spans_that_cannot_be(length: int, overlap: int) -> None:
    with pytest.raises(RequestError):
        Cutting(length, overlap)


def test_shares_fall_evenly_over_the_overlap() -> None:
    spans = [Span(0, 4, 7), Span(4, 8, 8)]
    assert [(f, n) for f, n, _ in parts(spans)] == [(f, f // 4) for f in range(8)]
    assert [share for _, _, share in parts(spans)][3:] == pytest.approx([0, 0.75, 0.5, 0.25, 0])


def test_ids_stay_though_every_span_counts_anew() -> None:
    spans = [Span(0, 10, 14), Span(10, 20, 24), Span(20, 30, 30)]
    found = [
        [seen(1, range(14), 5), seen(2, range(14), 25)],
        [seen(1, range(10, 24), 25), seen(2, range(10, 24), 5)],  # the other way round
        [seen(7, range(20, 30), 5), seen(1, range(20, 30), 45 - 70)],  # one is new
    ]
    joined = {one.object_id: one for one in matched(spans, found)}
    assert sorted(joined) == [1, 2, 3]
    assert joined[1].frames == list(range(30))
    assert all(joined[1].rles[f].iou(seen(1, range(30), 5).rles[f]) == 1 for f in range(30))
    assert joined[2].frames == list(range(24)) and joined[3].frames[0] == 22


def test_an_object_that_nobody_saw_in_the_overlap_is_known_by_its_number() -> None:
    empty = rle.encode(np.zeros(SIZE, bool))
    before = Masklet(4, SIZE, dict.fromkeys(range(14), empty))
    after = Masklet(4, SIZE, dict.fromkeys(range(10, 20), empty) | {19: rle.encode(disc(20, 20, 6, SIZE))})
    (one,) = matched([Span(0, 10, 14), Span(10, 20, 20)], [[before], [after]])
    assert one.object_id == 4 and one.visible_frames == [19]


def test_the_overlap_of_volumes() -> None:
    assert volume_iou(seen(1, range(5), 10), seen(1, range(5), 10), range(5)) == 1
    assert volume_iou(seen(1, range(5), 10), seen(1, range(5), 40), range(5)) == 0
    assert volume_iou(seen(1, range(5), 10), seen(2, range(5), 10), range(9, 12)) is None


def test_pictures_fade_where_spans_overlap(tmp_path: Path) -> None:
    spans = (Span(0, 4, 7), Span(4, 8, 8))
    for number, (level, count) in enumerate([(40, 7), (80, 4)]):
        frames = np.full((count, 16, 16, 3), level, np.uint8)
        write_video(ArraySource(frames).frames(), tmp_path / f"{number}.mkv", codec="ffv1")
    times = [Fraction(index, 24) for index in range(8)]
    found = list(joined_pictures(spans, [tmp_path / "0.mkv", tmp_path / "1.mkv"], times))
    assert [frame.pixels[0, 0, 0] for frame in found] == [40, 40, 40, 40, 50, 60, 70, 80]
    assert [frame.time for frame in found] == times
