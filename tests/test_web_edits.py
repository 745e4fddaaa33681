"""Edits in the page, in a real browser: effects, a replacement with a picture that is sent, what is told of results.

On a disc that crosses a small picture.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from plugin.receipt import CHECKS
from tests.browser import Studio, launched, posted, serving, tab
from tests.media import make_video
from tests.scenes import crossing
from tests.test_web_access import complaints

FRAMES = 12
ON_DISC, ASIDE = (30, 60), (120, 20)
BLUE = (20, 40, 220)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as opened:
        yield opened


@pytest.fixture
def studio(browser: Any, tmp_path: Path) -> Iterator[Studio]:
    """The disc is tracked."""
    (tmp_path / "videos").mkdir()
    clip = make_video(tmp_path / "videos/disc.mp4", crossing(FRAMES).frames, options={"crf": "12"})
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker) as opened:
        opened.open(clip)
        opened.drag((12, 42), (47, 77))
        opened.press("t")
        opened.done("track")
        opened.press("Home")
        opened.until("s.shown === 0")
        yield opened


def run(studio: Studio, operation: str) -> None:
    """Press the main button of the dialog, and wait for the comparison with new pictures."""
    known = studio.state("s.session.removal?.id ?? ''")
    studio.page.locator("dialog [data-main]").click()
    studio.done(operation)
    studio.until(f"s.session.removal && s.session.removal.id !== '{known}' && s.compare")
    assert studio.state("s.session.removal.operation") == operation
    studio.until("document.querySelector('#viewer').dataset.after === '0'")
    studio.page.locator("dialog").wait_for(state="detached")


def after(studio: Studio, place: tuple[int, int]) -> list[int]:
    """The colour of the result at a pixel: the line is moved out of its way."""
    studio.page.get_by_role("slider", name="Before and after").press("Home")
    return studio.colour(*place)


def before(studio: Studio, place: tuple[int, int]) -> list[int]:
    studio.page.get_by_role("slider", name="Before and after").press("End")
    return studio.colour(*place)


def far(one: list[int], other: list[int] | tuple[int, ...]) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def test_an_effect_is_chosen_shown_and_undone(studio: Studio) -> None:
    studio.press("g")
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_label("Object", exact=True).select_option("overlay:solid")
    dialog.get_by_label("Object value").fill("#1428dc")
    assert complaints(studio) == []
    with studio.page.expect_request("**/effect") as sent:
        run(studio, "effect")
    assert posted(sent.value)["parameters"]["object"] == "overlay:solid"
    assert far(after(studio, ON_DISC), BLUE) < 30 < far(before(studio, ON_DISC), BLUE)
    assert far(after(studio, ASIDE), before(studio, ASIDE)) < 12
    assert studio.page.get_by_role("button", name="Where from").count() == 0, "an effect has no provenance"
    studio.press("g")
    assert dialog.get_by_label("Object value").input_value() == "#1428dc", "what was set last is offered again"
    dialog.get_by_label("Object value").fill("#dc2814")
    run(studio, "effect")
    studio.until("s.session.undo === 'effect on object 1'")
    studio.until_not(lambda: far(after(studio, ON_DISC), BLUE) < 200)
    studio.press("Control+z")
    studio.until_not(lambda: far(after(studio, ON_DISC), BLUE) > 60)
    studio.press("Control+z")
    studio.until("s.session.removal === null")


def test_a_picture_that_is_sent_takes_the_place_of_the_object(studio: Studio, tmp_path: Path) -> None:
    encoded = io.BytesIO()
    Image.new("RGB", (40, 40), BLUE).save(encoded, "PNG")
    studio.press("Shift+R")
    dialog = studio.page.get_by_role("dialog")
    with studio.page.expect_response("**/api/uploads*"):
        dialog.locator("input[type=file]").set_input_files(
            {"name": "blue.png", "mimeType": "image/png", "buffer": encoded.getvalue()}
        )
    field = dialog.get_by_label("Insert", exact=True)
    studio.until_not(lambda: field.input_value() != "blue.png")
    dialog.get_by_text("More settings").click()
    dialog.get_by_label("Tone").fill("0")
    assert complaints(studio) == []
    run(studio, "replace")
    assert after(studio, ON_DISC)[2] > before(studio, ON_DISC)[2] + 80


def test_what_is_refused_is_said_and_the_page_goes_on(studio: Studio) -> None:
    studio.expected = ("403",)
    studio.press("Shift+R")
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_label("Insert", exact=True).fill("/etc/passwd")
    dialog.locator("[data-main]").click()
    alert = studio.page.get_by_role("alert")
    alert.wait_for()
    assert "no folder that you opened" in alert.inner_text()
    assert not studio.state("[...s.jobs.values()].some(j => j.kind === 'replace')")


def test_the_operation_is_chosen_in_the_dialog(studio: Studio) -> None:
    studio.press("r")
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_label("What").select_option("replace-background")
    dialog.get_by_label("Background").fill("#1428dc")
    run(studio, "replace-background")
    assert far(after(studio, ASIDE), BLUE) < 30
    assert far(after(studio, ON_DISC), before(studio, ON_DISC)) < 40


def test_a_forecast_comes_before_a_removal_and_leads_to_the_worst_frames(studio: Studio) -> None:
    studio.press("r")
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Forecast").click()
    said = dialog.locator(".forecast")
    said.get_by_text("has to be made up").wait_for()
    assert complaints(studio) == []
    worst = said.get_by_role("button")
    assert worst.count() >= 1
    number = int(worst.last.inner_text().split()[0])
    worst.last.click()
    studio.page.locator("dialog").wait_for(state="detached")
    studio.until(f"s.shown === {number - 1}")
    card = studio.page.get_by_role("region", name="forecast for", exact=False)
    assert card.get_by_role("button", name="seen elsewhere").count() >= 1, "the answer stays among the jobs"
    assert studio.state("s.session.removal") is None


def test_where_the_pixels_are_from_is_shown_over_the_result(studio: Studio) -> None:
    studio.press("r")
    run(studio, "remove")
    plain = after(studio, ON_DISC)
    studio.page.get_by_role("button", name="Where from").click()
    studio.until("document.querySelector('#viewer').dataset.origins === '0'")
    legend = studio.page.get_by_role("group", name="Provenance")
    legend.get_by_text("% copied").wait_for()
    assert far(after(studio, ON_DISC), plain) > 60
    assert complaints(studio) == []
    studio.press("v")
    studio.until_not(lambda: far(after(studio, ON_DISC), plain) > 10)


def test_an_exported_result_has_a_receipt(studio: Studio, tmp_path: Path) -> None:
    studio.press("r")
    run(studio, "remove")
    studio.press("e")
    studio.page.get_by_role("radio", name="H.264, plays everywhere").check()
    with studio.page.expect_download():
        studio.page.locator("dialog [data-main]").click()
    card = studio.page.locator('.job[data-kind="export"]')
    card.get_by_text("checks passed").wait_for()
    card.get_by_role("button", name="Receipt").click()
    dialog = studio.page.get_by_role("dialog")
    assert dialog.locator(".finding").count() == len(CHECKS) and dialog.locator(".finding.wrong").count() == 0
    assert "frame count" in dialog.inner_text() and complaints(studio) == []


def test_a_difference_is_told_at_once(browser: Any, tmp_path: Path) -> None:
    """Ten bits, written as eight."""
    (tmp_path / "videos").mkdir()
    pictures = crossing(4).frames
    clip = make_video(tmp_path / "videos/deep.mov", pictures, codec="prores_ks", pixel_format="yuv422p10le")
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker) as studio:
        studio.open(clip)
        studio.drag((12, 42), (47, 77))
        studio.press("t")
        studio.done("track")
        studio.press("g")
        studio.page.get_by_role("dialog").get_by_label("Object", exact=True).select_option("glow")
        run(studio, "effect")
        studio.press("e")
        studio.page.get_by_role("radio", name="H.264, plays everywhere").check()
        with studio.page.expect_download():
            studio.page.locator("dialog [data-main]").click()
        alert = studio.page.get_by_role("alert")
        alert.get_by_text("bit depth: 8 bits instead of 10").wait_for()
        alert.get_by_role("button", name="Details").click()
        assert studio.page.locator("dialog .finding.wrong").count() >= 1
