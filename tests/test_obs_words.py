"""What the user says about objects, from the typed line to the worker's prompts."""

import pytest

from plugin.link import raster, wire
from plugin.obs.words import Word, WordsError, moved, of_masks, parse, picked, prompts, scaled

TIMES = [index / 25 for index in range(100)]


def test_a_line_says_clicks_boxes_objects_and_moments() -> None:
    assert parse("120,80 -40, 50; 2: 60,20,180.5,140 @1.5 90,70") == [
        Word(1, (120, 80)),
        Word(1, (40, 50), positive=False),
        Word(2, (60, 20, 180.5, 140)),
        Word(2, (90, 70), seconds=1.5),
    ]
    assert parse("  ") == []
    assert parse("2:5,6") == [Word(2, (5, 6))]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("here", "'here' is no click"),
        ("120;80", "'120' is no click"),
        ("-1,2,3,4 5,6", "always around"),
        ("30,30,20,40", "left, top, right, bottom"),
        ("-4,5", "where the object is"),
        ("0: 4,5", "counted from 1"),
    ],
)
def test_what_is_not_understood_is_explained(text: str, reason: str) -> None:
    with pytest.raises(WordsError, match=reason):
        parse(text)


def test_words_move_to_another_picture() -> None:
    words = [Word(1, (10, 20)), Word(2, (0, 0, 10, 20))]
    assert [word.place for word in scaled(words, (100, 100), (200, 50))] == [(20, 10), (0, 0, 20, 10)]
    turned = moved(words, lambda x, y: (100 - y, x))
    assert [word.place for word in turned] == [(80, 10), (80, 0, 100, 10)]


def test_a_moment_belongs_to_the_frame_that_is_shown_then() -> None:
    said = prompts([Word(1, (1, 2)), Word(1, (3, 4), False, 0.99), Word(2, (0, 0, 5, 5), True, 1.0)], TIMES)
    assert said == {
        0: [wire.Click(frame=0, object_id=1, x=1, y=2)],
        24: [wire.Click(frame=24, object_id=1, x=3, y=4, positive=False)],
        25: [wire.Box(frame=25, object_id=2, xyxy=(0, 0, 5, 5))],
    }
    assert list(prompts([Word(1, (1, 2), seconds=99)], TIMES)) == [99]


def test_what_was_picked_is_said_again_in_words() -> None:
    words = [Word(1, (1, 2)), Word(1, (3, 4), False), Word(2, (0, 0, 5, 5), True, 1.0)]
    said = [wire.FrameMasks(frame, [], here) for frame, here in prompts(words, TIMES).items()]
    assert picked(said, TIMES) == words


def test_a_painted_object_is_said_by_a_click_well_inside_and_its_box() -> None:
    mask = raster.from_rows([[], [(2, 4)], [(1, 8)], [(3, 5)], []], 10)
    found = of_masks([wire.ObjectMask(3, mask, 1.0), wire.ObjectMask(4, raster.from_rows([[]] * 5, 10), 0.0)], 2.0)
    assert found == [Word(3, (4, 2), True, 2.0), Word(3, (1, 1, 8, 4), True, 2.0)]
    assert picked([wire.FrameMasks(0, [wire.ObjectMask(3, mask, 1.0)])], TIMES) == of_masks(
        [wire.ObjectMask(3, mask, 1.0)]
    )
