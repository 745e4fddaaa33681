"""The page in a real browser, one thing at a time, on a disc that crosses a small picture."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tam_core import rle
from tests.browser import SAMPLE, Studio, launched, posted, serving, tab
from tests.media import make_video
from tests.scenes import HEIGHT, WIDTH, crossing, disc, iou

FRAMES = 12


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as opened:
        yield opened


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    (tmp_path / "videos").mkdir()
    return make_video(tmp_path / "videos/disc.mp4", crossing(FRAMES).frames, options={"crf": "12"})


@pytest.fixture
def studio(browser: Any, tmp_path: Path, clip: Path) -> Iterator[Studio]:
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker) as opened:
        opened.open(clip)
        yield opened


def shown(studio: Studio, frame: int = 0) -> Any:
    """The mask of object 1 that the page shows, (H, W) bool."""
    found = studio.mask(frame)
    assert found is not None
    return np.frombuffer(found, np.uint8).reshape(HEIGHT, WIDTH).astype(bool)


def test_codes_are_those_of_coco(studio: Studio) -> None:
    masks = np.random.default_rng(0).random((6, 37, 23)) < np.array([0, 0.02, 0.4, 0.6, 0.98, 1])[:, None, None]
    for mask in masks:
        code = rle.encode(mask).counts.decode()
        script = """async ([counts, size]) => {
            const { decode, encode } = await import('/static/rle.js');
            const pixels = decode({ size, counts });
            return [Array.from(pixels), encode(size, pixels).counts];
        }"""
        pixels, again = studio.page.evaluate(script, [code, list(mask.shape)])
        assert np.array_equal(np.array(pixels, bool).reshape(mask.shape), mask)
        assert again == code


def test_a_click_names_the_pixel_under_it_at_any_zoom(studio: Studio) -> None:
    for turns, pixel in ((0, (33, 60)), (3, (31, 62)), (11, (34, 59)), (-16, (30, 64))):
        studio.page.mouse.move(*studio.place(32, 61))
        for _ in range(abs(turns)):
            studio.page.mouse.wheel(0, -120 if turns > 0 else 120)
        studio.page.wait_for_timeout(100)
        with studio.page.expect_request("**/prompts") as asked:
            studio.click(*pixel)
        said = posted(asked.value)["prompts"][0]
        assert (said["kind"], said["x"], said["y"], said["positive"]) == ("click", *pixel, True)


def test_a_drag_is_a_box_with_exclusive_ends(studio: Studio) -> None:
    with studio.page.expect_request("**/prompts") as asked:
        studio.drag((12, 42), (47, 77))
    assert posted(asked.value)["prompts"][0]["xyxy"] == [12, 42, 48, 78]
    assert iou(shown(studio), crossing(FRAMES).masks[0]) > 0.8


def test_what_is_painted_is_what_is_sent_and_can_be_erased(studio: Studio) -> None:
    studio.press("p")
    studio.page.get_by_label("Brush size").fill("20")
    studio.page.locator("#viewer").focus()
    studio.drag((60, 40), (100, 40))
    stroke = np.zeros((HEIGHT, WIDTH), bool)
    for x in range(60, 101):
        stroke |= disc(x, 40, 10)
    assert iou(shown(studio), stroke) > 0.9
    studio.press("Shift+P")
    studio.drag((80, 20), (80, 60))
    assert not shown(studio)[40, 80] and shown(studio)[40, 62]


def test_the_mask_is_drawn_where_it_is(studio: Studio) -> None:
    bare = studio.colour(30, 50), studio.colour(120, 60)
    studio.click(30, 60)
    assert shown(studio)[50, 30] and not shown(studio)[60, 120]
    assert studio.colour(30, 50) != bare[0]
    assert studio.colour(120, 60) == bare[1]
    studio.press("q")
    assert studio.colour(30, 50) == bare[0]


def test_the_keyboard_alone_is_enough(browser: Any, tmp_path: Path, clip: Path) -> None:
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker) as studio:
        studio.start()
        studio.page.keyboard.type(str(clip))
        studio.press("Enter")
        studio.until("s.session && document.querySelector('#viewer').dataset.frame === '0'")
        assert studio.page.evaluate("document.activeElement.id") == "viewer"
        studio.press(*["ArrowLeft"] * 12, "Enter")
        studio.until("s.session.objects.length === 1 && !s.pending.length")
        assert shown(studio).any()
        studio.press(*["ArrowLeft"] * 6, "Shift+Enter")
        studio.until("s.session.revision === 2 && !s.pending.length")
        studio.press("t")
        studio.done("track")
        studio.press("End", ",")
        studio.until(f"s.shown === {FRAMES - 2}")
        studio.press("Control+z")
        studio.until("s.session.redo !== ''")
        studio.press("Control+y")
        studio.until("s.session.redo === ''")
        studio.press("?")
        assert studio.page.get_by_role("heading", name="Keys and help").is_visible()
        studio.press("Escape", "Delete")
        studio.until("s.session.objects.length === 0")


def test_tab_goes_through_the_answers_without_filling_the_history(browser: Any, tmp_path: Path) -> None:
    with serving(tmp_path / "data", SAMPLE.parent) as worker, tab(browser, worker) as studio:
        studio.open(SAMPLE)
        studio.click(122, 190)
        first, count = studio.mask(0), int(studio.state("s.offer.candidates.length"))
        undo = studio.state("s.session.undo")
        seen = set()
        for _ in range(count):
            before = studio.revision
            studio.press("Tab")
            studio.answered(before)
            seen.add(studio.mask(0))
        assert len(seen) == count > 1
        assert studio.mask(0) == first
        assert studio.state("s.session.undo") == undo
        studio.press("Enter", "Tab")
        assert studio.page.evaluate("document.activeElement.id") != "viewer"
        studio.press("Control+z")
        studio.until("s.session.undo === '' && s.session.objects.length === 0")


def test_fingers_tap_hold_and_spread(browser: Any, tmp_path: Path, clip: Path) -> None:
    settings = {"has_touch": True, "is_mobile": True, "viewport": {"width": 1024, "height": 768}}
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker, **settings) as studio:
        studio.open(clip)
        with studio.page.expect_request("**/prompts") as tapped:
            studio.page.touchscreen.tap(*studio.place(30, 60))
        studio.until("s.session.revision === 1 && !s.pending.length")
        assert posted(tapped.value)["prompts"][0]["positive"]
        touch = studio.page.context.new_cdp_session(studio.page)

        def fingers(kind: str, *points: tuple[float, float]) -> None:
            said = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": said})

        with studio.page.expect_request("**/prompts") as held:
            fingers("touchStart", studio.place(60, 60))
            studio.page.wait_for_timeout(700)
            fingers("touchEnd")
        assert not posted(held.value)["prompts"][0]["positive"]
        studio.until("!s.pending.length")
        revision, scale = studio.revision, "import('/static/viewer.js').then(({view}) => view.scale)"
        before = studio.page.evaluate(scale)
        left, right = studio.place(60, 60), studio.place(100, 60)
        fingers("touchStart", left)
        fingers("touchStart", left, right)
        for by in (20, 40, 60):
            fingers("touchMove", (left[0] - by, left[1]), (right[0] + by, right[1]))
        fingers("touchEnd")
        assert studio.page.evaluate(scale) > 1.2 * before
        assert studio.revision == revision


def test_it_plays_by_the_time_stamps_and_stops_at_the_end(browser: Any, tmp_path: Path) -> None:
    """Twelve frames, the last six of which are shown four times as long as the others."""
    (tmp_path / "videos").mkdir()
    pts = [*range(6), *(6 + 4 * index for index in range(6))]
    clip = make_video(tmp_path / "videos/slow.mp4", crossing(12).frames, pts=pts)
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker) as studio:
        studio.open(clip)
        script = """import('/static/store.js').then(({ state, watch }) => {
            window.seen = [];
            watch(['frame'], () => seen.push([state.frame, performance.now()]));
        })"""
        studio.page.evaluate(script)
        studio.press("Space")
        studio.until("!s.playing && s.frame === 11")
        seen = studio.page.evaluate("seen")
        times = studio.state("s.times")
        begun = next(when for frame, when in seen if frame > 0) / 1000 - times[seen[1][0]]
        assert [frame for frame, _ in seen] == sorted({frame for frame, _ in seen})
        assert all(when / 1000 - begun >= times[frame] - 0.05 for frame, when in seen[1:])


def test_scrubbing_goes_where_the_pointer_is(studio: Studio) -> None:
    box = studio.page.locator("canvas.film").bounding_box()
    studio.page.mouse.click(box["x"] + box["width"] * 7.5 / FRAMES, box["y"] + 10)
    studio.until("s.frame === 7 && s.shown === 7")
    assert studio.page.locator("input.frame").input_value() == "8"
    assert studio.page.get_by_role("slider", name="Playhead").get_attribute("aria-valuenow") == "8"


def test_escape_stops_tracking_and_what_was_found_stays(studio: Studio) -> None:
    studio.click(30, 60)
    studio.page.evaluate("""() => {
        const tracking = (records) => document.querySelector('.job[data-kind="track"]');
        const press = () => document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
        new MutationObserver((_, watcher) => tracking() && (watcher.disconnect(), press()))
            .observe(document.body, { childList: true, subtree: true });
    }""")
    studio.press("t")
    studio.until("[...s.jobs.values()].some(j => j.kind === 'track' && ['cancelled', 'done'].includes(j.status))")
    assert studio.state("[...s.jobs.values()].find(j => j.kind === 'track').status") == "cancelled"
    assert studio.state("s.session.objects[0].prompted") == [0]
    studio.press("t")
    studio.until(f"!s.session.objects[0].stale && s.session.objects[0].lane.at(-1).stop === {FRAMES}")


def test_what_one_tab_does_another_one_sees(browser: Any, tmp_path: Path, clip: Path) -> None:
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker) as one, tab(browser, worker) as other:
        one.open(clip)
        other.open(clip)
        one.click(30, 60)
        other.until("s.session.objects.length === 1")
        other.until_not(lambda: other.mask(0) is None)
        assert np.array_equal(shown(other), shown(one))
        other.press("Control+z")
        one.until("s.session.objects.length === 0")


def test_clicks_that_wait_belong_to_the_video_that_they_were_made_on(browser: Any, tmp_path: Path, clip: Path) -> None:
    other = make_video(clip.with_name("other.mp4"), crossing(FRAMES).frames[::-1], options={"crf": "12"})
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker) as studio:
        studio.open(clip)
        first = studio.state("s.session.id")
        with studio.page.expect_response("**/prompts") as answer:
            studio.page.route("**/prompts", lambda route: (studio.page.wait_for_timeout(1500), route.continue_()))
            for x in (28, 30, 32):
                studio.page.mouse.click(*studio.place(x, 60))
            studio.page.evaluate("path => import('/static/actions.js').then(({open}) => open({path}))", str(other))
            studio.until(f"s.session && s.session.id !== '{first}' && s.times.length")
        assert first in answer.value.url
        studio.page.wait_for_timeout(500)
        assert studio.state("[s.session.objects.length, s.offer, s.pending.length]") == [0, None, 0]
        assert studio.mask(0) is None
        studio.click(120, 60)
        assert studio.state("s.session.objects.length") == 1


def test_an_object_seen_again_after_a_cut_is_offered_and_followed(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    before, after = crossing(12), crossing(12)
    elsewhere = np.where(after.masks[..., None], after.frames, 255 - after.background[:, ::-1] // 2)
    clip = make_video(tmp_path / "videos/cut.mp4", [*before.frames, *elsewhere], options={"crf": "12"})
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker) as studio:
        studio.open(clip)
        studio.drag((12, 42), (47, 77))
        studio.press("t")
        studio.done("track")
        card = studio.page.get_by_role("region", name="Seen again")
        card.get_by_role("button", name="Show").click()
        proposed = int(studio.state("s.session.proposals[0].frame"))
        studio.until(f"s.shown === {proposed}")
        card.get_by_role("button", name="Yes").click()
        studio.until("s.session.proposals.length === 0 && s.session.objects[0].lane.at(-1).stop === 24")
        assert studio.state("s.session.objects[0].prompted") == [0, proposed]


def test_a_failure_is_shown_as_the_worker_says_it(browser: Any, tmp_path: Path, clip: Path) -> None:
    missing = clip.parent / "missing.mp4"
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker, expected=("404",)) as studio:
        studio.start()
        studio.page.fill("#open-path", str(missing))
        studio.press("Enter")
        alert = studio.page.get_by_role("alert")
        alert.wait_for()
        assert str(missing) in alert.inner_text()


def test_a_new_worker_finds_everything_as_it_was(browser: Any, tmp_path: Path, clip: Path) -> None:
    """The worker goes away under the page and comes back: a banner, and then one goes on."""
    lost = ("ERR_CONNECTION", "ERR_INCOMPLETE", "ERR_NETWORK", "404")
    with serving(tmp_path / "data", clip.parent) as worker:
        port = worker.access.port
        context = tab(browser, worker, expected=lost)
        studio = context.__enter__()
        studio.open(clip)
        studio.click(30, 60)
        before = shown(studio)
    studio.page.locator("#banner").wait_for()
    with serving(tmp_path / "data", clip.parent, port):
        studio.page.locator("#banner").wait_for(state="hidden")
        studio.until("s.session.objects.length === 1")
        assert np.array_equal(shown(studio), before)
        studio.press("n")
        studio.click(120, 30)
        assert studio.state("s.session.objects.length") == 2
        context.__exit__(None, None, None)


def test_a_video_that_was_moved_is_asked_for(browser: Any, tmp_path: Path, clip: Path) -> None:
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker) as studio:
        studio.open(clip)
        studio.click(30, 60)
    (clip.parent / "elsewhere").mkdir()
    moved = clip.rename(clip.parent / "elsewhere/renamed.mp4")
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker, expected=("40",)) as studio:
        studio.start()
        studio.page.locator(".recent button").click()
        studio.page.get_by_label("Path").fill(str(moved))
        studio.press("Enter")
        studio.until("s.session && s.session.objects.length === 1")
        studio.page.wait_for_selector("dialog[open]", state="hidden")


def test_tracking_that_was_killed_can_be_resumed(browser: Any, tmp_path: Path) -> None:
    with serving(tmp_path / "data", SAMPLE.parent) as worker:
        port = worker.access.port
        context = tab(browser, worker, expected=("ERR_", "404"))
        studio = context.__enter__()
        studio.open(SAMPLE)
        studio.page.fill("input.frame", "16")
        studio.press("Enter", "o", "Home")
        studio.drag((78, 66), (184, 292))
        studio.press("t")
        studio.until("[...s.jobs.values()].some(j => j.kind === 'track' && j.done > 2)")
    with serving(tmp_path / "data", SAMPLE.parent, port):
        studio.page.get_by_role("button", name="Resume").click()
        studio.until("!s.session.objects[0].stale && s.session.objects[0].lane.at(-1).stop === 16")
        context.__exit__(None, None, None)


def test_the_worker_is_told_how_much_memory_it_may_take(studio: Studio) -> None:
    studio.page.get_by_role("button", name="Settings", exact=True).click()
    field = studio.page.get_by_label("Memory for the worker (GB)")
    for typed, kept in (("2.5", {"memory": 2.5}), ("", {"memory": None})):
        with studio.page.expect_response(lambda answer: answer.request.method == "PUT"):
            field.fill(typed)
            field.press("Tab")
        now = studio.page.evaluate("import('/static/api.js').then(api => api.call('GET', 'limits'))")
        assert now == kept


def test_without_a_token_it_asks_for_one(browser: Any, tmp_path: Path, clip: Path) -> None:
    with serving(tmp_path / "data", clip.parent) as worker, tab(browser, worker, expected=("401",)) as studio:
        studio.page.goto(worker.access.url)
        field = studio.page.get_by_label("Address or token")
        field.fill(f"{worker.access.url}/#token={worker.access.token}")
        studio.press("Enter")
        studio.page.wait_for_selector("#open-path")


def test_a_dropped_file_is_sent_and_opened(browser: Any, tmp_path: Path, clip: Path) -> None:
    with serving(tmp_path / "data", tmp_path / "videos") as worker, tab(browser, worker) as studio:
        studio.start()
        script = """(data) => {
            const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
            const dropped = new DataTransfer();
            dropped.items.add(new File([bytes], 'dropped.mp4', { type: 'video/mp4' }));
            const how = { dataTransfer: dropped, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new DragEvent('drop', how));
        }"""
        studio.page.evaluate(script, base64.b64encode(clip.read_bytes()).decode())
        studio.until("s.session")
        assert studio.state("s.session.video.frame_count") == FRAMES
