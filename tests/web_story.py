"""The story that the page is for, told in a real browser on any clip: from a file to a file, with a reload midway.

Each step checks what it did, and says its name to ``seen`` when its result is on the screen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av

from tests.browser import SAMPLE, Studio
from tests.media import CLIPS

Point = tuple[int, int]
Box = tuple[Point, Point]


@dataclass(frozen=True)
class Plot:
    """Where to click in a clip, in source pixels; the story works on its frames 0 .. ``last``.

    ``on`` are points of the object on frame 0, ``beside`` is not on it; ``other`` are the corners of a box around
    another object. On the last frame, ``again`` is a correction: a box, or a point wrongly taken for the object;
    ``behind`` is on the object, where the background looks different.
    """

    clip: Path
    last: int
    on: tuple[Point, ...]
    beside: Point
    other: Box
    again: Point | Box
    behind: Point


ROBOT = Plot(
    SAMPLE,
    7,
    on=((122, 190), (122, 118), (125, 272), (112, 245)),
    beside=(60, 200),
    other=((470, 165), (572, 262)),
    again=((108, 66), (214, 292)),
    behind=(150, 190),
)
DOG = Plot(
    CLIPS / "sam2-dog.mp4",
    9,
    on=((560, 430), (650, 440)),
    beside=(450, 350),
    other=((230, 215), (470, 555)),
    again=((440, 360), (722, 552)),
    behind=(640, 440),
)


def tell(studio: Studio, plot: Plot, result: Path, seen: Callable[[str], None] = lambda step: None) -> None:
    """The whole story; ``result`` is the file that is exported."""
    for step in (
        _open,
        _click,
        _second_object,
        _track,
        _correct,
        _undo_and_redo,
        _reload,
        _choose_what_to_remove,
        _remove,
        _compare,
    ):
        step(studio, plot)
        studio.page.wait_for_timeout(300)
        seen(step.__name__.strip("_"))
    _export(studio, plot, result, seen)


def _open(studio: Studio, plot: Plot) -> None:
    studio.open(plot.clip)
    studio.page.wait_for_timeout(1000)


def _click(studio: Studio, plot: Plot) -> None:
    """On the object, and once beside it."""
    x, y = plot.on[0]
    bare = studio.colour(x - 5, y + 10)
    for point in plot.on:
        studio.click(*point)
        assert studio.covers(*point)
        assert studio.colour(x - 5, y + 10) != bare
    studio.click(*plot.beside, negative=True)
    assert not studio.covers(*plot.beside)
    assert studio.state("s.session.objects.length") == 1


def _second_object(studio: Studio, plot: Plot) -> None:
    """By a box; then it is given a name."""
    studio.press("n")
    first = studio.mask(0)
    studio.drag(*plot.other)
    assert any(studio.mask(0, object_id=2) or b"") and studio.mask(0) == first
    studio.page.locator('[data-object="2"] .object-name').dblclick()
    studio.page.keyboard.type("Other")
    before = studio.revision
    studio.press("Enter")
    studio.answered(before)
    assert studio.page.locator('.lane[data-object="2"]').inner_text() == "Other"


def _track(studio: Studio, plot: Plot) -> None:
    studio.page.fill("input.frame", str(plot.last + 1))
    studio.press("Enter", "o", "t")
    studio.until("[...s.jobs.values()].some(j => j.kind === 'track' && j.done > 0)")
    studio.done("track")
    studio.until(f"s.session.objects.every(o => !o.stale && o.lane.at(-1).stop === {plot.last + 1})")
    studio.until(f"s.shown === {plot.last}")
    assert studio.mask(plot.last, 1) and studio.mask(plot.last, 2)


def _correct(studio: Studio, plot: Plot) -> None:
    """On the frame that is shown, which stays."""
    studio.press("1")
    before = studio.mask(plot.last)
    match plot.again:
        case (int(x), int(y)):
            studio.click(x, y, negative=True)
        case (tuple(start), tuple(end)):
            studio.drag(start, end)
    assert studio.state("s.shown") == plot.last
    assert studio.mask(plot.last) != before and studio.covers(*plot.behind, frame=plot.last)
    assert studio.state("s.session.objects[0].prompted") == [0, plot.last]
    assert studio.page.locator('.object[data-object="1"] .stale').is_visible()


def _undo_and_redo(studio: Studio, plot: Plot) -> None:
    """The correction goes and comes back, and is tracked."""
    corrected, said = studio.mask(plot.last), studio.state("s.session.undo")
    studio.press("Control+z")
    studio.until(f"s.session.redo === {said!r} && s.session.objects[0].prompted.length === 1")
    studio.until_not(lambda: studio.mask(plot.last) == corrected)
    studio.press("Control+Shift+z")
    studio.until(f"s.session.undo === {said!r} && s.session.objects[0].prompted.length === 2")
    studio.until_not(lambda: studio.mask(plot.last) != corrected)
    studio.press("t")
    studio.until("!s.session.objects[0].stale")


def _reload(studio: Studio, plot: Plot) -> None:
    """Nothing is lost, and one is where one was."""
    shown = "[s.session.objects, s.session.undo, s.session.engine, s.frame, s.range, s.active]"
    before, mask = studio.state(shown), studio.mask(plot.last)
    studio.page.reload()
    studio.until(f"s.session && document.querySelector('#viewer').dataset.frame === '{plot.last}'")
    studio.until_not(lambda: studio.mask(plot.last) != mask)
    assert studio.state(shown) == before
    assert "token" not in studio.page.url


def _choose_what_to_remove(studio: Studio, plot: Plot) -> None:
    """The first object alone."""
    studio.press("r")
    studio.page.get_by_label("Other", exact=True).uncheck()


def _remove(studio: Studio, plot: Plot) -> None:
    studio.page.locator("dialog [data-main]").click()
    studio.done("remove")
    studio.until("s.session.removal && s.compare")
    assert studio.state("s.session.removal.objects") == [1]
    studio.until(f"document.querySelector('#viewer').dataset.after === '{plot.last}'")


def _compare(studio: Studio, plot: Plot) -> None:
    """Left of the line is the object, right of it what is behind it."""
    line, split = studio.page.get_by_role("slider", name="Before and after"), studio.state("s.split")
    line.press("End")
    before = studio.colour(*plot.behind)
    line.press("Home")
    after = studio.colour(*plot.behind)
    assert sum(abs(a - b) for a, b in zip(before, after, strict=True)) > 40
    for _ in range(round((split - 0.01) / 0.02)):
        line.press("ArrowRight")
    studio.page.locator("#viewer").focus()


def _export(studio: Studio, plot: Plot, path: Path, seen: Callable[[str], None]) -> None:
    """The file has every frame of the source."""
    studio.press("e")
    if studio.state("s.range"):
        studio.page.get_by_label("Only 1 to").uncheck()
    studio.page.get_by_role("radio", name="H.264, plays everywhere").check()
    seen("export")
    with studio.page.expect_download() as coming:
        studio.page.locator("dialog [data-main]").click()
    coming.value.save_as(path)
    assert coming.value.suggested_filename.endswith(".mp4")
    with av.open(str(path)) as result, av.open(str(plot.clip)) as source:
        count = sum(1 for _ in source.decode(video=0))
        assert sum(1 for _ in result.decode(video=0)) == count > plot.last
